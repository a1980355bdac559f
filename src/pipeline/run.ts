import { comparedWith, withoutRepeats } from '../baseline/compared.ts';
import { evalSetChanges } from '../baseline/evalSetChanges.ts';
import { UserError } from '../errors.ts';
import type { BaselineRecord } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import type { CheckpointResult } from '../records/result.ts';
import { type Outcome, worstOutcome } from '../records/verdict.ts';
import { joinParts } from './analysisPart.ts';
import { findBaselines, openBaselines, recordPassed, standingOf } from './baseline.ts';
import { comparable } from './comparable.ts';
import { namesOf, readNames } from './featureNames.ts';
import { judgeCheckpoint, resultOf } from './judge.ts';
import { overOldReports } from './oldReports.ts';
import { analyseCheckpoint, extract, openCheckpoints, readInputs } from './read.ts';
import { report, type Told } from './report.ts';
import { inRun, type Request, type Said } from './request.ts';
import { watchBroken, watchedSlices } from './watchedSlices.ts';

/** What the gate has to say. */
export interface GateOutcome extends Said, Told {
  readonly outcome: Outcome;
  readonly problem: UserError | null;
  /** Why the checkpoint that did not fail could not be recorded as a baseline; null: it was, or was not to be. The verdict stands. */
  readonly unrecorded: UserError | null;
}

/** Judges checkpoints: read -> extract -> analyse -> compare -> judge -> report -> record. */
export function runGate(request: Request): Promise<GateOutcome> {
  return overOldReports(request, () => judgeAll(request));
}

function judgeAll(request: Request): Promise<GateOutcome> {
  return inRun(request, async (run) => {
    const { evalSet, given, training, pool } = await readInputs(run);
    const named = await readNames(run.config);
    const store = await openBaselines(run);
    const standing = await standingOf(run);
    const found = store && (await findBaselines(run, store, standing));
    const features = await extract(run, evalSet);
    const names = namesOf(named, run.config, features.file.model.fingerprint, request.onNotice);
    const checkpoints = await openCheckpoints(run, given, features);
    const watched = await watchedSlices(run, features, store);
    const results: CheckpointResult[] = [];
    const accepted = new Map<string, BaselineRecord>();
    const joined = request.parts?.length ? await joinParts(run, features, checkpoints, request.parts) : null;
    for (const [at, checkpoint] of checkpoints.entries()) {
      const groups = joined === null ? await analyseCheckpoint(run, features, checkpoint) : entry(joined, at);
      const nearest = found && comparedWith(found, features.evalSet, checkpoint, run.config.baseline.window);
      const mine = nearest && withoutRepeats(nearest);
      const { baselines = null, notes = [] } = mine === null ? {} : await comparable(run, features, mine);
      for (const note of notes) request.onNotice(note);
      // Before it is put in the candidate's terms: that drops images too.
      const since =
        mine?.kind === 'found'
          ? { evalSet: evalSetChanges(features.evalSet, features.hashes, mine.records[0]), notes }
          : null;
      if (mine?.kind === 'found') accepted.set(checkpoint.name, mine.records[0]);
      const earlier = results.flatMap(({ events }) => events);
      results.push(await judgeCheckpoint(run, features, checkpoint, groups, baselines, earlier, since, watched, names));
    }
    const judged = resultOf(run, features, standing.commit, results);
    const outcome = worstOutcome(results.map(({ verdict }) => verdict?.outcome ?? 'not compared'));
    const passed = outcome !== 'failed';
    const told = await report(run, { features, checkpoints, judged, given, training, pool, store, names, accepted });
    const { result } = told;
    if (request.record && !passed) request.onNotice('Not recorded as a baseline: the gate failed.');
    await watchBroken(run, store, result);
    if (request.record && !standing.mayRecord) request.onNotice('Not recorded as a baseline: it is of another commit.');
    // Who keeps none and asked for none needs no error.
    const isPointless = store === null && request.recordUnasked === true;
    const records = request.record && passed && standing.mayRecord && !isPointless;
    const unrecorded = records ? await recorded(run, { result, features, checkpoints }) : null;
    return { json: result, outcome, passed, unrecorded, ...told };
  });
}

/** Records a checkpoint that did not fail; if that cannot be done, the verdict still stands. */
async function recorded(...[run, analysed]: Parameters<typeof recordPassed>): Promise<UserError | null> {
  try {
    run.request.onNotice(await recordPassed(run, analysed));
    return null;
  } catch (thrown) {
    if (thrown instanceof UserError) return thrown;
    throw thrown;
  }
}
