import type {
  ClusterStatus,
  EvalSetChanges,
  EventConfidence,
  EventTrait,
  FailureEvent,
  Weakening,
} from '../records/comparison.ts';
import type { FeatureNames } from '../records/features.ts';
import { groupIdText, nameText, oneLine, sentence } from '../records/names.ts';
import type { CheckpointResult } from '../records/result.ts';
import type { Outcome, Verdict } from '../records/verdict.ts';
import { count, counted, number, percent, pValue } from '../records/words.ts';
import { type ActionView, actionViews } from './actions.ts';
import { causesText } from './causes.ts';
import { type ChangesView, changesView } from './changes.ts';
import { type CheckView, checkView } from './checkView.ts';
import { type ClusterView, clusterView } from './clusterView.ts';
import { type FailureModeView, failureModeViews, type GroupView, groupView, wholeSetText } from './groupView.ts';
import { ruleView } from './rule.ts';

export interface CheckpointView {
  readonly name: string;
  /** "1,678 of 10,000 images fail (16.8 %)". */
  readonly errors: string;
  readonly outcome: Outcome;
  /** One sentence: what decided the verdict. */
  readonly headline: string;
  /** "candidate newly fails on 1 kind of image and fails on 2 known kinds of image more often than before"; empty where nothing is new or worse. */
  readonly found: string;
  /** What else decides or hides it; null where nothing was compared. */
  readonly wholeSet: string | null;
  /** "checkpoint `name` of commit 1a2b3c4d5e6f, 16 % error"; null where there was none. */
  readonly baseline: string | null;
  /** What changed, be it enough to fail or not; null where nothing was compared. */
  readonly changes: ChangesView | null;
  readonly failedChecks: readonly CheckView[];
  readonly warnings: readonly CheckView[];
  readonly otherChecks: readonly CheckView[];
  /** What newly fails, as happenings; `newClusters` are views of them. */
  readonly events: readonly EventView[];
  readonly newClusters: readonly ClusterView[];
  readonly worsened: readonly ClusterView[];
  /** Persisting, improved, resolved. */
  readonly known: readonly ClusterView[];
  /** "Images of automobile where feature 3 > 0.2: mean confidence 0.98 before, 0.83 now, on 120 images still right (p = 0.001)". */
  readonly weakenings: readonly string[];
  readonly failureModes: readonly FailureModeView[];
  readonly groups: readonly GroupView[];
  /** Groups that grew no tree. */
  readonly skipped: readonly GroupView[];
}

export interface EventView {
  readonly id: string;
  /** "Automobiles taken for trucks: 37 of 38; redder in the centre than 9 in 10 other automobiles". */
  readonly title: string;
  /** What else its images share, beyond the title: "greyer than 8 in 10 other automobiles"; null where nothing does. */
  readonly trait: string | null;
  /** "38 images newly fail". */
  readonly images: string;
  /** Ids of its clusters. */
  readonly clusters: readonly string[];
  /** "wrong with confidence 0.97, where the accepted checkpoint was right with 0.99 (medians)"; null where none is known. */
  readonly confidence: string | null;
  /** What is known of its causes, a sentence or two each. */
  readonly causes: readonly string[];
  /** Why nothing is known of causes; null where something is. */
  readonly whyNot: string | null;
  /** What somebody could do about it, what its evidence speaks for first. */
  readonly actions: readonly ActionView[];
}

const NOT_LOOKED_AT =
  'Not known: what they share need not be the cause. Neither the training set nor changed copies of them were looked at.';

/** What a title says already, and what follows it. */
const TOLD = 2;
const MORE = 2;

function eventView(event: FailureEvent, names: FeatureNames): EventView {
  const { id, title, traits, images, clusters, confidence } = event;
  const causes = causesText(event, names);
  const more = untold(traits)
    .slice(0, MORE)
    .map(({ text }) => sentence(text, 200));
  return {
    id,
    title: sentence(title, 400),
    trait: more.length === 0 ? null : more.join('; '),
    images: `${counted(images.length, 'image')} newly ${images.length === 1 ? 'fails' : 'fail'}`,
    clusters,
    confidence: confidence && confidenceText(confidence),
    causes,
    whyNot: causes.length > 0 ? null : NOT_LOOKED_AT,
    actions: actionViews(event),
  };
}

/** Traits that the title does not tell, without what says of the whole image what another says of its centre, or the other way round. */
function untold(traits: readonly EventTrait[]): readonly EventTrait[] {
  const nameOf = (trait: EventTrait) =>
    trait.kind === 'property' ? `${trait.greater} ${trait.name.replace(/^centre /, '')}` : null;
  const names = traits.map(nameOf);
  return traits.filter((trait, at) => {
    const name = nameOf(trait);
    return at >= TOLD && (name === null || names.indexOf(name) === at);
  });
}

function weakeningText({ group, rule, size, before, after, pValue: p }: Weakening, names: FeatureNames): string {
  const where = ruleView(rule, names).text;
  return `${groupIdText(group)}, ${where}: mean confidence ${sureness(before)} before, ${sureness(after)} now, on ${counted(size, 'image')} still right (${pValue(p)})`;
}

