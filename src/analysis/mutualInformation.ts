import type { Columns, SelectedFeature } from '../records.ts';
import { legacyNormalColumns, legacyNormals } from '../statistics/random.ts';
import { argsort, type SortBuffers, sortableBits, sortBuffers } from './argsort.ts';

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
 * `columns` may be a part: the jitter is drawn for the whole. Both outcomes must occur. Returns `columns.to - columns.from`
 * values; O(n log n) a feature.
 */
export function mutualInformation(
  columns: Columns,
  dimensions: number,
  failed: Uint8Array,
  neighbours: number,
): Float64Array {
  const { rows, from, to, values } = columns;
  const jitter = jitterOf(rows, dimensions, from, to);
  const estimate = estimator(failed, neighbours);
  const information = new Float64Array(to - from);
  const strip = new Float64Array(STRIP * rows);
  for (let first = 0; first < information.length; first += STRIP) {
    const end = Math.min(first + STRIP, information.length);
    for (let row = 0; row < rows; row++)
      for (let j = first; j < end; j++) strip[(j - first) * rows + row] = jitter.normals[row * jitter.width + j];
    for (let j = first; j < end; j++) {
      const normals = strip.subarray((j - first) * rows, (j - first + 1) * rows);
      information[j] = estimate(values.subarray(j * rows, (j + 1) * rows), normals);
    }
  }
  return information;
}

/** Columns whose jitter is turned from rows to columns at a time: as many doubles as a cache line holds. */
const STRIP = 8;
/** Normals kept between groups: every group's jitter is the start of the same stream. */
const KEPT = 2 ** 22;
let kept: Float64Array = new Float64Array(0);

