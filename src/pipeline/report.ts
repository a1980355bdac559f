import { join } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { textIfReadable } from '../adapters/textIfReadable.ts';
import type { BaselineStore } from '../baseline/store.ts';
import { messageOf, UserError } from '../errors.ts';
import type { TrainingSet } from '../evalset/trainingSet.ts';
import type { BaselineRecord } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import type { FeatureNames } from '../records/features.ts';
import type { Result } from '../records/result.ts';
import { NEWLY_FAILED_FILE, newlyFailedCsv } from '../report/changes.ts';
import { closingLines, outcomeLine } from '../report/closingLines.ts';
import { type ConfusionCell, confusionCells } from '../report/confusionMatrix.ts';
import { confusionsOf } from '../report/confusions.ts';
import { renderHtml } from '../report/html.ts';
import { junitXml } from '../report/junit.ts';
import { COMMENT_LIMIT, renderMarkdown } from '../report/markdown.ts';
import { metricsJson } from '../report/metrics.ts';
import { resultJson } from '../report/resultJson.ts';
import { summaryJson } from '../report/summary.ts';
import type { Templates } from '../report/template.ts';
import { buildView, type ReportInput } from '../report/view.ts';
import { withCounterfactuals } from './counterfactual.ts';
import { withPropertyNames } from './featureNames.ts';
import { modeImages } from './modeImages.ts';
import { pastOutcomes } from './pastOutcomes.ts';
import { picturesOf } from './pictures.ts';
import { withPoolEvidence } from './poolEvidence.ts';
import { publishSheets } from './publishSheets.ts';
import type { Features, GivenCheckpoint } from './read.ts';
import type { Run } from './request.ts';
import { heatLookedAt, labelsLookedAt, withActions } from './suggest.ts';
import { readTemplates } from './templates.ts';
import { withTrainingEvidence } from './trainingSet.ts';

/** What to tell people of a run: on a terminal, in a job summary and in a comment. */
export interface Told {
  readonly lines: readonly string[];
  /** The report as Markdown that fits a job summary and a comment on GitHub. */
  readonly summary: string;
  readonly comment: string;
  /** With what is known of causes. */
  readonly result: Result;
  /** Why not all reports could be written; null where they are. The verdict stands. */
  readonly problem: UserError | null;
}

/** What reports are written of. */
interface Reported {
  /** What each checkpoint was compared with, the newest accepted; by the checkpoint's name. */
  readonly accepted: ReadonlyMap<string, BaselineRecord>;
  readonly features: Features;
  readonly checkpoints: readonly Checkpoint[];
  readonly judged: Result;
  readonly given: readonly GivenCheckpoint[];
  readonly training: TrainingSet | null;
  /** Names of the pool's images; null where none is configured. */
  readonly pool: readonly string[] | null;
  readonly store: BaselineStore | null;
  /** What people call features of the model. */
  readonly names: FeatureNames;
}

/**
 * Writes every report: result.json first, then what machines and people read of it, and only then, with pictures and trend, the
 * pages once more. What decorates can fail, and be killed, without taking a report along; a report that cannot be written takes
 * nothing along that has been found.
 */
export async function report(run: Run, reported: Reported): Promise<Told> {
  const { request, config } = run;
  const { features, checkpoints, accepted } = reported;
  const files = filesIn(request.out);
  const templates = await readTemplates();
  const featureNames = withPropertyNames(reported.names, features);
  const judged = withActions(run, reported.judged, featureNames);
  await writeForMachines(judged, files);
  const plain: ReportInput = {
    ...{ result: judged, featureNames, pictures: null, trials: new Map(), sheets: new Map() },
    ...{ history: [], past: [], modes: new Map(), link: null },
    confusions: confusionsOf(judged, features.evalSet, checkpoints),
    matrices: matricesOf(features.evalSet, checkpoints, accepted),
    // Null where it has gone since it was read.
    configText: textIfReadable(config.file),
  };
  await writePages(plain, templates, files);
  // Nobody who waits for the verdict should wait for pictures too.
  if (features.evalSet.folder !== null) request.onNotice(`${outcomeLine(judged)}. Causes and pictures follow.`);
  const decorate = decorating(request.onNotice);
  const { result, trials } = await withCauses(run, reported, judged, featureNames, decorate);
  if (result !== judged) await files.write('result.json', resultJson(result));
  const decorated = { ...plain, result, trials, ...(await decorations(run, reported, result, decorate)) };
  await writePages(decorated, templates, files);
  const { publish } = request;
  const reportHtml = join(request.out, 'report.html');
  const link = await decorate('link to the report', null, async () => publish?.(reportHtml, result.suite) ?? null);
  const view = buildView({ ...decorated, link });
  const summary = renderMarkdown(view, templates);
  if (link !== null) await files.write('report.md', summary);
  const limit = { ...COMMENT_LIMIT, size: COMMENT_LIMIT.size - (request.commentReserve ?? 0) };
  const comment = renderMarkdown(view, templates, limit);
  const lines = closingLines(result, featureNames, reportHtml);
  return { result, lines, summary, comment, problem: files.problems[0] ?? null };
}

