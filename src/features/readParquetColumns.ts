import { closeSync, openSync } from 'node:fs';
import { dictionaryOf, unpackPage } from '../adapters/parquetFile.ts';
import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import type { Columns, ReadColumns } from '../records/features.ts';
import { type ColumnPage, type FeatureColumn, type ParquetFeatures, readBytes } from './parquetFeatures.ts';

/** Unpacked pages are kept up to this size, those used last. */
const KEPT_BYTES = 256 * 1024 * 1024;

/**
 * As `readColumns`, of a Parquet file: only pages with a wanted row are unpacked. Doubles are rounded to float32. The reader throws
 * UserError where the file cannot be read or was changed, or a value is NaN or infinite.
 *
 * @param keptBytes unpacked pages that are kept for the next call
 */
export function readParquetColumns(file: ParquetFeatures, keptBytes = KEPT_BYTES): ReadColumns {
  const kept = keptPages(file.path, keptBytes);
  return async (rows, from, to, into) => {
    const count = rows.length * (to - from);
    const values = new Float32Array(into ?? new SharedArrayBuffer(count * 4), 0, count);
    const columns: Columns = { rows: rows.length, from, to, values };
    const stored = Uint32Array.from(rows, (row) => entry(file.rowOf, row));
    const order = Uint32Array.from(rows.keys()).sort((a, b) => entry(stored, a) - entry(stored, b));
    const handle = openSync(file.path, 'r');
    try {
      for (const column of file.columns) {
        if (column.feature >= to || column.feature + column.width <= from) continue;
        readColumn(column, stored, order, columns, (page) => kept(handle, page));
      }
    } finally {
      closeSync(handle);
    }
    refuseNotFinite(file, columns, stored);
    return columns;
  };
}

/** Puts the wanted values of one column where they belong. A row may begin in one page and end in another. */
function readColumn(
  { feature, width, pages }: FeatureColumn,
  stored: Uint32Array,
  order: Uint32Array,
  { rows, from, to, values }: Columns,
  unpacked: (page: ColumnPage) => Float32Array,
): void {
  const [least, most] = [Math.max(from - feature, 0), Math.min(to - feature, width)];
  let next = 0;
  for (const page of pages) {
    // Rows that end before this page have been read.
    while (next < order.length && entry(stored, entry(order, next)) * width + most <= page.first) next++;
    let found: Float32Array | null = null;
    for (let at = next; at < order.length; at++) {
      const row = entry(order, at);
      const start = entry(stored, row) * width;
      if (start + least >= page.end) break;
      found ??= unpacked(page);
      const end = Math.min(start + most, page.end);
      for (let place = Math.max(start + least, page.first); place < end; place++)
        values[(feature + place - start - from) * rows + row] = entry(found, place - page.first);
    }
  }
}

/** Unpacks pages, and keeps those used last. */
function keptPages(path: string, most: number) {
  const pages = new Map<ColumnPage, Float32Array>();
  let bytes = 0;
  return (handle: number, page: ColumnPage): Float32Array => {
    const found = pages.get(page);
    // Put back at the end: the first of a Map is what was not used for longest.
    if (found !== undefined) pages.delete(page);
    const values = found ?? unpack(handle, path, page);
    pages.set(page, values);
    if (found !== undefined) return values;
    bytes += values.byteLength;
    for (const [oldest, { byteLength }] of pages) {
      if (bytes <= most || oldest === page) break;
      pages.delete(oldest);
      bytes -= byteLength;
    }
    return values;
  };
}

function unpack(handle: number, path: string, { chunk, page, dictionary, first, end }: ColumnPage): Float32Array {
  const bytesOf = ({ start, bytes }: typeof page) => readBytes(handle, path, start, bytes);
  const indices = dictionary && dictionaryOf(path, chunk, dictionary, bytesOf(dictionary));
  const { values } = unpackPage(path, chunk, page, bytesOf(page), indices);
  if (values.length !== end - first) throw notFinite(path, 'it was changed while it was read');
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

function refuseNotFinite({ path }: ParquetFeatures, { rows, from, values }: Columns, stored: Uint32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const where = `row ${entry(stored, at % rows)}, feature ${from + Math.floor(at / rows)}`;
  throw notFinite(path, `it holds ${values[at]} (${where}, counted from 0)`);
}

function notFinite(path: string, what: string): UserError {
  return new UserError({ what, where: path, fix: 'Give finite float32 features' });
}
