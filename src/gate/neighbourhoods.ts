import { spread } from '../records/spread.ts';
import { backwardSolve, cholesky, forwardSolve } from '../statistics/cholesky.ts';
import { kthLeast } from '../statistics/kthLeast.ts';
import type { Points } from './points.ts';

/**
 * Images of a group in the order of how near they are to one of them, the nearest first; the first so many of a list are a
 * neighbourhood. They depend on features, and on which images are open, never on who failed there.
 */
export interface Neighbourhoods {
  /** Images of each list. */
  readonly reach: number;
  /** Position in the group of the image that a list is around. */
  readonly around: Uint32Array;
  /** 0: a ball, nearest to the image; 1: a cap, furthest along the whitened mean of the image's surroundings. */
  readonly shape: Uint8Array;
  /** Positions in the group, list after list; in shared memory. */
  readonly order: Uint32Array;
}

/** Images of a neighbourhood: an eighth to a third more with each step. */
export const LADDER = [8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 300] as const;
/** Images whose mean a cap lies along. */
const SURROUNDINGS = 16;
/** Added to the covariance's diagonal, as a share of the mean variance. */
const SHRINKAGE = 0.1;
/** Products of two numbers that a group may take, some 5 s: in a large one not every open image has neighbourhoods. */
const PRODUCTS = 2 ** 32;

/** A ball and a cap around each of a group's open images, or around as many as there is time for, evenly. */
export function neighbourhoodsOf(points: Points, rows: number, open: Uint32Array, products = PRODUCTS): Neighbourhoods {
  const reach = Math.min(LADDER[LADDER.length - 1], rows - 1);
  const most = Math.max(1, Math.floor(products / (2 * rows * points.width)));
  const centres = spread([...open], most);
  const count = centres.length;
  const order = new Uint32Array(new SharedArrayBuffer(4 * 2 * count * reach));
  const whiten = whitener(points, rows);
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = centres.slice(from, from + AT_ONCE);
    const directions = squaredDistances(points, rows, some).map((far, at) => {
      const ball = order.subarray(2 * (from + at) * reach, (2 * (from + at) + 1) * reach);
      ball.set(leastPlaces(far, reach));
      return whiten(meanOf(points, ball.subarray(0, SURROUNDINGS)));
    });
    for (const [at, far] of against(points, rows, directions).entries()) {
      order.set(leastPlaces(far, reach), (2 * (from + at) + 1) * reach);
    }
  }
  return {
    ...{ reach, order },
    around: Uint32Array.from({ length: 2 * count }, (_, list) => centres[list >> 1]),
    shape: Uint8Array.from({ length: 2 * count }, (_, list) => list & 1),
  };
}

/** Images that all others are measured against in one pass over their values. */
export const AT_ONCE = 4;

/** Four vectors, value by value; the last stands in for those that there are none of. */
function interleaved(vectors: readonly ArrayLike<number>[], width: number): Float64Array {
  const last = vectors.length - 1;
  return Float64Array.from(
    { length: AT_ONCE * width },
    (_, at) => vectors[Math.min(at % AT_ONCE, last)][Math.floor(at / AT_ONCE)],
  );
}

/** Squared distance of every image to each of up to four. */
export function squaredDistances({ width, values }: Points, rows: number, centres: readonly number[]): Float64Array[] {
  const own = interleaved(
    centres.map((centre) => values.subarray(centre * width, (centre + 1) * width)),
    width,
  );
  const found = Array.from({ length: AT_ONCE }, () => new Float64Array(rows));
  const [first, second, third, fourth] = found;
  for (let row = 0, from = 0; row < rows; row++) {
    let one = 0;
    let two = 0;
    let three = 0;
    let four = 0;
    for (let at = 0; at < AT_ONCE * width; at += AT_ONCE) {
      const value = values[from++];
      const a = value - own[at];
      const b = value - own[at + 1];
      const c = value - own[at + 2];
      const d = value - own[at + 3];
      one += a * a;
      two += b * b;
      three += c * c;
      four += d * d;
    }
    first[row] = one;
    second[row] = two;
    third[row] = three;
    fourth[row] = four;
  }
  return found.slice(0, centres.length);
}

/** How far every image lies against each of up to four directions. */
function against({ width, values }: Points, rows: number, directions: readonly Float64Array[]): Float64Array[] {
  const along = interleaved(directions, width);
  const found = Array.from({ length: AT_ONCE }, () => new Float64Array(rows));
  const [first, second, third, fourth] = found;
  for (let row = 0, from = 0; row < rows; row++) {
    let one = 0;
    let two = 0;
    let three = 0;
    let four = 0;
    for (let at = 0; at < AT_ONCE * width; at += AT_ONCE) {
      const value = values[from++];
      one -= value * along[at];
      two -= value * along[at + 1];
      three -= value * along[at + 2];
      four -= value * along[at + 3];
    }
    first[row] = one;
    second[row] = two;
    third[row] = three;
    fourth[row] = four;
  }
  return found.slice(0, directions.length);
}

function meanOf({ width, values }: Points, positions: Uint32Array): Float64Array {
  const mean = new Float64Array(width);
  for (const position of positions) {
    for (let at = 0; at < width; at++) mean[at] += values[position * width + at] / positions.length;
  }
  return mean;
}

/** Multiplies by the inverse of the covariance, which is shrunk: with few images it has none. The mean of all is 0. */
function whitener({ width, values }: Points, rows: number): (vector: Float64Array) => Float64Array {
  const covariance = new Float64Array(width * width);
  for (let row = 0; row < rows; row++) {
    const from = row * width;
    for (let i = 0; i < width; i++) {
      const value = values[from + i];
      if (value === 0) continue;
      for (let j = 0; j <= i; j++) covariance[i * width + j] += value * values[from + j];
    }
  }
  let trace = 0;
  for (let at = 0; at < width; at++) trace += covariance[at * width + at];
  // Where every feature is constant any number will do.
  const shrinkage = trace > 0 ? (SHRINKAGE * trace) / width : 1;
  for (let at = 0; at < width; at++) covariance[at * width + at] += shrinkage;
  const lower = cholesky(covariance, width);
  return (vector) => {
    forwardSolve(lower, width, vector);
    backwardSolve(lower, width, vector);
    return vector;
  };
}

/** Places of the least so many values, the least first, of equal ones the first. */
export function leastPlaces(values: Float64Array, count: number): number[] {
  const last = kthLeast(values.slice(), count - 1);
  const places: number[] = [];
  for (let at = 0; at < values.length; at++) if (values[at] <= last) places.push(at);
  return places.sort((a, b) => values[a] - values[b] || a - b).slice(0, count);
}
