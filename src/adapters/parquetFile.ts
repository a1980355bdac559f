import { isUtf8 } from 'node:buffer';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type ColumnMetaData,
  type Compressors,
  type FileMetaData,
  type PageHeader,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { convertWithDictionary, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js';
import { getTreePath } from 'hyparquet/src/schema.js';
import { messageOf, UserError } from '../errors.ts';

/** What Node can unpack beside the reader's own SNAPPY; a page says its size, and may not grow beyond it. */
const compressors: Compressors = {
  GZIP: (page, length) => gunzipSync(page, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (page, length) => brotliDecompressSync(page, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (page, length) => zstdDecompressSync(page, { maxOutputLength: Math.max(1, length) }),
};
const codecs = ['UNCOMPRESSED', 'SNAPPY', ...Object.keys(compressors)];

const utf8 = new TextDecoder();
/** Bytes that are no text stay bytes. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined) => (bytes && isUtf8(bytes) ? utf8.decode(bytes) : bytes),
};

/** An open Parquet file. */
export interface ParquetFile {
  readonly path: string;
  readonly rows: number;
  /** Columns of the table, in the file's order. */
  readonly columns: readonly ParquetColumn[];
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
}

/** A column of the table. */
export interface ParquetColumn {
  readonly name: string;
  /** `float` and `floats`: a number of 32 or 64 bits, or a list of them; `flat`: another single value; `nested`: anything else. */
  readonly kind: 'flat' | 'float' | 'floats' | 'nested';
}

/** Reads what a Parquet file says of itself. @throws UserError where it is not Parquet, or two columns have one name. */
export async function openParquet(path: string): Promise<ParquetFile> {
  const buffer = await asyncBufferFromFile(path);
  const metadata = await unlessDamaged(path, () => parquetMetadataAsync(buffer));
  const { children } = await unlessDamaged(path, () => parquetSchema(metadata));
  const columns = children.map((tree) => ({ name: tree.element.name, kind: kindOf(tree) }));
  const twin = columns.find(({ name }, index) => columns.findIndex((other) => other.name === name) < index);
  if (twin !== undefined) {
    const what = `two columns are named ${JSON.stringify(twin.name)}`;
    throw new UserError({ what, where: path, fix: 'Rename one of the columns' });
  }
  return { path, rows: Number(metadata.num_rows), columns, buffer, metadata };
}

function kindOf({ children, element }: SchemaTree): ParquetColumn['kind'] {
  const isFloat = (leaf: SchemaTree) => ['FLOAT', 'DOUBLE'].includes(leaf.element.type ?? '');
  if (children.length === 0 && element.repetition_type !== 'REPEATED')
    return isFloat({ children, element, count: 1, path: [] }) ? 'float' : 'flat';
  // A list is a group of a repeated group of one element; old writers leave one of the groups out.
  let inner: SchemaTree | undefined = { children, element, count: 1, path: [] };
  let repeated = 0;
  for (let next: SchemaTree | undefined = inner; next !== undefined; next = next.children[0]) {
    if (next.children.length > 1) return 'nested';
    if (next.element.repetition_type === 'REPEATED') repeated++;
    inner = next;
  }
  return repeated === 1 && isFloat(inner) ? 'floats' : 'nested';
}

/**
 * Reads flat columns of a Parquet file, one row group at a time, and hands on their values in order.
 *
 * @throws UserError where the file is damaged, or a column is packed by a codec that is not read
 */
export async function readFlatColumns(
  { path, buffer, metadata }: ParquetFile,
  names: readonly string[],
  use: (name: string, values: Iterable<unknown>) => void,
): Promise<void> {
  refuseOtherCodecs(metadata, names, path);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const chunks: { name: string; values: Iterable<unknown> }[] = [];
    const options = { metadata, columns: [...names], rowStart, rowEnd, compressors, parsers };
    await unlessDamaged(path, () =>
      parquetRead({
        ...{ file: buffer, ...options },
        onChunk: ({ columnName, columnData }) => chunks.push({ name: columnName, values: columnData }),
      }),
    );
    for (const { name, values } of chunks) use(name, values);
    rowStart = rowEnd;
  }
}

function refuseOtherCodecs(metadata: FileMetaData, names: readonly string[], file: string): void {
  const wanted = new Set(names);
  for (const { meta_data } of metadata.row_groups.flatMap(({ columns }) => columns)) {
    const [name] = meta_data?.path_in_schema ?? [];
    if (meta_data === undefined || name === undefined || !wanted.has(name) || codecs.includes(meta_data.codec))
      continue;
    throw new UserError({
      what: `column ${JSON.stringify(name)} is packed by ${meta_data.codec}, which is not read`,
      where: file,
      fix: `Write the file with one of ${codecs.join(', ')}`,
    });
  }
}

/** A column of floats, or of lists of them, as it lies in one row group. */
export interface FloatChunk {
  readonly metadata: ColumnMetaData;
  /** From the table to the number. */
  readonly schemaPath: readonly SchemaTree[];
  readonly rows: number;
  /** Bytes in the file, from the first page on. */
  readonly start: number;
  readonly bytes: number;
}

/** A page of values, or of the dictionary that a chunk's pages point into. */
export interface FloatPage {
  readonly start: number;
  /** Of the page without its header, packed. */
  readonly bytes: number;
  readonly header: PageHeader;
}

/** Of the width in which they were written. */
export type FloatValues = Float32Array | Float64Array;

/** Values of a page as they were written. */
export interface PageValues {
  readonly values: FloatValues;
  /** Repetition levels: 0 where a row begins; empty where the column has no lists. */
  readonly repetition: ArrayLike<number>;
  /** Whether a value or a list is missing, or a list is empty. */
  readonly isIncomplete: boolean;
}

/** A column of floats by row groups. @throws UserError as `readFlatColumns` */
export function floatChunks({ path, metadata }: ParquetFile, name: string): FloatChunk[] {
  refuseOtherCodecs(metadata, [name], path);
  return sound(path, () =>
    metadata.row_groups.map(({ columns, num_rows }) => {
      const found = columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === name)?.meta_data;
      if (found === undefined) throw new Error(`a row group lacks column ${JSON.stringify(name)}`);
      const { data_page_offset: data, dictionary_page_offset: dictionary } = found;
      return {
        metadata: found,
        schemaPath: getTreePath(parquetSchema(metadata), found.path_in_schema),
        rows: Number(num_rows),
        start: Number(dictionary && dictionary < data ? dictionary : data),
        bytes: Number(found.total_compressed_size),
      };
    }),
  );
}

/** A header with statistics is shorter than this. */
const HEADER_BYTES = 4096;

/**
 * The pages of a chunk in order; none is unpacked.
 *
 * @param read the file's bytes from a place on, as many as there are up to a number
 * @throws UserError where the chunk is damaged
 */
export function pagesOf(path: string, chunk: FloatChunk, read: (start: number, bytes: number) => Uint8Array) {
  return sound(path, () => {
    const pages: FloatPage[] = [];
    const end = chunk.start + chunk.bytes;
    for (let at = chunk.start; at < end; ) {
      const bytes = read(at, Math.min(HEADER_BYTES, end - at));
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
      const header = parquetHeader(reader);
      const page = { start: at + reader.offset, bytes: header.compressed_page_size, header };
      if (!(page.bytes >= 0)) throw new Error('a page has no length');
      pages.push(page);
      at = page.start + page.bytes;
    }
    return pages;
  });
}

/** Whether a page is the dictionary of those after it. */
export function isDictionary({ header }: FloatPage): boolean {
  return header.type === 'DICTIONARY_PAGE';
}

/** The values of a dictionary page. */
export function dictionaryOf(path: string, chunk: FloatChunk, page: FloatPage, bytes: Uint8Array): FloatValues {
  return sound(path, () => {
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
    return numbers(chunk, readPage(reader, page.header, decoderOf(chunk), undefined, undefined, 0).data ?? []);
  });
}

/** Unpacks a page of values. @throws UserError where it is damaged */
export function unpackPage(
  path: string,
  chunk: FloatChunk,
  { header }: FloatPage,
  bytes: Uint8Array,
  dictionary: FloatValues | null,
): PageValues {
  return sound(path, () => {
    const decoder = decoderOf(chunk);
    const about = header.data_page_header_v2 ?? header.data_page_header;
    if (about === undefined) throw new Error(`a page of type ${header.type} stands among the values`);
    const { dataPage, repetitionLevels } =
      header.data_page_header === undefined
        ? readDataPageV2(bytes, header, decoder)
        : readDataPage(
            decompressPage(bytes, header.uncompressed_page_size, decoder.codec, compressors),
            header.data_page_header,
            decoder,
          );
    const isIndexed = about.encoding.endsWith('_DICTIONARY');
    if (isIndexed && dictionary === null) throw new Error('a page points into a dictionary that is not there');
    const values = isIndexed ? convertWithDictionary(dataPage, dictionary ?? [], about.encoding, decoder) : dataPage;
    return {
      values: numbers(chunk, values),
      repetition: repetitionLevels,
      isIncomplete: dataPage.length !== about.num_values,
    };
  });
}

function numbers({ metadata }: FloatChunk, values: ArrayLike<unknown>): FloatValues {
  if (values instanceof Float32Array || values instanceof Float64Array) return values;
  const number = (value: unknown) => {
    if (typeof value === 'number') return value;
    throw new Error('a value is no number');
  };
  return metadata.type === 'FLOAT' ? Float32Array.from(values, number) : Float64Array.from(values, number);
}

function decoderOf({ metadata, schemaPath }: FloatChunk) {
  const { type, codec, path_in_schema: pathInSchema } = metadata;
  const leaf = schemaPath.at(-1);
  if (leaf === undefined) throw new Error('a column has a path');
  return {
    pathInSchema,
    type,
    element: leaf.element,
    schemaPath: [...schemaPath],
    codec,
    parsers: DEFAULT_PARSERS,
    compressors,
  };
}

/** The reader throws plain errors of many kinds on damaged bytes. */
async function unlessDamaged<T>(file: string, read: () => Promise<T> | T): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw cause instanceof UserError ? cause : damagedParquet(file, messageOf(cause), cause);
  }
}

function sound<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof UserError ? cause : damagedParquet(file, messageOf(cause), cause);
  }
}

/** The UserError for a file that is no Parquet, or damaged. */
export function damagedParquet(file: string, reason: string, cause?: unknown): UserError {
  const what = `the file is not Parquet, or is damaged (${reason})`;
  return new UserError({ what, where: file, fix: 'Write it again', cause });
}
