import { messageOf, UserError } from '../errors.ts';
import { nearest } from './onnxGraphNames.ts';
import { checkTensorData, declaredBytes, readExternalData, toNumber, valuesOf } from './onnxGraphTensor.ts';
import {
  type Dimension,
  decodeModel,
  encodeModel,
  type Graph,
  type Model,
  type Node,
  type Tensor,
} from './protobufjs.ts';

/** A decoded ONNX model, whole: external data is read in, so `bytesOf` gives a file that stands alone. */
export interface OnnxGraph {
  /** Where it came from, for messages. */
  readonly file: string;
  readonly model: Model;
  readonly graph: Graph;
  /** Version of the default operator set. */
  readonly opset: number;
  /** The node that makes each tensor. */
  readonly makerOf: ReadonlyMap<string, Node>;
  readonly initializers: ReadonlyMap<string, Tensor>;
}

/**
 * Reads an ONNX model from the bytes of `file` (a path; external data is looked for in its folder and read in).
 * Throws UserError where the bytes are no ONNX model or are cut short, where a tensor declares more values than it
 * carries or 2 GiB and more, and where external data lies outside the model's folder.
 */
export function readGraph(bytes: Uint8Array, file: string): OnnxGraph {
  const model = decode(bytes, file);
  const graph = model.graph;
  const opset = model.opsetImport.find(isDefault);
  if (graph === null || graph.node.length === 0 || graph.output.length === 0 || opset === undefined) {
    throw notAModel(file, 'it holds no graph');
  }
  let remaining = 2 ** 31 - 1 - bytes.length;
  for (const tensor of tensorsOf(graph)) {
    remaining -= readExternalData(tensor, file, remaining);
    checkTensorData(tensor, file);
  }
  for (const { name, type } of [...graph.input, ...graph.output, ...graph.valueInfo]) {
    const dims = type?.tensorType?.shape?.dim ?? [];
    declaredBytes(
      name,
      dims.map((dim) => fixedDimension(dim) ?? 1),
      type?.tensorType?.elemType ?? 0,
      file,
    );
  }
  checkOrder(graph, file);
  return indexed(file, model, graph, toNumber(opset.version));
}

/** The model as one ONNX file, its external data within; the same graph gives the same bytes. */
export function bytesOf({ model }: OnnxGraph): Uint8Array {
  return encodeModel(model);
}

/**
 * The graph with `names` (inner tensors or outputs) as its only outputs, in that order; the engine drops the nodes
 * that none of them needs. Throws UserError, with the nearest names, for a tensor that does not exist.
 */
export function withOutputs(graph: OnnxGraph, names: readonly string[]): OnnxGraph {
  for (const name of names) checkTensor(graph, name);
  const declared = new Map([...graph.graph.valueInfo, ...graph.graph.output].map((info) => [info.name, info]));
  const output = names.map((name) => declared.get(name) ?? { name });
  return replaceGraph(graph, { output }, graph.opset);
}

/** The model with parts of its graph, and its opset, replaced. */
export function replaceGraph(from: OnnxGraph, parts: Partial<Graph>, opset: number): OnnxGraph {
  const opsetImport = from.model.opsetImport.map((entry) =>
    isDefault(entry) ? { domain: entry.domain, version: opset } : entry,
  );
  const graph = Object.assign(copyOf(from.graph), parts);
  return indexed(from.file, Object.assign(copyOf(from.model), { graph, opsetImport }), graph, opset);
}

/** Throws UserError, with the nearest names, unless the graph has the tensor `name`. */
export function checkTensor({ file, graph, makerOf }: OnnxGraph, name: string): void {
  const names = [...makerOf.keys(), ...graph.input.map((input) => input.name)];
  if (names.includes(name)) return;
  throw new UserError({
    what: `the model has no tensor ${JSON.stringify(name)}`,
    where: file,
    fix: `Name one of its tensors; the nearest are ${quoted(nearest(name, names, 5))}.`,
  });
}

/** Names as they stand in messages: they come from the model, so they are escaped. */
export function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

