import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet';
import { messageOf, UserError } from '../errors.ts';
import { lookUp } from '../records/entry.ts';
import { cellText } from './cell.ts';
import type { Table } from './table.ts';

/** What Node can unpack beside the reader's own SNAPPY; a page says its size, and may not grow beyond it. */
const compressors: Compressors = {
  GZIP: (page, length) => gunzipSync(page, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (page, length) => brotliDecompressSync(page, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (page, length) => zstdDecompressSync(page, { maxOutputLength: Math.max(1, length) }),
};
const codecs = ['UNCOMPRESSED', 'SNAPPY', ...Object.keys(compressors)];

const utf8 = new TextDecoder();
/** Bytes that are no text stay bytes, and their column is left out. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined) => (bytes && isUtf8(bytes) ? utf8.decode(bytes) : bytes),
};

/**
 * Reads the flat columns of a Parquet file, one row group at a time; columns of lists, structs and bytes are left out.
 * Pages may be uncompressed or packed by Snappy, gzip, Brotli or Zstandard.
 *
 * @throws UserError where the file is not Parquet or is damaged, a column is packed by another codec, or two columns
 *   have one name
 */
export async function readParquet(file: string): Promise<Table> {
  const buffer = await asyncBufferFromFile(file);
  const metadata = await unlessDamaged(file, () => parquetMetadataAsync(buffer));
  const { flat, nested } = await unlessDamaged(file, async () => {
    const columns = columnsOf(metadata, file);
    refuseOtherCodecs(metadata, columns.flat, file);
    return columns;
  });
  const columns = new Map(flat.map((name): [string, string[]] => [name, []]));
  await unlessDamaged(file, () => readGroups(buffer, metadata, columns, nested));
  const rows = Number(metadata.num_rows);
  for (const name of nested) columns.delete(name);
  for (const [name, column] of columns) {
    if (column.length !== rows)
      throw damaged(file, `column ${JSON.stringify(name)} has ${column.length} of ${rows} rows`);
  }
  return { file, rows, columns, nested, where: (row) => `${file}, row ${row + 1}` };
}

async function readGroups(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: ReadonlyMap<string, string[]>,
  nested: Set<string>,
): Promise<void> {
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    await parquetRead({
      file,
      metadata,
      columns: [...columns.keys()],
      rowStart,
      rowEnd,
      compressors,
      parsers,
      onChunk: ({ columnName, columnData }) => {
        const column = lookUp(columns, columnName);
        for (const value of columnData) {
          const cell = cellText(value);
          if (cell === null) nested.add(columnName);
          column.push(cell ?? '');
        }
      },
    });
    rowStart = rowEnd;
  }
}

function columnsOf(metadata: FileMetaData, file: string): { flat: string[]; nested: Set<string> } {
  const { children } = parquetSchema(metadata);
  const names = children.map(({ element }) => element.name);
  const twin = names.find((name, index) => names.indexOf(name) < index);
  if (twin !== undefined) {
    const what = `two columns are named ${JSON.stringify(twin)}`;
    throw new UserError({ what, where: file, fix: 'Rename one of the columns' });
  }
  const isNested = (index: number) =>
    (children[index]?.children.length ?? 0) > 0 || children[index]?.element.repetition_type === 'REPEATED';
  return {
    flat: names.filter((_, index) => !isNested(index)),
    nested: new Set(names.filter((_, index) => isNested(index))),
  };
}

function refuseOtherCodecs(metadata: FileMetaData, flat: readonly string[], file: string): void {
  for (const { meta_data } of metadata.row_groups.flatMap(({ columns }) => columns)) {
    const [name] = meta_data?.path_in_schema ?? [];
    if (meta_data === undefined || name === undefined || !flat.includes(name) || codecs.includes(meta_data.codec))
      continue;
    throw new UserError({
      what: `column ${JSON.stringify(name)} is packed by ${meta_data.codec}, which is not read`,
      where: file,
      fix: `Write the file with one of ${codecs.join(', ')}`,
    });
  }
}

/** The reader throws plain errors of many kinds on damaged bytes. */
async function unlessDamaged<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw cause instanceof UserError ? cause : damaged(file, messageOf(cause), cause);
  }
}

function damaged(file: string, reason: string, cause?: unknown): UserError {
  const what = `the file is not Parquet, or is damaged (${reason})`;
  return new UserError({ what, where: file, fix: 'Write it again', cause });
}
