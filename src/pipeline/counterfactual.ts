import { join } from 'node:path';
import { planFeatures } from '../features/featurePlan.ts';
import { type CheckpointPlan, engineFor, planCheckpoint } from '../features/runCheckpoint.ts';
import { classesOfEvent, clusterFor } from '../gate/trainingShare.ts';
import type { Picture } from '../images/decode.ts';
import { describeModel } from '../models/describeModel.ts';
import type { Session } from '../models/engine.ts';
import { openSession } from '../models/engines/selectEngine.ts';
import { carryOver, seeTheSame } from '../pictures/carryOver.ts';
import {
  featuresOf,
  holding,
  type Movable,
  type MoveStudio,
  movableConditions,
  moveAtRandom,
  moveTo,
} from '../pictures/counterfactual.ts';
import { viewWorker } from '../pictures/viewWorker.ts';
import type { Region } from '../records/analysis.ts';
import type { Counterfactual, MovedImages } from '../records/causes.ts';
import type { Cluster, FailureEvent } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { bestScore } from '../statistics/bestScore.ts';
import { mcnemar } from '../statistics/mcnemar.ts';
import type { Features, GivenCheckpoint } from './read.ts';
import { type Run, threadsOf } from './request.ts';
import { positionsInside } from './rowsInside.ts';

/** Events of a checkpoint that are tried, images of each that are changed either way, and images that a median is taken of. */
const MOST = { events: 3, images: 40, median: 5_000 };

/** What the events of one checkpoint are tried with. */
interface Trial {
  readonly run: Run;
  readonly features: Features;
  readonly studio: MoveStudio;
  readonly checkpoint: Checkpoint;
  /** The checkpoint's model, open. */
  readonly judge: { readonly session: Session; readonly plan: CheckpointPlan };
}

/**
 * Tries, of every event of a checkpoint that is a model, whether its images mend where what the rule names is taken from them, and
 * right ones break where it is given to them.
 *
 * @param given how `checkpoints`, and with them those of `result`, were given
 * @throws UserError where a model cannot be opened or has no gradient: what a report says without this still holds
 */
export async function withCounterfactuals(
  run: Run,
  features: Features,
  given: readonly GivenCheckpoint[],
  checkpoints: readonly Checkpoint[],
  result: Result,
): Promise<Result> {
  const { featureModel, engine, counterfactual } = run.config;
  const isTried = (index: number) =>
    'model' in entry(given, index) && entry(result.checkpoints, index).events.length > 0;
  if (!counterfactual || featureModel === null || features.file.model.engine === 'file') return result;
  if (!checkpoints.some((_, index) => isTried(index))) return result;
  const plan = planFeatures(await describeModel(featureModel.path), featureModel);
  const { onNotice, onProgress } = run.request;
  await using session = closing(
    await openSession(plan.model, engine, plan.pipeline.crop, { threads: threadsOf(run.request) }, onNotice),
  );
  const studio = {
    ...{ session: session.open, plan, dimensions: features.file.dimensions },
    onProgress: (done: number, total: number) => onProgress('counterfactual', done, total),
  };
  const tried: CheckpointResult[] = [];
  for (const [index, judged] of result.checkpoints.entries()) {
    const source = entry(given, index);
    const checkpoint = entry(checkpoints, index);
    tried.push(
      'model' in source && isTried(index)
        ? { ...judged, events: await tryEvents({ run, features, studio, checkpoint }, source.model, judged) }
        : judged,
    );
  }
  return { ...result, checkpoints: tried };
}

/** A session that is closed where its scope ends. */
function closing(open: Session) {
  return { open, [Symbol.asyncDispose]: () => open.close() };
}

