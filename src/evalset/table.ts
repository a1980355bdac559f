import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { nearest } from '../fastestLevenshtein.ts';
import { readCsv } from './csv.ts';
import { readParquet } from './hyparquet.ts';
import { readJsonLines } from './jsonLines.ts';

/** A manifest or a prediction file as read, whatever its format: text by column. */
export interface Table {
  readonly file: string;
  readonly rows: number;
  /** In the file's order; missing values are empty text. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Columns that are left out because they hold lists, objects or bytes. */
  readonly nested: ReadonlySet<string>;
  /** Where a row (from 0) stands, as a UserError says it: `file:line` or `file, row N` (from 1). */
  readonly where: (row: number) => string;
}

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

/**
 * A column that must be there.
 *
 * @param role what the column is for, and its key under `evalSet.columns`
 * @throws UserError where it is not there (naming those that are, and the nearest), or holds no text
 */
export function requiredColumn(table: Table, name: string, role: string): readonly string[] {
  const column = table.columns.get(name);
  if (column !== undefined) return column;
  const quoted = JSON.stringify(name);
  if (table.nested.has(name)) {
    const what = `column ${quoted} holds lists, objects or bytes in place of text`;
    throw new UserError({ what, where: table.file, fix: 'Write text, numbers or booleans there' });
  }
  const names = [...table.columns.keys()];
  const near = nearest(name, names);
  throw new UserError({
    what: `there is no column ${quoted}; there are ${names.map((known) => JSON.stringify(known)).join(', ')}`,
    where: table.file,
    fix:
      separatorHint(names) ??
      `Rename one, or set \`evalSet.columns.${role}\`${near === null ? '' : ` to ${JSON.stringify(near)}`} in the config`,
  });
}

/** Spreadsheets in many countries write CSV with semicolons. */
function separatorHint(names: readonly string[]): string | null {
  const [only] = names;
  if (names.length !== 1 || only === undefined || !/[;\t]/.test(only)) return null;
  return 'Separate the fields by commas';
}
