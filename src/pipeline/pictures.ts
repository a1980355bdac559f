import { groupsOf } from '../analysis/groups.ts';
import { embedImages } from '../pictures/embedImages.ts';
import type { EmbeddedImage } from '../pictures/embedWorker.ts';
import { type FeatureSubject, featurePictures } from '../pictures/featurePictures.ts';
import { mostActivating } from '../pictures/mostActivating.ts';
import type { Group, Region } from '../records/analysis.ts';
import type { FailureEvent } from '../records/comparison.ts';
import { entry, lookUp } from '../records/entry.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { spread } from '../records/spread.ts';
import {
  type EventPictures,
  type FeaturePictures,
  type ImagePictures,
  keyOf,
  type LabelledPicture,
  type Pictures,
} from '../report/pictures.ts';
import { failureModesOf, MOST_SHOWN, rankedTrees, shownClusters } from '../report/shown.ts';
import { eventRows } from './alike.ts';
import { groupsFor } from './groupsFor.ts';
import type { Features } from './read.ts';
import { type Run, storeFolder, threadsOf } from './request.ts';
import { positionsInside } from './rowsInside.ts';

/** Rows of the images that show a cluster or a leaf. */
interface Chosen {
  /** As `keyOf`. */
  readonly key: string;
  readonly checkpoint: Checkpoint;
  readonly failing: readonly number[];
  readonly right: readonly number[];
}

/** A region of a group that a card tells of. */
interface Carded {
  readonly group: string;
  readonly rule: Region;
}

/** The pictures of a report: of clusters, of what features look for, of the leaves of trees. Null where there are no images. */
export async function picturesOf(
  run: Run,
  features: Features,
  checkpoints: readonly Checkpoint[],
  result: Result,
): Promise<Pictures | null> {
  const { evalSet } = features;
  const { clusters: most, images: each } = run.config.report;
  if (evalSet.folder === null || each === 0) return null;
  const clusters: Chosen[] = [];
  const leaves: Chosen[] = [];
  const subjects = new Map<number, FeatureSubject>();
  for (const [index, checkpoint] of checkpoints.entries()) {
    const judged = entry(result.checkpoints, index);
    const groups = new Map(
      groupsOf(groupsFor(run, [checkpoint]), evalSet, checkpoint).map((group) => [group.id, group]),
    );
    clusters.push(...(await chosenOfClusters(judged, checkpoint, groups, features, most, each)));
    leaves.push(...(await chosenOfLeaves(judged, checkpoint, groups, features, each)));
    for (const card of cardsOf(judged).slice(0, most)) await addSubjects(subjects, card, groups, features, each);
  }
  const events = await picturesOfEvents(run, features, checkpoints, result);
  const looks = await lookedFor(run, features, [...subjects.values()]);
  const rows = [...clusters, ...leaves].flatMap(({ failing, right }) => [...failing, ...right]);
  const names = rows.map((row) => entry(evalSet.images, row));
  const embedded = await embedImages(evalSet.folder, names, run.pool.run);
  return { ...placed(features, embedded, clusters, leaves), events, features: looks };
}

/** Large pictures, which open from the small ones: their side in pixels, and for how many images of an event. */
const LARGE = { side: 400, images: 12 };

