import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { analyseGroups } from './analysis/analyseGroups.ts';
import { evaluate } from './analysis/evaluate.ts';
import { groupsOf, pairedGroupsOf } from './analysis/groups.ts';
import { openStore } from './baseline/openStore.ts';
import { baselineRecord, commonGround } from './baseline/record.ts';
import { currentCommit } from './baseline/repository.ts';
import type { BaselineStore } from './baseline/store.ts';
import { readConfig } from './config.ts';
import { UserError } from './errors.ts';
import { readCheckpoint } from './evalset/checkpoint.ts';
import { readEvalSet } from './evalset/evalSet.ts';
import { restrictCheckpoint, restrictEvalSet } from './evalset/restrict.ts';
import { judge } from './gate/checks.ts';
import { compare } from './gate/compare.ts';
import { contactSheet } from './inference/contactSheet.ts';
import { diagnose, diagnosisLines } from './inference/doctor.ts';
import { mergeStores } from './inference/featureStore.ts';
import { installEngine } from './inference/installEngine.ts';
import { openFeatures } from './inference/openFeatures.ts';
import { pictureOf } from './inference/pictureOf.ts';
import { readColumns } from './inference/readColumns.ts';
import { openPool, type Pool } from './piscina.ts';
import type {
  AnalysisOptions,
  BaselineRecord,
  Checkpoint,
  CheckpointResult,
  Comparison,
  Config,
  EngineName,
  EvalSet,
  FeatureFile,
  FeatureNames,
  GroupAnalysis,
  OnProgress,
  Result,
} from './records.ts';
import { closingLines } from './report/closingLines.ts';
import { evaluationLines } from './report/evaluation.ts';
import { renderHtml } from './report/html.ts';
import { junitXml } from './report/junit.ts';
import { COMMENT_LIMIT, renderMarkdown } from './report/markdown.ts';
import { metricsJson } from './report/metrics.ts';
import type { ContactSheet, ImagePictures, Pictures } from './report/pictures.ts';
import { resultJson } from './report/resultJson.ts';
import { FULL_DETAIL } from './report/shedding.ts';
import { buildView } from './report/view.ts';
import { readTemplates } from './templates.ts';
import { writeFileAtomic } from './writeFileAtomic.ts';

export { type AnalyseInput, analyse } from './analysis/analyse.ts';

/** What a door asks for. Paths are relative to the working directory. */
export interface Request {
  readonly config: string;
  /** Folder for reports. */
  readonly out: string;
  /** Worker threads; results are the same for any number. */
  readonly workers: number;
  /** Checkpoints in place of the config's. */
  readonly checkpoints: readonly { readonly name: string; readonly path: string }[];
  /** `git`, `none` or a folder, in place of the config's; null: the config's. */
  readonly baseline: string | null;
  /** The commit judged; null: HEAD. */
  readonly commit: string | null;
  /** The branch that the commit is to be merged into; null: compare with the commit's own ancestors. */
  readonly base: string | null;
  /** Record the checkpoint as a baseline if the gate passes. */
  readonly record: boolean;
  readonly shard: { readonly index: number; readonly count: number } | null;
  /** In place of the config's. */
  readonly engine?: EngineName | null;
  /**
   * Where a browser finds a file of a commit of the baseline branch. Pictures of new clusters are then kept there under the
   * commit judged, for the comment to show.
   */
  readonly pictureAddress?: ((revision: string, path: string) => string) | null;
  /** Characters of a comment that the door needs for itself. */
  readonly commentReserve?: number;
  readonly now: Date;
  readonly onProgress: OnProgress;
  readonly onNotice: (line: string) => void;
}

/** What a command has to say. */
export interface Said {
  /** For machines. */
  readonly json: unknown;
  /** For people. */
  readonly lines: readonly string[];
  /** False where the gate failed. */
  readonly passed: boolean;
}

/** What the gate has to say. */
export interface Judged extends Said {
  readonly result: Result;
  /** The report as Markdown that fits a job summary and a comment on GitHub. */
  readonly summary: string;
  readonly comment: string;
}

/** What a workflow step on GitHub is told and says; loaded by the door that is one. */
export const loadForge = () => import('./forge/step.ts');

/** The tool's name and version, as in its package. */
export const tool = readTool();

/** A request under way. */
interface Run {
  readonly request: Request;
  readonly config: Config;
  readonly pool: Pool;
}

/** The features of an eval set, with the reading of them. */
interface Features {
  readonly evalSet: EvalSet;
  readonly file: FeatureFile;
}

