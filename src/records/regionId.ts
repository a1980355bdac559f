import { createHash } from 'node:crypto';
import type { Condition, Region } from './analysis.ts';
import type { Neighbourhood } from './comparison.ts';

/** By feature, then `<=` before `>`, then by threshold: one order for a set of conditions. */
export function sortedRegion(region: Region): Region {
  return region.toSorted(byFeature);
}

/** Engines differ by rounding, in about the seventh digit of a feature: an id is to be the same on all. */
const ID_DIGITS = 4;

/**
 * Stable name of a group's region: the group's id, '#' and the first eight hex digits of the SHA-256 of the JSON of
 * its conditions `[feature, op, threshold]` in one order, thresholds rounded to four significant digits.
 */
export function regionId(group: string, region: Region): string {
  const rounded = (threshold: number) => Number(threshold.toPrecision(ID_DIGITS));
  const text = JSON.stringify(
    sortedRegion(region).map(({ feature, op, threshold }) => [feature, op, rounded(threshold)]),
  );
  return idOf(group, text);
}

/** The same of a region that has no conditions, by the image that it is around. */
export function neighbourhoodId(group: string, { around, shape }: Neighbourhood, size: number): string {
  return idOf(group, JSON.stringify([shape, around, size]));
}

function idOf(group: string, text: string): string {
  return `${group}#${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}

function byFeature(a: Condition, b: Condition): number {
  return a.feature - b.feature || (a.op === b.op ? a.threshold - b.threshold : a.op === '<=' ? -1 : 1);
}
