/**
 * The report room: a `Result` in, texts out; pure.
 *
 *     buildView(input) -> ReportView                      everything a report says, in words; raw texts, not yet escaped
 *     renderMarkdown(view, templates, limit) -> string    report.md, a comment, a job summary (markdown.ts)
 *     renderHtml(view, templates) -> string               report.html (html.ts)
 *     junitXml(result) -> string                          junit.xml (junit.ts)
 *     metricsJson(result) -> string                       metrics.json (metrics.ts)
 *     resultJson(result) -> bytes                         result.json (resultJson.ts)
 *     closingLines(result, names, path) -> lines          the end of a run, for a terminal or a log (closingLines.ts)
 *     summaryJson(result) -> string                       summary.json (summary.ts)
 *     newlyFailedCsv(result) -> string                    newly-failed.csv (changes.ts)
 *
 * Templates are texts by file name, read by the caller from the package's folder `templates`.
 */

import type { HistoryRow } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import type { FeatureNames } from '../records/features.ts';
import { robust32Fingerprint, robust32Sees } from '../records/features.ts';
import { nameText, oneLine } from '../records/names.ts';
import type { Result } from '../records/result.ts';
import { type GateOptions, type Outcome, worstOutcome } from '../records/verdict.ts';
import { count, counted, number, percent } from '../records/words.ts';
import type { Confusion } from './actions.ts';
import { type CheckpointView, checkpointView } from './checkpointView.ts';
import type { ConfusionCell } from './confusionMatrix.ts';
import type { ModeImages } from './imageBrowser.ts';
import type { EventSheets, Pictures, ReportLink, TrialPictures } from './pictures.ts';
import type { PastOutcome } from './trails.ts';

export interface ReportInput {
  readonly result: Result;
  readonly featureNames: FeatureNames;
  /** Null where there are none to show: the report says so. */
  readonly pictures: Pictures | null;
  /** Of events whose images were changed, by `keyOf`. */
  readonly trials: ReadonlyMap<string, TrialPictures>;
  /** Of events, by `keyOf`. */
  readonly sheets: ReadonlyMap<string, EventSheets>;
  /** Null where nobody can follow a link. */
  readonly link: ReportLink | null;
  /** Of clusters and leaves, by `keyOf`; most frequent first. */
  readonly confusions: ReadonlyMap<string, readonly Confusion[]>;
  /** What is taken for what, before and after, by the checkpoint's name; none where either is not known. */
  readonly matrices: ReadonlyMap<string, readonly ConfusionCell[]>;
  /** Oldest first. */
  readonly history: readonly Omit<HistoryRow, 'sequence' | 'pruned'>[];
  /** The failing images of failure modes, by `keyOf`. */
  readonly modes: ReadonlyMap<string, ModeImages>;
  /** What accepted checkpoints did on the images of events and watched slices, the oldest first. */
  readonly past: readonly PastOutcome[];
  /** barlow.yml as it was read, for "how this was made"; null where it was not. */
  readonly configText: string | null;
}

/** A line of "how this was made". */
export interface Fact {
  readonly term: string;
  readonly detail: string;
}

/** Everything a report says, in words. Texts are raw: renderers escape them. */
export interface ReportView {
  readonly suite: string;
  /** Worst of the checkpoints'. */
  readonly outcome: Outcome;
  /** "Failed: candidate newly fails on 1 kind of image: Automobiles taken for trucks: 31 of 38." */
  readonly headline: string;
  /** The same without a title that follows below it: "Failed: candidate newly fails on 1 kind of image." */
  readonly brief: string;
  /** Which images no figure counts; null where there are none. */
  readonly skipped: string | null;
  readonly commit: string | null;
  readonly createdAt: string;
  readonly checkpoints: readonly CheckpointView[];
  readonly made: readonly Fact[];
  readonly input: ReportInput;
}

/** Everything a report says about a run. */
export function buildView(input: ReportInput): ReportView {
  const { result } = input;
  const checkpoints = result.checkpoints.map((checkpoint) => checkpointView(checkpoint, input.featureNames));
  const outcome = worstOutcome(checkpoints.map((checkpoint) => checkpoint.outcome));
  return {
    suite: nameText(result.suite),
    outcome,
    headline: headline(outcome, checkpoints),
    brief: brief(outcome, checkpoints),
    skipped: skippedText(result.evalSet),
    commit: result.commit === null ? null : oneLine(result.commit).slice(0, 12),
    createdAt: timeText(result.createdAt),
    checkpoints,
    made: made(result),
    input,
  };
}

