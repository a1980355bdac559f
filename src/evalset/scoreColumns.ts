import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import type { ColumnNames } from '../records/evalSet.ts';
import { areProbabilities, bestScore } from '../statistics/bestScore.ts';
import { decimalIn } from './decimal.ts';
import { listed } from './imageNames.ts';
import type { Table } from './table.ts';
import { isTruth } from './truth.ts';

/**
 * A table that has a column of scores a class (`cat`, `dog`; `prob_cat`, `prob_dog`; by index `prob_0`, `prob_1` where
 * the order is known) in place of predictions, with prediction and confidence added; any other as it is.
 *
 * @param order the classes by index of a score; null: not known
 * @throws UserError where a score is not a number, with its row; where there are scores of more classes than are known: what is predicted as
 *   one of the others would be taken for another, perhaps for right
 */
export function withScoreColumns(
  table: Table,
  classes: readonly string[],
  columns: ColumnNames,
  order: readonly string[] | null,
): Table {
  const byName = columnsOf(table, classes);
  const named = byName === null ? order : classes;
  const found = byName ?? (order && columnsOf(table, [...order.keys()].map(String)));
  if (!found || !named) return table;
  const { names } = found;
  const scores = scoresIn(table, names);
  const isProbability = areProbabilities(scores, names.length);
  refuseOthers(table, found, isProbability, columns);
  const best = Array.from({ length: table.rows }, (_, row) =>
    bestScore(scores.subarray(row * names.length, (row + 1) * names.length), isProbability),
  );
  const added: [string, readonly string[]][] = [
    [columns.prediction, best.map(([place]) => entry(named, place))],
    [columns.confidence, best.map(([, probability]) => String(probability))],
  ];
  return { ...table, columns: new Map([...table.columns, ...added]), ofScores: true };
}

/** Scores, row by row. */
function scoresIn(table: Table, names: readonly string[]): Float64Array {
  return Float64Array.from({ length: table.rows * names.length }, (_, at) =>
    numberIn(table, entry(names, at % names.length), Math.floor(at / names.length)),
  );
}

/** Refuses scores of classes that are not known: columns called as the others are; where these are called as the classes alone, one that the probabilities lack. */
function refuseOthers(
  table: Table,
  { names, before, behind }: ScoreColumns,
  isProbability: boolean,
  columns: ColumnNames,
): void {
  const own = new Set([...names, columns.image, columns.label, columns.confidence]);
  const others = [...table.columns.keys()].filter((name) => !own.has(name));
  const isBare = before === '' && behind === '';
  const alike = isBare
    ? isProbability
      ? []
      : lackingIn(table, names, others)
    : others.filter(
        (name) => name.length > before.length + behind.length && name.startsWith(before) && name.endsWith(behind),
      );
  const [first] = alike;
  if (first === undefined) return;
  const unknown = alike.map((name) => name.slice(before.length, name.length - behind.length));
  throw new UserError({
    what: `there are scores of ${unknown.length} class${unknown.length === 1 ? '' : 'es'} that no label has: ${listed(unknown)}`,
    where: `${table.file}: column ${JSON.stringify(first)}`,
    fix: 'Add what may be predicted to `evalSet.classes` in the config (barlow compare: one class per line in a file, named by --classes); rename a column that holds something else',
  });
}

/** The other columns without which the scores are no probabilities and with which they are; none where that is not so. */
function lackingIn(table: Table, names: readonly string[], others: readonly string[]): readonly string[] {
  const isShare = (cell: string) => decimalIn(cell) >= 0 && decimalIn(cell) <= 1;
  const shares = others.filter((name) => table.columns.get(name)?.every(isShare));
  if (shares.length === 0) return [];
  const all = [...names, ...shares];
  return areProbabilities(scoresIn(table, all), all.length) ? shares : [];
}

interface ScoreColumns {
  readonly names: readonly string[];
  /** What stands before and behind the class in each. */
  readonly before: string;
  readonly behind: string;
}

/** The columns of scores, one a class: all are called as the classes, what stands before and behind being the same. */
function columnsOf(table: Table, classes: readonly string[]): ScoreColumns | null {
  const [first] = classes;
  if (first === undefined || classes.length < 2) return null;
  const found = [...table.columns.keys()].flatMap((column) => {
    const at = column.lastIndexOf(first);
    if (at < 0) return [];
    const [before, behind] = [column.slice(0, at), column.slice(at + first.length)];
    if (isTruth(`${before} ${behind}`)) return [];
    const names = classes.map((name) => `${before}${name}${behind}`);
    return names.every((name) => table.columns.has(name)) ? [{ names, before, behind }] : [];
  });
  const [only, ...more] = found;
  return more.length === 0 ? (only ?? null) : null;
}

function numberIn(table: Table, name: string, row: number): number {
  const cell = entry(table.columns.get(name) ?? [], row);
  const value = decimalIn(cell);
  if (!Number.isNaN(value)) return value;
  const what = `the score ${JSON.stringify(cell)} of ${JSON.stringify(name)} is not a number`;
  throw new UserError({ what, where: table.where(row), fix: 'Give one score per class, or a column of predictions' });
}
