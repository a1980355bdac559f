import { entry } from '../records/entry.ts';
import type { ReadColumns } from '../records/features.ts';

/**
 * Reads image properties as features after those of the model.
 *
 * @param dimensions features of the model. @param values n x `count` properties, row by row, by eval-set row.
 */
export function withProperties(
  read: ReadColumns,
  dimensions: number,
  values: Float32Array,
  count: number,
): ReadColumns {
  return async (rows, from, to, into) => {
    if (to <= dimensions) return read(rows, from, to, into);
    const shared = into ?? new SharedArrayBuffer(4 * rows.length * (to - from));
    const all = new Float32Array(shared, 0, rows.length * (to - from));
    // The model's features come first, at the start of the same memory.
    if (from < dimensions) await read(rows, from, dimensions, shared);
    for (let feature = Math.max(from, dimensions); feature < to; feature++) {
      const start = (feature - from) * rows.length;
      for (let at = 0; at < rows.length; at++)
        all[start + at] = entry(values, entry(rows, at) * count + feature - dimensions);
    }
    return { rows: rows.length, from, to, values: all };
  };
}
