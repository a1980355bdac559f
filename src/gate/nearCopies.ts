import type { Columns } from '../records/features.ts';
import { spreadPlaces } from '../records/spread.ts';
import { stream } from '../statistics/random.ts';

/** Images that have a copy among some, or nearly one. */
export interface NearCopies {
  /** Places of the images that have one, ascending. */
  readonly images: readonly number[];
  /** The closest two. */
  readonly pair: readonly [number, number];
  /** Of each place the first of its copies, of copies of these, and so on; itself where it has none. */
  readonly first: Uint32Array;
}

/** Two images are nearly one where their features lie closer than this share of how far images lie from each other: half of them recompressed, or a little brighter. */
const NEAR = 0.1;
/** Features below which images may lie so close by chance. */
const LEAST_FEATURES = 16;
/** Values, over all images, below which a feature is a code of something: many images that are no copies have the same codes. */
const LEAST_VALUES = 32;
/**
 * Where so many of all images hang together by near pairs, features have few ways to differ (or give a class one value): a near image is then
 * no copy. A burst holds fewer, and so do the copies of one image where all have some.
 */
const MOST_IN_ONE = 0.25;
/** Images by which that is known, and of those in one set that it is asked for. */
const KNOWN_BY = 1024;
const LEAST_IN_ONE = 24;
/**
 * Nor is a pair near that is not, by this share, nearer than images of one class are: in the features of a well-trained network a class
 * lies so close together that all its images would be copies. Of a network less sure, the first bound is the tighter one.
 */
const NEAR_IN_CLASS = NEAR * Math.SQRT2;
/** Images of a class beyond its first by which that is known; where there are fewer the first bound stands alone. */
const LEAST_WITHIN = 30;
/** Values that a distance is first estimated by. */
const SKETCH = 16;
/** An estimate may be so many times the square of the distance: one in ten thousand is more. */
const LEEWAY = 3;

/**
 * Images of which another has nearly the same features; null where none has, or features are too few to tell; `everywhere` where images
 * lie so close together that a near one need not be a copy.
 *
 * @param all images of any kind, by which features are standardised: the images themselves may be copies of one.
 * @param labels of these
 */
export function nearCopies(
  columns: Columns,
  all: Columns,
  labels: ArrayLike<number>,
): NearCopies | 'everywhere' | null {
  const classes = classesOf(labels, all.rows);
  const varying = standardised(columns, all, classes);
  if (varying.length < LEAST_FEATURES) return null;
  const within = varying.reduce((sum, feature) => sum + feature.within, 0);
  // Twice the variance of each feature is the mean square of the distance between two images.
  const bound = 2 * Math.min(NEAR ** 2 * varying.length, NEAR_IN_CLASS ** 2 * within);
  const found = pairsWithin(
    varying.map(({ values }) => values),
    columns.rows,
    bound,
  );
  if (found.images.length === 0) return null;
  // All images of a class are one.
  if (bound <= ROUNDING * varying.length) return 'everywhere';
  const isLarge = largest(found.first) >= LEAST_IN_ONE;
  return isLarge && largestShare(all, varying, bound) > MOST_IN_ONE ? 'everywhere' : found;
}

/** In units of a feature's variance: less is none. */
const ROUNDING = 1e-9;

/** The places of some images of which another lies within a bound. */
function pairsWithin(features: readonly Float32Array[], rows: number, bound: number): NearCopies {
  const sketches = sketchesOf(features, rows);
  const found = new Set<number>();
  const first = Uint32Array.from({ length: rows }, (_, at) => at);
  let pair: readonly [number, number] = [0, 0];
  let closest = Number.POSITIVE_INFINITY;
  for (let one = 0; one < rows; one++) {
    for (let other = one + 1; other < rows; other++) {
      if (!isWithin(sketches, one, other, bound * LEEWAY)) continue;
      const distance = features.reduce((sum, values) => sum + (values[one] - values[other]) ** 2, 0);
      if (distance > bound) continue;
      found.add(one).add(other);
      join(first, one, other);
      if (distance < closest) [closest, pair] = [distance, [one, other]];
    }
  }
  return { images: [...found].sort((a, b) => a - b), pair, first: first.map((_, at) => rootOf(first, at)) };
}

/** The most places that are known by one. */
function largest(first: Uint32Array): number {
  const sizes = new Map<number, number>();
  for (const each of first) sizes.set(each, (sizes.get(each) ?? 0) + 1);
  return Math.max(...sizes.values());
}

