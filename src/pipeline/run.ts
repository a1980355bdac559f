import { UserError } from '../errors.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { commitJudged, openBaselines, record } from './baseline.ts';
import { judgeCheckpoint, resultOf } from './judge.ts';
import { analyseCheckpoint, extract, openCheckpoints, readInputs } from './read.ts';
import { report, type Told } from './report.ts';
import { inRun, type Request, type Said } from './request.ts';

/** What the gate has to say. */
export interface GateOutcome extends Said, Told {
  readonly result: Result;
  /** Why the checkpoint that passed could not be recorded as a baseline; null: it was, or was not to be. The verdict stands. */
  readonly unrecorded: UserError | null;
}

/** Judges checkpoints: read -> extract -> analyse -> compare -> judge -> report -> record. */
export function runGate(request: Request): Promise<GateOutcome> {
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
      const groups = await analyseCheckpoint(run, features, checkpoint);
      results.push(await judgeCheckpoint(run, features, checkpoint, groups, found?.records ?? null));
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
