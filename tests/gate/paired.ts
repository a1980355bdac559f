import type { PairedGroup } from '../../src/records/comparison.ts';
import type { Columns, ReadColumns } from '../../src/records/features.ts';
import { type RandomStream, stream } from '../../src/statistics/random.ts';

/** Features of some images, feature by feature, with outcomes to plant failures in. */
export interface Sample {
  readonly columns: Columns;
  /** Row-major access: feature of a row. */
  readonly at: (row: number, feature: number) => number;
}

/** Uniform random features on a grid of `levels` values (ties), from a seed text. */
export function sampleOf(seed: string, rows: number, features: number, levels = 1 << 20): Sample {
  const random = stream(seed);
  const values = Float32Array.from({ length: rows * features }, () => random.below(levels) / levels);
  const shared = new Float32Array(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return {
    columns: { rows, from: 0, to: features, values: shared },
    at: (row, feature) => shared[feature * rows + row],
  };
}

/** True with probability `share`. */
export function chance(random: RandomStream, share: number): boolean {
  return random.uint32() / 2 ** 32 < share;
}

/** A label group over consecutive rows, with one outcome list a checkpoint. */
export function pairedGroup(value: string, rows: readonly number[], outcomes: readonly Uint8Array[]): PairedGroup {
  return { id: `label:${value}`, grouping: 'label', value, rows: Uint32Array.from(rows), outcomes };
}

/** Reads from one matrix that holds all images. */
export function readerOf({ columns }: Sample): ReadColumns {
  return async (rows, from, to, into) => {
    const count = rows.length * (to - from);
    const values = new Float32Array(into ?? new SharedArrayBuffer(4 * count), 0, count);
    for (let feature = from; feature < to; feature++) {
      for (const [at, row] of rows.entries()) {
        values[(feature - from) * rows.length + at] = columns.values[feature * columns.rows + row];
      }
    }
    return { rows: rows.length, from, to, values };
  };
}