/** Judges checkpoints: read -> extract -> analyse -> compare -> judge -> report -> record. */
export function runGate(request: Request): Promise<Judged> {
  return inRun(request, async (run) => {
    const { evalSet, checkpoints } = await read(run);
    const store = await openBaselines(run);
    const commit = await commitJudged(run);
    const found = store && (await store.find({ head: commit, base: request.base }));
    if (found?.note) request.onNotice(found.note);
    const features = await extract(run, evalSet);
    const results: CheckpointResult[] = [];
    for (const checkpoint of checkpoints) {
      const groups = await analyse(run, features, checkpoint);
      results.push(await judged(run, features, checkpoint, groups, found?.records ?? null));
    }
    const result = resultOf(run, features, commit, results);
    const passed = results.every(({ verdict }) => verdict?.passed !== false);
    const told = await report(run, features, checkpoints, result, store);
    if (request.record && passed) request.onNotice(await record(run, store, result, evalSet, checkpoints));
    if (request.record && !passed) request.onNotice('Not recorded as a baseline: the gate failed.');
    return { json: result, passed, result, ...told };
  });
}

/** Extracts the features into the store, or a shard of them. */
export function extractFeatures(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const { evalSet } = await readEvalSet(run.config.evalSet);
    const { file } = await extract(run, evalSet);
    const { rowOf, dimensions, model, path } = file;
    const json = { images: rowOf.length, dimensions, fingerprint: model.fingerprint, engine: model.engine, path };
    return { json, lines: [`${rowOf.length} images x ${dimensions} features in ${path}`], passed: true };
  });
}

/** Merges the feature stores of shards into the config's. */
export function mergeFeatures(request: Request, folders: readonly string[]): Promise<Said> {
  return inRun(request, async ({ config }) => {
    const into = storeFolder(config);
    const rows = mergeStores(
      folders.map((folder) => resolve(folder)),
      into,
    );
    return { json: { rows, path: into }, lines: [`${rows} rows merged into ${into}`], passed: true };
  });
}

/** Barlow, section 7: how well trees of each depth explain the failures of each grouping. */
export function evaluateGroupings(request: Request, depths: readonly number[]): Promise<Said> {
  return inRun(request, async (run) => {
    const { evalSet, checkpoints } = await read(run);
    const features = await extract(run, evalSet);
    const { analysis } = run.config;
    const deep = withAnalysis(run, { shuffles: 0, tree: { maxDepth: Math.max(...depths) } });
    const json = [];
    for (const checkpoint of checkpoints) {
      const groups = await analyse(deep, features, checkpoint);
      json.push({ checkpoint: checkpoint.name, evaluations: evaluate(groups, depths, analysis.failureMode) });
    }
    await writeFileAtomic(join(request.out, 'evaluation.json'), `${JSON.stringify(json, null, 2)}\n`);
    return { json, lines: json.flatMap((each) => evaluationLines(each.checkpoint, each.evaluations)), passed: true };
  });
}

/** Accepts a checkpoint as it is. */
export function recordBaseline(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const { evalSet, checkpoints } = await read(run);
    const store = await openBaselines(run);
    const features = await extract(run, evalSet);
    const untested = withAnalysis(run, { shuffles: 0 });
    const results: CheckpointResult[] = [];
    for (const checkpoint of checkpoints) {
      const groups = await analyse(untested, features, checkpoint);
      results.push(resultWithout(checkpoint, groups));
    }
    const result = resultOf(run, features, await commitJudged(run), results);
    const line = await record(run, store, result, evalSet, checkpoints);
    return { json: { commit: result.commit, suite: result.suite, recorded: true }, lines: [line], passed: true };
  });
}

/**
 * Says which engines load and what is found in the feature model; where there is no config, of engines only.
 * @param install engine to install first; null: none.
 */
export async function examine({ config: file, onNotice }: Request, install: string | null): Promise<Said> {
  if (install !== null) onNotice(`${install} is installed in ${await installEngine(install, onNotice)}`);
  const config = existsSync(file) ? await readConfig(file) : null;
  const diagnosis = await diagnose(config?.featureModel ?? null, config?.engine ?? 'auto');
  return { json: diagnosis, lines: diagnosisLines(diagnosis), passed: true };
}

/** The baselines that are kept, newest first. */
export function listBaselines(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const rows = await (await baselinesOf(run)).list();
    const lines = rows.map(
      ({ commit, createdAt, checkpoint, failures, images }) =>
        `${commit.slice(0, 12).padEnd(12)}  ${createdAt}  ${JSON.stringify(checkpoint)}  ${failures} of ${images} images fail`,
    );
    return {
      json: rows,
      lines: lines.length > 0 ? lines : [`No baseline of ${run.config.name} is recorded.`],
      passed: true,
    };
  });
}

