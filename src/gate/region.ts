import { createHash } from 'node:crypto';
import type { Columns, Condition, Region } from '../records.ts';

/** Positions, ascending, of the images that satisfy every condition. `columns` must hold the features named. */
export function positionsIn(region: Region, columns: Columns): Uint32Array {
  const { rows, from, values } = columns;
  const positions = new Uint32Array(rows);
  let kept = 0;
  for (let row = 0; row < rows; row++) {
    positions[kept] = row;
    kept += region.every(({ feature, op, threshold }) => {
      const value = values[(feature - from) * rows + row];
      return op === '<=' ? value <= threshold : value > threshold;
    })
      ? 1
      : 0;
  }
  return positions.slice(0, kept);
}

/** By feature, then `<=` before `>`: one order for a set of conditions. */
export function sortedRegion(region: Region): Region {
  return region.toSorted(byFeature);
}

/** The group's id, '#', and eight hex digits of the region's SHA-256: the same text for the same region of a group. */
export function clusterId(group: string, region: Region): string {
  const text = JSON.stringify(sortedRegion(region).map(({ feature, op, threshold }) => [feature, op, threshold]));
  return `${group}#${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}

function byFeature(a: Condition, b: Condition): number {
  return a.feature - b.feature || (a.op === b.op ? a.threshold - b.threshold : a.op === '<=' ? -1 : 1);
}
