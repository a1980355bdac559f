import type { GroupAnalysis, Leaf } from '../records/analysis.ts';
import type { BaselineGroup } from '../records/baseline.ts';
import type { Comparison } from '../records/comparison.ts';

/** What is measured of a group under the candidate and the newest baseline; null where there is no such value. */
export interface Figures {
  readonly group: string;
  readonly errorRate: number | null;
  readonly errorRateChange: readonly [number, number] | null;
  readonly aler: number | null;
  readonly baselineAler: number | null;
  /** Of the worst leaf. */
  readonly importanceValue: number | null;
  readonly baselineImportanceValue: number | null;
  readonly newlyFailed: number | null;
  readonly newlyFixed: number | null;
}

export interface FiguresInput {
  /** Error rate of the candidate on all its images. */
  readonly baseErrorRate: number;
  readonly candidate: readonly GroupAnalysis[];
  /** Null where there is no baseline; `baseline` is then empty. */
  readonly comparison: Comparison | null;
  readonly baseline: readonly BaselineGroup[];
}

/** Figures of the whole set (`all`), then of each group of the run. */
export function figuresOf({ baseErrorRate, candidate, comparison, baseline }: FiguresInput): Figures[] {
  const analysed = new Map(candidate.map((group) => [group.id, group]));
  const recorded = new Map(baseline.map((group) => [group.id, group]));
  const compared = new Map(comparison?.groups.map((group) => [group.id, group]));
  const ids = new Set(['all', ...compared.keys(), ...analysed.keys()]);
  return [...ids].map((group) => {
    const now = analysed.get(group);
    const before = recorded.get(group);
    const change = compared.get(group);
    return {
      group,
      errorRate: group === 'all' ? baseErrorRate : (now?.baseErrorRate ?? null),
      errorRateChange: change === undefined ? null : [change.baselineErrorRate, change.errorRate],
      aler: alerOf(now),
      baselineAler: alerOf(before),
      importanceValue: worstOf(now),
      baselineImportanceValue: worstOf(before),
      newlyFailed: change?.newlyFailed ?? null,
      newlyFixed: change?.newlyFixed ?? null,
    };
  });
}

type Measured = Pick<GroupAnalysis, 'size' | 'failures' | 'aler'> & { readonly leaves: readonly Leaf[] };

/** By definition also where no tree could be grown because all images fail, or none does. */
function alerOf(group: Measured | undefined): number | null {
  return group === undefined ? null : (group.aler ?? unanimous(group));
}

function worstOf(group: Measured | undefined): number | null {
  if (group === undefined) return null;
  if (group.leaves.length === 0) return unanimous(group);
  return group.leaves.reduce((worst, { importanceValue }) => Math.max(worst, importanceValue), 0);
}

/** ALER, and importance value, of a group without a tree: 1 where all fail, 0 where none does. */
function unanimous({ size, failures }: Measured): number | null {
  if (size === 0) return null;
  return failures === size ? 1 : failures === 0 ? 0 : null;
}