/** Of each event with a card: the images that newly fail, right ones most like them, and the neighbours of each. */
async function picturesOfEvents(
  run: Run,
  features: Features,
  checkpoints: readonly Checkpoint[],
  result: Result,
): Promise<Pictures['events']> {
  const { images, folder } = features.evalSet;
  const made = new Map<string, EventPictures>();
  if (folder === null) return made;
  const nameOf = (row: number) => entry(images, row);
  for (const [index, { name, events }] of result.checkpoints.entries()) {
    const checkpoint = entry(checkpoints, index);
    for (const event of events.slice(0, MOST_SHOWN.cards)) {
      const { failing, right, neighbours: alike } = await eventRows(event, features, checkpoint, LARGE.images / 2);
      const neighbours = [...new Set([...alike.values()].flat())];
      const first = [...failing.slice(0, LARGE.images), ...right];
      const embedded = new Map([
        ...(await embedImages(folder, [...failing, ...right, ...neighbours].map(nameOf), run.pool.run)),
        ...(await embedImages(folder, first.map(nameOf), run.pool.run, LARGE.side)),
      ]);
      const of = (rows: readonly number[]) =>
        rows.flatMap((row) => labelled(features.evalSet, checkpoint, embedded, row));
      made.set(keyOf(name, event.id), {
        ...{ failing: of(failing), right: of(right), unlabelled: await picturesOfPool(run, event) },
        neighbours: new Map(of(neighbours).map((each) => [each.image, each])),
        alike: new Map([...alike].map(([row, rows]) => [nameOf(row), rows.map(nameOf)])),
      });
    }
  }
  return made;
}

/** The most typical images of the pool; their classes nobody knows. */
async function picturesOfPool({ config, pool }: Run, event: FailureEvent): Promise<readonly LabelledPicture[]> {
  if (config.pool === null || event.pool === null) return [];
  const embedded = await embedImages(config.pool.images, event.pool.typical, pool.run);
  return [...embedded.values()].map((each) => ({ ...each, label: null, prediction: null }));
}

/** What has a card, in the order of the page: the features in these rules are shown. */
function cardsOf(judged: CheckpointResult): readonly Carded[] {
  if (judged.comparison !== null) return shownClusters(judged);
  return failureModesOf(judged.groups)
    .slice(0, MOST_SHOWN.cards)
    .map(({ group, leaf }) => ({ group: group.id, rule: leaf.rule }));
}

/** Newly failing images of each known cluster that got worse (new ones show in their event), beside images of its group that are outside and right. */
async function chosenOfClusters(
  judged: CheckpointResult,
  checkpoint: Checkpoint,
  groups: ReadonlyMap<string, Group>,
  features: Features,
  most: number,
  each: number,
): Promise<Chosen[]> {
  const rowOf = new Map(features.evalSet.images.map((image, row) => [image, row]));
  const chosen: Chosen[] = [];
  const worsened = shownClusters(judged).filter(({ status }) => status === 'worsened');
  for (const { id, group: groupId, rule, images } of worsened.slice(0, most)) {
    const failing = images.map((image) => lookUp(rowOf, image));
    const group = groups.get(groupId);
    const inside = new Set(group && rule.length > 0 ? await positionsInside(rule, group.rows, features.read) : []);
    const right = group ? [...group.rows].filter((_, at) => group.failed[at] === 0 && !inside.has(at)) : [];
    chosen.push({
      key: keyOf(judged.name, id),
      checkpoint,
      failing: spread(failing, each),
      right: spread(right, each),
    });
  }
  return chosen;
}

/** Failing and right images of each leaf of the trees that are drawn. */
async function chosenOfLeaves(
  judged: CheckpointResult,
  checkpoint: Checkpoint,
  groups: ReadonlyMap<string, Group>,
  features: Features,
  each: number,
): Promise<Chosen[]> {
  const chosen: Chosen[] = [];
  for (const { id: groupId, leaves } of rankedTrees(judged).slice(0, MOST_SHOWN.trees)) {
    const group = groups.get(groupId);
    if (group === undefined) continue;
    for (const { id, rule } of leaves) {
      const inside = await positionsInside(rule, group.rows, features.read);
      const of = (failed: number) =>
        spread(
          Array.from(
            inside.filter((at) => group.failed[at] === failed),
            (at) => entry(group.rows, at),
          ),
          each,
        );
      chosen.push({ key: keyOf(judged.name, id), checkpoint, failing: of(1), right: of(0) });
    }
  }
  return chosen;
}

