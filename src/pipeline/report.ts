import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import type { BaselineStore } from '../baseline/store.ts';
import { messageOf, UserError } from '../errors.ts';
import type { TrainingSet } from '../evalset/trainingSet.ts';
import { contactSheet } from '../pictures/contactSheet.ts';
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
import { type EventSheets, keyOf } from '../report/pictures.ts';
import { resultJson } from '../report/resultJson.ts';
import { FULL_DETAIL } from '../report/shedding.ts';
import { summaryJson } from '../report/summary.ts';
import { buildView, type ReportInput } from '../report/view.ts';
import { eventRows } from './alike.ts';
import { withCounterfactuals } from './counterfactual.ts';
import { withPropertyNames } from './featureNames.ts';
import { modeImages } from './modeImages.ts';
import { pastOutcomes } from './pastOutcomes.ts';
import { picturesOf } from './pictures.ts';
import { withPoolEvidence } from './poolEvidence.ts';
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
export async function report(
  run: Run,
  { features, checkpoints, judged: found, given, training, pool, store, names, accepted }: Reported,
): Promise<Told> {
  const { config, request } = run;
  const file = (name: string) => join(request.out, name);
  const problems: UserError[] = [];
  const writeFile = async (name: string, text: string) => {
    try {
      await writeFileAtomic(file(name), text);
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      problems.push(thrown);
    }
  };
  const featureNames = withPropertyNames(names, features);
  const judged = withActions(run, found, featureNames);
  await writeFile('result.json', resultJson(judged));
  await writeFile('junit.xml', junitXml(judged));
  await writeFile('metrics.json', metricsJson(judged));
  const newlyFailed = newlyFailedCsv(judged);
  if (newlyFailed !== null) await writeFile(NEWLY_FAILED_FILE, newlyFailed);
  await writeFile('summary.json', summaryJson(judged));
  const templates = await readTemplates();
  const plain: ReportInput = {
    ...{
      result: judged,
      featureNames,
      pictures: null,
      trials: new Map(),
      sheets: new Map(),
      history: [],
      past: [],
      modes: new Map(),
      link: null,
    },
    confusions: confusionsOf(judged, features.evalSet, checkpoints),
    matrices: matricesOf(features.evalSet, checkpoints, accepted),
    configText: textOf(config.file),
  };
  const write = async (input: ReportInput) => {
    const view = buildView(input);
    await writeFile('report.md', renderMarkdown(view, templates));
    await writeFile('report.html', renderHtml(view, templates));
  };
  await write(plain);
  // Nobody who waits for the verdict should wait for pictures too.
  if (features.evalSet.folder !== null) request.onNotice(`${outcomeLine(judged)}. Causes and pictures follow.`);
  const decorate = decorating(request.onNotice);
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
  const hasLooked = looked.labels.size > 0 || looked.heats.size > 0;
  const result = tried === judged && !hasLooked ? judged : withActions(run, tried, featureNames, looked);
  if (result !== judged) await writeFile('result.json', resultJson(result));
  const decorated: ReportInput = {
    ...plain,
    ...{ result, trials },
    pictures: await decorate('pictures', null, () => picturesOf(run, features, checkpoints, result)),
    sheets: await decorate('pictures in the comment', new Map(), () =>
      publishSheets(run, features, checkpoints, result, store),
    ),
    history: await decorate('trend over checkpoints', [], async () => (await store?.history(request.onNotice)) ?? []),
    modes: await decorate('images of failure modes', new Map(), () => modeImages(run, features, checkpoints, result)),
    past: await decorate('trend of events', [], () => pastOutcomes(store, result)),
  };
  await write(decorated);
  const { publish } = request;
  const link = await decorate('link to the report', null, async () => {
    return publish ? publish(file('report.html'), result.suite) : null;
  });
  const view = buildView({ ...decorated, link });
  if (link !== null) await writeFile('report.md', renderMarkdown(view, templates));
  const limit = { ...COMMENT_LIMIT, size: COMMENT_LIMIT.size - (request.commentReserve ?? 0) };
  const lines = closingLines(result, featureNames, file('report.html'));
  const [problem = null] = problems;
  const summary = renderMarkdown(view, templates);
  return { result, lines, summary, comment: renderMarkdown(view, templates, limit), problem };
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

/** The config as it stands; null where it has gone since it was read. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Makes what only decorates a report; whatever hinders that is a notice. */
const decorating =
  (onNotice: (line: string) => void) =>
  async <Made>(what: string, none: Made, make: () => Promise<Made>): Promise<Made> => {
    try {
      return await make();
    } catch (thrown) {
      const said = thrown instanceof UserError ? `${thrown.what} (${thrown.where}). ${thrown.fix}` : messageOf(thrown);
      onNotice(`No ${what}: ${said}.`);
      return none;
    }
  };

/** Keeps contact sheets of each new event in the baseline branch: what newly fails, and what is most like it and right; by `keyOf`. */
async function publishSheets(
  { request }: Run,
  features: Features,
  checkpoints: readonly Checkpoint[],
  result: Result,
  store: BaselineStore | null,
): Promise<ReadonlyMap<string, EventSheets>> {
  const { pictureAddress } = request;
  const { folder, images } = features.evalSet;
  if (!pictureAddress || store === null || folder === null || result.commit === null) return new Map();
  const made = [];
  for (const [index, { name, events }] of result.checkpoints.entries()) {
    for (const event of events.slice(0, FULL_DETAIL.contactSheets)) {
      const rows = await eventRows(event, features, entry(checkpoints, index), SHEET.right);
      const key = keyOf(name, event.id);
      for (const [kind, most] of [['failing', SHEET.failing] as const, ['right', SHEET.right] as const]) {
        const names = rows[kind].slice(0, most).map((row) => entry(images, row));
        const sheet = await contactSheet(folder, names);
        if (sheet) made.push({ ...sheet, key, kind, name: `${hashed(`${key} ${kind}`)}.png` });
      }
    }
  }
  if (made.length === 0) return new Map();
  const { revision, paths } = await store.attach(result.commit, result.createdAt, made);
  if (revision === null) return new Map();
  const sheets = new Map<string, EventSheets>();
  for (const [i, { key, kind, width, height }] of made.entries()) {
    const sheet = { url: pictureAddress(revision, entry(paths, i)), width, height };
    sheets.set(key, { failing: null, right: null, ...sheets.get(key), [kind]: sheet });
  }
  return sheets;
}

/** Images of a contact sheet: two rows, and one below. */
const SHEET = { failing: 12, right: 6 };

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
