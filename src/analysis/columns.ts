import type { Columns } from '../records/features.ts';

/** A matrix of `columns` columns backed by shared memory, so that worker threads see it without a copy. */
export function sharedColumns(rows: number, columns: number): Columns {
  const bytes = rows * columns * Float32Array.BYTES_PER_ELEMENT;
  return { rows, from: 0, to: columns, values: new Float32Array(new SharedArrayBuffer(bytes)) };
}

/** Column of one feature of a matrix that holds it. */
export function columnOf({ rows, from, values }: Columns, feature: number): Float32Array {
  return values.subarray((feature - from) * rows, (feature - from + 1) * rows);
}

/** The given columns of some features, side by side: column c of the outcome is `columns[c]`. */
export function packed(rows: number, columns: readonly Float32Array[]): Columns {
  const values = new Float32Array(rows * columns.length);
  for (const [c, column] of columns.entries()) values.set(column, c * rows);
  return { rows, from: 0, to: columns.length, values };
}

/** Row and feature of the first value that is NaN or infinite; null where all are finite. */
export function firstNotFinite({ rows, from, values }: Columns): { row: number; feature: number } | null {
  for (let at = 0; at < values.length; at++)
    if (!Number.isFinite(values[at])) return { row: at % rows, feature: from + Math.floor(at / rows) };
  return null;
}
