import { messageOf, UserError } from '../errors.ts';
import { type ObjectRow, tableOfObjects } from './objectRows.ts';
import type { Table } from './table.ts';
import { readUtf8 } from './textFile.ts';

/**
 * Reads JSON Lines: one object a line; empty lines are passed over, and keys that a line lacks are missing values.
 *
 * @throws UserError where the file is not UTF-8, or a line is not JSON or no object
 */
export async function readJsonLines(file: string): Promise<Table> {
  return tableOfObjects(file, objectLines(await readUtf8(file), file));
}

function* objectLines(bytes: Buffer, file: string): Generator<ObjectRow> {
  for (const [line, text] of textLines(bytes)) {
    if (text.trim() === '') continue;
    const where = `${file}:${line}`;
    yield { value: objectOf(text, where), where };
  }
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
