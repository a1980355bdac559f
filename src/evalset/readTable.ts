import { open, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { refuseForeignFile } from '../adapters/foreignFile.ts';
import { meantPath, reasonUnread } from '../adapters/regularFile.ts';
import { UserError } from '../errors.ts';
import { readCsv, readTsv } from './csv.ts';
import { readJson } from './json.ts';
import { readJsonLines } from './jsonLines.ts';
import { readParquet } from './parquet.ts';
import type { Table } from './table.ts';

/** Text formats, which may be packed by gzip (`.csv.gz`). */
const textReaders = new Map([
  ['.csv', readCsv],
  ['.tsv', readTsv],
  ['.json', readJson],
  ['.jsonl', readJsonLines],
  ['.ndjson', readJsonLines],
]);

/** The formats of tables, for messages. */
const formats =
  'CSV (.csv), TSV (.tsv), JSON (.json), JSON Lines (.jsonl, .ndjson), these packed by gzip (.csv.gz), or Parquet (.parquet)';

function readerOf(file: string) {
  const name = file.toLowerCase();
  if (extname(name) === '.parquet') return readParquet;
  return textReaders.get(extname(name.replace(/\.gz$/, '')));
}

/** Bytes at the start of a JSON file by which a model is told from a table. */
const START = 64 * 1024;

/** Whether a file is read as a table, by its ending; a JSON file, unless it is a TF.js model. */
export async function isTableFile(file: string): Promise<boolean> {
  if (readerOf(file) === undefined) return false;
  if (!file.toLowerCase().endsWith('.json')) return true;
  const isFile = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) return basename(file).toLowerCase() !== 'model.json';
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(START), 0, START, 0);
  const start = buffer.toString('latin1', 0, bytesRead);
  return !/"(modelTopology|weightsManifest)"|"format"\s*:\s*"(layers|graph)-model"/.test(start);
}

/**
 * Reads a table, its format taken from its ending: CSV, TSV, JSON, JSON Lines, these packed by gzip, or Parquet. At least one row.
 *
 * @throws UserError for another ending, a file that cannot be read, is empty or has no rows, is something else than it
 *   says (which is named), and for what the readers of the formats refuse
 */
export async function readTable(file: string): Promise<Table> {
  const read = readerOf(file);
  if (read === undefined) {
    await refuseUnreadable(file);
    await refuseForeignFile(file, 'the table');
    const what = `the ending says none of ${formats}`;
    throw new UserError({ what, where: file, fix: 'Convert the file, or give it the ending that fits' });
  }
  await refuseUnreadable(file);
  if (read === readParquet) await refuseForeignFile(file, 'the file', 'a Parquet file');
  const table = await read(file);
  if (table.rows === 0) {
    throw new UserError({ what: 'the file has no rows', where: file, fix: 'Give one row per image' });
  }
  return table;
}

async function refuseUnreadable(file: string): Promise<void> {
  // Looked at before it is opened: a pipe would be waited on for ever.
  const isPipe = await stat(file).then(
    (found) => !found.isFile() && !found.isDirectory(),
    () => false,
  );
  if (isPipe) {
    throw new UserError({
      what: 'this is a pipe or a device, not a file',
      where: file,
      fix: 'Write it to a file first',
    });
  }
  const handle = await open(file).catch(async (cause: unknown) => {
    const what = `the file cannot be opened (${reasonUnread(cause)})`;
    const fix = `${await meantPath(file)}Check the path; in a config it is relative to the config file`;
    throw new UserError({ what, where: file, fix, cause });
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) {
      throw new UserError({ what: 'this is not a file', where: file, fix: `Name a file: ${formats}` });
    }
    if (found.size === 0) {
      throw new UserError({ what: 'the file is empty', where: file, fix: 'Give a header and one row per image' });
    }
  } finally {
    await handle.close();
  }
}