/** Of all images (some, evenly), the share that hangs together by near pairs. */
function largestShare({ rows, values, from }: Columns, varying: readonly Varying[], bound: number): number {
  const places = spreadPlaces(rows, KNOWN_BY);
  const features = varying.map(({ feature, mean, scale }) =>
    Float32Array.from(places, (place) => (values[(feature - from) * rows + place] - mean) * scale),
  );
  return largest(pairsWithin(features, places.length, bound).first) / places.length;
}

/** Makes one set of two, each known by its least place. */
function join(first: Uint32Array, one: number, other: number): void {
  const [a, b] = [rootOf(first, one), rootOf(first, other)];
  first[Math.max(a, b)] = Math.min(a, b);
}

function rootOf(first: Uint32Array, at: number): number {
  let root = at;
  while (first[root] !== root) root = first[root];
  return root;
}

/** A feature in units of its standard deviation over all images. */
interface Varying {
  readonly feature: number;
  readonly mean: number;
  /** One by its standard deviation. */
  readonly scale: number;
  readonly values: Float32Array;
  /** Its variance about the means of classes, in the same units. */
  readonly within: number;
}

/** The features that vary over all images, and are no codes. */
function standardised({ rows, values }: Columns, all: Columns, classes: Classes | null): Varying[] {
  const found: Varying[] = [];
  for (let feature = 0; feature < all.to - all.from; feature++) {
    const reference = all.values.subarray(feature * all.rows, (feature + 1) * all.rows);
    const mean = reference.reduce((sum, each) => sum + each, 0) / all.rows;
    const variance = reference.reduce((sum, each) => sum + (each - mean) ** 2, 0) / all.rows;
    if (!(variance > 1e-12 * mean * mean) || isCode(reference)) continue;
    const column = values.subarray(feature * rows, (feature + 1) * rows);
    const scale = 1 / Math.sqrt(variance);
    found.push({
      ...{ feature: feature + all.from, mean, scale },
      values: column.map((each) => (each - mean) * scale),
      within: classes === null ? 1 : varianceWithin(reference, classes) / variance,
    });
  }
  return found;
}

function isCode(values: Float32Array): boolean {
  const least = Math.min(LEAST_VALUES, values.length / 4);
  const seen = new Set<number>();
  for (const each of values) if (seen.add(each).size >= least) return false;
  return true;
}

/** Images by class. */
interface Classes {
  /** The class of each image, from 0. */
  readonly of: Uint32Array;
  /** Images of each. */
  readonly sizes: Float64Array;
}

/** Null where too few images share a class. */
function classesOf(labels: ArrayLike<number>, rows: number): Classes | null {
  const numbers = new Map<number, number>();
  const of = Uint32Array.from({ length: rows }, (_, row) => {
    const label = labels[row];
    const number = numbers.get(label) ?? numbers.size;
    numbers.set(label, number);
    return number;
  });
  if (rows - numbers.size < LEAST_WITHIN) return null;
  const sizes = new Float64Array(numbers.size);
  for (const each of of) sizes[each]++;
  return { of, sizes };
}

function varianceWithin(values: Float32Array, { of, sizes }: Classes): number {
  const sums = new Float64Array(sizes.length);
  for (let at = 0; at < values.length; at++) sums[of[at]] += values[at];
  const means = sums.map((sum, at) => sum / sizes[at]);
  const squares = values.reduce((sum, value, at) => sum + (value - means[of[at]]) ** 2, 0);
  return squares / (values.length - sizes.length);
}

/** Sums of features with random signs: the square of the distance of two sketches is on average that of the images. */
function sketchesOf(features: readonly Float32Array[], rows: number): Float64Array {
  const random = stream('near copies');
  const sketches = new Float64Array(rows * SKETCH);
  const scale = 1 / Math.sqrt(SKETCH);
  for (const values of features) {
    for (let at = 0; at < SKETCH; at++) {
      const sign = random.below(2) === 0 ? -scale : scale;
      for (let row = 0; row < rows; row++) sketches[row * SKETCH + at] += sign * values[row];
    }
  }
  return sketches;
}

function isWithin(sketches: Float64Array, one: number, other: number, bound: number): boolean {
  let sum = 0;
  for (let at = 0; at < SKETCH; at++) {
    sum += (sketches[one * SKETCH + at] - sketches[other * SKETCH + at]) ** 2;
    if (sum > bound) return false;
  }
  return true;
}
