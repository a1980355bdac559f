import type { FailureEvent } from '../records/comparison.ts';
import type { FeatureNames } from '../records/features.ts';
import { nameText, oneLine, sentence } from '../records/names.ts';
import type { Result } from '../records/result.ts';
import { type Check, worstOutcome } from '../records/verdict.ts';
import { counted, odds, percent } from '../records/words.ts';
import { actionViews } from './actions.ts';
import { changesLines } from './changes.ts';
import { checkView } from './checkView.ts';
import { type ClusterView, clusterView } from './clusterView.ts';
import { eventLead } from './eventLead.ts';
import { failureModeViews } from './groupView.ts';

/**
 * The end of a run: the outcome, the checks that failed and the warnings, the worst thing found or what changed all the same, and
 * where the report is.
 * No line starts with text from data, so that none can be taken for a command by a runner that reads the log.
 */
export function closingLines(result: Result, featureNames: FeatureNames, reportPath: string): string[] {
  const lines = [
    outcomeLine(result),
    ...checkLines(result, 'error', 'Failed check'),
    ...checkLines(result, 'warning', 'Warning'),
    ...foundLines(result, featureNames),
    `Report: ${reportPath}`,
  ];
  // `##[` is a runner's command wherever in a line it stands.
  return lines.map((line) => line.replaceAll('##[', '# #['));
}

/** The verdict in a line. Names the checkpoints that have the run's outcome, the worst of them all. */
export function outcomeLine({ checkpoints }: Result): string {
  const outcomes = checkpoints.map(({ verdict }) => verdict?.outcome ?? 'not compared');
  const outcome = worstOutcome(outcomes);
  const of = checkpoints.filter((_, index) => outcomes[index] === outcome);
  const names = of.slice(0, shownNames).map(({ name }) => nameText(name));
  const shown = of.length > names.length ? [...names, '...'] : names;
  const fresh = of.flatMap(({ events }) => events).length;
  const clusters = of.flatMap(({ comparison }) => comparison?.clusters ?? []);
  const worse = clusters.filter(({ status }) => status === 'worsened').length;
  const failed = of.flatMap(({ verdict }) => verdict?.checks ?? []).filter(isFailed('error')).length;
  const parts = [
    failed > 0 ? counted(failed, 'failed check') : null,
    of.some(({ comparison }) => comparison !== null)
      ? `${counted(fresh, 'new failure event')}, ${counted(worse, 'known failure mode')} worse`
      : 'compared with no baseline',
  ];
  return `${outcome.toUpperCase()}: ${shown.join(', ')}: ${parts.filter((part) => part !== null).join('; ')}`;
}

const shownNames = 3;
const shownChecks = 5;

const isFailed =
  (severity: Check['severity']) =>
  (check: Check): boolean =>
    check.severity === severity && !check.passed;

/** The checks of a severity that failed, a line each, the first few. */
function checkLines({ checkpoints }: Result, severity: Check['severity'], word: string): string[] {
  const several = checkpoints.length > 1;
  const found = checkpoints.flatMap(({ name, verdict }) =>
    (verdict?.checks ?? []).filter(isFailed(severity)).map((check) => ({ name, check: checkView(check) })),
  );
  const lines = found
    .slice(0, shownChecks)
    .map(({ name, check }) => `${word} ${check.id}: ${several ? `${nameText(name)}: ` : ''}${check.message}`);
  const more = found.length - lines.length;
  return more > 0 ? [...lines, `${word}: ${counted(more, 'more', 'more')} in the report`] : lines;
}

/** The worst that was found; where nothing new or worse was, what changed all the same. */
function foundLines(result: Result, names: FeatureNames): string[] {
  const compared = result.checkpoints.filter(({ comparison }) => comparison !== null);
  const worse = compared.some(({ comparison }) =>
    comparison?.clusters.some(({ status }) => status === 'new' || status === 'worsened'),
  );
  if (worse || compared.length === 0) return worstLines(result, names);
  const told = compared.slice(0, shownNames);
  return told.flatMap((each) => [
    ...(told.length === 1 ? [] : [`Checkpoint ${nameText(each.name)}:`]),
    ...changesLines(each),
  ]);
}

function worstLines(result: Result, names: FeatureNames): string[] {
  const worst = worstOf(result, names);
  if (worst !== null) {
    const { cluster, event } = worst;
    const title = event === null ? '' : `${sentence(event.title, 300)}. Among `;
    return [
      `Worst: ${title}${cluster.group}, ${cluster.rule.text}: ${cluster.what} (${cluster.before} -> ${cluster.after}; by chance in ${odds(cluster.adjustedPValue)})`,
      ...(event === null ? [] : nextLines(event)),
    ];
  }
  const mode = failureModeViews(
    result.checkpoints.flatMap((checkpoint) => checkpoint.groups),
    names,
  )[0];
  if (mode !== undefined)
    return [`Worst failure mode: ${mode.group}, ${mode.rule.text}: ${mode.what}, ${mode.muchMore}`];
  const rates = result.checkpoints.map((checkpoint) => percent(checkpoint.baseErrorRate)).slice(0, 3);
  return [`No failure mode found; error rate ${rates.join(', ')}`];
}

/** The first event, by the cluster that tells it best; without one the known failure mode that got worst. */
function worstOf({ checkpoints }: Result, names: FeatureNames) {
  for (const { events, comparison } of checkpoints) {
    const [event] = events;
    const clusters = comparison?.clusters.filter(({ id }) => event?.clusters.includes(id)) ?? [];
    const lead = eventLead(clusters.map((each) => clusterView(each, names)));
    if (event !== undefined && lead !== null) return { event, cluster: lead.cluster };
  }
  const worsened = checkpoints
    .flatMap(({ comparison }) => comparison?.clusters ?? [])
    .filter(({ status }) => status === 'worsened')
    .map((each) => clusterView(each, names));
  const net = ({ newlyFailed, newlyFixed }: ClusterView) => newlyFailed - newlyFixed;
  const [cluster] = worsened.toSorted((a, b) => net(b) - net(a) || (a.id < b.id ? -1 : 1));
  return cluster === undefined ? null : { event: null, cluster };
}

/** What to do about an event first. */
function nextLines(event: FailureEvent): string[] {
  const [action] = actionViews(event);
  if (action === undefined) return [];
  const { text, copied } = action;
  return [`Next: ${text}${copied === null ? '' : ` ${oneLine(copied, 600)}`}`];
}
