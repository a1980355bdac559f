import { pairedGroupsOf } from '../analysis/groups.ts';
import { type CommonGround, commonGround } from '../baseline/record.ts';
import { restrictCheckpoint, restrictEvalSet } from '../evalset/restrict.ts';
import { judge } from '../gate/checks.ts';
import { type Compared, compare } from '../gate/compare.ts';
import { guessing } from '../gate/guessing.ts';
import { testSlices } from '../gate/slices.ts';
import { unchanged } from '../gate/unchanged.ts';
import type { GroupAnalysis } from '../records/analysis.ts';
import type { BaselineRecord, Baselines } from '../records/baseline.ts';
import type { EvalSetChanges, FailureEvent } from '../records/comparison.ts';
import type { Config } from '../records/config.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import type { FeatureNames, ReadColumns } from '../records/features.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import type { Slice, SliceResult } from '../records/slices.ts';
import { total } from '../statistics/sums.ts';
import { copiesAmong } from './copies.ts';
import { groupsFor } from './groupsFor.ts';
import { difficultyIn } from './hardness.ts';
import { listCutter, withMembers, withOthers } from './imageLists.ts';
import type { Features } from './read.ts';
import type { Run } from './request.ts';
import { tool } from './tool.ts';

/** What is not as it was when the baselines were recorded. */
interface Since {
  readonly evalSet: EvalSetChanges;
  /** Sentences. */
  readonly notes: readonly string[];
}

/** Compares one checkpoint with its baselines and judges it; null: no comparison is asked for. `earlier`: events of the run's checkpoints before it. */
export async function judgeCheckpoint(
  run: Run,
  features: Features,
  checkpoint: Checkpoint,
  groups: readonly GroupAnalysis[],
  baselines: Baselines | null,
  earlier: readonly FailureEvent[],
  since: Since | null,
  watched: readonly Slice[],
  names: FeatureNames,
): Promise<CheckpointResult> {
  const alone = resultWithout(checkpoint, groups);
  const records = baselines?.kind === 'found' ? baselines.records : null;
  const { evalSet, file } = features;
  const common = records && commonGround({ evalSet, featureModel: file.model }, records);
  const cut = listCutter();
  const {
    comparison: found,
    events: fresh,
    copies,
  } = common === null
    ? { comparison: null, events: [], copies: [] }
    : await compared(run, features, checkpoint, groups, common, earlier, names, cut);
  const slices = slicesTested(run, evalSet, checkpoint, common, watched, cut);
  const guess = guessing(checkpoint, evalSet);
  const same = common && unchanged(restrictCheckpoint(checkpoint, common.rows), entry(common.checkpoints, 0));
  if (same !== null) run.request.onNotice(`${same}.`);
  const told = [guess, same].filter((note) => note !== null);
  const notes = [...(since?.notes ?? []), ...(common?.leftOut ?? []), ...copies, ...told];
  const comparison = found && since && { ...found, evalSet: since.evalSet, notes };
  const events = fresh.map((event) => ({ ...event, known: watchedAs(event, watched, evalSet) }));
  const { gate, baseline } = run.config;
  const verdict = judge({
    whole: { images: alone.images, failures: alone.failures },
    minNewFailures: gate.minNewFailures,
    candidate: groups,
    comparison,
    events,
    slices,
    nameOf: (feature) => features.properties[feature - features.file.dimensions] ?? `feature ${feature}`,
    baseline: records?.[0].groups ?? [],
    rules: gate.checks,
    accepted: gate.accepted,
    // By the real date: SOURCE_DATE_EPOCH dates what is written, it brings back nothing that has expired.
    today: new Date().toISOString().slice(0, 10),
    uncompared: uncompared(baselines, baseline.onMissing),
  });
  return { ...alone, comparison, events, slices, verdict };
}