/** What the baseline of a commit holds. */
export function showBaseline(request: Request, commit: string): Promise<Said> {
  return inRun(request, async (run) => {
    const baseline = await (await baselinesOf(run)).show(commit);
    return { json: baseline, lines: [JSON.stringify(baseline, null, 2)], passed: true };
  });
}

async function inRun<Outcome>(request: Request, story: (run: Run) => Promise<Outcome>): Promise<Outcome> {
  const config = overridden(await readConfig(request.config), request);
  const pool = openPool(request.workers);
  try {
    return await story({ request, config, pool });
  } finally {
    await pool.close();
  }
}

function overridden(config: Config, { checkpoints, baseline, engine }: Request): Config {
  const given = checkpoints.map(({ name, path }) => ({ name, path: resolve(path) }));
  const replaced = {
    ...config,
    ...(given.length > 0 && { checkpoints: given }),
    ...(engine && { engine }),
  };
  if (baseline === null) return replaced;
  const kept = config.baseline;
  if (baseline === 'none' || baseline === 'git') return { ...replaced, baseline: { ...kept, store: baseline } };
  return { ...replaced, baseline: { ...kept, store: 'folder', path: resolve(baseline) } };
}

async function read({ config }: Run): Promise<{ evalSet: EvalSet; checkpoints: readonly Checkpoint[] }> {
  const { evalSet, manifestCheckpoint } = await readEvalSet(config.evalSet);
  if (config.checkpoints.length === 0 && manifestCheckpoint !== null)
    return { evalSet, checkpoints: [manifestCheckpoint] };
  const checkpoints: Checkpoint[] = [];
  for (const { name, path } of config.checkpoints) {
    checkpoints.push(await readCheckpoint(path, name, evalSet, config.evalSet.columns));
  }
  if (checkpoints.length > 0) return { evalSet, checkpoints };
  throw new UserError({
    what: 'there is no checkpoint to judge',
    where: config.file,
    fix: 'Name one under checkpoints, give --checkpoint NAME=FILE, or put a prediction column into the manifest',
  });
}

async function extract({ config, request, pool }: Run, evalSet: EvalSet): Promise<Features> {
  const { featureModel, features, engine } = config;
  const { shard, onProgress, onNotice } = request;
  const file = await openFeatures({
    ...{ evalSet, featureModel, features, engine, shard, onProgress, onNotice },
    storeFolder: storeFolder(config),
    run: pool.run,
  });
  return { evalSet, file };
}

function withAnalysis(run: Run, changes: Partial<AnalysisOptions>): Run {
  return { ...run, config: { ...run.config, analysis: { ...run.config.analysis, ...changes } } };
}

const storeFolder = (config: Config) => join(dirname(config.file), '.barlow', 'features');

function analyse(run: Run, { evalSet, file }: Features, checkpoint: Checkpoint): Promise<readonly GroupAnalysis[]> {
  const { config, request, pool } = run;
  return analyseGroups(groupsOf(config.groups, evalSet, checkpoint), {
    readColumns: readColumns(file),
    dimensions: file.dimensions,
    run: pool.run,
    options: config.analysis,
    concurrency: request.workers + 1,
    onProgress: request.onProgress,
    imageName: (row) => evalSet.images[row],
  });
}

async function openBaselines({ config }: Run): Promise<BaselineStore | null> {
  if (config.baseline.store === 'none') return null;
  return openStore(config.baseline, { folder: dirname(config.file), suite: config.name });
}

async function baselinesOf(run: Run): Promise<BaselineStore> {
  const store = await openBaselines(run);
  if (store !== null) return store;
  throw new UserError({
    what: 'no baselines are kept (baseline.store is none)',
    where: run.config.file,
    fix: 'Set baseline.store to git or folder, or give --baseline',
  });
}

const commitJudged = ({ config, request }: Run) =>
  request.commit === null ? currentCommit(dirname(config.file)) : Promise.resolve(request.commit);