async function tryEvents(
  given: Omit<Trial, 'judge'>,
  { path, classes }: { readonly path: string; readonly classes: readonly string[] },
  { events, comparison }: CheckpointResult,
): Promise<FailureEvent[]> {
  const { config, request } = given.run;
  const plan = await planCheckpoint({ path, classes, options: config.checkpointModel }, given.features.evalSet.classes);
  const { model, pipeline } = plan.plan;
  const engine = engineFor(model.kind, config.engine);
  await using session = closing(
    await openSession(model, engine, pipeline.crop, { threads: threadsOf(request) }, request.onNotice),
  );
  const trial = { ...given, judge: { session: session.open, plan } };
  const tried: FailureEvent[] = [];
  for (const [at, event] of events.entries()) {
    const counterfactual = at < MOST.events ? await tryEvent(trial, event, comparison?.clusters ?? []) : null;
    tried.push({ ...event, counterfactual });
  }
  return tried;
}

async function tryEvent(
  trial: Trial,
  event: FailureEvent,
  clusters: readonly Cluster[],
): Promise<Counterfactual | null> {
  const { features, studio, checkpoint, judge } = trial;
  const [className = event.images[0]?.label ?? ''] = classesOfEvent(event);
  const cluster = clusterFor(event, className, clusters);
  if (cluster === null) return null;
  const untested = (why: string) => ({
    ...{ cluster: cluster.id, features: [], mend: null, breaks: null },
    untested: why,
  });
  const ways = movableConditions(cluster.rule, studio.dimensions);
  if (ways.length === 0) return untested('no image can be changed along what its rule names');
  if (!seeTheSame(studio.plan.pipeline, judge.plan.plan.pipeline))
    return untested('the checkpoint sees another part of an image than the feature model does');
  const { evalSet, read } = features;
  const rowOf = new Map(evalSet.images.map((name, row) => [name, row]));
  const inCluster = new Set(cluster.images);
  const failing = event.images.flatMap(({ name }) => (inCluster.has(name) ? (rowOf.get(name) ?? []) : []));
  const label = evalSet.classes.indexOf(className);
  const own = Uint32Array.from([...evalSet.labels.keys()].filter((row) => evalSet.labels[row] === label));
  const inside = new Set((await positionsInside(cluster.rule, own, read)).map((at) => entry(own, at)));
  const right = [...own].filter((row) => checkpoint.failed[row] === 0 && !inside.has(row));
  if (failing.length === 0 || right.length === 0)
    return untested('there are no images to change, or none to compare with');
  const usual = await reversed(ways, right, features);
  const typical = await mediansOf(ways, failing, features);
  const some = failing.slice(0, MOST.images);
  const isWhole = ways.length === cluster.rule.length;
  return {
    cluster: cluster.id,
    features: usual.map(({ feature }) => feature),
    mend: await moveAndJudge(trial, some, cluster.rule, usual, false),
    breaks: isWhole ? await moveAndJudge(trial, spread(right, some.length), cluster.rule, typical, true) : null,
    untested: null,
  };
}

/**
 * Where images of a rule are to go: each feature to the median of right images outside it. A condition that these meet too is no
 * difference and is left as it is, unless there is no other.
 */
async function reversed(ways: Region, right: readonly number[], features: Features): Promise<Region> {
  const medians = await mediansOf(ways, right, features);
  const goals = medians.flatMap(({ feature, op, threshold }, at) => {
    const way = entry(ways, at);
    const isOutside = op === '>' ? threshold <= way.threshold : threshold > way.threshold;
    return isOutside ? [{ feature, op: op === '>' ? '<=' : '>', threshold } as const] : [];
  });
  if (goals.length > 0) return goals;
  return ways.map(({ feature, op, threshold }) => ({ feature, op: op === '>' ? '<=' : '>', threshold }));
}

/** The conditions with the median of some images in place of each threshold. */
async function mediansOf(ways: Region, rows: readonly number[], { read }: Features): Promise<Region> {
  const some = Uint32Array.from(spread(rows, MOST.median));
  const medians: Region[number][] = [];
  for (const way of ways) {
    const { values } = await read(some, way.feature, way.feature + 1);
    const threshold = entry(values.slice(0, some.length).sort(), (some.length - 1) >> 1);
    medians.push({ ...way, threshold });
  }
  return medians;
}