const OUTCOME = { passed: 'Passed', failed: 'Failed', 'not compared': 'Not compared' } as const;

function headline(outcome: Outcome, checkpoints: readonly CheckpointView[]): string {
  const word = OUTCOME[outcome];
  if (checkpoints.length === 1) return `${word}: ${entry(checkpoints, 0).headline}`;
  const failed = checkpoints.filter((checkpoint) => checkpoint.outcome === 'failed').length;
  if (failed > 0) return `${word}: ${count(failed)} of ${counted(checkpoints.length, 'checkpoint')}.`;
  return `${word}: ${counted(checkpoints.length, 'checkpoint')}.`;
}

function brief(outcome: Outcome, checkpoints: readonly CheckpointView[]): string {
  const [only, second] = checkpoints;
  if (only === undefined || second !== undefined || only.found === '') return headline(outcome, checkpoints);
  return `${OUTCOME[outcome]}: ${only.found}.`;
}

/** "2026-05-04 03:02 UTC". */
function timeText(iso: string): string {
  return `${oneLine(iso).slice(0, 16).replace('T', ' ')} UTC`;
}

/** "2 images skipped, as they cannot be read: a.png, b.png"; null where there are none. */
function skippedText({ skipped }: Result['evalSet']): string | null {
  if (skipped.length === 0) return null;
  const named = skipped.slice(0, 5).map((image) => oneLine(image));
  const more = skipped.length > named.length ? `, and ${count(skipped.length - named.length)} more` : '';
  const they = skipped.length === 1 ? 'it' : 'they';
  return `${counted(skipped.length, 'image')} skipped, as ${they} cannot be read: ${named.join(', ')}${more}`;
}

function made(result: Result): Fact[] {
  const { tool, evalSet, featureModel, options } = result;
  const { failureMode, features, tree, shuffles, minGroupSize } = options.analysis;
  const { gate } = options;
  const facts: [string, string][] = [
    ['Tool', `${tool.name} ${tool.version}`],
    ['Commit', result.commit ?? 'not known'],
    ['Made at', timeText(result.createdAt)],
    [
      'Eval set',
      `${counted(evalSet.images, 'image')} of ${counted(evalSet.classes.length, 'class', 'classes')}, fingerprint ${evalSet.fingerprint.slice(0, 16)}`,
    ],
    [
      'Features',
      `${count(featureModel.dimensions)} by engine ${featureModel.engine}, fingerprint ${featureModel.fingerprint.slice(0, 16)}${featureModel.fingerprint === robust32Fingerprint ? `; the built-in network ${robust32Sees}` : ''}`,
    ],
    [
      'Trees',
      `depth ${tree.maxDepth}, grown on the ${features.select} features with most mutual information (${features.neighbours} neighbours), groups of at least ${counted(minGroupSize, 'image')}`,
    ],
    [
      'Failure mode',
      `a leaf with at least ${percent(failureMode.minErrorCoverage)} of its group's failures and an error rate at least ${number(failureMode.minErrorRateIncrease * 100)} points above the group's`,
    ],
    [
      'Chance',
      shuffles === 0
        ? 'not tested'
        : `tested by ${counted(shuffles, 'shuffle')} a group, corrected for the number of groups (Holm)`,
    ],
    [
      'Gate',
      `significance ${gate.significance}, ${regionsText(gate)}, at least ${counted(gate.minNewFailures, 'new failure')} and ${number(gate.minErrorRateIncrease * 100)} points`,
    ],
  ];
  return facts.map(([term, detail]) => ({ term, detail: oneLine(detail, 300) }));
}

/** "up to 2 conditions", "up to 2 conditions or nearest neighbours". */
function regionsText({ regions, conditions }: GateOptions): string {
  const words = { boxes: `up to ${counted(conditions, 'condition')}`, neighbours: 'nearest neighbours' };
  return regions.map((kind) => words[kind]).join(' or ');
}
