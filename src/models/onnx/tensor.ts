import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { halfToNumber } from '../../adapters/float16.ts';
import { messageOf, UserError } from '../../errors.ts';
import { entry } from '../../records/entry.ts';
import type { Int64, TensorProto } from './protobuf.ts';

/** TensorProto.DataType of the types this room writes or looks into. */
export const elemTypes = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  double: 11,
  bfloat16: 16,
} as const;

/** Bytes a value takes, by TensorProto.DataType; texts and the 4-bit types are not counted. */
const bytesPerValue = [0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8, 8, 16, 2, 1, 1, 1, 1];
/** Bits of a value of newer types: uint4, int4, float4, float8e8m0, uint2, int2; values follow one another without a gap. */
const bitsPerValue: Readonly<Record<number, number>> = { 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2 };

/** No tensor of an image model comes near this; what declares one would exhaust the machine. */
const maxTensorBytes = 2 ** 31;

/** A 64-bit integer as a number: beyond 2^53 it loses digits, which bounds such as INT64_MAX survive. */
export function toNumber(value: Int64): number {
  return typeof value === 'number' ? value : value.toNumber();
}

/** A float32 tensor. */
export function floatTensor(name: string, dims: readonly number[], values: readonly number[]): TensorProto {
  const rawData = new Uint8Array(4 * values.length);
  const view = new DataView(rawData.buffer);
  values.forEach((value, i) => {
    view.setFloat32(4 * i, value, true);
  });
  return { name, dims: [...dims], dataType: elemTypes.float, rawData };
}

/** An int64 tensor. */
export function int64Tensor(name: string, dims: readonly number[], values: readonly number[]): TensorProto {
  const rawData = new Uint8Array(8 * values.length);
  const view = new DataView(rawData.buffer);
  values.forEach((value, i) => {
    view.setBigInt64(8 * i, BigInt(value), true);
  });
  return { name, dims: [...dims], dataType: elemTypes.int64, rawData };
}

/** Writes one value into raw bytes, by TensorProto.DataType and by the list that carries values of that type. */
type Put = (view: DataView, offset: number, value: number) => void;
const put8: Put = (view, offset, value) => view.setUint8(offset, value & 0xff);
const put16: Put = (view, offset, value) => view.setUint16(offset, value & 0xffff, true);
const put32: Put = (view, offset, value) => view.setInt32(offset, value, true);
/** int8, uint8, int16, uint16, int32, bool, float16 and bfloat16 (their bits), float8: all lie in int32_data. */
const inInt32Data: Readonly<Record<number, Put>> = {
  ...Object.fromEntries([2, 3, 9, 17, 18, 19, 20].map((type) => [type, put8])),
  ...Object.fromEntries([4, 5, 10, 16].map((type) => [type, put16])),
  6: put32,
};

/**
 * Turns the values of a tensor into raw bytes, as nearly every exporter writes them; onnxruntime's quantiser and
 * onnx.helper write lists of numbers instead. Texts and types of less than a byte stay as they are.
 */
export function packData(tensor: TensorProto): void {
  if (tensor.rawData?.length) return;
  const rawData = rawBytes(tensor);
  if (rawData === null) return;
  Object.assign(tensor, { floatData: [], int32Data: [], int64Data: [], doubleData: [], uint64Data: [], rawData });
}

function rawBytes({
  dataType,
  floatData,
  int32Data,
  int64Data,
  doubleData,
  uint64Data,
}: TensorProto): Uint8Array | null {
  const narrow = inInt32Data[dataType];
  if (narrow !== undefined) return bytesOf(int32Data, entry(bytesPerValue, dataType), narrow);
  switch (dataType) {
    case elemTypes.float:
      return bytesOf(floatData, 4, (view, offset, value) => view.setFloat32(offset, value, true));
    case elemTypes.double:
      return bytesOf(doubleData, 8, (view, offset, value) => view.setFloat64(offset, value, true));
    case elemTypes.int64:
      return bytesOf(int64Data, 8, (view, offset, value) => view.setBigInt64(offset, bigInt(value), true));
    case 12: // uint32
      return bytesOf(uint64Data, 4, (view, offset, value) => view.setUint32(offset, toNumber(value), true));
    case 13: // uint64
      return bytesOf(uint64Data, 8, (view, offset, value) => view.setBigUint64(offset, bigInt(value), true));
    default:
      return null;
  }
}

function bytesOf<Value>(
  values: readonly Value[] | undefined,
  size: number,
  put: (view: DataView, offset: number, value: Value) => void,
): Uint8Array | null {
  if (values === undefined || values.length === 0) return null;
  const raw = new Uint8Array(size * values.length);
  const view = new DataView(raw.buffer);
  for (const [index, value] of values.entries()) put(view, size * index, value);
  return raw;
}

function bigInt(value: Int64): bigint {
  return BigInt(typeof value === 'number' ? value : value.toString());
}