/** Compares one checkpoint with its baselines, newest first, and judges it; null: no baselines are kept. */
async function judged(
  run: Run,
  features: Features,
  checkpoint: Checkpoint,
  groups: readonly GroupAnalysis[],
  baselines: readonly BaselineRecord[] | null,
): Promise<CheckpointResult> {
  const alone = resultWithout(checkpoint, groups);
  if (baselines === null) return alone;
  const [newest] = baselines;
  const comparison = newest === undefined ? null : await compared(run, features, checkpoint, groups, baselines);
  const { gate, baseline } = run.config;
  const verdict = judge({
    baseErrorRate: alone.baseErrorRate,
    candidate: groups,
    comparison,
    baseline: newest?.groups ?? [],
    rules: gate.checks,
    accepted: gate.accepted,
    today: run.request.now.toISOString().slice(0, 10),
    onMissing: baseline.onMissing,
  });
  return { ...alone, comparison, verdict };
}

/** Compares on the images that candidate and baselines have in common. */
async function compared(
  { config, request, pool }: Run,
  { evalSet, file }: Features,
  checkpoint: Checkpoint,
  candidate: readonly GroupAnalysis[],
  baselines: readonly BaselineRecord[],
): Promise<Comparison> {
  const common = commonGround({ evalSet, featureModel: file.model }, baselines);
  for (const note of common.notes) request.onNotice(note);
  const shared = restrictEvalSet(evalSet, common.rows);
  const sides = [restrictCheckpoint(checkpoint, common.rows), ...common.checkpoints];
  const [wholeSet] = pairedGroupsOf(['all'], shared, sides);
  const read = readColumns(file);
  return compare({
    candidate,
    baseline: baselines[0],
    wholeSet,
    groups: pairedGroupsOf(config.groups, shared, sides),
    images: shared.images,
    dimensions: file.dimensions,
    options: config.gate,
    failureMode: config.analysis.failureMode,
    readColumns: (rows, from, to) =>
      read(
        Uint32Array.from(rows, (row) => common.rows[row]),
        from,
        to,
      ),
    run: pool.run,
    onProgress: request.onProgress,
  });
}

function resultWithout(checkpoint: Checkpoint, groups: readonly GroupAnalysis[]): CheckpointResult {
  const images = checkpoint.failed.length;
  const failures = checkpoint.failed.reduce((sum, failed) => sum + failed, 0);
  const baseErrorRate = failures / images;
  return { name: checkpoint.name, images, failures, baseErrorRate, groups, comparison: null, verdict: null };
}

function resultOf(
  { config, request }: Run,
  { evalSet, file }: Features,
  commit: string | null,
  checkpoints: readonly CheckpointResult[],
): Result {
  const { images, classes, fingerprint } = evalSet;
  return {
    schemaVersion: 1,
    suite: config.name,
    commit,
    createdAt: request.now.toISOString(),
    tool,
    evalSet: { images: images.length, classes, fingerprint },
    featureModel: file.model,
    options: { analysis: config.analysis, gate: config.gate },
    checkpoints,
  };
}

/** Writes every report; returns what to tell people, on a terminal and in a comment. */
async function report(
  run: Run,
  { evalSet }: Features,
  checkpoints: readonly Checkpoint[],
  result: Result,
  store: BaselineStore | null,
): Promise<Pick<Judged, 'lines' | 'summary' | 'comment'>> {
  const { config, request } = run;
  const featureNames: FeatureNames = new Map();
  const view = buildView({
    result,
    featureNames,
    pictures: picturesOf(config, evalSet, checkpoints, result),
    sheets: await publishSheets(run, evalSet, result, store),
    confusions: confusionsOf(evalSet, checkpoints, result),
    history: store === null ? [] : await store.history(),
    configText: readFileSync(config.file, 'utf8'),
  });
  const file = (name: string) => join(request.out, name);
  await writeFileAtomic(file('result.json'), resultJson(result));
  const templates = await readTemplates();
  const summary = renderMarkdown(view, templates);
  await writeFileAtomic(file('report.md'), summary);
  await writeFileAtomic(file('report.html'), renderHtml(view, templates));
  await writeFileAtomic(file('junit.xml'), junitXml(result));
  await writeFileAtomic(file('metrics.json'), metricsJson(result));
  const limit = { ...COMMENT_LIMIT, size: COMMENT_LIMIT.size - (request.commentReserve ?? 0) };
  const lines = closingLines(result, featureNames, file('report.html'));
  return { lines, summary, comment: renderMarkdown(view, templates, limit) };
}

