import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import { cellText } from './cell.ts';
import { interned } from './interned.ts';
import type { Table } from './table.ts';

/** A table that grows row by row. */
export interface GrowingTable {
  /**
   * Adds a row as JSON has it. `place` is what `whereOf` tells of it.
   * @throws UserError for integers beyond 2^53, and where rows have hardly a key in common
   */
  readonly add: (row: object, place: number) => void;
  readonly end: () => Table;
}

/** A table of rows that are objects; keys that a row lacks are missing values. */
export function objectTable(file: string, whereOf: (place: number) => string): GrowingTable {
  const columns = new Map<string, string[]>();
  const nested = new Set<string>();
  const places: number[] = [];
  const intern = interned();
  let filled = 0;
  const add = (value: object, place: number) => {
    const row = places.push(place) - 1;
    for (const [name, inner] of Object.entries(value)) {
      filled += 1;
      if (nested.has(name)) continue;
      if (isHuge(inner)) throw huge(name, inner, whereOf(place));
      const cell = cellText(inner);
      if (cell === null) {
        nested.add(name);
        columns.delete(name);
        continue;
      }
      const column = columns.get(name) ?? [];
      columns.set(name, column);
      while (column.length < row) column.push('');
      column[row] = intern(cell);
    }
    if (isHollow(columns.size + nested.size, places.length, filled))
      throw hollow(columns.size + nested.size, whereOf(place));
  };
  const end = () => {
    for (const column of columns.values()) while (column.length < places.length) column.push('');
    const where = (row: number) => (row < places.length ? whereOf(entry(places, row)) : file);
    return { file, rows: places.length, columns, nested, where };
  };
  return { add, end };
}

/** Beyond 2^53 JSON's numbers merge: two classes would become one. */
function isHuge(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
}

function huge(name: string, value: unknown, where: string): UserError {
  return new UserError({
    what: `${JSON.stringify(name)} is ${value}, an integer beyond 2^53 that JSON cannot keep apart from its neighbours`,
    where,
    fix: 'Write it in quotes, as text',
  });
}

/** Columns below which no table is hollow, unless it has this many cells: each takes eight bytes, filled or not. */
const FEW_COLUMNS = 1000;
const MANY_CELLS = 2 ** 26;

/** Whether few rows fill the columns: then they are no columns but data in the place of names. */
function isHollow(columns: number, rows: number, filled: number): boolean {
  return (columns > FEW_COLUMNS || columns * rows > MANY_CELLS) && filled * 10 < columns * rows;
}

function hollow(columns: number, where: string): UserError {
  return new UserError({
    what: `the lines have ${columns} different keys so far, and hardly any in common`,
    where,
    fix: 'Give every line the same keys, such as image, label and prediction',
  });
}
