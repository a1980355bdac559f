import { messageOf, UserError } from '../errors.ts';
import { isJsonObject } from '../records/json.ts';
import { objectTable } from './objectRows.ts';
import type { Table } from './table.ts';
import { utf8Lines } from './textFile.ts';

/**
 * Reads JSON Lines: one object per line; empty lines are passed over, and keys that a line lacks are missing values. The file streams: what
 * is not text, such as lists, takes no memory, however large the file is.
 *
 * @throws UserError where the file is not UTF-8, or a line is not JSON or no object
 */
export async function readJsonLines(file: string): Promise<Table> {
  const whereOf = (line: number) => `${file}:${line}`;
  const table = objectTable(file, whereOf);
  for await (const lines of utf8Lines(file)) {
    for (const { text, line } of lines)
      if (text.trim() !== '')
        table.add(
          objectOf(text, () => whereOf(line)),
          line,
        );
  }
  return table.end();
}

function objectOf(text: string, where: () => string): object {
  const fix = 'Write one JSON object a line, such as {"image": "a.png", "label": "cat"}';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError({ what: `the line is not JSON (${messageOf(cause)})`, where: where(), fix, cause });
  }
  if (isJsonObject(value)) return value;
  throw new UserError({ what: 'the line holds no JSON object', where: where(), fix });
}
