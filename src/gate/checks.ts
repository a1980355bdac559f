import type { Cluster, FailureEvent } from '../records/comparison.ts';
import { lookUp } from '../records/entry.ts';
import { operatorWords } from '../records/expectation.ts';
import { groupIdText } from '../records/names.ts';
import type { SliceResult } from '../records/slices.ts';
import type { AcceptedEvent, Check, CheckRule, Outcome, Severity, Verdict } from '../records/verdict.ts';
import { count, percent, pValue } from '../records/words.ts';
import { type Acceptable, acceptanceOf } from './acceptance.ts';
import { chosenBy, fraction, missing, row, ruleHolds, warning } from './checkRows.ts';
import { type Figures, type FiguresInput, figuresOf } from './figures.ts';
import { type Measure, measures } from './measures.ts';
import type { Share } from './share.ts';
import { sliceChecks } from './sliceChecks.ts';
import { newlyFail, whereText } from './words.ts';

export interface JudgeInput extends FiguresInput {
  readonly minNewFailures: number;
  readonly rules: readonly CheckRule[];
  readonly accepted: readonly AcceptedEvent[];
  /** What newly fails, by `compare`; empty where there is no baseline. */
  readonly events: readonly FailureEvent[];
  /** The watched slices, tested where there is a baseline. */
  readonly slices: readonly SliceResult[];
  /** What a feature is called; left out: "feature 33". */
  readonly nameOf?: (feature: number) => string;
  /** Today's date, UTC, YYYY-MM-DD. */
  readonly today: string;
  /** Why nothing was compared, in words, and how grave that is; null where no comparison was asked for. */
  readonly uncompared: { readonly message: string; readonly severity: Severity } | null;
}

/**
 * Judges a checkpoint: one row per rule and subject, whether or not there is a baseline (`Verdict.outcome`).
 *
 * - `newClusters` counts events, `worsenedClusters` known clusters, of the groups chosen (of `all`: every one) and not accepted; a row for each
 *   and, where there is none, one row that says so. An accepted one's row passes until the day its entry ends.
 * - `worsenedSlices` counts the watched slices, not accepted, that are significantly worse or above their floor, could not be tested, or
 *   are events whose acceptance has ended and that are not mended; a row for each slice that was compared or has something to be held to
 *   without that. `groups` of the rule then names slices.
 * - Every other measure (`measures.ts`) gives one row per group: a group named by its id must have the value, a pattern
 *   with `*` chooses among the groups that do, no groups means all that do. A missing value fails, and so does an id or
 *   pattern that finds nothing.
 * - A rule of severity `off` gives no row.
 *
 * Where nothing was compared, rules that compare give no row; where a comparison was asked for, a row `baseline` says why
 * there is none. Figures are compared as they are: unlike clusters, they are not protected against chance.
 */
export function judge(input: JudgeInput): Verdict {
  const figures = figuresOf(input);
  const rules = input.rules.filter(({ severity }) => severity !== 'off');
  const made = rules.flatMap((rule) => checksOf(rule, figures, input));
  const checks = [...made, ...rules.flatMap((rule) => hollow(rule, input)), ...staleEntries(input)];
  const { comparison, uncompared } = input;
  if (comparison === null && uncompared !== null) checks.unshift(notCompared(uncompared));
  // Words about the config are no check that was made.
  const outcome = outcomeOf(checks, made.length === 0 || (comparison === null && uncompared !== null));
  return { outcome, passed: outcome === 'passed', checks };
}

function outcomeOf(checks: readonly Check[], lacksJudgement: boolean): Outcome {
  if (checks.some((check) => check.severity === 'error' && !check.passed)) return 'failed';
  return lacksJudgement ? 'not compared' : 'passed';
}

function notCompared({ message, severity }: NonNullable<JudgeInput['uncompared']>): Check {
  return { id: 'baseline', subject: 'all', expected: 1, operator: '>=', actual: 0, passed: false, severity, message };
}

