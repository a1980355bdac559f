import { UserError } from '../errors.ts';
import { cellText } from './cell.ts';
import type { Table } from './table.ts';

/** A row as JSON has it, with the place that errors name. */
export interface ObjectRow {
  readonly value: object;
  readonly where: string;
}

/**
 * The table of rows that are objects; keys that a row lacks are missing values.
 *
 * @throws UserError for integers beyond 2^53, and where rows have hardly a key in common
 */
export function tableOfObjects(file: string, rows: Iterable<ObjectRow>): Table {
  const columns = new Map<string, string[]>();
  const nested = new Set<string>();
  const wheres: string[] = [];
  let filled = 0;
  for (const { value, where } of rows) {
    const row = wheres.push(where) - 1;
    for (const [name, inner] of Object.entries(value)) {
      refuseHuge(name, inner, where);
      const cell = cellText(inner);
      if (cell === null) nested.add(name);
      const column = columns.get(name) ?? [];
      columns.set(name, column);
      while (column.length < row) column.push('');
      column[row] = cell ?? '';
      filled += 1;
    }
    refuseHollow(columns.size, wheres.length, filled, where);
  }
  for (const column of columns.values()) while (column.length < wheres.length) column.push('');
  for (const name of nested) columns.delete(name);
  return { file, rows: wheres.length, columns, nested, where: (row) => wheres[row] ?? file };
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
