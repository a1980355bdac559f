import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { evaluate } from './analysis/evaluate.ts';
import { readConfig } from './config.ts';
import { UserError } from './errors.ts';
import { readEvalSet } from './evalset/evalSet.ts';
import { diagnose, diagnosisLines } from './inference/doctor.ts';
import { mergeStores } from './inference/featureStore.ts';
import { installEngine } from './inference/installEngine.ts';
import { commitJudged, diagnoseBaselines, openBaselines, record } from './pipeline/baselines.ts';
import { judged, resultOf } from './pipeline/judge.ts';
import { analyse, extract, openCheckpoints, readInputs } from './pipeline/read.ts';
import { report, type Told } from './pipeline/report.ts';
import { inRun, type Request, type Said, storeFolder, withAnalysis } from './pipeline/run.ts';
import type { CheckpointResult, Result } from './records.ts';
import { evaluationLines } from './report/evaluation.ts';
import { writeFileAtomic } from './writeFileAtomic.ts';

export { type AnalyseInput, analyse } from './analysis/analyse.ts';
export { listBaselines, recordBaseline, showBaseline } from './pipeline/baselines.ts';
export { showFeature } from './pipeline/feature.ts';
export type { Request, Said } from './pipeline/run.ts';
export { tool } from './tool.ts';

/** What the gate has to say. */
export interface Judged extends Said, Told {
  readonly result: Result;
  /** Why the checkpoint that passed could not be recorded as a baseline; null: it was, or was not to be. The verdict stands. */
  readonly unrecorded: UserError | null;
}

/** What a workflow step on GitHub is told and says; loaded by the door that is one. */
export const loadForge = () => import('./forge/step.ts');

/** Judges checkpoints: read -> extract -> analyse -> compare -> judge -> report -> record. */
export function runGate(request: Request): Promise<Judged> {
  return inRun(request, async (run) => {
    const { evalSet, given } = await readInputs(run);
    const store = await openBaselines(run);
    const commit = await commitJudged(run);
    const found = store && (await store.find({ head: commit, base: request.base }));
    if (found?.note) request.onNotice(found.note);
    const features = await extract(run, evalSet);
    const checkpoints = await openCheckpoints(run, given, features);
    const results: CheckpointResult[] = [];
    for (const checkpoint of checkpoints) {
      const groups = await analyse(run, features, checkpoint);
      results.push(await judged(run, features, checkpoint, groups, found?.records ?? null));
    }
    const result = resultOf(run, features, commit, results);
    const passed = results.every(({ verdict }) => verdict?.passed !== false);
    const told = await report(run, features, checkpoints, result, store);
    if (request.record && !passed) request.onNotice('Not recorded as a baseline: the gate failed.');
    const unrecorded =
      request.record && passed ? await recorded(run, store, result, features.evalSet, checkpoints) : null;
    return { json: result, passed, result, unrecorded, ...told };
  });
}

/** Records a checkpoint that passed; what hinders that takes nothing from the verdict. */
async function recorded(...[run, ...what]: Parameters<typeof record>): Promise<UserError | null> {
  try {
    run.request.onNotice(await record(run, ...what));
    return null;
  } catch (thrown) {
    if (thrown instanceof UserError) return thrown;
    throw thrown;
  }
}

/** Extracts the features into the store, or a shard of them. */
export function extractFeatures(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const { evalSet } = await readEvalSet(run.config.evalSet);
    const { file, skipped } = await extract(run, evalSet);
    const { rowOf, dimensions, model, path } = file;
    const json = {
      images: rowOf.length,
      skipped,
      dimensions,
      fingerprint: model.fingerprint,
      engine: model.engine,
      path,
    };
    return { json, lines: [`${rowOf.length} images x ${dimensions} features in ${path}`], passed: true };
  });
}

/** Merges the feature stores of shards into the config's. */
export function mergeFeatures(request: Request, folders: readonly string[]): Promise<Said> {
  return inRun(request, async ({ config }) => {
    const into = storeFolder(config, 'features');
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
    const { evalSet, given } = await readInputs(run);
    const features = await extract(run, evalSet);
    const { analysis } = run.config;
    const deep = withAnalysis(run, { shuffles: 0, tree: { maxDepth: Math.max(...depths) } });
    const json = [];
    for (const checkpoint of await openCheckpoints(run, given, features)) {
      const groups = await analyse(deep, features, checkpoint);
      json.push({ checkpoint: checkpoint.name, evaluations: evaluate(groups, depths, analysis.failureMode) });
    }
    await writeFileAtomic(join(request.out, 'evaluation.json'), `${JSON.stringify(json, null, 2)}\n`);
    return { json, lines: json.flatMap((each) => evaluationLines(each.checkpoint, each.evaluations)), passed: true };
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
  const baselines = config && (await diagnoseBaselines(config));
  return {
    json: { ...diagnosis, baselines },
    lines: [...diagnosisLines(diagnosis), ...(baselines === null ? [] : [`baselines ${baselines}`])],
    passed: true,
  };
}