/** What a rule counts: an event, or a known cluster that got worse. */
interface Counted extends Acceptable {
  readonly id: string;
  /** Groups in which it shows. */
  readonly groups: readonly string[];
  readonly text: string;
}

interface Countable {
  readonly none: string;
  readonly of: (input: JudgeInput) => readonly Counted[];
}

/** The measures that count. */
const countables = new Map<string, Countable>([
  ['newClusters', { none: 'no new cluster of failures', of: newEvents }],
  ['worsenedClusters', { none: 'no known cluster got worse', of: worsenedClusters }],
]);

function newEvents({ events, comparison, nameOf }: JudgeInput): Counted[] {
  const clusterOf = new Map(comparison?.clusters.map((cluster) => [cluster.id, cluster]));
  return events.map(({ id, title, clusters, images }) => {
    const views = clusters.map((each) => lookUp(clusterOf, each));
    const [first] = views;
    return {
      ...{ id, ids: [id, ...clusters], groups: views.map(({ group }) => group), newlyFailed: images.length },
      text: first === undefined ? title : `${title}; ${clusterText(first, nameOf)}`,
    };
  });
}

function worsenedClusters({ comparison, nameOf }: JudgeInput): Counted[] {
  const worse = comparison?.clusters.filter(({ status }) => status === 'worsened') ?? [];
  return worse.map((cluster) => ({
    ...{ id: cluster.id, ids: [cluster.id], groups: [cluster.group], newlyFailed: cluster.newlyFailed },
    text: clusterText(cluster, nameOf),
  }));
}

function checksOf(rule: CheckRule, figures: readonly Figures[], input: JudgeInput): Check[] {
  if (rule.measure === 'worsenedSlices') return sliceChecks(rule, { ...input, isCompared: input.comparison !== null });
  const countable = countables.get(rule.measure);
  if (countable !== undefined) return input.comparison === null ? [] : countChecks(rule, countable, figures, input);
  const measure = measures.get(rule.measure);
  if (measure === undefined) return [missing(rule, 'all', `there is no measure "${rule.measure}"`)];
  return measure.compares && input.comparison === null ? [] : figureChecks(rule, measure, figures);
}

function countChecks(
  rule: CheckRule,
  { none, of }: Countable,
  figures: readonly Figures[],
  input: JudgeInput,
): Check[] {
  const { chosen, unmatched } = chosenGroups(rule, figures);
  const inGroups = new Set(chosen.map(({ group }) => group));
  // Every image is one of all: what breaks in any group breaks there, whichever group tells it best.
  const isWhole = rule.groups.includes('all');
  const found = of(input).filter(({ groups }) => isWhole || groups.some((group) => inGroups.has(group)));
  const entries = found.map((each) => acceptanceOf(each, input.accepted, input.today));
  const unaccepted = entries.filter((entry) => entry?.holds !== true).length;
  const passed = ruleHolds(unaccepted, rule.operator, rule.value);
  const rows = found.map(({ id, text }, index) =>
    row(rule, id, unaccepted, passed || entries[index]?.holds === true, text + (entries[index]?.text ?? '')),
  );
  if (found.length === 0 && chosen.length > 0) {
    const where = rule.groups.length === 0 ? '' : ` in ${rule.groups.join(', ')}`;
    rows.push(row(rule, 'all', 0, passed, none + where));
  }
  return [
    ...rows,
    ...unmatched.map((pattern) => missing(rule, pattern, `${pattern}: there is no such group with images`)),
  ];
}

function clusterText(cluster: Cluster, nameOf: JudgeInput['nameOf']): string {
  const { group, status, size } = cluster;
  const change = `error ${percent(cluster.baselineErrorRate)} -> ${percent(cluster.errorRate)}`;
  const p = pValue(cluster.adjustedPValue);
  const who = groupIdText(group);
  if (status === 'new')
    return `${who}: ${newlyFail(cluster.newlyFailed)} ${whereText(cluster, nameOf)} (${change}, ${p})`;
  return `${who}: the known cluster of ${count(size)} images ${whereText(cluster, nameOf)} got worse (${change}, ${p})`;
}

