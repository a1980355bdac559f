import type { GroupAnalysis, Leaf } from '../records/analysis.ts';
import type { BaselineGroup } from '../records/baseline.ts';
import type { Comparison, EvalSetChanges } from '../records/comparison.ts';
import { lookUp } from '../records/entry.ts';
import type { Share } from './share.ts';

/** What is measured of a group under the candidate and the newest baseline; null where there is no such value. */
export interface Figures {
  readonly group: string;
  /** Images, under the candidate and, where it was compared, under both; 0 in a group without any. */
  readonly size: number;
  readonly errorRate: Share | null;
  readonly errorRateChange: readonly [number, number] | null;
  readonly errorRateIncrease: Share | null;
  /** Of the newest baseline's images those that are gone, relabelled or rewritten; of the whole set only. */
  readonly lostImages: Share | null;
  readonly aler: number | null;
  readonly baselineAler: number | null;
  /** Of the worst leaf. */
  readonly importanceValue: number | null;
  readonly baselineImportanceValue: number | null;
  readonly newlyFailed: number | null;
  readonly newlyFixed: number | null;
}

export interface FiguresInput {
  /** All images of the candidate. */
  readonly whole: { readonly images: number; readonly failures: number };
  readonly candidate: readonly GroupAnalysis[];
  /** Null where there is no baseline; `baseline` is then empty. */
  readonly comparison: Comparison | null;
  readonly baseline: readonly BaselineGroup[];
}

/** Figures of the whole set (`all`), then of each group of the run. */
export function figuresOf({ whole, candidate, comparison, baseline }: FiguresInput): Figures[] {
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
      size: group === 'all' ? whole.images : (change ?? lookUp(analysed, group)).size,
      errorRate: group === 'all' ? shareOf(whole.failures, whole.images) : shareOf(now?.failures ?? 0, now?.size ?? 0),
      errorRateChange: change === undefined ? null : [change.baselineErrorRate, change.errorRate],
      errorRateIncrease: shareOf((change?.newlyFailed ?? 0) - (change?.newlyFixed ?? 0), change?.size ?? 0),
      lostImages: group === 'all' && comparison !== null ? lostOf(comparison.evalSet) : null,
      aler: alerOf(now),
      baselineAler: alerOf(before),
      importanceValue: worstOf(now),
      baselineImportanceValue: worstOf(before),
      newlyFailed: change?.newlyFailed ?? null,
      newlyFixed: change?.newlyFixed ?? null,
    };
  });
}

/** Null of nothing: no images have no rate. */
function shareOf(part: number, whole: number): Share | null {
  return whole === 0 ? null : { part, whole };
}

function lostOf({ images, lost, relabelled, rewritten }: EvalSetChanges): Share | null {
  return shareOf(lost + relabelled + rewritten, images);
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
