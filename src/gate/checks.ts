import type { Cluster, ClusterStatus } from '../records/comparison.ts';
import type { AcceptedCluster, Check, CheckRule, Operator, Outcome, Severity, Verdict } from '../records/verdict.ts';
import { count, percent, pValue } from '../records/words.ts';
import { type Figures, type FiguresInput, figuresOf } from './figures.ts';
import { type Measure, measures } from './measures.ts';
import { newlyFail, whereText } from './words.ts';

export interface JudgeInput extends FiguresInput {
  readonly rules: readonly CheckRule[];
  readonly accepted: readonly AcceptedCluster[];
  /** Today's date, UTC, YYYY-MM-DD. */
  readonly today: string;
  /** Why nothing was compared, in words, and how grave that is; null where no comparison was asked for. */
  readonly uncompared: { readonly message: string; readonly severity: Severity } | null;
}

/**
 * Judges a checkpoint: one row a rule and subject, whether or not there is a baseline (`Verdict.outcome`).
 *
 * - `newClusters` and `worsenedClusters` count the clusters, not accepted, of the groups chosen; a row for each cluster
 *   and, where there is none, one row that says so. An accepted cluster's row passes until the day its entry ends.
 * - Every other measure (`measures.ts`) gives one row a group: a group named by its id must have the value, a pattern
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
  const checks = rules.flatMap((rule) => checksOf(rule, figures, input));
  const { comparison, uncompared } = input;
  if (comparison === null && uncompared !== null) checks.unshift(notCompared(uncompared));
  const outcome = outcomeOf(checks, comparison === null && uncompared !== null);
  return { outcome, passed: outcome === 'passed', checks };
}

function outcomeOf(checks: readonly Check[], lacksComparison: boolean): Outcome {
  if (checks.some((check) => check.severity === 'error' && !check.passed)) return 'failed';
  return lacksComparison || checks.length === 0 ? 'not compared' : 'passed';
}

function notCompared({ message, severity }: NonNullable<JudgeInput['uncompared']>): Check {
  return { id: 'baseline', subject: 'all', expected: 1, operator: '>=', actual: 0, passed: false, severity, message };
}

/** The measures that count clusters. */
const clusterMeasures = new Map<string, { status: ClusterStatus; none: string }>([
  ['newClusters', { status: 'new', none: 'no new cluster of failures' }],
  ['worsenedClusters', { status: 'worsened', none: 'no known cluster got worse' }],
]);

function checksOf(rule: CheckRule, figures: readonly Figures[], input: JudgeInput): Check[] {
  const counted = clusterMeasures.get(rule.measure);
  if (counted !== undefined) return input.comparison === null ? [] : clusterChecks(rule, counted, figures, input);
  const measure = measures.get(rule.measure);
  if (measure === undefined) return [missing(rule, 'all', `there is no measure "${rule.measure}"`)];
  return measure.compares && input.comparison === null ? [] : figureChecks(rule, measure, figures);
}

function clusterChecks(
  rule: CheckRule,
  { status, none }: { status: ClusterStatus; none: string },
  figures: readonly Figures[],
  { comparison, accepted, today }: JudgeInput,
): Check[] {
  const { chosen, unmatched } = chosenGroups(rule, figures);
  const inGroups = new Set(chosen.map(({ group }) => group));
  const clusters = comparison?.clusters.filter((each) => each.status === status && inGroups.has(each.group)) ?? [];
  const entries = clusters.map((cluster) => acceptanceOf(cluster, accepted, today));
  const unaccepted = entries.filter((entry) => entry?.holds !== true).length;
  const passed = holds(unaccepted, rule.operator, rule.value);
  const rows = clusters.map((cluster, index) =>
    row(
      rule,
      cluster.id,
      unaccepted,
      passed || entries[index]?.holds === true,
      clusterText(cluster) + (entries[index]?.text ?? ''),
    ),
  );
  if (clusters.length === 0 && chosen.length > 0) {
    const where = rule.groups.length === 0 ? '' : ` in ${rule.groups.join(', ')}`;
    rows.push(row(rule, 'all', 0, passed, none + where));
  }
  return [...rows, ...unmatched.map((pattern) => missing(rule, pattern, `${pattern}: there is no such group`))];
}