function figureChecks(rule: CheckRule, measure: Measure, figures: readonly Figures[]): Check[] {
  const { chosen, unmatched } = chosenGroups(rule, figures);
  const rows = chosen.flatMap((of) => {
    const value = measure.value(of);
    if (value !== null && Number.isFinite(fraction(value))) return [figureRow(rule, measure, of, value)];
    return rule.groups.includes(of.group)
      ? [missing(rule, of.group, `${groupIdText(of.group)}: no ${measure.words}`)]
      : [];
  });
  const empty =
    rows.length === 0 && unmatched.length === 0 ? [missing(rule, 'all', `no group has ${measure.words}`)] : [];
  return [...rows, ...empty, ...unmatched.map((id) => missing(rule, id, `${id}: there is no such group with images`))];
}

function figureRow(rule: CheckRule, measure: Measure, of: Figures, exact: number | Share): Check {
  const value = fraction(exact);
  const detail = measure.detail(of);
  const { group } = of;
  const passed = ruleHolds(exact, rule.operator, rule.value);
  const expected = `${operatorWords[rule.operator]} ${measure.text(rule.value)} ${passed ? 'as expected' : 'expected'}`;
  const is = `${groupIdText(group)}: ${measure.words} ${measure.text(value)}${detail === null ? '' : ` (${detail})`}`;
  return row(rule, group, value, passed, `${is}, ${expected}`);
}

/** The groups with images that a rule names, and those of its ids and patterns that name none. */
function chosenGroups(rule: CheckRule, all: readonly Figures[]) {
  const figures = all.filter(({ size }) => size > 0);
  const { chosen, unmatched } = chosenBy(rule, figures, ({ group }) => group);
  return { chosen, unmatched: rule.groups.length === 0 && figures.length === 0 ? ['all'] : unmatched };
}

/** A rule that no checkpoint could break guards nothing: a slip of operator or value, most likely. */
function hollow(rule: CheckRule, { whole, minNewFailures }: JudgeInput): Check[] {
  const range = rangeOf(rule.measure);
  if (range === null) return [];
  const [least, most] = range;
  const { operator, value, measure } = rule;
  const always =
    (operator === '>=' && value <= least) ||
    (operator === '>' && value < least) ||
    (operator === '<=' && value >= most) ||
    (operator === '<' && value > most);
  if (always)
    return [warning(rule.id, `${measure} ${operator} ${value} holds whatever happens: this check can never fail`)];
  if (measure !== 'newClusters' || minNewFailures <= whole.images) return [];
  return [
    warning(
      rule.id,
      `gate.minNewFailures is ${minNewFailures} and there are ${whole.images} images: this check can never fail`,
    ),
  ];
}

/** The least and the greatest value of a measure; null of an unknown one, which `checksOf` reports. */
function rangeOf(measure: string): Measure['range'] | null {
  if (countables.has(measure) || measure === 'worsenedSlices') return [0, Number.POSITIVE_INFINITY];
  return measures.get(measure)?.range ?? null;
}

/** Entries of `gate.accepted` that accept nothing (any more). */
function staleEntries({ accepted, comparison, events, slices, today }: JudgeInput): Check[] {
  if (comparison === null) return [];
  const known = new Set([
    ...slices.map(({ name }) => name),
    ...events.flatMap(({ id, clusters }) => [id, ...clusters]),
    ...comparison.clusters.map(({ id }) => id),
  ]);
  return accepted.flatMap(({ event, until, reason }) => {
    if (until < today) return [warning(event, `what was accepted until ${until} is so no longer: ${reason}`)];
    return known.has(event)
      ? []
      : [warning(event, `is accepted until ${until}, and this run found nothing of that name`)];
  });
}
