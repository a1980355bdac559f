import type { SelectedFeature } from '../records/analysis.ts';
import type { Columns } from '../records/features.ts';
import { argsort, mendOrder, type SortBuffers, sortBuffers } from '../statistics/argsort.ts';
import { legacyNormalColumns, legacyNormals } from '../statistics/random.ts';
import { total } from '../statistics/sums.ts';

/** Machine epsilon of float32. */
const EPSILON_32 = 2 ** -23;
const EULER_GAMMA = 0.5772156649015329;
/** Times a positive double: the next double below it (`numpy.nextafter(x, 0)`). */
const NEXT_DOWN = 1 - 2 ** -53;

/**
 * Mutual information, in nats, between each feature and `failed` (aligned with the rows): the estimator of Ross
 * (2014) as `sklearn.feature_selection.mutual_info_classif(X, failed, n_neighbors=neighbours, random_state=0)`
 * computes it in scikit-learn 1.2.1 from float32 features: scaled by their standard deviation in float32, then
 * jittered by 1e-10 in float64 so that equal values part. `dimensions` is the width of the whole matrix, of which
 * `columns` may be a part: the jitter is drawn for the whole, into `room` if it is not one that is kept. Both outcomes must
 * occur. Returns `columns.to - columns.from` values; O(n log n) a feature.
 *
 * @param onSorted given the place of each column and its rows in the order of the jittered values, and free to change that
 */
export function mutualInformation(
  columns: Columns,
  dimensions: number,
  failed: Uint8Array,
  neighbours: number,
  room?: Float64Array,
  onSorted?: (column: number, order: Uint32Array) => void,
): Float64Array {
  const { rows, from, to, values } = columns;
  const normalsOf = jitterOf(columns, dimensions, room);
  const buffers = buffersFor(rows, total(failed), neighbours);
  const estimate = estimator(failed, buffers);
  const information = new Float64Array(to - from);
  for (let j = 0; j < information.length; j++) {
    information[j] = estimate(values.subarray(j * rows, (j + 1) * rows), normalsOf(j));
    onSorted?.(j, buffers.sorting.order);
  }
  return information;
}

/** Most normals kept between groups: every group's jitter is the start of the same stream. */
export const KEPT_NORMALS = 2 ** 22;

/** Normals that are kept, column by column: `rows` of each of `dimensions`. */
interface KeptNormals {
  readonly rows: number;
  readonly dimensions: number;
  readonly normals: Float64Array;
}

let kept: KeptNormals = { rows: 0, dimensions: 0, normals: new Float64Array(0) };

/** A function from the place of a column among those given to its normals, a row each. */
function jitterOf({ rows, from, to }: Columns, dimensions: number, room?: Float64Array): (j: number) => Float64Array {
  if (rows * dimensions > KEPT_NORMALS) {
    const normals = legacyNormalColumns(0, rows, dimensions, from, to, room);
    return stripsOf(normals, rows, to - from);
  }
  if (kept.dimensions !== dimensions || kept.rows < rows) {
    const grown = kept.dimensions === dimensions ? 2 * kept.rows : 0;
    kept = keptNormals(Math.min(Math.floor(KEPT_NORMALS / dimensions), Math.max(rows, grown)), dimensions);
  }
  const { rows: height, normals } = kept;
  return (j) => normals.subarray((from + j) * height, (from + j) * height + rows);
}

function keptNormals(rows: number, dimensions: number): KeptNormals {
  const drawn = legacyNormals(0, rows * dimensions);
  const stripOf = stripsOf(drawn, rows, dimensions);
  const normals = new Float64Array(rows * dimensions);
  for (let j = 0; j < dimensions; j++) normals.set(stripOf(j), j * rows);
  return { rows, dimensions, normals };
}

/** Columns that are turned from rows to columns at a time: as many doubles as a cache line holds. */
const STRIP = 8;