/** A dimension's length; null where it is symbolic or unknown. */
export function fixedDimension({ dimValue }: Dimension): number | null {
  const value = toNumber(dimValue ?? 0);
  return value === 0 ? null : value;
}

/** The value of an integer attribute. */
export function intOf(node: Node, name: string, otherwise: number): number {
  const value = node.attribute.find((attribute) => attribute.name === name)?.i;
  return value === undefined ? otherwise : toNumber(value);
}

/** The value of a list-of-integers attribute; null where it is absent. */
export function intsOf(node: Node, name: string): number[] | null {
  return node.attribute.find((attribute) => attribute.name === name)?.ints?.map(toNumber) ?? null;
}

/** A tensor that is fixed in the graph (an initializer or a Constant, through Identity); null for any other. */
export function constantOf(graph: OnnxGraph, name: string): { dims: number[]; values: number[] } | null {
  const initializer = graph.initializers.get(name);
  if (initializer !== undefined) return tensorValues(initializer);
  const maker = graph.makerOf.get(name);
  if (maker?.opType === 'Identity') return constantOf(graph, maker.input[0] ?? '');
  if (maker?.opType !== 'Constant') return null;
  const [value] = maker.attribute;
  switch (value?.name) {
    case 'value':
      return value.t ? tensorValues(value.t) : null;
    case 'value_float':
      return { dims: [], values: [value.f ?? 0] };
    case 'value_int':
      return { dims: [], values: [toNumber(value.i ?? 0)] };
    case 'value_floats':
      return { dims: [value.floats?.length ?? 0], values: value.floats ?? [] };
    case 'value_ints':
      return { dims: [value.ints?.length ?? 0], values: (value.ints ?? []).map(toNumber) };
    default:
      return null;
  }
}

function tensorValues(tensor: Tensor): { dims: number[]; values: number[] } | null {
  const values = valuesOf(tensor);
  return values && { dims: tensor.dims.map(toNumber), values };
}

function decode(bytes: Uint8Array, file: string): Model {
  try {
    return decodeModel(bytes);
  } catch (error) {
    throw notAModel(file, messageOf(error));
  }
}

/** Nodes stand after those they need, as ONNX asks; so no walk over them meets a cycle. */
function checkOrder(graph: Graph, file: string): void {
  const later = new Set(graph.node.flatMap((node) => node.output));
  for (const node of graph.node) {
    if (node.input.some((name) => name !== '' && later.has(name))) {
      throw notAModel(file, `its node ${JSON.stringify(node.name)} stands before a node that it needs`);
    }
    for (const name of node.output) later.delete(name);
  }
}

function notAModel(file: string, why: string): UserError {
  return new UserError({
    what: `it is not an ONNX model, or it is cut short (${why})`,
    where: file,
    fix: 'Name a file written by an ONNX exporter, such as torch.onnx.export, or copy it again.',
  });
}

function indexed(file: string, model: Model, graph: Graph, opset: number): OnnxGraph {
  const makerOf = new Map(graph.node.flatMap((node) => node.output.map((name): [string, Node] => [name, node])));
  makerOf.delete('');
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name ?? '', tensor]));
  return { file, model, graph, opset, makerOf, initializers };
}

function isDefault({ domain }: { domain: string }): boolean {
  return domain === '' || domain === 'ai.onnx';
}

/** A copy that keeps the fields unknown to the schema, which a spread would lose. */
function copyOf<Message extends object>(message: Message): Message {
  return Object.create(Object.getPrototypeOf(message), Object.getOwnPropertyDescriptors(message));
}

/** Every tensor that the graph carries, those in attributes and inner graphs included. */
function tensorsOf(graph: Graph): Tensor[] {
  return [
    ...graph.initializer,
    ...graph.node.flatMap((node) =>
      node.attribute.flatMap(({ t, tensors, g, graphs }) => [
        ...(t ? [t] : []),
        ...(tensors ?? []),
        ...[...(g ? [g] : []), ...(graphs ?? [])].flatMap(tensorsOf),
      ]),
    ),
  ];
}
