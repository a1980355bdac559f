import { messageOf, UserError } from '../errors.ts';
import { cellText } from './cell.ts';
import type { Table } from './table.ts';
import { readUtf8 } from './textFile.ts';

/**
 * Reads JSON Lines: one object a line; empty lines are passed over, and keys that a line lacks are missing values.
 *
 * @throws UserError where the file is not UTF-8, or a line is not JSON or no object
 */
export async function readJsonLines(file: string): Promise<Table> {
  const columns = new Map<string, string[]>();
  const nested = new Set<string>();
  const lines: number[] = [];
  let filled = 0;
  for (const [line, text] of textLines(await readUtf8(file))) {
    if (text.trim() === '') continue;
    const row = lines.push(line) - 1;
    for (const [name, value] of Object.entries(objectOf(text, `${file}:${line}`))) {
      refuseHuge(name, value, `${file}:${line}`);
      const cell = cellText(value);
      if (cell === null) nested.add(name);
      const column = columns.get(name) ?? [];
      columns.set(name, column);
      while (column.length < row) column.push('');
      column[row] = cell ?? '';
      filled += 1;
    }
    refuseHollow(columns.size, lines.length, filled, `${file}:${line}`);
  }
  for (const column of columns.values()) while (column.length < lines.length) column.push('');
  for (const name of nested) columns.delete(name);
  return { file, rows: lines.length, columns, nested, where: (row) => `${file}:${lines[row]}` };
}

/** Beyond 2^53 JSON's numbers merge: two classes would become one. */
function refuseHuge(name: string, value: unknown, where: string): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)) return;
  throw new UserError({
    what: `${JSON.stringify(name)} is ${value}, an integer beyond 2^53 that JSON cannot keep apart from its neighbours`,
    where,
    fix: 'Write it in quotes, as text',
  });
}

/** Columns that few rows fill are no columns but data in the place of names; each would take room for every row. */
function refuseHollow(columns: number, rows: number, filled: number, where: string): void {
  if (columns <= 1_000 || filled * 10 >= columns * rows) return;
  throw new UserError({
    what: `the lines have ${columns} different keys so far, and hardly any in common`,
    where,
    fix: 'Give every line the same keys, such as image, label and prediction',
  });
}

/** Numbered lines without their ends and without a byte order mark; one text at a time. */
function* textLines(bytes: Buffer): Generator<readonly [number, string]> {
  let start = bytes.subarray(0, 3).equals(Buffer.from('\uFEFF')) ? 3 : 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(10, start);
    const end = newline === -1 ? bytes.length : newline;
    yield [line, bytes.toString('utf8', start, end)];
    start = end + 1;
  }
}

function objectOf(text: string, where: string): object {
  const fix = 'Write one JSON object a line, such as {"image": "a.png", "label": "cat"}';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError({ what: `the line is not JSON (${messageOf(cause)})`, where, fix, cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UserError({ what: 'the line holds no JSON object', where, fix });
}
