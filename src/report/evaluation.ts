import { entry } from '../records/entry.ts';
import type { Evaluation } from '../records/evaluation.ts';
import { oneLine } from '../records/names.ts';
import { number, percent } from '../records/words.ts';

const heads = ['grouping', 'depth', 'groups', 'skipped', 'ALER - BER: mean', 'min', '25 %', 'median', '75 %', 'max'];
const lastHead = 'best leaf is a failure mode';

/** The evaluation of a checkpoint as a table of aligned columns (Barlow, section 7, Table 1). */
export function evaluationLines(checkpoint: string, rows: readonly Evaluation[]): string[] {
  const table = [[...heads, lastHead], ...rows.map(cells)];
  const widths = [...heads, lastHead].map((_, column) => Math.max(...table.map((row) => entry(row, column).length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(entry(widths, column)) : cell.padStart(entry(widths, column))))
      .join('  ');
  return [`Checkpoint ${oneLine(checkpoint)}`, ...table.map(line)];
}

function cells({ grouping, depth, skipped, alerIncrease, failureModeShare, groups }: Evaluation): string[] {
  const spread = alerIncrease ?? {
    mean: null,
    min: null,
    lowerQuartile: null,
    median: null,
    upperQuartile: null,
    max: null,
  };
  const { mean, min, lowerQuartile, median, upperQuartile, max } = spread;
  return [
    oneLine(grouping),
    ...[depth, groups.length, skipped].map(String),
    ...[mean, min, lowerQuartile, median, upperQuartile, max].map((value) => (value === null ? '-' : number(value))),
    failureModeShare === null ? '-' : percent(failureModeShare),
  ];
}