/** The features of a rule that are not shown yet, each with the images of the group that show it most. */
async function addSubjects(
  subjects: Map<number, FeatureSubject>,
  { group: groupId, rule }: Carded,
  groups: ReadonlyMap<string, Group>,
  { read, file }: Features,
  each: number,
): Promise<void> {
  const group = groups.get(groupId);
  if (group === undefined) return;
  for (const { feature } of rule) {
    // An image property has no unit of the network to look for.
    if (subjects.has(feature) || feature >= file.dimensions) continue;
    subjects.set(feature, { feature, rows: await mostActivating(read, group.rows, feature, each) });
  }
}

/** Pictures of what features look for; where features are given as a file there is no network to ask, and images alone show it. */
export async function lookedFor(
  { config, request, pool }: Run,
  { evalSet, file }: Features,
  subjects: readonly FeatureSubject[],
): Promise<ReadonlyMap<number, FeaturePictures>> {
  const { folder, images, labels, classes } = evalSet;
  if (folder === null) return new Map();
  const labelOf = new Map(images.map((image, row) => [image, entry(classes, entry(labels, row))]));
  const bare = (some: readonly EmbeddedImage[]) =>
    some.map((each) => ({ ...each, label: lookUp(labelOf, each.image), prediction: null }));
  const made = await lookedForBy(
    { config, request, pool },
    { folder, images, isFile: file.model.engine === 'file' },
    subjects,
  );
  return new Map(
    [...made].map(([feature, { mostActivating: most, heatmaps, attacks }]) => [
      feature,
      { mostActivating: bare(most), heatmaps: bare(heatmaps), attacks: bare(attacks) },
    ]),
  );
}

async function lookedForBy(
  { config, request, pool }: Run,
  { folder, images, isFile }: { readonly folder: string; readonly images: readonly string[]; readonly isFile: boolean },
  subjects: readonly FeatureSubject[],
) {
  const { featureModel, engine, report } = config;
  if (featureModel !== null && !isFile) {
    const { onProgress, onNotice } = request;
    const cacheFolder = storeFolder(config, 'pictures');
    const source = {
      featureModel,
      images,
      folder,
      engine,
      cacheFolder,
      run: pool.run,
      onProgress,
      onNotice,
      threads: threadsOf(request),
    };
    return featurePictures(subjects, { ...source, attack: report.attack });
  }
  const names = subjects.flatMap(({ rows }) => rows.map((row) => entry(images, row)));
  const embedded = await embedImages(folder, names, pool.run);
  return new Map(
    // None of an image that could not be read.
    subjects.map(({ feature, rows }) => [
      feature,
      { mostActivating: rows.flatMap((row) => embedded.get(entry(images, row)) ?? []), heatmaps: [], attacks: [] },
    ]),
  );
}

/** Puts pictures where they go. */
function placed(
  { evalSet }: Features,
  embedded: ReadonlyMap<string, EmbeddedImage>,
  clusters: readonly Chosen[],
  leaves: readonly Chosen[],
): Pick<Pictures, 'clusters' | 'leaves'> {
  const shown = (chosen: readonly Chosen[]) =>
    new Map(
      chosen.map(({ key, checkpoint, failing, right }): [string, ImagePictures] => {
        const of = (rows: readonly number[]) => rows.flatMap((row) => labelled(evalSet, checkpoint, embedded, row));
        return [key, { failing: of(failing), right: of(right) }];
      }),
    );
  return { clusters: shown(clusters), leaves: shown(leaves) };
}

/** A picture with what its image is and what the checkpoint takes it for; none where it could not be read. */
function labelled(
  { images, labels, classes }: Features['evalSet'],
  { predictions }: Checkpoint,
  embedded: ReadonlyMap<string, EmbeddedImage>,
  row: number,
): readonly LabelledPicture[] {
  const found = embedded.get(entry(images, row));
  const prediction = predictions === null ? null : entry(classes, entry(predictions, row));
  return found === undefined ? [] : [{ ...found, label: entry(classes, entry(labels, row)), prediction }];
}
