import type { GroupAnalysis, Leaf } from '../records/analysis.ts';
import type { GroupComparison } from '../records/comparison.ts';
import type { FeatureNames } from '../records/features.ts';
import { groupIdText, oneLine } from '../records/names.ts';
import { count, howSure, howSureShort, number, percent, points, pValue, timesUsual } from '../records/words.ts';
import { type RuleView, ruleView } from './rule.ts';
import { failureModesOf } from './shown.ts';

/** A failure mode: where one checkpoint fails much more often than usual in its group. */
export interface FailureModeView {
  readonly id: string;
  readonly groupId: string;
  readonly group: string;
  readonly rule: RuleView;
  /** "41 of 76 images fail (53.9 %)". */
  readonly what: string;
  /** "8.7 times as often as usual (6.2 %)". */
  readonly muchMore: string;
  /** "66.1 % of the group's failures". */
  readonly covers: string;
  readonly usual: string;
  readonly usualRate: number;
  readonly error: string;
  readonly errorRate: number;
  readonly size: number;
  readonly failures: number;
  readonly groupSize: number;
  readonly howSure: string;
  readonly sure: string;
}

/** A row of the table of groups: numbers to sort by and the same in words; null where there is nothing to show. */
export interface GroupView {
  readonly id: string;
  readonly group: string;
  readonly size: number;
  readonly sizeText: string;
  readonly failures: number;
  readonly failuresText: string;
  readonly errorRate: number;
  readonly error: string;
  readonly before: string | null;
  readonly change: string | null;
  /** Of the error rate; null where there is none to compare with. */
  readonly rise: number | null;
  readonly newlyFailed: number | null;
  readonly newlyFixed: number | null;
  readonly aler: number | null;
  readonly alerText: string | null;
  readonly failureModes: number;
  readonly pValue: string;
  /** Why it has no tree; null where it has one. */
  readonly skipped: string | null;
}

/** The failure modes of a checkpoint, most important first. */
export function failureModeViews(groups: readonly GroupAnalysis[], names: FeatureNames): FailureModeView[] {
  return failureModesOf(groups).map(({ group, leaf }) => failureModeView(group, leaf, names));
}

function failureModeView(group: GroupAnalysis, leaf: Leaf, names: FeatureNames): FailureModeView {
  return {
    id: leaf.id,
    groupId: group.id,
    group: groupIdText(group.id),
    rule: ruleView(leaf.rule, names),
    what: `${count(leaf.failures)} of ${count(leaf.size)} images fail (${percent(leaf.errorRate)})`,
    muchMore: `${timesUsual(leaf.errorRate, group.baseErrorRate)} (${percent(group.baseErrorRate)})`,
    covers: `${percent(leaf.errorCoverage)} of the group's failures`,
    usual: percent(group.baseErrorRate),
    usualRate: group.baseErrorRate,
    error: percent(leaf.errorRate),
    errorRate: leaf.errorRate,
    size: leaf.size,
    failures: leaf.failures,
    groupSize: group.size,
    howSure: howSure(group.adjustedPValue),
    sure: howSureShort(group.adjustedPValue),
  };
}

/** A group of images; `compared` is the same group against the baseline, null where there is none. */
export function groupView(group: GroupAnalysis, compared: GroupComparison | null): GroupView {
  return {
    id: group.id,
    group: groupIdText(group.id),
    size: group.size,
    sizeText: count(group.size),
    failures: group.failures,
    failuresText: count(group.failures),
    errorRate: group.baseErrorRate,
    error: percent(group.baseErrorRate),
    ...comparedPart(compared),
    aler: group.aler,
    alerText: group.aler === null ? null : percent(group.aler),
    failureModes: group.leaves.filter((leaf) => leaf.failureMode).length,
    pValue: pValue(group.adjustedPValue),
    skipped: group.skipped === null ? null : oneLine(group.skipped, 200),
  };
}

function comparedPart(compared: GroupComparison | null) {
  if (compared === null) return { before: null, change: null, rise: null, newlyFailed: null, newlyFixed: null };
  const { baselineErrorRate, errorRate, newlyFailed, newlyFixed } = compared;
  return {
    before: percent(baselineErrorRate),
    change: points(baselineErrorRate, errorRate),
    rise: errorRate - baselineErrorRate,
    newlyFailed,
    newlyFixed,
  };
}

/** The whole set against the baseline in a sentence; null where it was not compared. */
export function wholeSetText(groups: readonly GroupComparison[]): string | null {
  const all = groups.find((group) => group.id === 'all');
  if (all === undefined) return null;
  const { baselineErrorRate: before, errorRate: after } = all;
  const rates = `${percent(before)} → ${percent(after)} (${points(before, after)})`;
  const counts = `${count(all.newlyFailed)} newly fail, ${count(all.newlyFixed)} are newly right`;
  return `Over ${groupIdText('all')} (${count(all.size)}) the error rate went ${rates}: ${counts}; ${number(all.pValue, 2) === '1' ? 'no difference' : pValue(all.pValue)}.`;
}
