import { doubtfulLabels, NEIGHBOURS, type Surrounded } from '../gate/doubtfulLabels.ts';
import { type Evidence, eventActions } from '../gate/eventActions.ts';
import { addFeatures, nearestOf, noDistances } from '../gate/nearest.ts';
import { classesOfEvent, clusterFor } from '../gate/trainingShare.ts';
import { heatOfImages } from '../pictures/heatOfImages.ts';
import type { Heat } from '../records/actions.ts';
import type { Cluster, FailureEvent } from '../records/comparison.ts';
import { entry, lookUp } from '../records/entry.ts';
import type { FeatureNames } from '../records/features.ts';
import type { Result } from '../records/result.ts';
import { spread } from '../records/spread.ts';
import { actionWords } from '../report/actions.ts';
import { keyOf } from '../report/pictures.ts';
import { mcnemar } from '../statistics/mcnemar.ts';
import { total } from '../statistics/sums.ts';
import type { Features } from './read.ts';
import { type Run, storeFolder, threadsOf } from './request.ts';

/** What was looked at of events, by `keyOf`. */
export interface Looked {
  readonly labels: ReadonlyMap<string, NonNullable<Evidence['labels']>>;
  readonly heats: ReadonlyMap<string, Heat>;
}

/** Says of every event what somebody could do about it. @param looked null before anything was looked at */
export function withActions(
  { config }: Run,
  result: Result,
  names: FeatureNames,
  { labels, heats }: Looked = { labels: new Map(), heats: new Map() },
): Result {
  const words = { names, canFind: result.featureModel.engine !== 'file' };
  return {
    ...result,
    checkpoints: result.checkpoints.map((checkpoint) => ({
      ...checkpoint,
      events: checkpoint.events.map((event) => {
        const key = keyOf(checkpoint.name, event.id);
        const evidence = {
          ...{ labels: labels.get(key) ?? null, heat: heats.get(key) ?? null },
          hasTrainingSet: config.trainingSet !== null,
          checks: checkpoint.verdict?.checks ?? [],
        };
        return {
          ...event,
          actions: eventActions(event, evidence).map((each) => ({ ...each, ...actionWords(each, event, words) })),
        };
      }),
    })),
  };
}

/** Images whose labels are looked at, of an event and of all; images that they are compared with, evenly spread; features, the first, and how many are in memory. */
const LABELS = { ofEvent: 120, ofAll: 240, others: 50_000, features: 256, atOnce: 64 };

/** An image whose label is looked at. */
interface Asked {
  readonly key: string;
  readonly image: FailureEvent['images'][number];
  readonly row: number;
  /** Rows of its event: alike as they are, all their labels may be wrong. */
  readonly event: ReadonlySet<number>;
}

/** Of events, the most surprising first, the images whose labels look wrong by those that are most like them and not of their event. */
export async function labelsLookedAt(features: Features, result: Result): Promise<Looked['labels']> {
  const { evalSet, file, read } = features;
  const asked = askedImages(features, result);
  if (asked.length === 0) return new Map();
  const own = new Set(asked.map(({ row }) => row));
  const rest = [...evalSet.images.keys()].filter((row) => !own.has(row));
  const others = Uint32Array.from([...own, ...spread(rest, LABELS.others)]).sort();
  const positionOf = new Map(Array.from(others, (row, position) => [row, position]));
  const positions = asked.map(({ row }) => lookUp(positionOf, row));
  const distances = noDistances(asked.length, others.length);
  const last = Math.min(file.dimensions, LABELS.features);
  for (let from = 0; from < last; from += LABELS.atOnce) {
    addFeatures(distances, await read(others, from, Math.min(last, from + LABELS.atOnce)), positions);
  }
  const surrounded = asked.map(({ key, image, event }, at) => {
    // Of a large event most lie outside what was drawn.
    const leftOut = new Set([...event].flatMap((row) => positionOf.get(row) ?? []));
    const nearest = nearestOf(distances, at, leftOut, NEIGHBOURS.asked);
    const neighbours = nearest.map((other) => entry(evalSet.classes, entry(evalSet.labels, entry(others, other))));
    return { ...image, key, neighbours };
  });
  const byEvent = Map.groupBy(surrounded, ({ key }) => key);
  const found = (images: readonly Surrounded[]) => ({ images: doubtfulLabels(images), of: images.length });
  return new Map([...byEvent].map(([key, images]) => [key, found(images)]));
}

