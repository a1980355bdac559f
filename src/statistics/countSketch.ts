import { stream } from './random.ts';

/** Many values added up to fewer, so that on average distances and inner products stay. */
export interface CountSketch {
  /** Of each value the sum that it is added to. */
  readonly bucket: Uint32Array;
  /** 1 or -1: by what it is multiplied before. */
  readonly sign: Float64Array;
}

/**
 * Adds each of `values` to one of `width` sums, with a random sign (Charikar, Chen and Farach-Colton 2002); where there are no more than
 * `width`, each is its own. @param seed names the random stream
 */
export function countSketch(values: number, width: number, seed: string): CountSketch {
  const identity = values <= width;
  const random = stream(seed);
  const bucket = Uint32Array.from({ length: values }, (_, at) => (identity ? at : random.below(width)));
  const sign = Float64Array.from({ length: values }, () => (identity || random.below(2) === 1 ? 1 : -1));
  return { bucket, sign };
}
