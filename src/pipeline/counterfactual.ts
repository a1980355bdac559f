import { join } from 'node:path';
import { planFeatures } from '../features/featurePlan.ts';
import { type CheckpointPlan, engineFor, planCheckpoint } from '../features/runCheckpoint.ts';
import { classesOfEvent, clusterFor } from '../gate/trainingShare.ts';
import type { Picture } from '../images/decode.ts';
import { readImageHeader } from '../images/imageHeader.ts';
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
import { dataUri } from '../pictures/encodePicture.ts';
import { encodeWorker } from '../pictures/encodeWorker.ts';
import { viewWorker } from '../pictures/viewWorker.ts';
import type { Region } from '../records/analysis.ts';
import type { Counterfactual, MovedImages } from '../records/causes.ts';
import type { Cluster, FailureEvent } from '../records/comparison.ts';
import { entry, lookUp } from '../records/entry.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { spread } from '../records/spread.ts';
import { keyOf, type TrialPictures } from '../report/pictures.ts';
import { bestScore } from '../statistics/bestScore.ts';
import { mcnemar } from '../statistics/mcnemar.ts';
import type { Features, GivenCheckpoint } from './read.ts';
import { type Run, threadsOf } from './request.ts';
import { positionsInside } from './rowsInside.ts';

/** The most events of a checkpoint that are tested, images of each that are changed each way, images that a median is taken of, and images shown. */
const MOST = { events: 3, images: 40, median: 5_000, shown: 6 };

/** What the events of one checkpoint are tried with. */
interface Trial {
  readonly run: Run;
  readonly features: Features;
  readonly studio: MoveStudio;
  readonly checkpoint: Checkpoint;
  /** Takes pictures of images that were changed. */
  readonly trials: Map<string, TrialPictures>;
  /** The checkpoint's model, open. */
  readonly judge: { readonly session: Session; readonly plan: CheckpointPlan };
}

/** What was found, and pictures of images that were changed, by `keyOf` events. */
interface Tried {
  readonly result: Result;
  readonly trials: ReadonlyMap<string, TrialPictures>;
}

/**
 * Tests, for every event of a checkpoint that is a model, whether its images become right where what the rule names is taken from them,
 * and right ones fail where it is given to them.
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
): Promise<Tried> {
  const { featureModel, engine, counterfactual } = run.config;
  const isTried = (index: number) =>
    'model' in entry(given, index) && entry(result.checkpoints, index).events.length > 0;
  const trials = new Map<string, TrialPictures>();
  if (!counterfactual || featureModel === null || features.file.model.engine === 'file') return { result, trials };
  if (!checkpoints.some((_, index) => isTried(index))) return { result, trials };
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
        ? { ...judged, events: await tryEvents({ run, features, studio, checkpoint, trials }, source.model, judged) }
        : judged,
    );
  }
  return { result: { ...result, checkpoints: tried }, trials };
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
  const [className = entry(event.images, 0).label] = classesOfEvent(event);
  const cluster = clusterFor(event, className, clusters);
  const untested = (why: string, of = cluster) =>
    of && { ...{ cluster: of.id, features: [], mend: null, breaks: null }, untested: why };
  if (cluster === null) {
    const near = clusters.find(({ id, neighbourhood }) => neighbourhood !== null && event.clusters.includes(id));
    return untested('they are told by how alike they are, so that there is no feature to change', near ?? null);
  }
  const ways = movableConditions(cluster.rule, studio.dimensions);
  if (ways.length === 0) return untested('no image can be changed along what its rule names');
  if (!seeTheSame(studio.plan.pipeline, judge.plan.plan.pipeline))
    return untested('the checkpoint sees another part of an image than the feature model does');
  const { evalSet, read } = features;
  const rowOf = new Map(evalSet.images.map((name, row) => [name, row]));
  const inCluster = new Set(cluster.images);
  const failing = event.images.filter(({ name }) => inCluster.has(name)).map(({ name }) => lookUp(rowOf, name));
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
    mend: await moveAndJudge(trial, some, cluster.rule, usual, false, keyOf(checkpoint.name, event.id)),
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

/** Moves images to a goal, and as far at random; counts those that the checkpoint judges otherwise after. Null where none is left to move. */
async function moveAndJudge(
  trial: Trial,
  rows: readonly number[],
  rule: Region,
  goal: Region,
  areRight: boolean,
  shownAs: string | null = null,
): Promise<MovedImages | null> {
  const { studio } = trial;
  const all = await movables(trial, rows);
  const viewsOf = (some: readonly Trained[]) => some.map(({ view }) => view);
  const before = await predicted(trial, all, viewsOf(all));
  // An image that the checkpoint judges otherwise before any change could not turn.
  const images = all.filter(({ label }, at) => (entry(before, at) === label) === areRight);
  if (images.length === 0) return null;
  const moved = await moveTo(images, goal, studio);
  const distances = moved.map(({ distance }) => distance);
  const random = await moveAtRandom(images, distances, goal.length, rule, studio);
  const after = await predicted(trial, images, picturesOf(moved));
  const afterRandom = await predicted(trial, images, picturesOf(random));
  const hasTurned = (found: readonly number[]) =>
    images.map(({ label }, at) => (entry(found, at) === label) !== areRight);
  const [turned, atRandom] = [hasTurned(after), hasTurned(afterRandom)];
  const held = await holding(rule, images, picturesOf(moved), studio);
  if (shownAs !== null) trial.trials.set(shownAs, await shownPictures(trial, images, picturesOf(moved), after));
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
  const { folder } = evalSet;
  if (folder === null) throw new Error('no folder of images to change');
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

/** The class that the checkpoint takes each image for where the feature model's view of it has become a picture. */
async function predicted(
  { judge }: Trial,
  images: readonly Trained[],
  pictures: readonly Picture[],
): Promise<number[]> {
  const { plan, classOf } = judge.plan;
  const changed = images.map(({ view, seen }, at) => carryOver(entry(pictures, at), view, seen));
  const scores = await featuresOf(changed, judge.session, plan.layer, plan);
  return scores.map((each) => entry(classOf, bestScore(each)[0]));
}

function picturesOf(moved: readonly { readonly picture: Picture }[]): Picture[] {
  return moved.map(({ picture }) => picture);
}

/** The first few images before and after, each with what the checkpoint takes it for. */
async function shownPictures(
  trial: Trial,
  images: readonly Trained[],
  moved: readonly Picture[],
  after: readonly number[],
): Promise<TrialPictures> {
  const { run, features } = trial;
  const { classes } = features.evalSet;
  const some = images.slice(0, MOST.shown);
  const before = await predicted(
    trial,
    some,
    some.map(({ view }) => view),
  );
  const shown = (pictures: readonly Picture[], taken: readonly number[]) =>
    Promise.all(
      some.map(async ({ name, label }, at) => ({
        ...(await embedded(run, entry(pictures, at))),
        ...{ image: name, label: entry(classes, label), prediction: entry(classes, entry(taken, at)) },
      })),
    );
  return {
    before: await shown(
      some.map(({ view }) => view),
      before,
    ),
    after: await shown(moved, after),
  };
}

async function embedded({ pool }: Run, picture: Picture) {
  const bytes = await pool.run(encodeWorker, picture);
  const { width, height } = readImageHeader(bytes);
  return { uri: dataUri(bytes, 'webp'), width, height };
}
