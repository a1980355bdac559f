import type { Columns } from '../../src/records/features.ts';

/**
 * A group made ready for the search: per feature the live images by rising value, with how many of all images lie at
 * or under, and strictly under, each. Signs change from draw to draw; this never does.
 */
export interface SearchTable {
  readonly rows: number;
  readonly features: number;
  /** Feature j of row i is `values[j * rows + i]`. */
  readonly values: Float32Array;
  /** Rows of the live images. */
  readonly live: Uint32Array;
  /** Index into `live`; place k of feature j is at `j * live.length + k`, as in the two below. */
  readonly order: Uint32Array;
  /** Images whose value is at most that of the live image at this place. */
  readonly atMost: Uint32Array;
  /** Images whose value is less than that of the live image at this place. */
  readonly below: Uint32Array;
}

export function searchTable(columns: Columns, live: Uint32Array): SearchTable {
  const { rows, values } = columns;
  const features = columns.to - columns.from;
  const width = live.length;
  const order = new Uint32Array(features * width);
  const atMost = new Uint32Array(features * width);
  const below = new Uint32Array(features * width);
  const sorted = new Float32Array(rows);
  const byValue = new Uint32Array(width);
  for (let feature = 0; feature < features; feature++) {
    const column = values.subarray(feature * rows, (feature + 1) * rows);
    sorted.set(column);
    sorted.sort();
    for (let at = 0; at < width; at++) byValue[at] = at;
    byValue.sort((a, b) => column[live[a]] - column[live[b]] || a - b);
    order.set(byValue, feature * width);
    // Values rise along the places, so both counts only move forward.
    let under = 0;
    let upTo = 0;
    for (let place = 0; place < width; place++) {
      const value = column[live[byValue[place]]];
      while (under < rows && sorted[under] < value) under++;
      upTo = Math.max(upTo, under);
      while (upTo < rows && sorted[upTo] <= value) upTo++;
      below[feature * width + place] = under;
      atMost[feature * width + place] = upTo;
    }
  }
  return { rows, features, values, live, order, atMost, below };
}

/**
 * The threshold of a region that ends at a value: halfway, in float64, to the nearest other value that the group has
 * beyond it, so that no image of the group lies on it.
 */
export function thresholdAt(table: SearchTable, feature: number, upper: boolean, value: number): number {
  let nearest = upper ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  for (let row = 0; row < table.rows; row++) {
    const other = table.values[feature * table.rows + row];
    if (upper ? other < value && other > nearest : other > value && other < nearest) nearest = other;
  }
  return (value + nearest) / 2;
}
