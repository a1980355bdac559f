import { closeSync, openSync, readSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import type { Columns, FeatureFile, ReadColumns } from '../records/features.ts';
import { bytesPerValue, readNpy } from './givenFeatures.ts';
import type { NpyHeader } from './npy.ts';
import { type Placed, scatterRows } from './scatterRows.ts';

/** The file is read through one buffer of about this size: what is read should still be in the processor's cache when it is handed out. */
const BUFFER_BYTES = 1024 * 1024;
/** Unwanted bytes between two rows' values that cost less to read than another call. */
const GAP_BYTES = 4096;

/**
 * Gives a reader of some features of some rows, column by column, into shared memory: `into`, or else its own. Of the file, only a bounded
 * buffer is in memory besides. float64 values are rounded to float32. The reader throws UserError where the file
 * cannot be read, is cut short, or a value is NaN or infinite.
 */
export function readColumns(file: FeatureFile): ReadColumns {
  let header: Promise<NpyHeader> | undefined;
  // One for all reads: each is done before the next begins, and collecting a thousand of them would take longer than filling them.
  const buffer = new ArrayBuffer(Math.max(BUFFER_BYTES, file.dimensions * Float64Array.BYTES_PER_ELEMENT));
  return async (rows, from, to, into) => {
    header ??= readNpy(file.path).then((found) => found.header);
    const { dtype } = await header;
    const count = rows.length * (to - from);
    const values = new Float32Array(into ?? new SharedArrayBuffer(count * 4), 0, count);
    const columns: Columns = { rows: rows.length, from, to, values };
    const handle = openSync(file.path, 'r');
    try {
      const order = Uint32Array.from(rows, (_, i) => i).sort(
        (a, b) => entry(file.rowOf, entry(rows, a)) - entry(file.rowOf, entry(rows, b)),
      );
      readInOrder(handle, dtype, file, rows, order, columns, buffer);
    } finally {
      closeSync(handle);
    }
    return columns;
  };
}

/** Reads rows in the order they stand in the file, as many at once as the gaps allow, and hands them out as the buffer fills. */
function readInOrder(
  handle: number,
  dtype: NpyHeader['dtype'],
  file: FeatureFile,
  rows: Uint32Array,
  order: Uint32Array,
  columns: Columns,
  buffer: ArrayBuffer,
): void {
  const size = bytesPerValue(dtype);
  const width = (columns.to - columns.from) * size;
  const values = dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer);
  const startOf = (i: number) =>
    file.offset + (entry(file.rowOf, entry(rows, entry(order, i))) * file.dimensions + columns.from) * size;
  const placed: Placed[] = [];
  let filled = 0;
  const handOut = () => {
    scatterRows(values, placed, columns, (value, row, feature) => {
      const where = `row ${entry(file.rowOf, entry(rows, row))}, feature ${feature}`;
      const fix =
        file.model.engine === 'file'
          ? 'Give finite float32 features'
          : 'The feature store is damaged: delete this file, and its rows are computed again';
      throw wrongFile(file, `it holds ${value} (${where}, counted from 0)`, fix);
    });
    placed.length = 0;
    filled = 0;
  };
  for (let first = 0; first < order.length; ) {
    const start = startOf(first);
    let end = start + width;
    let past = first + 1;
    for (; past < order.length; past++) {
      const next = startOf(past);
      if (next - end > GAP_BYTES || next + width - start > buffer.byteLength) break;
      end = next + width;
    }
    if (filled + end - start > buffer.byteLength) handOut();
    const read = readSync(handle, new Uint8Array(buffer), filled, end - start, start);
    if (read < end - start) throw wrongFile(file, 'it is truncated', 'Write or copy it again');
    for (let i = first; i < past; i++) placed.push({ at: (filled + startOf(i) - start) / size, row: entry(order, i) });
    filled += end - start;
    first = past;
  }
  handOut();
}

function wrongFile(file: FeatureFile, what: string, fix: string): UserError {
  return new UserError({ what, where: file.path, fix });
}
