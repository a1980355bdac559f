import { entry } from '../records/entry.ts';
import type { Columns } from '../records/features.ts';

/** Where the values of one row stand in a buffer, and the row they belong to. */
export interface Placed {
  readonly at: number;
  readonly row: number;
}

/** Rows that are handed out together: each line of the processor's cache is then written to a fourth as often. */
const TOGETHER = 4;
/** Columns that are filled at a time: their lines stay in the cache until they are full, however far apart they lie. */
const SPAN = 256;

/**
 * Puts the values of rows into the columns.
 * @param refuse called with a value that is no finite float32, its row and feature; throws
 */
export function scatterRows(
  source: Float32Array | Float64Array,
  placed: readonly Placed[],
  { rows, from, to, values }: Columns,
  refuse: (value: number, row: number, feature: number) => void,
): void {
  // The last row stands in for those that are missing to four: it is handed out again.
  const rowAt = (at: number) => entry(placed, Math.min(at, placed.length - 1));
  for (let left = 0; left < to - from; left += SPAN) {
    const right = Math.min(left + SPAN, to - from);
    for (let first = 0; first < placed.length; first += TOGETHER) {
      const { at: a, row: p } = rowAt(first);
      const { at: b, row: q } = rowAt(first + 1);
      const { at: c, row: r } = rowAt(first + 2);
      const { at: d, row: s } = rowAt(first + 3);
      // NaN as soon as a value is NaN or infinite.
      let check = 0;
      for (let j = left, base = left * rows; j < right; j++, base += rows) {
        const one = Math.fround(source[a + j]);
        const two = Math.fround(source[b + j]);
        const three = Math.fround(source[c + j]);
        const four = Math.fround(source[d + j]);
        values[base + p] = one;
        values[base + q] = two;
        values[base + r] = three;
        values[base + s] = four;
        check += (one + two + three + four) * 0;
      }
      if (check === 0) continue;
      for (const { at, row } of [0, 1, 2, 3].map((of) => rowAt(first + of)))
        for (let j = left; j < right; j++)
          if (!Number.isFinite(Math.fround(source[at + j]))) refuse(source[at + j], row, from + j);
    }
  }
}