/** The values of a tensor of raw bytes, as read models have them; null for types that no rule and no layer needs. */
export function valuesOf(tensor: TensorProto): number[] | null {
  const raw = tensor.rawData?.length ? tensor.rawData : new Uint8Array();
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const read = (size: number, at: (offset: number) => number) =>
    Array.from({ length: Math.floor(raw.byteLength / size) }, (_, i) => at(i * size));
  switch (tensor.dataType) {
    case elemTypes.float:
      return read(4, (o) => view.getFloat32(o, true));
    case elemTypes.float16:
      return read(2, (o) => halfToNumber(view.getUint16(o, true)));
    case elemTypes.double:
      return read(8, (o) => view.getFloat64(o, true));
    case elemTypes.uint8:
      return read(1, (o) => view.getUint8(o));
    case elemTypes.int8:
      return read(1, (o) => view.getInt8(o));
    case elemTypes.int32:
      return read(4, (o) => view.getInt32(o, true));
    case elemTypes.int64:
      return read(8, (o) => Number(view.getBigInt64(o, true)));
    case elemTypes.bool:
      return read(1, (o) => view.getUint8(o));
    default:
      return null;
  }
}

/** Throws UserError where a tensor of `dims` would take 2 GiB or more; returns its bytes (0 for types not counted). */
export function declaredBytes(name: string, dims: readonly number[], elemType: number, file: string): number {
  const bits = bitsPerValue[elemType] ?? 8 * (bytesPerValue[elemType] ?? 0);
  const bytes = Math.ceil(dims.reduce((product, dim) => product * dim, bits) / 8);
  if (bytes < maxTensorBytes && dims.every((dim) => dim >= 0)) return bytes;
  throw new UserError({
    what: `the tensor ${JSON.stringify(name)} of ${dims.join(' x ')} values is no tensor of an image model (limit: 2 GiB)`,
    where: file,
    fix: 'Export the model again; if it comes from someone else, do not trust it',
  });
}

/** Throws UserError where a tensor declares other than it carries. */
export function checkTensorData(tensor: TensorProto, file: string): void {
  const dims = tensor.dims.map(toNumber);
  const declared = declaredBytes(tensor.name ?? '', dims, tensor.dataType, file);
  if (declared === 0) return;
  const values = dims.reduce((product, dim) => product * dim, 1);
  const raw = tensor.rawData?.length ?? 0;
  const typed = [tensor.floatData, tensor.int32Data, tensor.int64Data, tensor.doubleData, tensor.uint64Data];
  // Of complex types two numbers make a value, and of those of less than a byte a number holds several.
  const counts = [values, 2 * values, ...(declared < values ? [declared] : [])];
  if (raw === declared || (raw === 0 && typed.some((list) => list !== undefined && counts.includes(list.length))))
    return;
  throw new UserError({
    what: `the tensor ${JSON.stringify(tensor.name)} declares ${dims.join(' x ')} values but carries ${raw} bytes`,
    where: file,
    fix: 'The file is cut short or damaged: export or copy it again',
  });
}

/**
 * Reads the values of a tensor that lie in another file into the tensor; `remaining` bytes may still be read.
 * Returns how many were. Throws UserError where that file is not in the model's folder (absolute, through `..` or
 * through a link), is too short, or does not exist.
 */
export function readExternalData(tensor: TensorProto, file: string, remaining: number): number {
  if (tensor.dataLocation !== 1) return 0;
  const entry = (key: string) => tensor.externalData?.find((pair) => pair.key === key)?.value;
  const path = externalPath(entry('location') ?? '', file);
  const declared = declaredBytes(tensor.name ?? '', tensor.dims.map(toNumber), tensor.dataType, file);
  const offset = Number(entry('offset') ?? 0);
  const length = Number(entry('length') ?? declared);
  const broken = (what: string) =>
    new UserError({ what, where: path, fix: `Copy it again with ${file}, both from the same export` });
  if (length !== declared || !Number.isSafeInteger(offset) || offset < 0) {
    throw broken(`the values of the tensor ${JSON.stringify(tensor.name)} are misplaced`);
  }
  if (length > remaining) {
    throw new UserError({ what: 'its weights exceed 2 GiB', where: file, fix: 'Use a smaller feature model' });
  }
  tensor.rawData = readRange(path, offset, length, broken);
  tensor.dataLocation = 0;
  tensor.externalData = [];
  return length;
}

function readRange(path: string, offset: number, length: number, broken: (what: string) => UserError): Uint8Array {
  if (statSync(path).size < offset + length) throw broken('the file is too short for the tensors of the model');
  const handle = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const read = readSync(handle, bytes, done, length - done, offset + done);
      if (read === 0) throw broken('the file changed while it was read');
      done += read;
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}

/** The real path of external data; only files really inside the model's folder may be read for a model. */
function externalPath(location: string, file: string): string {
  const refuse = (what: string, fix: string) =>
    new UserError({ what: `${what}: ${JSON.stringify(location)}`, where: file, fix });
  const folder = realpathSync(dirname(file));
  const outside = (path: string) =>
    relative(folder, path).split(/[\\/]/)[0] === '..' || isAbsolute(relative(folder, path));
  const stray = () =>
    refuse(
      'its external data lies outside its folder',
      'Save the model with its weights beside it, or do not trust it',
    );
  if (location === '' || location.includes('\0') || isAbsolute(location) || outside(join(folder, location)))
    throw stray();
  let path: string;
  try {
    path = realpathSync(join(folder, location));
    accessSync(path, constants.R_OK);
    if (!statSync(path).isFile()) throw new Error('no regular file');
  } catch (error) {
    throw refuse(`its external data cannot be read (${messageOf(error)})`, 'Copy that file beside the model too.');
  }
  if (outside(path)) throw stray();
  return path;
}
