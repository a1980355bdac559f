import type { TrainingSet } from '../evalset/trainingSet.ts';
import { type OpenedFeatures, openFeatures, propertiesBeside, readerOf, shardOf } from '../features/openFeatures.ts';
import { withProperties } from '../features/withProperties.ts';
import {
  type CountedClass,
  type CountedEvent,
  classesOfEvent,
  clusterFor,
  trainingEvidence,
} from '../gate/trainingShare.ts';
import type { SharedImage, TrainingSetInfo } from '../records/causes.ts';
import type { Cluster, FailureEvent } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { ReadColumns } from '../records/features.ts';
import { imageProperties } from '../records/imageProperties.ts';
import type { Result } from '../records/result.ts';
import { count } from '../records/words.ts';
import { differInSize } from './differInSize.ts';
import { type Features, readerOfAll } from './read.ts';
import { type Run, storeFolder, threadsOf } from './request.ts';
import { positionsInside } from './rowsInside.ts';

/** Training images that were read, with their features. */
interface ReadTraining {
  readonly labels: readonly string[];
  readonly read: ReadColumns;
  /** Features an image that `read` knows. */
  readonly dimensions: number;
  readonly info: TrainingSetInfo;
}

/**
 * Says of every event whether the training set has such images. Only the images of classes that newly fail are read.
 *
 * @throws UserError where the training images cannot be read: what a report says without them still holds
 */
export async function withTrainingEvidence(
  run: Run,
  features: Features,
  training: TrainingSet,
  result: Result,
): Promise<Result> {
  const found = result.checkpoints.flatMap(({ events, comparison }) =>
    events.map((event) => ({ event, clusters: comparison?.clusters ?? [] })),
  );
  const wanted = new Set(found.flatMap(({ event }) => classesOfEvent(event)));
  if (found.length === 0) return result;
  const read = await trainingFeatures(run, training, features, (label) => wanted.has(label));
  if (read === null) return result;
  const counted: CountedEvent[] = [];
  for (const { event, clusters } of found) counted.push(await countEvent(event, clusters, features, read));
  const evidence = trainingEvidence(counted, run.config.gate.significance);
  let next = 0;
  return {
    ...result,
    checkpoints: result.checkpoints.map((checkpoint) => ({
      ...checkpoint,
      events: checkpoint.events.map((event) => ({ ...event, trainingSet: entry(evidence, next++) })),
    })),
    trainingSet: read.info,
  };
}

/** Reads the training images of some classes; null, and a notice, where there is none. */
export async function trainingFeatures(
  run: Run,
  { images, folder, labels }: TrainingSet,
  features: Pick<Features, 'evalSet' | 'file' | 'hashes' | 'properties'>,
  isWanted: (label: string) => boolean,
): Promise<ReadTraining | null> {
  const { config, request } = run;
  const { shard, onNotice } = request;
  const rows = shardOf(
    [...images.keys()].filter((row) => isWanted(entry(labels, row))),
    shard,
  );
  if (rows.length === 0) {
    onNotice('The training set has no image of the classes that newly fail.');
    return null;
  }
  const given = config.trainingSet?.features ?? null;
  const names = given === null ? rows.map((row) => entry(images, row)) : images;
  onNotice(`Reading ${count(rows.length)} of ${count(images.length)} training images.`);
  const file = await openTraining(run, { images: names, folder }, given);
  if (file.dimensions !== features.file.dimensions) {
    onNotice(
      `The training set is left out: it has ${file.dimensions} features an image, the eval set ${features.file.dimensions}.`,
    );
    return null;
  }
  const bad = new Set(file.unusable.map(({ index }) => index));
  for (const { index, why } of file.unusable)
    onNotice(`Training image ${JSON.stringify(names[index])} left out: it ${why}.`);
  const left = given === null ? rows.filter((_, at) => !bad.has(at)) : rows;
  const shared =
    file.hashes &&
    sharedImages(
      left.map((row) => entry(images, row)),
      file.hashes,
      features,
    );
  tellShared(shared ?? [], onNotice);
  const read = await readerOfTraining(file, rows, { images, folder }, given !== null, features, run);
  return {
    labels: left.map((row) => entry(labels, row)),
    ...read,
    info: {
      images: images.length,
      read: left.length,
      skipped: file.unusable.map(({ index }) => entry(names, index)),
      shared,
    },
  };
}

/** Computes the features of training images, or takes those given; images that cannot be used are left out. */
function openTraining(
  { config, request, pool }: Run,
  evalSet: Pick<TrainingSet, 'images' | 'folder'>,
  features: string | null,
): Promise<OpenedFeatures> {
  const { featureModel, engine } = config;
  const { onProgress, onNotice } = request;
  return openFeatures({
    ...{ evalSet, featureModel, features, properties: false, engine, shard: null, onProgress, onNotice },
    imageColumn: config.evalSet.columns.image,
    onBadImage: 'skip',
    storeFolder: storeFolder(config, 'features'),
    run: pool.run,
    threads: threadsOf(request),
  });
}

