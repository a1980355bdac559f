import { entry } from '../records/entry.ts';
import type { Channel } from './heatmap.ts';

/**
 * The share of a channel's heat (its positive values) in the middle half of each side; cells that lie across its edge count by their
 * area. 1/4 where heat lies evenly; null where there is none.
 */
export function heatInMiddle({ width, height, values }: Channel): number | null {
  const columns = Array.from({ length: width }, (_, at) => inMiddle(at, width));
  const rows = Array.from({ length: height }, (_, at) => inMiddle(at, height));
  let [all, middle] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const heat = Math.max(0, entry(values, y * width + x));
      all += heat;
      middle += heat * entry(columns, x) * entry(rows, y);
    }
  }
  return all > 0 ? middle / all : null;
}

/** How much of the cell from `at` to `at` + 1 lies in the middle half of a side. */
function inMiddle(at: number, length: number): number {
  return Math.max(0, Math.min(at + 1, 0.75 * length) - Math.max(at, 0.25 * length));
}