/** At most `count` of some rows, evenly spread. */
function spread(rows: readonly number[], count: number): readonly number[] {
  if (rows.length <= count) return rows;
  return Array.from({ length: count }, (_, i) => entry(rows, Math.floor(((i + 0.5) * rows.length) / count)));
}

/** Moves images to a goal, and as far at random; counts those that the checkpoint judges otherwise after. Null where none is left to move. */
async function moveAndJudge(
  trial: Trial,
  rows: readonly number[],
  rule: Region,
  goal: Region,
  areRight: boolean,
): Promise<MovedImages | null> {
  const { studio } = trial;
  const all = await movables(trial, rows);
  const viewsOf = (some: readonly Trained[]) => some.map(({ view }) => view);
  const before = await judgedRight(trial, all, viewsOf(all));
  // One that is judged otherwise already as it is shown here could not turn.
  const images = all.filter((_, at) => entry(before, at) === areRight);
  if (images.length === 0) return null;
  const moved = await moveTo(images, goal, studio);
  const distances = moved.map(({ distance }) => distance);
  const random = await moveAtRandom(images, distances, goal.length, rule, studio);
  const turnedBy = async (some: readonly { readonly picture: Picture }[]) => {
    const pictures = some.map(({ picture }) => picture);
    return (await judgedRight(trial, images, pictures)).map((isRight) => isRight !== areRight);
  };
  const [turned, atRandom] = [await turnedBy(moved), await turnedBy(random)];
  const held = await holding(
    rule,
    images,
    moved.map(({ picture }) => picture),
    studio,
  );
  const count = (each: (at: number) => boolean) => [...images.keys()].filter(each).length;
  return {
    images: images.length,
    crossed: count((at) => entry(held, at) === areRight),
    turned: count((at) => entry(turned, at)),
    turnedAtRandom: count((at) => entry(atRandom, at)),
    pValue: mcnemar(
      count((at) => entry(turned, at) && !entry(atRandom, at)),
      count((at) => entry(atRandom, at) && !entry(turned, at)),
    ),
    distance: entry(
      distances.toSorted((a, b) => a - b),
      (distances.length - 1) >> 1,
    ),
  };
}

interface Trained extends Movable {
  readonly label: number;
  /** As the checkpoint sees it. */
  readonly seen: Picture;
}

/** Images with what both models see of them; without those that can be read no more. */
async function movables({ run, features, studio, judge }: Trial, rows: readonly number[]): Promise<Trained[]> {
  const { evalSet, file, read, properties } = features;
  const folder = evalSet.folder ?? '';
  const { values } = await read(Uint32Array.from(rows), file.dimensions, file.dimensions + properties.length);
  const found = await Promise.all(
    rows.map(async (row, at) => {
      const name = entry(evalSet.images, row);
      const viewBy = (pipeline: typeof studio.plan.pipeline) =>
        run.pool.run(viewWorker, { path: join(folder, name), pipeline });
      const [view, seen] = await Promise.all([viewBy(studio.plan.pipeline), viewBy(judge.plan.plan.pipeline)]);
      const own = Float32Array.from(properties, (_, property) => entry(values, property * rows.length + at));
      return view && seen && { name, view, seen, properties: own, label: entry(evalSet.labels, row) };
    }),
  );
  return found.filter((each) => each !== null);
}

/** Whether the checkpoint is right on each image where the feature model's view of it has become a picture. */
async function judgedRight(
  { judge }: Trial,
  images: readonly Trained[],
  pictures: readonly Picture[],
): Promise<boolean[]> {
  const { plan, classOf } = judge.plan;
  const changed = images.map(({ view, seen }, at) => carryOver(entry(pictures, at), view, seen));
  const scores = await featuresOf(changed, judge.session, plan.layer, plan);
  return scores.map((each, at) => entry(classOf, bestScore(each)[0]) === entry(images, at).label);
}