/** Columns, asked for in rising order, of a matrix that lies row by row. */
function stripsOf(matrix: Float64Array, rows: number, width: number): (j: number) => Float64Array {
  const strip = new Float64Array(STRIP * rows);
  return (j) => {
    const first = j - (j % STRIP);
    if (j === first) {
      const end = Math.min(first + STRIP, width);
      for (let row = 0; row < rows; row++)
        for (let of = first; of < end; of++) strip[(of - first) * rows + row] = matrix[row * width + of];
    }
    return strip.subarray((j - first) * rows, (j - first + 1) * rows);
  };
}

/**
 * The `count` features with the most information, most first; equal values by the smaller feature, so that the
 * order is the same on any machine (`numpy.argsort` leaves it open). `information[j]` is of feature j.
 */
export function selectFeatures(information: Float64Array, count: number): SelectedFeature[] {
  return Array.from(information, (value, feature) => ({ feature, mutualInformation: value }))
    .sort((a, b) => b.mutualInformation - a.mutualInformation || a.feature - b.feature)
    .slice(0, count);
}

/** The sorted values of one outcome's rows. */
interface ClassPoints {
  /** Neighbours to reach for. */
  readonly nearest: number;
  /** `points` between `nearest + 1` infinities on either side, so that windows need not mind the ends. */
  readonly padded: Float64Array;
  readonly points: Float64Array;
}

function classPoints(size: number, neighbours: number): ClassPoints {
  const nearest = Math.max(0, Math.min(neighbours, size - 1));
  const padded = new Float64Array(size + 2 * (nearest + 1)).fill(Number.POSITIVE_INFINITY);
  padded.fill(Number.NEGATIVE_INFINITY, 0, nearest + 1);
  return {
    nearest,
    padded,
    points: padded.subarray(nearest + 1, nearest + 1 + size),
  };
}

/** What the columns of a matrix share, and those of the next one of its size: a block's is collected late. */
interface Buffers {
  readonly rows: number;
  readonly failures: number;
  readonly neighbours: number;
  readonly squares: Float32Array;
  readonly scaled: Float64Array;
  readonly sorting: SortBuffers;
  readonly right: ClassPoints;
  readonly wrong: ClassPoints;
}

let latest: Buffers | undefined;

function buffersFor(rows: number, failures: number, neighbours: number): Buffers {
  if (latest?.rows === rows && latest.failures === failures && latest.neighbours === neighbours) return latest;
  latest = {
    rows,
    failures,
    neighbours,
    squares: new Float32Array(rows),
    scaled: new Float64Array(rows),
    sorting: sortBuffers(rows),
    right: classPoints(rows - failures, neighbours),
    wrong: classPoints(failures, neighbours),
  };
  return latest;
}

/** A function from one column and its jitter to the estimate. */
function estimator(failed: Uint8Array, { neighbours, squares, scaled, sorting, right, wrong }: Buffers) {
  // As scikit-learn does, a point that is alone in its class is left out.
  const used = [right, wrong].filter(({ points }) => points.length > 1);
  const total = used.reduce((sum, { points }) => sum + points.length, 0);
  const digamma = digammas(Math.max(total, neighbours));
  let fixed = digamma[total];
  for (const { points, nearest } of used)
    fixed += (points.length / total) * (digamma[nearest] - digamma[points.length]);

  return (column: Float32Array, normals: Float64Array): number => {
    scaleAndJitter(column, normals, squares, scaled);
    sortDoubles(scaled, sorting);
    part(scaled, sorting.order, failed, right, wrong);
    let sum = 0;
    for (const own of used) {
      const others = used.find((other) => other !== own) ?? NOBODY;
      sum =
        own.nearest >= own.points.length >> 1
          ? neighboursOfFew(own, others.points, digamma, sum)
          : neighboursOfMany(own, others, digamma, sum);
    }
    return Math.max(0, fixed - sum / total);
  };
}

const NOBODY = classPoints(0, 1);

