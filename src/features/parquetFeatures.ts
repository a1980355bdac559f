import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import {
  damagedParquet,
  dictionaryOf,
  type FloatChunk,
  type FloatPage,
  type FloatValues,
  floatChunks,
  isDictionary,
  openParquet,
  type ParquetFile,
  pagesOf,
  readFlatColumns,
  unpackPage,
} from '../adapters/parquetFile.ts';
import { refuseSpecialFile } from '../adapters/regularFile.ts';
import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import type { FeatureFile } from '../records/features.ts';

/*
 * Features of a data lake lie in Parquet: a list of floats an image, or a column of floats a feature. Pages, the smallest
 * parts that can be unpacked alone, are listed when the file is opened, and unpacked where their rows are wanted.
 */

/** A Parquet file of features, page by page. */
export interface ParquetFeatures extends FeatureFile {
  readonly columns: readonly FeatureColumn[];
}

/** A column of the file: `width` features from `feature` on, row after row. */
export interface FeatureColumn {
  readonly feature: number;
  readonly width: number;
  readonly pages: readonly ColumnPage[];
}

/** A page with what is needed to unpack it. */
export interface ColumnPage {
  readonly chunk: FloatChunk;
  readonly page: FloatPage;
  readonly dictionary: FloatPage | null;
  /** Place of its first value in the column, and one past its last. */
  readonly first: number;
  readonly end: number;
}

/** Of several columns of lists the one that is meant. */
const FEATURES = 'features';

/**
 * Opens features in a Parquet file: its one column of lists of floats (or that called `features`), else all its columns of floats, in the
 * file's order. Rows are found by the column of image names where there is one, else row i is image i. Every page is
 * unpacked once, one at a time; that its values are finite is checked where they are read.
 *
 * @param imageColumn the name of the column of image names
 * @throws UserError where the file is no Parquet or damaged, has no such column or several of lists; lists differ in length; a
 *   value is missing; rows and images do not go together
 */
export async function openParquetFeatures(
  path: string,
  images: readonly string[],
  imageColumn: string,
): Promise<ParquetFeatures> {
  await refuseSpecialFile(path, 'the feature file', 'Check features in the config');
  const file = await openParquet(path);
  const names = featureColumnsOf(file, imageColumn);
  const rowOf = await rowsOf(file, images, imageColumn);
  const chunks = names.map((name) => floatChunks(file, name));
  const widths = chunks.map(widthOf);
  const dimensions = widths.reduce((sum, width) => sum + width, 0);
  // A column of lists has the fingerprint that its values have in a `.npy`.
  const fingerprint = createHash('sha256').update(JSON.stringify([dimensions, dtypeOf(chunks)]));
  const handle = openSync(path, 'r');
  try {
    let feature = 0;
    const columns = chunks.map((parts, at): FeatureColumn => {
      const width = entry(widths, at);
      const pages = listPages(file, handle, parts, fingerprint);
      feature += width;
      return { feature: feature - width, width, pages };
    });
    const model = { fingerprint: fingerprint.digest('hex'), dimensions, engine: 'file' };
    const contents = createHash('sha256').update(model.fingerprint).update(new Uint8Array(rowOf.slice().buffer));
    return { path, offset: 0, dimensions, rowOf, model, columns, contents: contents.digest('hex') };
  } finally {
    closeSync(handle);
  }
}

function featureColumnsOf({ path, columns }: ParquetFile, imageColumn: string): string[] {
  const lists = columns.filter(({ kind }) => kind === 'floats').map(({ name }) => name);
  const [first, second] = lists;
  if (lists.includes(FEATURES)) return [FEATURES];
  if (second !== undefined) {
    const what = `it has several columns of lists: ${lists.map((name) => JSON.stringify(name)).join(', ')}`;
    throw badFile(path, what, `Keep one, or call the one of features ${JSON.stringify(FEATURES)}`);
  }
  if (first !== undefined) return [first];
  const flat = columns.filter(({ name, kind }) => kind === 'float' && name !== imageColumn).map(({ name }) => name);
  if (flat.length > 0) return flat;
  const fix = 'Give a list of floats an image, or a column of floats a feature (float or double)';
  throw badFile(path, 'it has no column of floats or of lists of floats', fix);
}

