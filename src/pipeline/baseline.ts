import { dirname } from 'node:path';
import { openStore } from '../baseline/openStore.ts';
import { baselineRecord } from '../baseline/record.ts';
import { currentCommit } from '../baseline/repository.ts';
import type { BaselineStore } from '../baseline/store.ts';
import { UserError } from '../errors.ts';
import type { Config } from '../records/config.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { resultOf, resultWithout } from './judge.ts';
import { analyseCheckpoint, extract, openCheckpoints, readInputs } from './read.ts';
import { inRun, type Request, type Run, type Said, withAnalysis } from './request.ts';

/** Where baselines are kept; null: nowhere. */
export async function openBaselines({ config }: Pick<Run, 'config'>): Promise<BaselineStore | null> {
  if (config.baseline.store === 'none') return null;
  return openStore(config.baseline, { folder: dirname(config.file), suite: config.name });
}

/** Whether the baselines can be read, in a line. */
export async function diagnoseBaselines(config: Config): Promise<string> {
  const { baseline, name } = config;
  const where = baseline.store === 'folder' ? baseline.path : `branch ${baseline.branch}, remote ${baseline.remote}`;
  try {
    const store = await openBaselines({ config });
    if (store === null) return 'none are kept (baseline.store is none)';
    return `${(await store.list()).length} of suite ${name} in ${where}`;
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return `cannot be read from ${where}: ${thrown.what}. ${thrown.fix}`;
  }
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

/** The commit that the checkpoints belong to; null outside a git repository. */
export const commitJudged = ({ config, request }: Run) =>
  request.commit === null ? currentCommit(dirname(config.file)) : Promise.resolve(request.commit);

/** Records the one checkpoint of a run; returns what to say of it. */
export async function record(
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

/** Accepts a checkpoint as it is. */
export function recordBaseline(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const { evalSet, given } = await readInputs(run);
    const store = await openBaselines(run);
    const features = await extract(run, evalSet);
    const checkpoints = await openCheckpoints(run, given, features);
    const untested = withAnalysis(run, { shuffles: 0 });
    const results: CheckpointResult[] = [];
    for (const checkpoint of checkpoints) {
      results.push(resultWithout(checkpoint, await analyseCheckpoint(untested, features, checkpoint)));
    }
    const result = resultOf(run, features, await commitJudged(run), results);
    const line = await record(run, store, result, features.evalSet, checkpoints);
    return { json: { commit: result.commit, suite: result.suite, recorded: true }, lines: [line], passed: true };
  });
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
