import type { Columns } from '../records/features.ts';
import { argsort, sortBuffers } from '../statistics/argsort.ts';
import { kthLeast } from '../statistics/kthLeast.ts';
import { densityScore } from './score.ts';

/** Half-spaces `feature <= threshold` and `feature > threshold` of a group, with what lies in each; all lists aligned. */
export interface HalfSpaces {
  readonly feature: readonly number[];
  /** 0: `<=`; 1: `>`. */
  readonly upper: readonly number[];
  /** Halfway, in float64, between two values of the group. */
  readonly threshold: readonly number[];
  /** Images in it. */
  readonly size: readonly number[];
  /** Open images in it. */
  readonly open: readonly number[];
  /** Open images expected in it. */
  readonly expected: readonly number[];
}

/** A group's images as far as the family of regions depends on them. */
export interface Density {
  /** 1 where the image is open. */
  readonly open: Uint8Array;
  /** How likely the image is to be open, given how hard it is. */
  readonly expected: Float64Array;
}

/** Thresholds a feature at these quantiles of the group: one less than this many. */
const QUANTILES = 8;

/** The half-spaces at the group's 8-quantiles, feature by feature, `<=` before `>` for each threshold; none is empty or the whole. */
export function halfSpaces(columns: Columns, { open, expected }: Density): HalfSpaces {
  const { rows, from, to, values } = columns;
  const found = { ...{ feature: [], upper: [], threshold: [] }, ...{ size: [], open: [], expected: [] } };
  const lists: { [key in keyof HalfSpaces]: number[] } = found;
  const bits = new Uint32Array(values.buffer, values.byteOffset, rows * (to - from));
  const buffers = sortBuffers(rows);
  const sorted = new Float32Array(rows);
  // Of which threshold on each image lies; walked in the images' order, so that sums round as they always have.
  const bucketOf = new Uint8Array(rows);
  // Of the images up to each threshold and past the one before; made once, for a run has millions of features of groups.
  const [size, opens, mu] = [0, 1, 2].map(() => new Float64Array(QUANTILES));
  for (let feature = from; feature < to; feature++) {
    const start = (feature - from) * rows;
    argsort(bits, 1, start, buffers);
    for (let at = 0; at < rows; at++) sorted[at] = values[start + buffers.order[at]];
    const { thresholds, ends } = thresholdsOf(sorted);
    for (const each of [opens, mu]) each.fill(0);
    for (let bucket = 0, at = 0; bucket <= thresholds.length; bucket++) {
      const end = bucket < ends.length ? ends[bucket] : rows;
      size[bucket] = end - at;
      for (; at < end; at++) bucketOf[buffers.order[at]] = bucket;
    }
    for (let at = 0; at < rows; at++) {
      opens[bucketOf[at]] += open[at];
      mu[bucketOf[at]] += expected[at];
    }
    let [sizes, openAll, muAll] = [0, 0, 0];
    for (let bucket = 0; bucket <= thresholds.length; bucket++) {
      sizes += size[bucket];
      openAll += opens[bucket];
      muAll += mu[bucket];
    }
    let [below, openBelow, muBelow] = [0, 0, 0];
    for (let bucket = 0; bucket < thresholds.length; bucket++) {
      below += size[bucket];
      openBelow += opens[bucket];
      muBelow += mu[bucket];
      lists.feature.push(feature, feature);
      lists.upper.push(0, 1);
      lists.threshold.push(thresholds[bucket], thresholds[bucket]);
      lists.size.push(below, sizes - below);
      lists.open.push(openBelow, openAll - openBelow);
      lists.expected.push(muBelow, muAll - muBelow);
    }
  }
  return lists;
}

/** Rising, different, each with images on both sides; and how many of the sorted values lie up to each. */
function thresholdsOf(sorted: Float32Array): { readonly thresholds: number[]; readonly ends: number[] } {
  const thresholds: number[] = [];
  const ends: number[] = [];
  for (let part = 1; part < QUANTILES; part++) {
    const last = Math.ceil((part * sorted.length) / QUANTILES) - 1;
    let next = last + 1;
    while (next < sorted.length && sorted[next] === sorted[last]) next++;
    if (next >= sorted.length) continue;
    const threshold = (sorted[last] + sorted[next]) / 2;
    if (threshold === thresholds.at(-1)) continue;
    thresholds.push(threshold);
    ends.push(next);
  }
  return { thresholds, ends };
}

/** Half-spaces of several spans of features as one. */
export function joined(parts: readonly HalfSpaces[]): HalfSpaces {
  const all = (of: keyof HalfSpaces) => parts.flatMap((part) => part[of]);
  return {
    ...{ feature: all('feature'), upper: all('upper'), threshold: all('threshold') },
    ...{ size: all('size'), open: all('open'), expected: all('expected') },
  };
}

/** The `most` half-spaces with the greatest density score, in their own order; all where there are no more. */
export function densest({ open, expected }: HalfSpaces, most: number): number[] {
  if (open.length <= most) return [...open.keys()];
  const score = Float64Array.from(open, (count, at) => densityScore(count, expected[at]));
  const least = kthLeast(score.slice(), score.length - most);
  // Of equal ones the first.
  let equal = most - score.reduce((sum, each) => sum + Number(each > least), 0);
  const taken: number[] = [];
  for (let at = 0; at < score.length; at++)
    if (score[at] > least || (score[at] === least && equal-- > 0)) taken.push(at);
  return taken;
}

/** Whether an image with this value lies in a half-space. */
export function holds(value: number, upper: number, threshold: number): boolean {
  return upper === 0 ? value <= threshold : value > threshold;
}