/** Why nothing is compared; null where it is not asked for. */
function uncompared(baselines: Baselines | null, onMissing: Config['baseline']['onMissing']) {
  if (baselines === null) return null;
  if (baselines.kind === 'own') {
    const which = `it is the accepted checkpoint of ${baselines.commit.slice(0, 12)} itself`;
    return { severity: 'warning' as const, message: `${which}, and none was accepted before it` };
  }
  const severity = onMissing === 'fail' ? ('error' as const) : ('warning' as const);
  return { severity, message: 'no baseline of this suite has been recorded yet' };
}

/** Compares on the images that candidate and baselines have in common. */
async function compared(
  run: Run,
  features: Features,
  checkpoint: Checkpoint,
  candidate: readonly GroupAnalysis[],
  common: CommonGround,
  earlier: readonly FailureEvent[],
  names: FeatureNames,
  cut: ReturnType<typeof listCutter>,
): Promise<Compared & { readonly copies: readonly string[] }> {
  const { config, request, pool } = run;
  const { evalSet, file, read } = features;
  for (const note of [...common.notes, ...common.leftOut]) request.onNotice(note);
  const shared = restrictEvalSet(evalSet, common.rows);
  const sides = [restrictCheckpoint(checkpoint, common.rows), ...common.checkpoints];
  const wholeSet = entry(pairedGroupsOf(['all'], shared, sides), 0);
  const groups = pairedGroupsOf(groupsFor(run, sides), shared, sides);
  const faceOf = faces(shared, entry(sides, 0), entry(sides, 1));
  const readColumns: ReadColumns = (rows, from, to, into) =>
    read(
      Uint32Array.from(rows, (row) => entry(common.rows, row)),
      from,
      to,
      into,
    );
  const { drawnAs, note } = await copiesAmong(wholeSet, shared, file.dimensions, readColumns);
  if (note !== null) request.onNotice(note);
  const found = await compare({
    drawnAs,
    candidate,
    baselines: common.records,
    earlier,
    wholeSet,
    groups,
    images: shared.images,
    metadata: shared.columns,
    featureNames: names,
    dimensions: file.dimensions + features.properties.length,
    properties: file.dimensions,
    difficultyOf: await difficultyIn(run, features, common.rows),
    confidences: allOrNone(sides.map(({ confidence }) => confidence)),
    faceOf,
    options: config.gate,
    failureMode: config.analysis.failureMode,
    readColumns,
    run: pool.run,
    onProgress: request.onProgress,
  });
  const listed = { images: shared.images, outcomes: sides.map(({ failed }) => failed), faceOf };
  const { clusters } = found.comparison;
  const events = await withOthers(found.events, clusters, groups, listed, readColumns, cut);
  return { ...found, events, copies: note === null ? [] : [note] };
}

/** Tests the watched slices on the images that are compared, or tells them alone where nothing is. */
function slicesTested(
  { config }: Run,
  evalSet: EvalSet,
  checkpoint: Checkpoint,
  common: CommonGround | null,
  watched: readonly Slice[],
  cut: ReturnType<typeof listCutter>,
): readonly SliceResult[] {
  const { significance } = config.gate;
  if (common === null) {
    const whole = { uncompared: { images: 0, failures: 0 }, left: 0 };
    const tested = testSlices(watched, [checkpoint.failed], evalSet.images, significance);
    const results = tested.map((each) => ({ ...each, ...whole }));
    const listed = { images: evalSet.images, outcomes: [checkpoint.failed], faceOf: faces(evalSet, checkpoint, null) };
    return withMembers(results, watched, listed, cut);
  }
  const position = new Map([...common.rows].map((row, at) => [row, at]));
  // Of a slice, the images that the baselines have too.
  const shared = watched.map((slice) => ({
    ...slice,
    rows: Uint32Array.from([...slice.rows].flatMap((row) => position.get(row) ?? [])),
  }));
  const candidate = restrictCheckpoint(checkpoint, common.rows);
  const newest = entry(common.checkpoints, 0);
  const compared = restrictEvalSet(evalSet, common.rows);
  const outcomes = [candidate.failed, newest.failed] as const;
  const listed = { images: compared.images, outcomes, faceOf: faces(compared, candidate, newest) };
  const tested = testSlices(shared, outcomes, compared.images, significance);
  const leftOf = leftSince(entry(common.records, 0), evalSet);
  const results = tested.map((each, index) => {
    const slice = entry(watched, index);
    const lacking = slice.rows.filter((row) => !position.has(row));
    const uncompared = { images: lacking.length, failures: total(lacking.map((row) => entry(checkpoint.failed, row))) };
    return { ...each, uncompared, left: leftOf(slice) };
  });
  return withMembers(results, shared, listed, cut);
}