/** A folder that reports are written into. What cannot be written is kept among the problems, and takes nothing else along. */
interface ReportFiles {
  readonly write: (name: string, content: string | Uint8Array) => Promise<void>;
  readonly problems: readonly UserError[];
}

function filesIn(folder: string): ReportFiles {
  const problems: UserError[] = [];
  const write = async (name: string, content: string | Uint8Array) => {
    try {
      await writeFileAtomic(join(folder, name), content);
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      problems.push(thrown);
    }
  };
  return { write, problems };
}

async function writeForMachines(judged: Result, { write }: ReportFiles): Promise<void> {
  await write('result.json', resultJson(judged));
  await write('junit.xml', junitXml(judged));
  await write('metrics.json', metricsJson(judged));
  const newlyFailed = newlyFailedCsv(judged);
  if (newlyFailed !== null) await write(NEWLY_FAILED_FILE, newlyFailed);
  await write('summary.json', summaryJson(judged));
}

async function writePages(input: ReportInput, templates: Templates, { write }: ReportFiles): Promise<void> {
  const view = buildView(input);
  await write('report.md', renderMarkdown(view, templates));
  await write('report.html', renderHtml(view, templates));
}

/** The result with what may have caused its events and what to do about them; it is the same where nothing was found. */
async function withCauses(
  run: Run,
  { features, checkpoints, given, training, pool }: Reported,
  judged: Result,
  featureNames: FeatureNames,
  decorate: Decorate,
): Promise<{ readonly result: Result; readonly trials: ReportInput['trials'] }> {
  const trained = await decorate('causes in the training set', judged, async () =>
    training === null ? judged : withTrainingEvidence(run, features, training, judged),
  );
  const pooled = await decorate('images of the pool', trained, async () =>
    pool === null ? trained : withPoolEvidence(run, features, pool, trained),
  );
  const untried = { result: pooled, trials: new Map() };
  const { result: tried, trials } = await decorate('trial of causes', untried, () =>
    withCounterfactuals(run, features, given, checkpoints, pooled),
  );
  const looked = {
    labels: await decorate('look at labels', new Map(), () => labelsLookedAt(features, tried)),
    heats: await decorate('look at backgrounds', new Map(), () => heatLookedAt(run, features, tried)),
  };
  const isSame = tried === judged && looked.labels.size === 0 && looked.heats.size === 0;
  return { result: isSame ? judged : withActions(run, tried, featureNames, looked), trials };
}

/** Pictures and trends of a report. */
async function decorations(
  run: Run,
  { features, checkpoints, store }: Reported,
  result: Result,
  decorate: Decorate,
): Promise<Pick<ReportInput, 'pictures' | 'sheets' | 'history' | 'modes' | 'past'>> {
  const { onNotice } = run.request;
  return {
    pictures: await decorate('pictures', null, () => picturesOf(run, features, checkpoints, result)),
    sheets: await decorate('pictures in the comment', new Map(), () =>
      publishSheets(run, features, checkpoints, result, store),
    ),
    history: await decorate('trend over checkpoints', [], async () => (await store?.history(onNotice)) ?? []),
    modes: await decorate('images of failure modes', new Map(), () => modeImages(run, features, checkpoints, result)),
    past: await decorate('trend of events', [], () => pastOutcomes(store, result)),
  };
}

/** What is taken for what, before and after, of each checkpoint that was compared by predictions. */
function matricesOf(
  { images, labels, classes }: Features['evalSet'],
  checkpoints: readonly Checkpoint[],
  accepted: ReadonlyMap<string, BaselineRecord>,
): ReportInput['matrices'] {
  const matrices = new Map<string, readonly ConfusionCell[]>();
  const named = (indices: ArrayLike<number>) => Array.from(indices, (index) => entry(classes, index));
  for (const { name, predictions } of checkpoints) {
    const record = accepted.get(name);
    if (record === undefined || record.predictions === null || predictions === null) continue;
    const { predictions: then, evalSet } = record;
    const taken = new Map(evalSet.images.map((image, at) => [image, entry(evalSet.classes, entry(then, at))]));
    const before = images.map((image) => taken.get(image) ?? null);
    matrices.set(name, confusionCells(named(labels), before, named(predictions)));
  }
  return matrices;
}

/** Makes what only decorates a report, or takes `none` for it; whatever hinders that is a notice. */
type Decorate = <Made>(what: string, none: Made, make: () => Promise<Made>) => Promise<Made>;

function decorating(onNotice: (line: string) => void): Decorate {
  return async (what, none, make) => {
    try {
      return await make();
    } catch (thrown) {
      const said = thrown instanceof UserError ? `${thrown.what} (${thrown.where}). ${thrown.fix}` : messageOf(thrown);
      onNotice(`No ${what}: ${said}.`);
      return none;
    }
  };
}
