import type { Columns } from '../records/features.ts';
import { argsort, mendOrder, type SortBuffers, sortBuffers } from '../statistics/argsort.ts';
import { LANE_STEP } from '../statistics/lanes.ts';
import { distinct } from './tree.ts';

/** Where columns are cut, as shares of the rows: an eighth apart, and finer towards both ends, where small clusters lie. */
const SHARES = [1, 2, 4, 8, 12, 16, 20, 24, 28, 30, 31].map((part) => part / 32);
/** Places for the cuts of a column: more than a column can have. */
export const CUTS = 12;

/** Columns by quantiles: which rows lie below each cut of a column. It depends on features alone. */
export interface Quantised {
  readonly rows: number;
  readonly dimensions: number;
  /**
   * Rows of column j, counted from 1, from `j * stride`: those below its first cut, from there to its second, and so on, each part
   * filled up to a multiple of `LANE_STEP` with 0; then those above the last. The order within a part is open.
   */
  readonly members: Uint32Array;
  readonly stride: number;
  /** Where cut k of column j ends in `members`, from the column's own start, at `j * CUTS + k`; there are `cuts[j]` of them. */
  readonly ends: Uint32Array;
  /** How many rows lie below the cut, aligned with `ends`. */
  readonly below: Uint32Array;
  /** 1 / (rows below x rows above), aligned with `ends`. */
  readonly weights: Float64Array;
  readonly cuts: Uint8Array;
}

/** Columns that are cut one by one. */
interface Cutting {
  /** Cuts a column, given its rows nearly in order, which are put in order. */
  readonly cut: (column: number, order: Uint32Array) => void;
  readonly quantised: Quantised;
}

/**
 * Cuts columns at their quantiles; a cut never parts values that a tree could not part, and moves up to where they
 * end. Columns of one value have no cut. Which of equal values comes first makes no difference.
 */
export function cutting({ rows, from, to, values }: Columns): Cutting {
  const dimensions = to - from;
  const places = SHARES.map((share) => Math.ceil(share * rows));
  const stride = rows + SHARES.length * (LANE_STEP - 1);
  const members = new Uint32Array(stride * dimensions);
  const ends = new Uint32Array(dimensions * CUTS);
  const below = new Uint32Array(dimensions * CUTS);
  const weights = new Float64Array(dimensions * CUTS);
  const cuts = new Uint8Array(dimensions);
  let sorting: SortBuffers | null = null;
  const inOrder = (column: number, order: Uint32Array): Uint32Array => {
    if (mendOrder(values.subarray(column * rows, (column + 1) * rows), order, 1)) return order;
    sorting ??= sortBuffers(rows);
    argsort(new Uint32Array(values.buffer, values.byteOffset, rows * dimensions), 1, column * rows, sorting);
    return sorting.order;
  };
  const cut = (column: number, nearly: Uint32Array) => {
    const order = inOrder(column, nearly);
    const base = column * rows;
    const start = column * stride;
    let place = column * CUTS;
    let to = start;
    let next = 0;
    for (let i = 0; i < rows; i++) {
      if (i >= places[next] && distinct(values[base + order[i - 1]], values[base + order[i]])) {
        while ((to - start) % LANE_STEP !== 0) members[to++] = 0;
        ends[place] = to - start;
        below[place] = i;
        weights[place] = 1 / (i * (rows - i));
        place++;
        while (i >= places[next]) next++;
      }
      members[to++] = order[i] + 1;
    }
    cuts[column] = place - column * CUTS;
  };
  return { cut, quantised: { rows, dimensions, members, stride, ends, below, weights, cuts } };
}

/** As `cutting`, of columns of which no order is known. */
export function quantise(columns: Columns): Quantised {
  const { rows, values } = columns;
  const { cut, quantised } = cutting(columns);
  const bits = new Uint32Array(values.buffer, values.byteOffset, rows * quantised.dimensions);
  const sorting = sortBuffers(rows);
  for (let column = 0; column < quantised.dimensions; column++) {
    argsort(bits, 1, column * rows, sorting);
    cut(column, sorting.order);
  }
  return quantised;
}