/** The normals of columns `from`..`to`, rows of `width` values. */
function jitterOf(rows: number, dimensions: number, from: number, to: number) {
  const count = rows * dimensions;
  if (from > 0 || to < dimensions || count > KEPT)
    return { normals: legacyNormalColumns(0, rows, dimensions, from, to), width: to - from };
  if (kept.length < count) kept = legacyNormals(0, Math.min(KEPT, Math.max(count, 2 * kept.length)));
  return { normals: kept, width: dimensions };
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

/** A function from one column and its jitter to the estimate, with buffers that all columns share. */
function estimator(failed: Uint8Array, neighbours: number) {
  const rows = failed.length;
  const failures = failed.reduce((sum, value) => sum + value, 0);
  const classes = [rows - failures, failures].map((size) => ({
    points: new Float64Array(size),
    radii: new Float64Array(size),
    counts: new Uint32Array(size),
    nearest: Math.min(neighbours, size - 1),
  }));
  const [right, wrong] = classes;
  // As scikit-learn does, a point that is alone in its class is left out.
  const used = classes.filter(({ points }) => points.length > 1);
  const total = used.reduce((sum, { points }) => sum + points.length, 0);
  const digamma = digammas(Math.max(total, neighbours));
  let fixed = digamma[total];
  for (const { points, nearest } of used)
    fixed += (points.length / total) * (digamma[nearest] - digamma[points.length]);
  const squares = new Float32Array(rows);
  const scaled = new Float64Array(rows);
  const buffers = sortBuffers(rows);

  return (column: Float32Array, normals: Float64Array): number => {
    scaleAndJitter(column, normals, squares, scaled);
    sortDoubles(scaled, buffers);
    let rights = 0;
    let wrongs = 0;
    for (let i = 0; i < rows; i++) {
      const row = buffers.order[i];
      if (failed[row] === 0) right.points[rights++] = scaled[row];
      else wrong.points[wrongs++] = scaled[row];
    }
    let sum = 0;
    for (const { points, radii, counts, nearest } of used) {
      if (nearest >= points.length >> 1) neighboursOfFew(points, nearest, radii, counts);
      else neighboursOfMany(points, nearest, radii, counts);
      for (const other of used) if (other.points !== points) countWithin(points, radii, other.points, counts);
      for (let i = 0; i < counts.length; i++) sum += digamma[counts[i]];
    }
    return Math.max(0, fixed - sum / total);
  };
}

/** Rows by ascending value: by the high words first, which leaves little to mend where values are spread. */
function sortDoubles(values: Float64Array, buffers: SortBuffers) {
  const words = new Uint32Array(values.buffer);
  const { keys, order } = buffers;
  for (let i = 0; i < keys.length; i++) keys[i] = sortableBits(words[2 * i + 1]);
  argsort(buffers);
  let moves = 4 * order.length;
  for (let i = 1; i < order.length; i++) {
    const row = order[i];
    let at = i;
    for (; at > 0 && values[order[at - 1]] > values[row]; at--) {
      order[at] = order[at - 1];
      moves--;
    }
    order[at] = row;
    if (moves < 0) {
      // A column of a few values: their jitter is below the high word.
      order.sort((a, b) => values[a] - values[b]);
      return;
    }
  }
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
    scaled[i] = Math.fround(column[i] / scale);
    absolute += Math.abs(scaled[i]);
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
  const eights = count < 8 ? 0 : count - (count % 8);
  let sum = 0;
  if (eights > 0) {
    const s = new Float32Array(8);
    for (let i = 0; i < eights; i += 8) for (let k = 0; k < 8; k++) s[k] += values[from + i + k];
    const low = Math.fround(Math.fround(s[0] + s[1]) + Math.fround(s[2] + s[3]));
    const high = Math.fround(Math.fround(s[4] + s[5]) + Math.fround(s[6] + s[7]));
    sum = Math.fround(low + high);
  }
  for (let i = eights; i < count; i++) sum = Math.fround(sum + values[from + i]);
  return sum;
}

/**
 * For each of a class's sorted points: a radius just under the distance to its k-th nearest other point, and how many
 * of the class lie within it, the point itself included; k < points.
 */
function neighboursOfMany(points: Float64Array, k: number, radii: Float64Array, counts: Uint32Array) {
  const last = points.length - 1;
  // The k nearest and the point itself are neighbours in the sorted order: a window that only moves right.
  let low = 0;
  for (let i = 0; i <= last; i++) {
    const point = points[i];
    if (low < i - k) low = i - k;
    while (low + k < last && points[low + k + 1] - point < point - points[low]) low++;
    const left = point - points[low];
    const right = points[low + k] - point;
    const distance = Math.max(left, right);
    const radius = distance * NEXT_DOWN;
    const tied = left === right || point - points[low + 1] === distance || points[low + k - 1] - point === distance;
    radii[i] = radius;
    counts[i] = tied ? countAround(points, i, radius) : k;
  }
}

/**
 * The same for classes of few points, in which scikit-learn searches by brute force; its distances come from
 * x^2 - 2xy + y^2, whose rounding shows between near-equal values.
 */
function neighboursOfFew(points: Float64Array, k: number, radii: Float64Array, counts: Uint32Array) {
  for (let i = 0; i < points.length; i++) {
    const x = points[i];
    const distances = points.map((y) => Math.sqrt(Math.max(0, x * x + -2 * (x * y) + y * y)));
    radii[i] = distances.sort()[k] * NEXT_DOWN;
    counts[i] = countAround(points, i, radii[i]);
  }
}

/** How many sorted points lie within a radius of the i-th. Squares are compared, as scikit-learn's KDTree does. */
function countAround(points: Float64Array, i: number, radius: number): number {
  const within = (j: number) => (points[i] - points[j]) * (points[i] - points[j]) <= radius * radius;
  let low = i;
  let high = i + 1;
  while (low > 0 && within(low - 1)) low--;
  while (high < points.length && within(high)) high++;
  return high - low;
}

/**
 * Adds to counts[i] how many of the other class's sorted points lie within radii[i] of points[i], the edge included.
 * Both ends of that interval move right with the point but for rounding, because the distance to a k-th neighbour
 * never changes faster than the point moves.
 */
function countWithin(points: Float64Array, radii: Float64Array, others: Float64Array, counts: Uint32Array) {
  const end = others.length;
  let low = 0;
  let high = 0;
  for (let i = 0; i < points.length; i++) {
    const point = points[i];
    const limit = radii[i] * radii[i];
    while (low < end && others[low] < point && (point - others[low]) * (point - others[low]) > limit) low++;
    while (low > 0 && (point - others[low - 1]) * (point - others[low - 1]) <= limit) low--;
    if (high < low) high = low;
    while (high < end && (others[high] <= point || (others[high] - point) * (others[high] - point) <= limit)) high++;
    while (high > low && others[high - 1] > point && (others[high - 1] - point) ** 2 > limit) high--;
    counts[i] += high - low;
  }
}