/** Keeps a contact sheet of each new cluster's failing images in the baseline branch; by cluster id. */
async function publishSheets(
  { request }: Run,
  { folder }: EvalSet,
  result: Result,
  store: BaselineStore | null,
): Promise<ReadonlyMap<string, ContactSheet>> {
  const { pictureAddress } = request;
  const clusters = result.checkpoints.flatMap(({ comparison }) => comparison?.clusters ?? []);
  const shown = clusters.filter(({ status }) => status === 'new').slice(0, FULL_DETAIL.contactSheets);
  if (!pictureAddress || store === null || folder === null || result.commit === null) return new Map();
  const made = [];
  for (const { id, images } of shown) {
    const sheet = await contactSheet(folder, images);
    if (sheet) made.push({ ...sheet, id, name: `${createHash('sha256').update(id).digest('hex').slice(0, 16)}.png` });
  }
  if (made.length === 0) return new Map();
  try {
    const { revision, paths } = await store.attach(result.commit, result.createdAt, made);
    if (revision === null) return new Map();
    return new Map(
      made.map(({ id, width, height }, i) => [id, { url: pictureAddress(revision, paths[i]), width, height }]),
    );
  } catch (thrown) {
    // The verdict stands without pictures.
    if (!(thrown instanceof UserError)) throw thrown;
    request.onNotice(`No pictures in the comment: ${thrown.what}. ${thrown.fix}.`);
    return new Map();
  }
}

/** The clusters to show, each with the rows of its newly failing images and the checkpoint that fails there. */
function shownClusters({ images }: EvalSet, checkpoints: readonly Checkpoint[], result: Result) {
  const rowOf = new Map(images.map((image, row) => [image, row]));
  return result.checkpoints.flatMap(({ comparison }, index) =>
    (comparison?.clusters ?? []).map((cluster) => ({
      cluster,
      predictions: checkpoints[index].predictions,
      rows: cluster.images.flatMap((image) => rowOf.get(image) ?? []),
    })),
  );
}

/** Images of the worst clusters that newly fail; null where there are no images, or none small enough to embed. */
function picturesOf(
  { report }: Config,
  evalSet: EvalSet,
  checkpoints: readonly Checkpoint[],
  result: Result,
): Pictures | null {
  const { folder, images, labels, classes } = evalSet;
  if (folder === null) return null;
  const shown = shownClusters(evalSet, checkpoints, result).slice(0, report.clusters);
  const clusters = shown.map(({ cluster, predictions, rows }): [string, ImagePictures] => {
    const failing = rows.slice(0, report.images).flatMap((row) => {
      const picture = pictureOf(folder, images[row]);
      const prediction = predictions === null ? null : classes[predictions[row]];
      return picture === null ? [] : [{ ...picture, label: classes[labels[row]], prediction }];
    });
    return [cluster.id, { failing, right: [] }];
  });
  const some = clusters.some(([, { failing }]) => failing.length > 0);
  return some ? { clusters: new Map(clusters), leaves: new Map(), features: new Map() } : null;
}

/** What each cluster's newly failing images are taken for or, in a group of a prediction, what they are. */
function confusionsOf({ labels, classes, ...evalSet }: EvalSet, checkpoints: readonly Checkpoint[], result: Result) {
  const shown = shownClusters({ labels, classes, ...evalSet }, checkpoints, result);
  return new Map(
    shown.flatMap(({ cluster, predictions, rows }) => {
      if (predictions === null) return [];
      const of = cluster.group.startsWith('prediction:') ? labels : predictions;
      const counts = Map.groupBy(rows, (row) => classes[of[row]]);
      const sorted = [...counts].map(([className, { length }]) => ({ className, images: length }));
      return [[cluster.id, sorted.toSorted((a, b) => b.images - a.images || (a.className < b.className ? -1 : 1))]];
    }),
  );
}

async function record(
  run: Run,
  store: BaselineStore | null,
  result: Result,
  evalSet: EvalSet,
  checkpoints: readonly Checkpoint[],
): Promise<string> {
  const [checkpoint, second] = checkpoints;
  if (second !== undefined) {
    throw new UserError({
      what: `a baseline is one checkpoint, and ${checkpoints.length} are given`,
      where: 'checkpoints',
      fix: 'Choose one with --checkpoint NAME=FILE',
    });
  }
  const made = baselineRecord(result, result.checkpoints[0], checkpoint, evalSet);
  await (store ?? (await baselinesOf(run))).record(made);
  return `Recorded ${JSON.stringify(made.checkpoint)} at ${made.commit.slice(0, 12)} as a baseline of ${made.suite}.`;
}

function readTool(): { readonly name: string; readonly version: string } {
  const parsed: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  if (typeof parsed !== 'object' || parsed === null || !('name' in parsed) || !('version' in parsed)) {
    throw new Error('package.json has no name or no version');
  }
  return { name: String(parsed.name), version: String(parsed.version) };
}