/** Row of the file of each image. */
async function rowsOf(file: ParquetFile, images: readonly string[], imageColumn: string): Promise<Uint32Array> {
  const { path, rows } = file;
  if (!file.columns.some(({ name, kind }) => name === imageColumn && kind === 'flat')) {
    if (rows === images.length) return Uint32Array.from(images.keys());
    const what = `it has ${rows} rows where the manifest has ${images.length} images`;
    const fix = `Give one row per image, in the order of the manifest, or a column of image names called ${JSON.stringify(imageColumn)}`;
    throw badFile(path, what, fix);
  }
  const wanted = new Map(images.map((name, image) => [name, image]));
  const rowOf = new Uint32Array(images.length);
  const found = new Uint8Array(images.length);
  let row = 0;
  await readFlatColumns(file, [imageColumn], (_, values) => {
    for (const value of values) {
      const image = wanted.get(String(value));
      if (image !== undefined && found[image] === 1) {
        const what = `image ${JSON.stringify(entry(images, image))} stands twice, in rows ${entry(rowOf, image) + 1} and ${row + 1}`;
        throw badFile(path, what, 'Give one row per image');
      }
      if (image !== undefined) {
        rowOf[image] = row;
        found[image] = 1;
      }
      row++;
    }
  });
  const missing = found.reduce((sum, each) => sum + Number(each === 0), 0);
  if (missing === 0) return rowOf;
  const first = JSON.stringify(entry(images, found.indexOf(0)));
  throw badFile(path, `it lacks ${missing} of ${images.length} images, ${first} first`, 'Give a row for each image');
}

/** Features a row, if rows are alike: that they are is seen in the pages. */
function widthOf(chunks: readonly FloatChunk[]): number {
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
  const values = chunks.reduce((sum, { metadata }) => sum + Number(metadata.num_values), 0);
  return Math.floor(values / rows);
}

function dtypeOf(chunks: readonly (readonly FloatChunk[])[]): string {
  const types = new Set(chunks.flatMap((parts) => parts.map(({ metadata }) => metadata.type)));
  if (types.size > 1) return 'mixed';
  return types.has('FLOAT') ? 'float32' : 'float64';
}

/** The pages of a column, all unpacked once: to be checked, and for the fingerprint. */
function listPages(
  { path, rows }: ParquetFile,
  handle: number,
  chunks: readonly FloatChunk[],
  fingerprint: Hash,
): ColumnPage[] {
  const listed: ColumnPage[] = [];
  const lengths = rowLengths(path);
  let first = 0;
  for (const chunk of chunks) {
    let dictionary: FloatPage | null = null;
    let indices: FloatValues | null = null;
    for (const page of pagesOf(path, chunk, (start, bytes) => readBytes(handle, path, start, bytes))) {
      const bytes = readBytes(handle, path, page.start, page.bytes);
      if (isDictionary(page)) {
        dictionary = page;
        indices = dictionaryOf(path, chunk, page, bytes);
        continue;
      }
      const { values, repetition, isIncomplete } = unpackPage(path, chunk, page, bytes, indices);
      lengths.add(values.length, repetition, isIncomplete);
      fingerprint.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      listed.push({ chunk, page, dictionary, first, end: first + values.length });
      first += values.length;
    }
  }
  lengths.end();
  if (lengths.rows() !== rows) throw damagedParquet(path, `a column has ${lengths.rows()} of ${rows} rows`);
  return listed;
}

/** Sees to it that rows have as many values, page by page. */
function rowLengths(path: string) {
  let rows = 0;
  let length = 0;
  let expected: number | null = null;
  const endRow = () => {
    if (rows === 0) return;
    expected ??= length;
    if (length === expected) return;
    const what = `row ${rows} has ${length} features where row 1 has ${expected}`;
    throw badFile(path, what, 'Give every image as many features');
  };
  const add = (values: number, repetition: ArrayLike<number>, isIncomplete: boolean) => {
    if (isIncomplete) {
      const what = `a feature is missing (null, or an empty list) in row ${Math.max(1, rows)} or one of those after it`;
      throw badFile(path, what, 'Give every image all features, as finite numbers');
    }
    // A writer may leave a page empty.
    if (values === 0) return;
    if (repetition.length === 0) {
      rows += values;
      length = 1;
      return;
    }
    for (let at = 0; at < values; at++) {
      if (repetition[at] === 0) {
        endRow();
        rows++;
        length = 0;
      }
      length++;
    }
  };
  return { add, end: endRow, rows: () => rows };
}

/** Bytes of an open file. @throws UserError where it ends before. */
export function readBytes(handle: number, path: string, start: number, bytes: number): Uint8Array {
  // A buffer of its own: values are views of it.
  const buffer = new Uint8Array(bytes);
  if (readSync(handle, buffer, 0, bytes, start) === bytes) return buffer;
  throw damagedParquet(path, 'it is truncated');
}

function badFile(path: string, what: string, fix: string): UserError {
  return new UserError({ what, where: path, fix });
}
