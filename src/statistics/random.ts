import { createHash } from 'node:crypto';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { STATE_WORDS, seedState, temper, twist } from './mersenneTwister.ts';

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
 * (i, from + j) is at `i * (to - from) + j`, of `into` where that is given. NumPy draws the matrix row by row, so the
 * whole stream is walked; only the values asked for are worked out. Polar method on MT19937
 * (numpy/random/src/legacy/legacy-distributions.c), equal but for the last bit of the platform's logarithm.
 */
export function legacyNormalColumns(
  seed: number,
  rows: number,
  dimensions: number,
  from: number,
  to: number,
  into?: Float64Array,
): Float64Array {
  const width = to - from;
  const normals = into ?? new Float64Array(rows * width);
  const state = seedState(seed);
  const count = rows * width;
  let filled = 0;
  // Places in the stream: of the next pair, and of the next value asked for.
  let drawn = 0;
  let wanted = from;
  while (filled < count) {
    twist(state);
    if (wanted - drawn > STATE_WORDS / 2) {
      drawn += 2 * pointsInside(state);
      continue;
    }
    for (let at = 0; at < STATE_WORDS && filled < count; at += 4) {
      const x = coordinate(state[at], state[at + 1]);
      const y = coordinate(state[at + 2], state[at + 3]);
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      if (drawn + 1 < wanted) {
        drawn += 2;
        continue;
      }
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      // The pair is handed out second coordinate first.
      for (let second = 1; second >= 0; second--, drawn++) {
        if (drawn !== wanted || filled === count) continue;
        normals[filled++] = factor * (second === 1 ? y : x);
        wanted += filled % width === 0 ? 1 + dimensions - width : 1;
      }
    }
  }
  return normals;
}

/** NumPy's `2 * random_double - 1` of two words of the state. */
function coordinate(upper: number, lower: number): number {
  return 2 * (((temper(upper) >>> 5) * 2 ** 26 + (temper(lower) >>> 6)) / 2 ** 53) - 1;
}

/** How many of a state's 156 points lie inside the unit circle, by the upper halves of their coordinates where those tell. */
function pointsInside(state: Int32Array): number {
  let inside = 0;
  for (let at = 0; at < STATE_WORDS; at += 4) {
    const x = (temper(state[at]) >>> 5) - 2 ** 26;
    const y = (temper(state[at + 2]) >>> 5) - 2 ** 26;
    const beyond = x * x + y * y - 2 ** 52;
    // Without a branch on the random outcome, which a processor could not foresee.
    inside += Number(beyond < 0) | 0;
    if (Math.abs(beyond) > ROUGH) continue;
    const exactX = coordinate(state[at], state[at + 1]);
    const exactY = coordinate(state[at + 2], state[at + 3]);
    inside += (Number(exactX * exactX + exactY * exactY < 1) | 0) - (Number(beyond < 0) | 0);
  }
  return inside;
}

/** More than the lower halves can change `beyond`, in which a unit is 2^-26 of the radius, squared. */
const ROUGH = 2 ** 29;
