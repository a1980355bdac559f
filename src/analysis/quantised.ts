import type { Columns } from '../records/features.ts';
import { argsort, mendOrder, type SortBuffers, sortBuffers } from '../statistics/argsort.ts';
import { distinct } from './tree.ts';

/** Where columns are cut, as shares of the rows: an eighth apart, and finer towards both ends, where small clusters lie. */
const SHARES = [1, 2, 4, 8, 12, 16, 20, 24, 28, 30, 31].map((part) => part / 32);
/** Places for the buckets of a column: more than a column can have. */
export const BUCKETS = 16;

/** Columns by quantiles: which part of a column's values each row lies in. It depends on features alone. */
export interface Quantised {
  readonly rows: number;
  readonly dimensions: number;
  /** Bucket, from 0, of row i in column j at `j * rows + i`. */
  readonly buckets: Uint8Array;
  /** Rows up to the end of bucket k of column j at `j * BUCKETS + k`; as many of them are cuts as `cuts[j]` says. */
  readonly below: Uint32Array;
  /** 1 / (rows below x rows above), aligned with `below`. */
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
  const buckets = new Uint8Array(rows * dimensions);
  const below = new Uint32Array(dimensions * BUCKETS);
  const weights = new Float64Array(dimensions * BUCKETS);
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
    let bucket = 0;
    let next = 0;
    for (let i = 0; i < rows; i++) {
      if (i > 0 && i >= places[next] && distinct(values[base + order[i - 1]], values[base + order[i]])) {
        below[column * BUCKETS + bucket] = i;
        weights[column * BUCKETS + bucket] = 1 / (i * (rows - i));
        bucket++;
        while (i >= places[next]) next++;
      }
      buckets[base + order[i]] = bucket;
    }
    cuts[column] = bucket;
  };
  return { cut, quantised: { rows, dimensions, buckets, below, weights, cuts } };
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
