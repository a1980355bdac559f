import protobuf from 'protobufjs';

/**
 * The messages of onnx.proto (onnx/onnx, Apache-2.0) that this room reads or writes, by their field numbers.
 * Every other field is kept as raw bytes and written back, so decoding and encoding lose nothing.
 */
const schema = `
syntax = "proto2";
message ModelProto { optional int64 ir_version = 1; repeated OperatorSetIdProto opset_import = 8; optional GraphProto graph = 7; repeated FunctionProto functions = 25; }
message FunctionProto {
  optional string name = 1; repeated string input = 4; repeated string output = 5; repeated NodeProto node = 7;
  repeated OperatorSetIdProto opset_import = 9; optional string domain = 10; repeated AttributeProto attribute_proto = 11; optional string overload = 13;
}
message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
message GraphProto {
  repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12; repeated ValueInfoProto value_info = 13;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
  repeated AttributeProto attribute = 5; optional string domain = 7; optional string overload = 8;
}
message AttributeProto {
  optional string name = 1; optional int32 type = 20; optional float f = 2; optional int64 i = 3; optional bytes s = 4;
  optional TensorProto t = 5; optional GraphProto g = 6; repeated float floats = 7; repeated int64 ints = 8;
  repeated TensorProto tensors = 10; repeated GraphProto graphs = 11; optional string ref_attr_name = 21;
}
message TensorProto {
  repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8;
  repeated float float_data = 4 [packed = true]; repeated int32 int32_data = 5 [packed = true];
  repeated bytes string_data = 6; repeated int64 int64_data = 7 [packed = true]; optional bytes raw_data = 9;
  repeated double double_data = 10 [packed = true]; repeated uint64 uint64_data = 11 [packed = true];
  repeated StringStringEntryProto external_data = 13; optional int32 data_location = 14;
}
message StringStringEntryProto { optional string key = 1; optional string value = 2; }
message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
message TypeProto { optional Tensor tensor_type = 1; message Tensor { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; } }
message TensorShapeProto { repeated Dimension dim = 1; message Dimension { optional int64 dim_value = 1; optional string dim_param = 2; } }
`;

/** A 64-bit integer as decoded (an object, exact) or as written by us. */
export type Int64 = number | { toNumber(): number; toString(): string };

export interface Model {
  irVersion: Int64;
  opsetImport: { domain: string; version: Int64 }[];
  graph: Graph | null;
  functions?: LocalFunction[];
}

/** A function that the model itself defines; nodes call it by domain, name and overload. */
export interface LocalFunction {
  name: string;
  domain: string;
  overload: string;
  input: string[];
  output: string[];
  node: Node[];
  opsetImport: { domain: string; version: Int64 }[];
  /** Attributes with defaults. */
  attributeProto: Attribute[];
}

export interface Graph {
  name?: string;
  node: Node[];
  initializer: TensorProto[];
  input: ValueInfo[];
  output: ValueInfo[];
  valueInfo: ValueInfo[];
}

export interface Node {
  input: string[];
  output: string[];
  name?: string;
  opType: string;
  domain?: string;
  overload?: string;
  attribute: Attribute[];
}

/** `type` says which of the fields holds the value: 1 f, 2 i, 3 s, 4 t, 5 g, 6 floats, 7 ints, 9 tensors, 10 graphs. */
export interface Attribute {
  name: string;
  type: number;
  f?: number;
  i?: Int64;
  s?: Uint8Array;
  t?: TensorProto | null;
  g?: Graph | null;
  floats?: number[];
  ints?: Int64[];
  tensors?: TensorProto[];
  graphs?: Graph[];
  /** Inside a function: the attribute of its call whose value this one takes. */
  refAttrName?: string;
}

/** `dataType`: 1 float, 6 int32, 7 int64, 9 bool, 10 float16, 11 double and so on. */
export interface TensorProto {
  dims: Int64[];
  dataType: number;
  name?: string;
  floatData?: number[];
  int32Data?: number[];
  stringData?: Uint8Array[];
  int64Data?: Int64[];
  rawData?: Uint8Array | undefined;
  doubleData?: number[];
  uint64Data?: Int64[];
  externalData?: { key: string; value: string }[];
  /** 1: the values lie in another file. */
  dataLocation?: number;
}

export interface ValueInfo {
  name: string;
  type?: { tensorType?: { elemType: number; shape?: { dim: Dimension[] } | null } | null } | null;
}

export interface Dimension {
  dimValue?: Int64;
  dimParam?: string;
}

const { root } = protobuf.parse(schema);
const modelType = root.lookupType('ModelProto');
const graphType = root.lookupType('GraphProto');
const tensorType = root.lookupType('TensorProto');
/** Numbers of fields, by which they are written. */
const graphField = numberOf(modelType, 'graph');
const initializerField = numberOf(graphType, 'initializer');
const rawDataField = numberOf(tensorType, 'rawData');

function numberOf({ fields }: protobuf.Type, name: string): number {
  const field = fields[name];
  if (field === undefined) throw new Error(`the schema has no field ${name}`);
  return field.id;
}

/** Holds for what `modelType` decodes: absent fields read as empty lists, empty texts, zeros or null. */
function isModel(message: object): message is Model {
  return modelType.verify({ ...message }) === null;
}

/** Decodes a model; tensors' raw bytes stay views of `bytes`. Throws where `bytes` is not a ModelProto. */
export function decodeModel(bytes: Uint8Array): Model {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = false;
  const message: object = modelType.decode(reader);
  if (!isModel(message)) throw new Error('not a ModelProto');
  return message;
}

/** A copy of a message with some fields replaced; unlike a spread it keeps the fields unknown to the schema. */
export function replaced<Message extends object>(message: Message, fields: Partial<Message>): Message {
  const copy: Message = Object.create(Object.getPrototypeOf(message), Object.getOwnPropertyDescriptors(message));
  return Object.assign(copy, fields);
}

/**
 * Encodes a model, fields that this schema does not name included. The weights, nearly all of its bytes, are copied
 * once: protobufjs would copy them at each level of nesting.
 */
export function encodeModel(model: Model): Uint8Array {
  const { graph } = model;
  if (graph === null) return modelType.encode(model).finish();
  const parts = [
    graphType.encode(replaced(graph, { initializer: [] })).finish(),
    ...graph.initializer.flatMap(encodeTensor),
  ];
  return Buffer.concat([modelType.encode(replaced(model, { graph: null })).finish(), ...delimited(graphField, parts)]);
}

function encodeTensor(tensor: TensorProto): Uint8Array[] {
  const { rawData } = tensor;
  const rest = tensorType.encode(replaced(tensor, { rawData: undefined })).finish();
  return delimited(initializerField, rawData?.length ? [rest, ...delimited(rawDataField, [rawData])] : [rest]);
}

/** A field of bytes or of a message: its tag, its length, its parts. */
function delimited(id: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [
    protobuf.Writer.create()
      .uint32((id << 3) | 2)
      .uint32(length)
      .finish(),
    ...parts,
  ];
}