function askedImages({ evalSet }: Features, { checkpoints }: Result): Asked[] {
  const rowOf = new Map(evalSet.images.map((image, row) => [image, row]));
  const asked: Asked[] = [];
  for (const { name, events } of checkpoints) {
    for (const event of events) {
      const most = Math.min(LABELS.ofEvent, LABELS.ofAll - asked.length);
      if (most === 0) return asked;
      const rows = new Set(event.images.map((image) => lookUp(rowOf, image.name)));
      for (const image of event.images.slice(0, most)) {
        asked.push({ key: keyOf(name, event.id), image, row: lookUp(rowOf, image.name), event: rows });
      }
    }
  }
  return asked;
}

/** Events of a checkpoint whose heat is looked at, and images of each. */
const HEAT = { events: 3, images: 40 };

/** Of events whose rule names features that the network must find, where in their images it finds them. */
export async function heatLookedAt(
  run: Run,
  { evalSet, file }: Features,
  { checkpoints }: Result,
): Promise<Looked['heats']> {
  const { config, request, pool } = run;
  const { featureModel, engine } = config;
  const { folder } = evalSet;
  if (featureModel === null || folder === null || file.model.engine === 'file') return new Map();
  const asked = checkpoints.flatMap(({ name, events, comparison }) =>
    events.slice(0, HEAT.events).map((event) => {
      const features = strongFeatures(event, comparison?.clusters ?? [], file.dimensions);
      return { key: keyOf(name, event.id), features, images: event.images.slice(0, HEAT.images) };
    }),
  );
  const subjects = asked.flatMap(({ features, images }) =>
    images.flatMap(({ name: image }) => features.map((feature) => ({ image, feature }))),
  );
  if (subjects.length === 0) return new Map();
  const shares = await heatOfImages(subjects, {
    ...{ featureModel, folder, engine, cacheFolder: storeFolder(config, 'pictures'), run: pool.run },
    ...{ threads: threadsOf(request), onNotice: request.onNotice },
  });
  const heats = new Map<string, Heat>();
  let next = 0;
  for (const { key, features, images } of asked) {
    const own = shares.slice(next, next + images.length * features.length);
    const ofImage = (at: number) => own.slice(at * features.length, (at + 1) * features.length);
    heats.set(
      key,
      heatOf(
        features,
        images.map((_, at) => ofImage(at).filter((share) => share !== null)),
      ),
    );
    next += own.length;
  }
  return heats;
}

/** The features of the network that must be strong where an event is: a weak one is nowhere to be seen. */
function strongFeatures(event: FailureEvent, clusters: readonly Cluster[], dimensions: number): number[] {
  const [className = entry(event.images, 0).label] = classesOfEvent(event);
  const rule = clusterFor(event, className, clusters)?.rule ?? [];
  const strong = rule.filter(({ feature, op }) => op === '>' && feature < dimensions);
  return [...new Set(strong.map(({ feature }) => feature))];
}

/** An even spread has this share of its heat in the middle. */
const EVEN = 0.25;

/** @param ofImages the shares of the heat that lie in the middle, of each image's features that have heat */
function heatOf(features: readonly number[], ofImages: readonly (readonly number[])[]): Heat {
  const warm = ofImages.filter(({ length }) => length > 0);
  const means = warm.map((shares) => total(shares) / shares.length);
  const outside = means.filter((mean) => mean < EVEN).length;
  return { features, images: warm.length, outside, pValue: mcnemar(outside, warm.length - outside) };
}
