import { createHash } from 'node:crypto';
import type { Condition, Region } from '../records.ts';

/** The region inside `region` where one more condition holds; of two conditions alike on a feature, the stricter stays. */
export function narrow(region: Region, condition: Condition): Region {
  const { feature, op, threshold } = condition;
  const at = region.findIndex((other) => other.feature === feature && other.op === op);
  if (at < 0) return [...region, condition];
  const stricter = op === '<=' ? threshold < region[at].threshold : threshold > region[at].threshold;
  return stricter ? region.with(at, condition) : region;
}

/** Whether an image lies in a region; `featureOf` gives its features. */
export function contains(region: Region, featureOf: (feature: number) => number): boolean {
  return region.every(({ feature, op, threshold }) =>
    op === '<=' ? featureOf(feature) <= threshold : featureOf(feature) > threshold,
  );
}

/**
 * Stable name of a group's region: the group's id, '#' and the first eight hex digits of the SHA-256 of the JSON of
 * its conditions `[feature, op, threshold]`, by feature, then `<=` before `>`.
 */
export function regionId(group: string, region: Region): string {
  const conditions = region
    .toSorted((a, b) => a.feature - b.feature || (a.op < b.op ? -1 : 1))
    .map(({ feature, op, threshold }) => [feature, op, threshold]);
  return `${group}#${createHash('sha256').update(JSON.stringify(conditions)).digest('hex').slice(0, 8)}`;
}
