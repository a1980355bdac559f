import type { Columns } from '../records/features.ts';
import { argsort, sortBuffers } from '../statistics/argsort.ts';

/** A matrix with the rows of each column in ascending order of their values. */
export interface Presorted extends Columns {
  /** Column by column like `values`: row numbers, equal values by row. */
  readonly order: Uint32Array;
}

/** Sorts every column once; trees and searches then only walk. */
export function presort(columns: Columns): Presorted {
  const { rows, values } = columns;
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const order = new Uint32Array(values.length);
  const buffers = sortBuffers(rows);
  for (let at = 0; at < order.length; at += rows) {
    argsort(bits, 1, at, buffers);
    order.set(buffers.order, at);
  }
  return { ...columns, order };
}