function clusterText({ group, status, rule, size, ...cluster }: Cluster): string {
  const change = `error ${percent(cluster.baselineErrorRate)} -> ${percent(cluster.errorRate)}`;
  const p = pValue(cluster.adjustedPValue);
  if (status === 'new') return `${group}: ${newlyFail(cluster.newlyFailed)} ${whereText(rule)} (${change}, ${p})`;
  return `${group}: the known cluster of ${count(size)} images ${whereText(rule)} got worse (${change}, ${p})`;
}

/** An entry of the config that accepts this region of this group, the longest-lived of several; null where none does. */
function acceptanceOf({ id }: Cluster, accepted: readonly AcceptedCluster[], today: string) {
  const [entry] = accepted.filter(({ cluster }) => cluster === id).sort((a, b) => (a.until > b.until ? -1 : 1));
  if (entry === undefined) return null;
  const { until, reason } = entry;
  if (until >= today) return { holds: true, text: `; accepted until ${until}: ${reason}` };
  return { holds: false, text: `; was accepted until ${until}, which has passed: ${reason}` };
}

function figureChecks(rule: CheckRule, measure: Measure, figures: readonly Figures[]): Check[] {
  const { chosen, unmatched } = chosenGroups(rule, figures);
  const rows = chosen.flatMap((of) => {
    const value = measure.value(of);
    if (value !== null && Number.isFinite(value)) return [figureRow(rule, measure, of, value)];
    return rule.groups.includes(of.group) ? [missing(rule, of.group, `${of.group}: no ${measure.words}`)] : [];
  });
  const empty =
    rows.length === 0 && unmatched.length === 0 ? [missing(rule, 'all', `no group has ${measure.words}`)] : [];
  return [...rows, ...empty, ...unmatched.map((id) => missing(rule, id, `${id}: there is no such group`))];
}

function figureRow(rule: CheckRule, measure: Measure, of: Figures, value: number): Check {
  const detail = measure.detail(of);
  const { group } = of;
  const passed = holds(value, rule.operator, rule.value);
  const expected = `${rule.operator} ${measure.text(rule.value)} ${passed ? 'as expected' : 'expected'}`;
  const is = `${group}: ${measure.words} ${measure.text(value)}${detail === null ? '' : ` (${detail})`}`;
  return row(rule, group, value, passed, `${is}, ${expected}`);
}

/** The groups that a rule names, and those of its ids and patterns that name none. */
function chosenGroups(rule: CheckRule, figures: readonly Figures[]): { chosen: Figures[]; unmatched: string[] } {
  if (rule.groups.length === 0) return { chosen: [...figures], unmatched: [] };
  const patterns = rule.groups.map((text) => ({ text, matches: matcher(text) }));
  return {
    chosen: figures.filter(({ group }) => patterns.some(({ matches }) => matches(group))),
    unmatched: patterns.filter(({ matches }) => !figures.some(({ group }) => matches(group))).map(({ text }) => text),
  };
}

/** `*` stands for any text, everything else for itself. */
function matcher(pattern: string): (id: string) => boolean {
  const [first, ...rest] = pattern.split('*');
  if (rest.length === 0) return (id) => id === pattern;
  const last = rest.pop() ?? '';
  return (id) => {
    if (id.length < first.length + last.length || !id.startsWith(first) || !id.endsWith(last)) return false;
    const end = id.length - last.length;
    let from = first.length;
    for (const part of rest) {
      const at = id.indexOf(part, from);
      if (at < 0 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
}

function holds(actual: number, operator: Operator, expected: number): boolean {
  switch (operator) {
    case '<':
      return actual < expected;
    case '<=':
      return actual <= expected;
    case '>':
      return actual > expected;
    case '>=':
      return actual >= expected;
    case '==':
      return actual === expected;
  }
}

function row(
  { id, severity, operator, value }: CheckRule,
  subject: string,
  actual: number,
  passed: boolean,
  message: string,
): Check {
  return { id, subject, expected: value, operator, actual, passed, severity, message };
}

function missing({ id, severity, operator, value }: CheckRule, subject: string, message: string): Check {
  return { id, subject, expected: value, operator, actual: null, passed: false, severity, message };
}
