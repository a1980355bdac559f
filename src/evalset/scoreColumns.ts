import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import type { ColumnNames } from '../records/evalSet.ts';
import { areProbabilities, bestScore } from '../statistics/bestScore.ts';
import type { Table } from './table.ts';

/**
 * A table that has a column of scores a class (`cat`, `dog`; `prob_cat`, `prob_dog`; by index `prob_0`, `prob_1` where
 * the order is known) in place of predictions, with prediction and confidence added; any other as it is.
 *
 * @param order the classes by index of a score; null: not known
 * @throws UserError where a score is not a number, with its row
 */
export function withScoreColumns(
  table: Table,
  classes: readonly string[],
  columns: ColumnNames,
  order: readonly string[] | null,
): Table {
  const byName = columnsOf(table, classes);
  const named = byName === null ? order : classes;
  const names = byName ?? (order && columnsOf(table, [...order.keys()].map(String)));
  if (!names || !named) return table;
  const scores = Float64Array.from({ length: table.rows * names.length }, (_, at) => {
    const [row, name] = [Math.floor(at / names.length), entry(names, at % names.length)];
    return numberIn(table, name, row);
  });
  const isProbability = areProbabilities(scores, names.length);
  const best = Array.from({ length: table.rows }, (_, row) =>
    bestScore(scores.subarray(row * names.length, (row + 1) * names.length), isProbability),
  );
  const added: [string, readonly string[]][] = [
    [columns.prediction, best.map(([place]) => entry(named, place))],
    [columns.confidence, best.map(([, probability]) => String(probability))],
  ];
  return { ...table, columns: new Map([...table.columns, ...added]) };
}

/** Columns of what is right, one a class, are no scores: they would pass every image. */
const truth = /label|true|truth|target|actual|\bgt\b|gt_|_gt/i;

/** The columns of scores, one a class: all are called as the classes, what stands before and behind being the same. */
function columnsOf(table: Table, classes: readonly string[]): readonly string[] | null {
  const [first] = classes;
  if (first === undefined || classes.length < 2) return null;
  const found = [...table.columns.keys()].flatMap((column) => {
    const at = column.lastIndexOf(first);
    if (at < 0) return [];
    const [before, behind] = [column.slice(0, at), column.slice(at + first.length)];
    if (truth.test(`${before} ${behind}`)) return [];
    const names = classes.map((name) => `${before}${name}${behind}`);
    return names.every((name) => table.columns.has(name)) ? [names] : [];
  });
  const [names] = found;
  return found.length === 1 && names !== undefined ? names : null;
}

const decimal = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

function numberIn(table: Table, name: string, row: number): number {
  const cell = entry(table.columns.get(name) ?? [], row);
  if (decimal.test(cell)) return Number(cell);
  const what = `the score ${JSON.stringify(cell)} of ${JSON.stringify(name)} is not a number`;
  throw new UserError({ what, where: table.where(row), fix: 'Give a score a class, or a column of predictions' });
}