/** Reads training images by their places among `rows`; of given features the images of these are read for their properties, if the eval set's are. */
async function readerOfTraining(
  file: OpenedFeatures,
  rows: readonly number[],
  { images, folder }: Pick<TrainingSet, 'images' | 'folder'>,
  isGiven: boolean,
  { properties }: Pick<Features, 'properties'>,
  { config, request, pool }: Run,
): Promise<Pick<ReadTraining, 'read' | 'dimensions'>> {
  const { dimensions } = file;
  if (!isGiven) {
    const all = file.properties === null ? dimensions : dimensions + imageProperties.length;
    return { read: readerOfAll(file), dimensions: all };
  }
  const given = readerOf(file);
  const own: ReadColumns = (some, from, to, into) =>
    given(
      some.map((at) => entry(rows, at)),
      from,
      to,
      into,
    );
  const { onProgress, onNotice } = request;
  const source = { storeFolder: storeFolder(config, 'features'), run: pool.run, onProgress, onNotice };
  const names = rows.map((row) => entry(images, row));
  const seen = properties.length === 0 ? null : await propertiesBeside({ images: names, folder }, source);
  if (seen === null) return { read: own, dimensions };
  const read = withProperties(own, dimensions, seen, imageProperties.length);
  return { read, dimensions: dimensions + imageProperties.length };
}

/** Leakage: images of which both sets hold the same bytes. */
function sharedImages(
  names: readonly string[],
  hashes: readonly string[],
  { evalSet, hashes: own }: Pick<Features, 'evalSet' | 'hashes'>,
): SharedImage[] {
  const evaluated = new Map(own?.map((hash, row) => [hash, entry(evalSet.images, row)]));
  return names.flatMap((training, at) => {
    const found = evaluated.get(entry(hashes, at));
    return found === undefined ? [] : [{ training, evalSet: found }];
  });
}

function tellShared(shared: readonly SharedImage[], onNotice: (line: string) => void): void {
  const [first] = shared;
  if (first === undefined) return;
  const named = shared
    .slice(0, 3)
    .map(({ training, evalSet }) => `${JSON.stringify(training)} is ${JSON.stringify(evalSet)}`);
  const more = shared.length > named.length ? `, and ${count(shared.length - named.length)} more` : '';
  onNotice(
    `Leakage: ${count(shared.length)} training ${shared.length === 1 ? 'image is' : 'images are'} in the eval set too (${named.join(', ')}${more}). What a checkpoint has seen it gets right: its error rate is too low.`,
  );
}

/** Counts, of each class of an event, the images of both sets that its rule holds. */
async function countEvent(
  event: FailureEvent,
  clusters: readonly Cluster[],
  features: Features,
  training: ReadTraining,
): Promise<CountedEvent> {
  const classes: CountedClass[] = [];
  const why: string[] = [];
  const names = classesOfEvent(event);
  if (names.length === 0) why.push('no class makes up a fifth of its images');
  for (const className of names) {
    const cluster = clusterFor(event, className, clusters);
    const own = rowsOf(features.evalSet.labels, features.evalSet.classes.indexOf(className));
    const trained = rowsOf(training.labels, className);
    if (cluster === null) why.push(whyUntold(event, className, clusters));
    else if (trained.length === 0) why.push(`no training image is of ${className}`);
    else if (cluster.rule.some(({ feature }) => feature >= training.dimensions))
      why.push('its rule names image properties, and those of the training images are not known');
    else if (await differInSize(cluster.rule, features, own, training.read, trained))
      why.push(
        `training images of ${className} have another size than the eval set's, and the rule names what depends on it`,
      );
    else
      classes.push({
        ...{ className, cluster: cluster.id },
        evalSet: { images: own.length, inside: (await positionsInside(cluster.rule, own, features.read)).length },
        trainingSet: {
          images: trained.length,
          inside: (await positionsInside(cluster.rule, trained, training.read)).length,
        },
      });
  }
  return { classes, untested: why.length === 0 ? null : why.join('; ') };
}

/** Why no rule could be counted by. */
function whyUntold({ clusters: ids }: FailureEvent, className: string, clusters: readonly Cluster[]): string {
  const isLikeness = clusters.some(({ id, neighbourhood }) => neighbourhood !== null && ids.includes(id));
  return isLikeness
    ? 'its images are told by how alike they are, not by a rule that images of another set could meet'
    : `it is the whole group, so every image of ${className} lies in it`;
}

function rowsOf<Label>(labels: ArrayLike<Label>, label: Label): Uint32Array {
  return Uint32Array.from(Array.from(labels).flatMap((each, row) => (each === label ? [row] : [])));
}
