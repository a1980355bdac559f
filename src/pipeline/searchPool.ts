import { UserError } from '../errors.ts';
import { type OpenedFeatures, openFeatures } from '../features/openFeatures.ts';
import { distance, type Whitened, whitening } from '../gate/typicality.ts';
import type { Region } from '../records/analysis.ts';
import type { Cluster, FailureEvent } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { ReadColumns } from '../records/features.ts';
import { spread } from '../records/spread.ts';
import type { FoundImage } from '../report/foundCsv.ts';
import { meanOf } from './alike.ts';
import { differInSize } from './differInSize.ts';
import { type Features, readerOfAll } from './read.ts';
import { type Run, storeFolder, threadsOf } from './request.ts';
import { positionsInside } from './rowsInside.ts';

/** Images of the pool whose features are in memory at once. */
const CHUNK = 1024;
/** Images of the eval set that stand for it, and how many of them say what an image looks like. */
const REFERENCE = 3000;
const NEIGHBOURS = 10;
/** Share of an event's own images that are no farther than what is found, where no rule tells them. */
const NEAR = 0.9;

/** A pool of images without labels, with the features of those that could be read. */
export interface ImagePool {
  readonly folder: string;
  /** Names of the images that can be used. */
  readonly images: readonly string[];
  /** How many cannot. */
  readonly unusable: number;
  /** Rows aligned with `images`. */
  readonly features: OpenedFeatures;
}

/**
 * Computes the features of a pool, or takes those that are kept (`.barlow/pool`). What cannot be decoded is counted, not told one by
 * one: of a pool much may be broken.
 *
 * @throws UserError where all of it is
 */
export async function openPoolOf(
  { config, request, pool }: Run,
  folder: string,
  names: readonly string[],
): Promise<ImagePool> {
  const { featureModel, engine } = config;
  const { onProgress, onNotice } = request;
  const features = await openFeatures({
    ...{ evalSet: { images: names, folder }, featureModel, features: null, engine, shard: null, onProgress, onNotice },
    imageColumn: config.evalSet.columns.image,
    onBadImage: 'skip',
    storeFolder: storeFolder(config, 'pool'),
    run: pool.run,
    threads: threadsOf(request),
  });
  const bad = new Set(features.unusable.map(({ index }) => index));
  return { folder, images: names.filter((_, index) => !bad.has(index)), unusable: bad.size, features };
}

/** What a search found. */
export interface FoundInPool {
  /** How many images of the pool lie in one of the regions, without those that the eval set holds too. */
  readonly inside: number;
  /** How many lie there and are in the eval set too. */
  readonly known: number;
  /** Whether a cluster has no rule, so that `inside` also counts images as near to the mean of the event's images as nine in ten of those are. */
  readonly byLikeness: boolean;
  /** Those inside, the most typical first, no more than were asked for. */
  readonly images: readonly FoundImage[];
}

/**
 * The images of a pool that lie in one of an event's regions, the most typical first. A pool has no labels, so that what holds of a class
 * is looked for in all images; what each looks like is told beside it.
 *
 * @param most images to keep; all are counted
 * @throws UserError where none of the event's images is in the eval set, or its rules cannot be looked for in these images
 */
export async function searchPool(
  pool: ImagePool,
  event: FailureEvent,
  clusters: readonly Pick<Cluster, 'rule' | 'neighbourhood'>[],
  features: Features,
  most: number,
): Promise<FoundInPool> {
  const asked = await waysFor(pool, clusters, features);
  return foundIn(pool, features, await lookFor(event, features), asked, most);
}

/** How images are told that lie where an event is. */
interface Ways {
  readonly rules: readonly Region[];
  readonly byLikeness: boolean;
}

/** What says the same of the pool's images. @throws UserError where nothing does */
async function waysFor(
  pool: ImagePool,
  clusters: readonly Pick<Cluster, 'rule' | 'neighbourhood'>[],
  features: Features,
): Promise<Ways> {
  const some = (count: number) => Uint32Array.from(spread([...Array(count).keys()], REFERENCE));
  const [own, others] = [some(features.evalSet.images.length), some(pool.images.length)];
  const read = readerOfAll(pool.features);
  const rules: Region[] = [];
  let byLikeness = false;
  for (const { rule, neighbourhood } of clusters) {
    if (await differInSize(neighbourhood === null ? rule : everything(features), features, own, read, others)) continue;
    if (neighbourhood === null) rules.push(rule);
    else byLikeness = true;
  }
  if (rules.length > 0 || byLikeness) return { rules, byLikeness };
  throw new UserError({
    what: "the images of the pool have another size than the eval set's, and the event's rule, or likeness, depends on it",
    where: pool.folder,
    fix: "Bring the pool's images to the size of the eval set's",
  });
}

/** Likeness goes by every property. */
function everything({ file, properties }: Features): Region {
  return properties.map((_, at) => ({ feature: file.dimensions + at, op: '>', threshold: 0 }));
}