/** Gives each class its values in order, without a branch on the outcomes: a point goes to both, and counts for one. */
function part(values: Float64Array, order: Uint32Array, failed: Uint8Array, right: ClassPoints, wrong: ClassPoints) {
  let rights = right.nearest + 1;
  let wrongs = wrong.nearest + 1;
  for (let i = 0; i < order.length; i++) {
    const row = order[i];
    const value = values[row];
    right.padded[rights] = value;
    wrong.padded[wrongs] = value;
    wrongs += failed[row];
    rights += 1 - failed[row];
  }
  // The first of the infinities after the points.
  right.padded[rights] = Number.POSITIVE_INFINITY;
  wrong.padded[wrongs] = Number.POSITIVE_INFINITY;
}

/** Rows by ascending value: by the upper bytes first, as many as leave little to mend. */
function sortDoubles(values: Float64Array, buffers: SortBuffers) {
  const words = new Uint32Array(values.buffer);
  argsort(words, 2, 1, buffers, 1);
  if (mendOrder(values, buffers.order, 1)) return;
  argsort(words, 2, 1, buffers);
  // In a column of a few values their jitter is below the high word.
  if (!mendOrder(values, buffers.order, 4)) buffers.order.sort((a, b) => values[a] - values[b]);
}

/** Digamma of 0 (unused) to n: minus Euler's constant plus the harmonic numbers. */
function digammas(n: number): Float64Array {
  const values = new Float64Array(n + 1);
  values[1] = -EULER_GAMMA;
  for (let i = 2; i <= n; i++) values[i] = values[i - 1] + 1 / (i - 1);
  return values;
}

/** `sklearn.preprocessing.scale(x, with_mean=False)` in float32, then `_estimate_mi`'s jitter in float64. */
function scaleAndJitter(column: Float32Array, normals: Float64Array, squares: Float32Array, scaled: Float64Array) {
  const n = column.length;
  const mean = Math.fround(pairwiseSum(column, 0, n) / n);
  for (let i = 0; i < n; i++) {
    const deviation = Math.fround(column[i] - mean);
    squares[i] = deviation * deviation;
  }
  const deviation = Math.fround(Math.sqrt(Math.fround(pairwiseSum(squares, 0, n) / n)));
  const scale = deviation < 10 * EPSILON_32 ? 1 : deviation;
  let absolute = 0;
  for (let i = 0; i < n; i++) {
    const value = Math.fround(column[i] / scale);
    scaled[i] = value;
    absolute += Math.abs(value);
  }
  const jitter = 1e-10 * Math.max(1, absolute / n);
  for (let i = 0; i < n; i++) scaled[i] += jitter * normals[i];
}

/** NumPy's sum of contiguous float32 values, in float32: halves down to blocks of 128, eight running sums a block. */
function pairwiseSum(values: Float32Array, from: number, count: number): number {
  if (count > 128) {
    const half = (count >> 1) - ((count >> 1) % 8);
    return Math.fround(pairwiseSum(values, from, half) + pairwiseSum(values, from + half, count - half));
  }
  const end = from + count - (count % 8);
  let sum = 0;
  if (end > from) {
    let [a, b, c, d] = [values[from], values[from + 1], values[from + 2], values[from + 3]];
    let [e, f, g, h] = [values[from + 4], values[from + 5], values[from + 6], values[from + 7]];
    for (let i = from + 8; i < end; i += 8) {
      a = Math.fround(a + values[i]);
      b = Math.fround(b + values[i + 1]);
      c = Math.fround(c + values[i + 2]);
      d = Math.fround(d + values[i + 3]);
      e = Math.fround(e + values[i + 4]);
      f = Math.fround(f + values[i + 5]);
      g = Math.fround(g + values[i + 6]);
      h = Math.fround(h + values[i + 7]);
    }
    const low = Math.fround(Math.fround(a + b) + Math.fround(c + d));
    const high = Math.fround(Math.fround(e + f) + Math.fround(g + h));
    sum = Math.fround(low + high);
  }
  for (let i = end; i < from + count; i++) sum = Math.fround(sum + values[i]);
  return sum;
}