/** How many images of a slice, as the baseline knew it, are still evaluated but no longer in it: its condition, its list or the metadata changed. */
function leftSince({ slices }: Pick<BaselineRecord, 'slices'>, { images }: EvalSet): (slice: Slice) => number {
  const rowOf = new Map(images.map((image, row) => [image, row]));
  return ({ name, source, rows }) => {
    if (source === 'event') return 0;
    const inside = new Set(rows);
    const then = slices.find((each) => each.name === name)?.images ?? [];
    return then.filter((image) => {
      const row = rowOf.get(image);
      return row !== undefined && !inside.has(row);
    }).length;
  };
}

/** The watched slice that holds most of an event's images; null where none holds more than half. */
function watchedAs({ images }: FailureEvent, watched: readonly Slice[], evalSet: EvalSet): string | null {
  const inEvent = new Set(images.map(({ name }) => name));
  const shares = watched.map(({ name, rows }) => ({
    name,
    held: rows.reduce((sum, row) => sum + Number(inEvent.has(entry(evalSet.images, row))), 0),
  }));
  const best = shares.reduce((a, b) => (b.held > a.held ? b : a), { name: '', held: 0 });
  return 2 * best.held > images.length ? best.name : null;
}

function allOrNone(confidences: readonly (Float64Array | null)[]): readonly Float64Array[] | null {
  const known = confidences.flatMap((each) => each ?? []);
  return known.length === confidences.length ? known : null;
}

/** What is known of an image by itself: its label, and what the newest accepted checkpoint (null: none) and the candidate take it for, and how surely. */
function faces({ classes, labels }: EvalSet, candidate: Checkpoint, newest: Checkpoint | null) {
  const taken = (checkpoint: Checkpoint | null, row: number) => {
    const predictions = checkpoint?.predictions ?? null;
    return predictions === null ? null : entry(classes, entry(predictions, row));
  };
  return (row: number) => ({
    label: entry(classes, entry(labels, row)),
    before: taken(newest, row),
    after: taken(candidate, row),
    confidence: candidate.confidence && entry(candidate.confidence, row),
    confidenceBefore: newest?.confidence ? entry(newest.confidence, row) : null,
  });
}

/** What a checkpoint is by itself. */
export function resultWithout(checkpoint: Checkpoint, groups: readonly GroupAnalysis[]): CheckpointResult {
  const images = checkpoint.failed.length;
  const failures = total(checkpoint.failed);
  const baseErrorRate = failures / images;
  return {
    name: checkpoint.name,
    images,
    failures,
    baseErrorRate,
    groups,
    comparison: null,
    events: [],
    slices: [],
    verdict: null,
  };
}

/** Everything that a run found. */
export function resultOf(
  { config, request }: Run,
  { evalSet, file, skipped, properties }: Features,
  commit: string | null,
  checkpoints: readonly CheckpointResult[],
): Result {
  const { images, classes, fingerprint } = evalSet;
  return {
    schemaVersion: 2,
    suite: config.name,
    commit,
    createdAt: request.now.toISOString(),
    tool,
    evalSet: { images: images.length, classes, fingerprint, skipped },
    featureModel: file.model,
    properties,
    options: { analysis: config.analysis, gate: config.gate },
    checkpoints,
    trainingSet: null,
  };
}
