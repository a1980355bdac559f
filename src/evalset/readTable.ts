import { open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { readCsv } from './csv.ts';
import { readJsonLines } from './jsonLines.ts';
import { readParquet } from './parquet.ts';
import type { Table } from './table.ts';

const readers = new Map([
  ['.csv', readCsv],
  ['.jsonl', readJsonLines],
  ['.ndjson', readJsonLines],
  ['.parquet', readParquet],
]);

/** Whether a file is read as a table, by its ending; anything else given as a checkpoint is a model. */
export function isTableFile(file: string): boolean {
  return readers.has(extname(file).toLowerCase());
}

/**
 * Reads a CSV, JSON Lines or Parquet file, told apart by its ending. At least one row.
 *
 * @throws UserError for another ending, a file that cannot be read, is empty or has no rows, and for what the readers
 *   of the formats refuse
 */
export async function readTable(file: string): Promise<Table> {
  const read = readers.get(extname(file).toLowerCase());
  if (read === undefined) {
    const what = 'the ending says neither CSV (.csv), JSON Lines (.jsonl, .ndjson) nor Parquet (.parquet)';
    throw new UserError({ what, where: file, fix: 'Convert the file, or give it the ending that fits' });
  }
  await refuseUnreadable(file);
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
  const handle = await open(file).catch((cause: unknown) => {
    const what = `the file cannot be opened (${messageOf(cause)})`;
    throw new UserError({ what, where: file, fix: 'Check the path; it is relative to the config file', cause });
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) {
      throw new UserError({ what: 'this is not a file', where: file, fix: 'Name a CSV, JSON Lines or Parquet file' });
    }
    if (found.size === 0) {
      throw new UserError({ what: 'the file is empty', where: file, fix: 'Give a header and one row per image' });
    }
  } finally {
    await handle.close();
  }
}
