import { createHash } from 'node:crypto';
import { mersenne } from 'pure-rand/generator/mersenne';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of random numbers that depends on its seed text alone. */
export interface RandomStream {
  /** Uniform in 0 to 2^32 - 1. */
  readonly uint32: () => number;
  /** Uniform in 0 to n - 1, without bias; n from 1 to 2^32. */
  readonly below: (n: number) => number;
}

const WORD = 2 ** 32;

/**
 * Opens the stream of a seed text (xoroshiro128+, its state the SHA-256 of the text), so that a draw named by a
 * text is the same whichever worker makes it and whatever was drawn before.
 */
export function stream(seed: string): RandomStream {
  const digest = createHash('sha256').update(seed).digest();
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32LE(at)));
  const uint32 = () => generator.next() >>> 0;
  const below = (n: number) => {
    // Equal buckets from the high end: the lowest bits of xoroshiro128+ are its weakest.
    const bucket = Math.floor(WORD / n);
    for (;;) {
      const drawn = Math.floor(uint32() / bucket);
      if (drawn < n) return drawn;
    }
  };
  return { uint32, below };
}

/** `numpy.random.RandomState(seed).standard_normal(count)`; seed from 0 to 2^32 - 1. */
export function legacyNormals(seed: number, count: number): Float64Array {
  return legacyNormalColumns(seed, count, 1, 0, 1);
}

/**
 * Columns `from`..`to` (exclusive) of `RandomState(seed).standard_normal((rows, dimensions))`, column by column:
 * value (i, from + j) is at `j * rows + i`. NumPy fills the matrix row by row, so the whole stream is walked; only the
 * values asked for are worked out. Polar method on MT19937 (numpy/random/src/legacy/legacy-distributions.c).
 */
export function legacyNormalColumns(
  seed: number,
  rows: number,
  dimensions: number,
  from: number,
  to: number,
): Float64Array {
  const generator = mersenne(seed);
  const uniform = () => {
    const high = generator.next() >>> 5;
    return (high * 67108864 + (generator.next() >>> 6)) / 9007199254740992;
  };
  const width = to - from;
  const normals = new Float64Array(rows * width);
  const total = rows * dimensions;
  let row = 0;
  let column = -from;
  for (let drawn = 0; drawn < total; drawn += 2) {
    let x: number;
    let y: number;
    let square: number;
    do {
      x = 2 * uniform() - 1;
      y = 2 * uniform() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    // The pair is handed out second coordinate first; it may straddle two rows.
    const first = column >= 0 && column < width ? column * rows + row : -1;
    if (++column === dimensions - from) {
      column = -from;
      row++;
    }
    const second = column >= 0 && column < width && row < rows ? column * rows + row : -1;
    if (++column === dimensions - from) {
      column = -from;
      row++;
    }
    if (first < 0 && second < 0) continue;
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    if (first >= 0) normals[first] = factor * y;
    if (second >= 0) normals[second] = factor * x;
  }
  return normals;
}
