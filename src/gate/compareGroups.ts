import type { GroupAnalysis } from '../records/analysis.ts';
import type { BaselineGroup } from '../records/baseline.ts';
import type { GroupComparison, PairedGroup } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import { holm } from '../statistics/holm.ts';
import { mcnemar } from '../statistics/mcnemar.ts';
import { changeIn, everyPosition } from './change.ts';

/**
 * The whole set first, then the groups, each by McNemar's exact test on the newest baseline. The whole set is one
 * question asked beforehand, and so its p-value stands as it is; Holm adjusts those of the groups among themselves.
 */
export function compareGroups(
  wholeSet: PairedGroup,
  groups: readonly PairedGroup[],
  candidate: readonly GroupAnalysis[],
  baseline: readonly BaselineGroup[],
): Omit<GroupComparison, 'smallestVisible'>[] {
  const alerOf = new Map(candidate.map(({ id, aler }) => [id, aler]));
  const baselineAlerOf = new Map(baseline.map(({ id, aler }) => [id, aler]));
  const others = groups.filter(({ id }) => id !== wholeSet.id);
  const rows = [wholeSet, ...others].map(({ id, outcomes, rows }) => {
    const change = changeIn(outcomes, everyPosition(rows.length));
    return {
      id,
      size: change.size,
      baselineErrorRate: change.baselineErrorRate,
      errorRate: change.errorRate,
      baselineAler: baselineAlerOf.get(id) ?? null,
      aler: alerOf.get(id) ?? null,
      newlyFailed: change.newlyFailed,
      newlyFixed: change.newlyFixed,
      pValue: mcnemar(change.newlyFailed, change.newlyFixed),
    };
  });
  const adjusted = [entry(rows, 0).pValue, ...holm(rows.slice(1).map(({ pValue }) => pValue))];
  return rows.map((row, index) => ({ ...row, adjustedPValue: entry(adjusted, index) }));
}
