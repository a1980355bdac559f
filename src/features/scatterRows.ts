import { entry } from '../records/entry.ts';
import type { Columns } from '../records/features.ts';

/** Where the values of one row stand in a buffer, and the row they belong to. */
export interface Placed {
  readonly at: number;
  readonly row: number;
}

/** Rows that are handed out together: each line of the processor's cache is then written to a fourth as often. */
const TOGETHER = 4;

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
  const length = to - from;
  for (let first = 0; first < placed.length; first += TOGETHER) {
    // The last rows stand in for those that are missing to four: they are handed out again.
    const four = [0, 1, 2, 3].map((of) => entry(placed, Math.min(first + of, placed.length - 1)));
    const [a, b, c, d] = four.map(({ at }) => at);
    const [p, q, r, s] = four.map(({ row }) => row);
    // NaN as soon as a value is NaN or infinite.
    let check = 0;
    for (let j = 0, base = 0; j < length; j++, base += rows) {
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
    for (const { at, row } of four)
      for (let j = 0; j < length; j++)
        if (!Number.isFinite(Math.fround(source[at + j]))) refuse(source[at + j], row, from + j);
  }
}
