import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSameOutcome, outcomeOf } from '../baseline/compared.ts';
import { twins } from '../baseline/filesOfRecord.ts';
import { commitNamed, hasCommit } from '../baseline/named.ts';
import { openStore } from '../baseline/openStore.ts';
import { baselineRecord } from '../baseline/record.ts';
import { currentCommit, placeOf } from '../baseline/repository.ts';
import type { BaselineStore } from '../baseline/store.ts';
import { readConfig } from '../config/config.ts';
import { UserError } from '../errors.ts';
import type { BaselineRecord, Found } from '../records/baseline.ts';
import type { Config } from '../records/config.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { baselineLines, baselineListLines } from '../report/baselineLines.ts';
import { total } from '../statistics/sums.ts';
import { sketchOf } from './featureSketch.ts';
import { resultOf, resultWithout } from './judge.ts';
import { analyseCheckpoint, extract, type Features, openCheckpoints, readInputs } from './read.ts';
import { inRun, type Request, type Run, type Said, withAnalysis } from './request.ts';
import { watchedSlices } from './watchedSlices.ts';

/**
 * Where baselines are kept; null: nowhere.
 *
 * @throws UserError where a folder is named on the command line or in an input and is not there: a slip would pass for a first run
 */
export async function openBaselines(
  { config, request }: { config: Config; request: Pick<Request, 'baseline'> },
  { make }: { readonly make: boolean } = { make: false },
): Promise<BaselineStore | null> {
  const { baseline } = config;
  if (baseline.store === 'none') return null;
  if (baseline.store === 'folder' && request.baseline !== null && !make && !existsSync(baseline.path)) {
    throw new UserError({
      what: 'there is no such folder of baselines',
      where: baseline.path,
      fix: 'Check --baseline (the input baseline); a first one is recorded there by: barlow baseline record --baseline FOLDER',
    });
  }
  return openStore(baseline, { folder: dirname(config.file), suite: config.name });
}

/** How many baselines of the suite there are, and where. @throws UserError where they cannot be read */
export async function diagnoseBaselines(config: Config): Promise<string> {
  const { baseline, name } = config;
  const where = baseline.store === 'folder' ? baseline.path : `branch ${baseline.branch}, remote ${baseline.remote}`;
  const store = await openBaselines({ config, request: { baseline: null } });
  if (store === null) return 'none are kept (baseline.store is none)';
  return `${(await store.list()).length} of suite ${name} in ${where}`;
}

/** @throws UserError where no baselines are kept */
export async function baselinesOf(run: Run, options = { make: run.request.record }): Promise<BaselineStore> {
  const store = await openBaselines(run, options);
  if (store !== null) return store;
  throw new UserError({
    what: 'no baselines are kept (baseline.store is none)',
    where: run.config.file,
    fix: 'Set baseline.store to git or folder, or give --baseline',
  });
}

/** Where in history the checkpoints of a run stand. */
export interface Standing {
  /** The commit in full, or its name where git has no such commit; null outside a git repository. */
  readonly commit: string | null;
  readonly base: string | null;
  /** A state that the event is not about is not recorded unasked. */
  readonly mayRecord: boolean;
}

/**
 * The commit that the checkpoints belong to: the request's, or HEAD. Where the folder of the config is at none of the commits that the
 * request expects, predictions are of HEAD all the same: of another branch's, or of another repository's, such as a submodule's.
 */
export async function standingOf({ config, request }: Run): Promise<Standing> {
  const folder = dirname(config.file);
  const { commit, base, checkedOut = null } = request;
  const mayRecord = true;
  if (commit === null) return { commit: await currentCommit(folder), base, mayRecord };
  const head = checkedOut === null ? null : await currentCommit(folder);
  if (head === null || checkedOut?.includes(head))
    return { commit: await commitNamed(folder, commit), base, mayRecord };
  const isOtherBranch = await hasCommit(folder, commit);
  const what = isOtherBranch ? 'another commit than the event is about' : 'another repository than the event is about';
  request.onNotice(`${head.slice(0, 12)} is checked out, ${what} (${commit.slice(0, 12)}): it is what is judged.`);
  return {
    commit: head,
    base: isOtherBranch ? base : null,
    mayRecord: !isOtherBranch || request.recordUnasked !== true,
  };
}

/**
 * What there is to compare with, with a notice of what the user should know.
 *
 * @throws UserError where baselines exist and none can be used, or are of another suite of this name
 */
export async function findBaselines(run: Run, store: BaselineStore, { commit, base }: Standing): Promise<Found> {
  const found = await store.find({ head: commit, base });
  const suite = JSON.stringify(run.config.name);
  if (found.kind === 'empty-suite' && found.others.length > 0) {
    const others = found.others.slice(0, 10).join(', ');
    run.request.onNotice(
      `No baseline of suite ${suite} was ever recorded; others have some: ${others}. Is its name right?`,
    );
  } else if (found.kind === 'empty-suite') run.request.onNotice(`No baseline of suite ${suite} has been recorded yet.`);
  for (const note of found.notes) run.request.onNotice(note);
  if (found.kind === 'unusable') {
    const what = `baselines exist and none can be used: ${found.reasons.join('; ')}`;
    throw new UserError({ what, where: `baselines of suite ${suite}`, fix: found.fix });
  }
  if (found.kind === 'found') await refuseTwins(run.config, found.records);
  return found;
}

