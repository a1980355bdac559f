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

/** The results of a run of either runtime package, checked. */
export function rawTensors(results: Readonly<Record<string, Value>>, outputs: readonly string[]): Tensors {
  return new Map(
    outputs.map((name) => {
      const { data, dims, type } = results[name];
      const known = data instanceof Float32Array || data instanceof Int32Array || data instanceof BigInt64Array;
      if (known) return [name, { shape: dims, values: data }];
      throw new UserError({
        what: `the tensor ${JSON.stringify(name)} holds ${type} values, not float32`,
        where: 'the layer named in the config',
        fix: 'Name a float32 tensor, or export the model in float32.',
      });
    }),
  );
}