/** How near an image is to an event, and what it looks like. */
interface Search {
  readonly space: Whitened;
  readonly centre: Float64Array;
  /** No farther from there than nine in ten of the event's images. */
  readonly reach: number;
  readonly looksLike: (point: Float64Array) => Pick<FoundImage, 'looksLike' | 'votes' | 'neighbours'>;
}

async function lookFor({ images }: FailureEvent, { evalSet, file, properties, read }: Features): Promise<Search> {
  const rowOf = new Map(evalSet.images.map((image, row) => [image, row]));
  // The eval set may have lost some since the run that found the event.
  const failing = images.flatMap(({ name }) => rowOf.get(name) ?? []);
  if (failing.length === 0) {
    throw new UserError({
      what: "none of the event's images is in the eval set",
      where: 'the config',
      fix: 'Take the config of the run that found the event',
    });
  }
  const own = new Set(failing);
  const others = spread(
    [...evalSet.images.keys()].filter((row) => !own.has(row)),
    REFERENCE,
  );
  const rows = [...failing, ...others];
  const columns = await read(Uint32Array.from(rows), 0, file.dimensions + properties.length);
  const space = whitening(columns, Uint32Array.from(failing.keys()));
  const points = rows.map((row, at) => ({
    label: entry(evalSet.classes, entry(evalSet.labels, row)),
    point: space.at(at),
  }));
  const inEvent = points.slice(0, failing.length);
  const centre = meanOf(inEvent, space);
  const far = inEvent.map(({ point }) => distance(point, centre)).sort((a, b) => a - b);
  return {
    ...{ space, centre, reach: entry(far, Math.ceil(NEAR * far.length) - 1) },
    looksLike: (point) => {
      const nearest = points
        .map(({ label, point: other }, at) => ({ label, far: distance(point, other), at }))
        .sort((a, b) => a.far - b.far || a.at - b.at)
        .slice(0, NEIGHBOURS);
      const votes = [...Map.groupBy(nearest, ({ label }) => label)].map(([label, of]) => ({ label, votes: of.length }));
      const best = votes.reduce((a, b) => (b.votes > a.votes ? b : a), { label: '', votes: 0 });
      return { looksLike: best.label, votes: best.votes, neighbours: nearest.length };
    },
  };
}

/** Never more than a chunk's features are in memory, and those of the images kept. */
async function foundIn(
  { images: names, features: opened }: ImagePool,
  { hashes, file, properties }: Features,
  { space, centre, reach, looksLike }: Search,
  { rules, byLikeness }: Ways,
  most: number,
): Promise<FoundInPool> {
  const read = readerOfAll(opened);
  if (opened.hashes === null) throw new Error('images of a pool without hashes');
  const { hashes: ofPool } = opened;
  const evaluated = new Set(hashes);
  let [inside, known] = [0, 0];
  let kept: { readonly name: string; readonly far: number; readonly point: Float64Array }[] = [];
  const byDistance = (a: (typeof kept)[number], b: (typeof kept)[number]) =>
    a.far - b.far || (a.name < b.name ? -1 : 1);
  for (let from = 0; from < names.length; from += CHUNK) {
    const rows = Uint32Array.from({ length: Math.min(CHUNK, names.length - from) }, (_, i) => from + i);
    const pointsOf = async (some: readonly number[]) => {
      const columns = await read(Uint32Array.from(some), 0, file.dimensions + properties.length);
      return some.map((row, at) => {
        const point = space.of((feature) => entry(columns.values, feature * columns.rows + at));
        return { row, name: entry(names, row), far: distance(point, centre), point };
      });
    };
    const inRules = await insideAny(rules, rows, read);
    const near = byLikeness ? (await pointsOf([...rows])).filter(({ far }) => far <= reach) : [];
    const held = [...new Set([...inRules, ...near.map(({ row }) => row)])].toSorted((a, b) => a - b);
    const fresh = held.filter((row) => !evaluated.has(entry(ofPool, row)));
    known += held.length - fresh.length;
    inside += fresh.length;
    if (fresh.length === 0) continue;
    kept.push(...(await pointsOf(fresh)));
    kept = kept.toSorted(byDistance).slice(0, most);
  }
  const images = kept.map(({ name, far, point }): FoundImage => ({ image: name, distance: far, ...looksLike(point) }));
  return { inside, known, byLikeness, images };
}

/** Of some rows, those that one of the rules holds, ascending. */
async function insideAny(rules: readonly Region[], rows: Uint32Array, read: ReadColumns): Promise<number[]> {
  const held = new Set<number>();
  for (const rule of rules) for (const at of await positionsInside(rule, rows, read)) held.add(entry(rows, at));
  return [...held].toSorted((a, b) => a - b);
}

/** Of some found images, how many look like which class, the most frequent first. */
export function looksOf(
  images: readonly FoundImage[],
): readonly { readonly className: string; readonly images: number }[] {
  return [...Map.groupBy(images, ({ looksLike }) => looksLike)]
    .toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
    .map(([className, of]) => ({ className, images: of.length }));
}