function confidenceText({ after, before }: EventConfidence): string {
  const then = before === null ? '' : `, where the accepted checkpoint was right with ${sureness(before)}`;
  return `wrong with confidence ${sureness(after)}${then} (${before === null ? 'median' : 'medians'})`;
}

/** Never 1 of what is less. */
function sureness(confidence: number): string {
  return confidence < 1 && confidence > 0.999 ? 'above 0.999' : number(confidence);
}

/** One checkpoint in words. */
export function checkpointView(checkpoint: CheckpointResult, names: FeatureNames): CheckpointView {
  const { comparison, verdict } = checkpoint;
  const of = (...statuses: ClusterStatus[]) =>
    (comparison?.clusters ?? [])
      .filter((cluster) => statuses.includes(cluster.status))
      .map((cluster) => clusterView(cluster, names));
  const compared = new Map(comparison?.groups.map((group) => [group.id, group]));
  const groups = checkpoint.groups.map((group) => groupView(group, compared.get(group.id) ?? null));
  const events = checkpoint.events.map((event) => eventView(event, names));
  const newClusters = of('new');
  const worsened = of('worsened');
  return {
    name: nameText(checkpoint.name),
    errors: `${count(checkpoint.failures)} of ${counted(checkpoint.images, 'image')} fail (${percent(checkpoint.baseErrorRate)})`,
    outcome: verdict?.outcome ?? 'not compared',
    headline: headline(checkpoint, events, worsened),
    found: comparison === null ? '' : foundText(checkpoint.name, events, worsened),
    wholeSet: comparison === null ? null : wholeSetText(comparison.groups),
    baseline: baselineText(checkpoint),
    changes: changesView(checkpoint),
    ...checks(verdict),
    events,
    newClusters,
    worsened,
    known: of('persisting', 'improved', 'resolved'),
    weakenings: (comparison?.weakenings ?? []).map((each) => weakeningText(each, names)),
    failureModes: failureModeViews(checkpoint.groups, names),
    groups: groups.filter((group) => group.skipped === null),
    skipped: groups.filter((group) => group.skipped !== null),
  };
}

function checks(verdict: Verdict | null) {
  const all = verdict?.checks ?? [];
  const failed = (severity: string) => all.filter((check) => !check.passed && check.severity === severity);
  return {
    failedChecks: failed('error').map(checkView),
    warnings: failed('warning').map(checkView),
    otherChecks: all.filter((check) => check.passed || check.severity === 'off').map(checkView),
  };
}

function headline(
  checkpoint: CheckpointResult,
  events: readonly EventView[],
  worsened: readonly ClusterView[],
): string {
  const { comparison, verdict } = checkpoint;
  const name = nameText(checkpoint.name);
  const failed = verdict?.checks.filter((check) => !check.passed && check.severity === 'error').length ?? 0;
  if (comparison === null) {
    const modes = checkpoint.groups.flatMap((group) => group.leaves).filter((leaf) => leaf.failureMode).length;
    const missing = verdict?.checks.find(({ id }) => id === 'baseline')?.message ?? 'no comparison was asked for';
    const failing = failed === 0 ? '' : `; ${counted(failed, 'check')} failed`;
    return `${name} was compared with nothing (${sentence(missing, 300)})${failing}; it has ${counted(modes, 'failure mode')} of its own.`;
  }
  const [first] = events;
  const found = foundText(checkpoint.name, events, worsened);
  if (found !== '') return `${found}${first === undefined ? '' : `: ${first.title}`}.`;
  const nothing = `${name} newly fails on no kind of image, and on no known one more often than before`;
  return failed === 0 ? `${nothing}.` : `${nothing}, but ${counted(failed, 'other check')} failed.`;
}

function foundText(checkpoint: string, events: readonly EventView[], worsened: readonly ClusterView[]): string {
  const found = [
    events.length > 0 ? `newly fails on ${counted(events.length, 'kind')} of image` : null,
    worsened.length > 0 ? `fails on ${counted(worsened.length, 'known kind')} of image more often than before` : null,
  ].filter((part) => part !== null);
  return found.length === 0 ? '' : `${nameText(checkpoint)} ${found.join(' and ')}`;
}

function baselineText({ comparison, images }: CheckpointResult): string | null {
  if (comparison === null) return null;
  const { checkpoint, commit, baseErrorRate } = comparison.baseline;
  const common =
    comparison.images === images ? '' : `; compared on the ${counted(comparison.images, 'image')} both have`;
  const notes = comparison.notes.map((note) => `. ${oneLine(note, 500).replace(/\.$/, '')}`).join('');
  return `${nameText(checkpoint)}${commit === '' ? '' : ` at commit ${oneLine(commit).slice(0, 12)}`}, error rate ${percent(baseErrorRate)}${common}${changesText(comparison.evalSet)}${notes}`;
}

/** What became of the baseline's images; empty where all are there as they were. */
function changesText({ images, lost, relabelled, rewritten }: EvalSetChanges): string {
  const parts = [
    lost > 0 ? `${count(lost)} not evaluated now` : null,
    relabelled > 0 ? `${count(relabelled)} with another label` : null,
    rewritten > 0 ? `${count(rewritten)} with other bytes` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? '' : `; of its ${counted(images, 'image')}: ${parts.join(', ')}`;
}