/**
 * Adds up the digamma of how many points there are in the neighbourhood of each point of a class: within a radius just
 * under the distance to its nearest-th other point of the class. Distances are compared where scikit-learn's KDTree compares their squares: doubles that
 * differ have squares that differ, in the same order. The window is found without a branch on the values: a processor could not foresee
 * it, and waiting for it would take longer than all the rest.
 */
function neighboursOfMany(
  { nearest, padded, points }: ClassPoints,
  others: ClassPoints,
  digamma: Float64Array,
  before: number,
): number {
  const around = others.padded;
  // Both ends of a neighbourhood only move right, for the distance to a neighbour never changes faster than the point moves.
  let low = others.nearest + 1;
  let high = low;
  let sum = before;
  for (let i = 0; i < points.length; i++) {
    const at = i + nearest + 1;
    const point = padded[at];
    const first = nearest === 3 ? firstOfThree(padded, at, point) : firstOf(padded, at, point, nearest);
    const left = point - padded[first];
    const right = padded[first + nearest] - point;
    const distance = Math.abs(padded[first + nearest * asNumber(right >= left)] - point);
    const tied =
      left === right || point - padded[first + 1] === distance || padded[first + nearest - 1] - point === distance;
    const radius = distance * NEXT_DOWN;
    while (point - around[low] > radius) low++;
    while (around[high] - point <= radius) high++;
    sum += digamma[(tied ? countAround(points, i, radius * radius) : nearest) + high - low];
  }
  return sum;
}

/**
 * Where the window of the sorted order begins that holds a point and those nearest to it: each step right must bring it
 * nearer.
 */
function firstOf(padded: Float64Array, at: number, point: number, nearest: number): number {
  let first = at - nearest;
  for (let step = 0; step < nearest; step++)
    first += asNumber(padded[at + 1 + step] - point < point - padded[at - nearest + step]);
  return first;
}

/** The same for three neighbours, the usual number: without a loop it takes half the time. */
function firstOfThree(padded: Float64Array, at: number, point: number): number {
  return (
    at -
    3 +
    asNumber(padded[at + 1] - point < point - padded[at - 3]) +
    asNumber(padded[at + 2] - point < point - padded[at - 2]) +
    asNumber(padded[at + 3] - point < point - padded[at - 1])
  );
}

/**
 * The same for classes of few points, in which scikit-learn searches by brute force; its distances come from
 * x^2 - 2xy + y^2, whose rounding shows between near-equal values.
 */
function neighboursOfFew(
  { nearest, points }: ClassPoints,
  others: Float64Array,
  digamma: Float64Array,
  before: number,
): number {
  let sum = before;
  for (let i = 0; i < points.length; i++) {
    const x = points[i];
    const distances = points.map((y) => Math.sqrt(Math.max(0, x * x + -2 * (x * y) + y * y)));
    const limit = squareBelow(distances.sort()[nearest]);
    const own = countAround(points, i, limit);
    const upTo = others.reduce((count, other) => count + asNumber(signedSquare(other - x) <= limit), 0);
    const below = others.reduce((count, other) => count + asNumber(signedSquare(other - x) < -limit), 0);
    sum += digamma[own + upTo - below];
  }
  return sum;
}

/** The square of the next double below a distance. */
function squareBelow(distance: number): number {
  return distance * NEXT_DOWN * (distance * NEXT_DOWN);
}

function signedSquare(difference: number): number {
  return difference * Math.abs(difference);
}

/** 1 or 0, without a branch. */
function asNumber(holds: boolean): number {
  return Number(holds) | 0;
}

/** How many sorted points lie as near the i-th as a limit allows. */
function countAround(points: Float64Array, i: number, limit: number): number {
  let low = i;
  let high = i + 1;
  while (low > 0 && (points[i] - points[low - 1]) ** 2 <= limit) low--;
  while (high < points.length && (points[high] - points[i]) ** 2 <= limit) high++;
  return high - low;
}
