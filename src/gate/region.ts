import type { Region } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { Columns } from '../records/features.ts';

/** Positions, ascending, of the images that satisfy every condition. `columns` must hold the features named. */
export function positionsIn(region: Region, columns: Columns): Uint32Array {
  const { rows, from, values } = columns;
  const positions = new Uint32Array(rows);
  let kept = 0;
  for (let row = 0; row < rows; row++) {
    positions[kept] = row;
    kept += region.every(({ feature, op, threshold }) => {
      const value = entry(values, (feature - from) * rows + row);
      return op === '<=' ? value <= threshold : value > threshold;
    })
      ? 1
      : 0;
  }
  return positions.slice(0, kept);
}

/** 1 at each of some positions of a group. */
export function flagsOf(positions: Uint32Array, rows: number): Uint8Array {
  const flags = new Uint8Array(rows);
  for (const at of positions) flags[at] = 1;
  return flags;
}
