import type { Columns } from '../records/features.ts';
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
  const sorted = new Float32Array(rows);
  // Of the images up to each threshold and past the one before; made once, for a run has millions of features of groups.
  const [size, opens, mu] = [0, 1, 2].map(() => new Float64Array(QUANTILES));
  for (let feature = from; feature < to; feature++) {
    const column = values.subarray((feature - from) * rows, (feature - from + 1) * rows);
    sorted.set(column);
    sorted.sort();
    const thresholds = thresholdsOf(sorted);
    for (const each of [size, opens, mu]) each.fill(0);
    for (let at = 0; at < rows; at++) {
      let bucket = 0;
      while (bucket < thresholds.length && column[at] > thresholds[bucket]) bucket++;
      size[bucket]++;
      opens[bucket] += open[at];
      mu[bucket] += expected[at];
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

/** Rising, different, each with images on both sides. */
function thresholdsOf(sorted: Float32Array): number[] {
  const thresholds: number[] = [];
  for (let part = 1; part < QUANTILES; part++) {
    const last = Math.ceil((part * sorted.length) / QUANTILES) - 1;
    let next = last + 1;
    while (next < sorted.length && sorted[next] === sorted[last]) next++;
    if (next >= sorted.length) continue;
    const threshold = (sorted[last] + sorted[next]) / 2;
    if (threshold !== thresholds.at(-1)) thresholds.push(threshold);
  }
  return thresholds;
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
  const score = open.map((count, at) => densityScore(count, expected[at]));
  const order = [...score.keys()];
  if (order.length <= most) return order;
  return order
    .sort((a, b) => score[b] - score[a] || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
}

/** Whether an image with this value lies in a half-space. */
export function holds(value: number, upper: number, threshold: number): boolean {
  return upper === 0 ? value <= threshold : value > threshold;
}