/** A baseline that another config recorded is another suite's, where that config is still there and has the same name. */
async function refuseTwins({ file, name }: Config, records: readonly BaselineRecord[]): Promise<void> {
  const place = await placeOf(file);
  if (place === null) return;
  for (const record of records) {
    if (record.config === null || record.config === place.path) continue;
    if ((await suiteIn(join(place.root, record.config))) === name)
      throw twins(record, { suite: name, config: place.path });
  }
}

/** The suite's name in a config; null where there is none that can be read. */
export async function suiteIn(file: string): Promise<string | null> {
  try {
    return (await readConfig(file)).name;
  } catch (thrown) {
    if (thrown instanceof UserError) return null;
    throw thrown;
  }
}

/** The checkpoint that is recorded of several: the one that baseline.checkpoint names, else the first. */
function recordedOf(checkpoints: readonly Checkpoint[], { baseline }: Config): number {
  if (baseline.checkpoint === null) return 0;
  const index = checkpoints.findIndex(({ name }) => name === baseline.checkpoint);
  if (index >= 0) return index;
  throw new UserError({
    what: `there is no checkpoint ${JSON.stringify(baseline.checkpoint)} to record`,
    where: 'baseline.checkpoint',
    fix: `Name one of: ${checkpoints.map(({ name }) => name).join(', ')}`,
  });
}

/** What of a run is to be recorded. */
interface Analysed {
  readonly result: Result;
  readonly features: Features;
  /** Aligned with the result's. */
  readonly checkpoints: readonly Checkpoint[];
}

async function recordOf(
  run: Run,
  store: BaselineStore,
  { result, features, checkpoints }: Analysed,
): Promise<BaselineRecord> {
  const index = recordedOf(checkpoints, run.config);
  const { failed } = entry(checkpoints, index);
  const watched = await watchedSlices(run, features, store);
  return baselineRecord(result, entry(result.checkpoints, index), entry(checkpoints, index), features.evalSet, {
    replica: run.request.replica === true,
    config: (await placeOf(run.config.file))?.path ?? null,
    hashes: features.hashes,
    sketch: await sketchOf(features),
    events: await store.watched(),
    slices: watched.map(({ name, rows }) => ({
      name,
      images: Array.from(rows, (row) => entry(features.evalSet.images, row)),
      failures: total(Array.from(rows, (row) => entry(failed, row))),
    })),
  });
}

function recordedLine({ checkpoint, commit, suite, replica }: BaselineRecord): string {
  const as = replica ? 'a replica beside the baseline' : 'a baseline';
  return `Recorded ${JSON.stringify(checkpoint)} at ${commit.slice(0, 12)} as ${as} of ${suite}.`;
}

/**
 * Records the checkpoint of a run that passed; returns what to say of it. A commit's accepted checkpoint stays, whatever a later run
 * at it judged: to put another in its place takes a person.
 */
export async function recordPassed(run: Run, analysed: Analysed): Promise<string> {
  const store = await baselinesOf(run);
  const record = await recordOf(run, store, analysed);
  const there = await store.accepted(record.commit);
  if (there !== null && !isSameOutcome(outcomeOf(there), outcomeOf(record))) {
    return `Not recorded: ${JSON.stringify(there.checkpoint)} is the accepted checkpoint of ${record.commit.slice(0, 12)} already, and predicts otherwise (barlow baseline record --replace puts another in its place).`;
  }
  await store.record(record);
  return recordedLine(record);
}

/** Accepts a checkpoint as it is. */
export function recordBaseline(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const { evalSet, given } = await readInputs(run);
    const store = await baselinesOf(run, { make: true });
    const features = await extract(run, evalSet);
    const checkpoints = await openCheckpoints(run, given, features);
    const untested = withAnalysis(run, { shuffles: 0 });
    const results: CheckpointResult[] = [];
    for (const checkpoint of checkpoints) {
      results.push(resultWithout(checkpoint, await analyseCheckpoint(untested, features, checkpoint)));
    }
    const result = resultOf(run, features, (await standingOf(run)).commit, results);
    const record = await recordOf(run, store, { result, features, checkpoints });
    await store.record(record, { replace: request.replace === true });
    const { commit, suite, checkpoint, replica } = record;
    const json = { commit, suite, checkpoint, replica, recorded: true };
    return { json, lines: [recordedLine(record)], passed: true };
  });
}

/** The baselines that are kept, newest first. */
export function listBaselines(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const rows = await (await baselinesOf(run)).list();
    const lines = baselineListLines(rows);
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
    return { json: baseline, lines: baselineLines(baseline), passed: true };
  });
}
