import { halfToNumber } from '../../adapters/float16.ts';
import { UserError } from '../../errors.ts';

/** A tensor as runtimes take and give it, values in C order. */
export interface RawTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | BigInt64Array;
}

/** Tensors by name. */
export type Tensors = ReadonlyMap<string, RawTensor>;

/** A model that an ONNX Runtime has loaded. */
export interface RunModel {
  /** @throws UserError where an output holds values of another type. */
  readonly run: (feeds: Tensors) => Promise<Tensors>;
  readonly release: () => Promise<void>;
}

/** Loads the bytes of an ONNX model into a runtime; its runs give `outputs`. */
export type StartModel = (model: Uint8Array, outputs: readonly string[]) => Promise<RunModel>;

/** A result of either runtime package. */
interface Value {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}

/** The results of a run of either runtime package, as float32 unless they are whole numbers of 32 or 64 bits. */
export function rawTensors(results: Readonly<Record<string, Value>>, outputs: readonly string[]): Tensors {
  return new Map(
    outputs.map((name) => {
      const result = Object.hasOwn(results, name) ? results[name] : undefined;
      if (result === undefined) throw new Error(`the engine left out the tensor ${JSON.stringify(name)}`);
      const { data, dims, type } = result;
      const values = rawValues(data, type);
      if (values !== null) return [name, { shape: dims, values }];
      throw new UserError({
        what: `the tensor ${JSON.stringify(name)} holds ${type} values, not numbers`,
        where: 'the layer named in the config',
        fix: 'Name a tensor of float32 values',
      });
    }),
  );
}

function rawValues(data: unknown, type: string): RawTensor['values'] | null {
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof BigInt64Array) return data;
  // Where Node has no Float16Array the bits come.
  if (type === 'float16' && data instanceof Uint16Array) return Float32Array.from(data, halfToNumber);
  const isNumeric = data instanceof Float64Array || data instanceof Uint8Array || data instanceof Int8Array;
  if (isNumeric || (type === 'float16' && isHalf(data))) return Float32Array.from(data);
  return null;
}

/** Node has it since 24, TypeScript's library for the older one does not. */
function isHalf(data: unknown): data is ArrayLike<number> {
  return ArrayBuffer.isView(data) && data.constructor.name === 'Float16Array';
}
