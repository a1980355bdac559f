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
 * Columns `from`..`to` (exclusive) of `RandomState(seed).standard_normal((rows, dimensions))`, row by row: value
 * (i, from + j) is at `i * (to - from) + j`. NumPy draws the matrix row by row, so the whole stream is walked; only the
 * values asked for are worked out. Polar method on MT19937 (numpy/random/src/legacy/legacy-distributions.c), equal but for
 * the last bit of the platform's logarithm.
 */
export function legacyNormalColumns(
  seed: number,
  rows: number,
  dimensions: number,
  from: number,
  to: number,
): Float64Array {
  const words = mersenne(seed);
  const width = to - from;
  const normals = new Float64Array(rows * width);
  const total = rows * dimensions;
  const points = new Float64Array(3 * PAIRS);
  let row = 0;
  let column = -from;
  for (let drawn = 0; drawn < total; drawn += 2 * PAIRS) {
    const values = Math.min(2 * PAIRS, total - drawn);
    drawPoints(words, points, (values + 1) >> 1);
    for (let i = 0; i < values; i++) {
      if (column >= 0 && column < width) {
        const square = points[3 * (i >> 1) + 2];
        // The pair is handed out second coordinate first.
        const coordinate = points[3 * (i >> 1) + 1 - (i & 1)];
        normals[row * width + column] = Math.sqrt((-2 * Math.log(square)) / square) * coordinate;
      }
      if (++column === dimensions - from) {
        column = -from;
        row++;
      }
    }
  }
  return normals;
}

/** Pairs drawn at a time. */
const PAIRS = 1024;

/** Fills `points` with x, y and x^2 + y^2 of `count` points drawn inside the unit circle, its centre left out. */
function drawPoints(words: { next: () => number }, points: Float64Array, count: number): void {
  for (let i = 0; i < count; ) {
    const x = 2 * (((words.next() >>> 5) * 67108864 + (words.next() >>> 6)) / 9007199254740992) - 1;
    const y = 2 * (((words.next() >>> 5) * 67108864 + (words.next() >>> 6)) / 9007199254740992) - 1;
    const square = x * x + y * y;
    points[3 * i] = x;
    points[3 * i + 1] = y;
    points[3 * i + 2] = square;
    if (square < 1 && square !== 0) i++;
  }
}
