import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { type FeaturePlan, planFeatures } from '../features/featurePlan.ts';
import type { Picture } from '../images/decode.ts';
import { readImageHeader } from '../images/imageHeader.ts';
import { hashOf, readImage, whyBad } from '../images/readImage.ts';
import { describeModel } from '../models/describeModel.ts';
import type { Session } from '../models/engine.ts';
import { openSession } from '../models/engines/selectEngine.ts';
import type { FeatureModelOptions, ReportOptions } from '../records/config.ts';
import type { EngineName } from '../records/engines.ts';
import { entry } from '../records/entry.ts';
import type { OnProgress, RunTask } from '../records/threads.ts';
import { attackImages } from './attackImages.ts';
import { drawHeatmaps } from './drawHeatmaps.ts';
import type { EmbeddedImage } from './embedWorker.ts';
import { dataUri } from './encodePicture.ts';
import { encodeWorker } from './encodeWorker.ts';
import { autoStepSize } from './featureAttack.ts';
import { pictureCache, pictureKey } from './pictureCache.ts';
import { viewWorker } from './viewWorker.ts';

/** A feature and the images to show it by. */
export interface FeatureSubject {
  readonly feature: number;
  /** Eval-set rows, the most activating first. */
  readonly rows: readonly number[];
}

/** What a feature looks for: `[i]` of all three show the same image; `heatmaps` and `attacks` may be empty. */
export interface FeaturePicturesOf {
  readonly mostActivating: readonly EmbeddedImage[];
  readonly heatmaps: readonly EmbeddedImage[];
  readonly attacks: readonly EmbeddedImage[];
}

/** What `featurePictures` needs. */
export interface PictureSource {
  readonly featureModel: FeatureModelOptions;
  /** Names of all images of the eval set, below `folder`. */
  readonly images: readonly string[];
  readonly folder: string;
  readonly engine: EngineName;
  /** Folder of the pictures that are kept (`.barlow/pictures` beside the config); made where it is missing. */
  readonly cacheFolder: string;
  readonly attack: ReportOptions['attack'];
  readonly run: RunTask;
  /** Threads inside one operator of an engine on the CPU; left out: one a core. */
  readonly threads?: number;
  /** Stage `attack`, in image steps. */
  readonly onProgress: OnProgress;
  /** Told which engine was taken, what is left out and why, and how long a long attack takes. */
  readonly onNotice: (line: string) => void;
}

/** An image of a subject. */
interface Item {
  readonly feature: number;
  readonly image: string;
  /** SHA-256 (hex) of the image's bytes. */
  readonly hash: string;
}

/** What the kinds of pictures share while they are made. */
interface Studio {
  readonly source: PictureSource;
  readonly plan: FeaturePlan;
  /** Opens the model at the first call; null where no engine takes it. */
  readonly session: () => Promise<Session | null>;
  /** The images as the model sees them; null for one that cannot be used. */
  readonly views: (items: readonly Item[]) => Promise<readonly (Picture | null)[]>;
}

/** Pictures by what they show. */
type Drawn = (item: Item) => EmbeddedImage | null;

/** Draws pictures that are not kept yet, those it can, and hands each on as it is finished. */
type Draw = (missing: readonly Item[], keep: (item: Item, picture: Picture) => Promise<void>) => Promise<void>;

/** Raised when pictures are drawn differently, so that those kept from before are made again. */
const DRAWING = 1;

/**
 * Pictures of what features look for (Barlow, Singla et al., CVPR 2021, section 4): the most activating images, heatmaps
 * over them, and feature attacks. All show the image as the model sees it, as WebP of at most 224 pixels a side. They are
 * kept by content: a second run makes nothing and opens no engine.
 * @returns by feature. Images that cannot be used are left out.
 * @throws UserError for a bad feature model and where pictures cannot be kept. An engine that cannot load, a feature map
 *   that does not fit and an operator without a gradient are notices: what needs them is left out.
 */
export async function featurePictures(
  subjects: readonly FeatureSubject[],
  source: PictureSource,
): Promise<ReadonlyMap<number, FeaturePicturesOf>> {
  if (subjects.length === 0) return new Map();
  const plan = planFeatures(await describeModel(source.featureModel.path), source.featureModel);
  let opened: Promise<Session | null> | undefined;
  const session = () => {
    opened ??= sessionOrNotice(plan, source);
    return opened;
  };
  try {
    return await drawAll(subjects, { source, plan, session, views: viewer(plan, source) });
  } finally {
    await (await opened)?.close();
  }
}

async function drawAll(subjects: readonly FeatureSubject[], studio: Studio) {
  const { source } = studio;
  const wanted = subjects.map((subject) => itemsOf(subject, source));
  const seen = await drawSeen(wanted.flat(), studio);
  const shown = wanted.map((items) => items.filter((item) => seen(item) !== null));
  const heatmaps = await drawHeat(shown.flat(), studio);
  const attacks = await drawAttacks(withinBudget(shown, source), studio);
  const all = (drawn: Drawn, items: readonly Item[]) => items.flatMap((item) => drawn(item) ?? []);
  return new Map(
    subjects.map(({ feature }, i) => {
      const items = entry(shown, i);
      return [
        feature,
        { mostActivating: all(seen, items), heatmaps: all(heatmaps, items), attacks: all(attacks, items) },
      ];
    }),
  );
}

/** The images of a subject that can be read. */
function itemsOf({ feature, rows }: FeatureSubject, { images, folder }: PictureSource): Item[] {
  return rows.flatMap((row) => {
    const image = entry(images, row);
    try {
      return [{ feature, image, hash: hashOf(readImage(join(folder, image))) }];
    } catch (thrown) {
      whyBad(thrown); // throws again what is not the image's fault
      return [];
    }
  });
}

function drawSeen(items: readonly Item[], studio: Studio): Promise<Drawn> {
  const madeFrom = () => ({ kind: 'seen' });
  return drawn(items, madeFrom, studio, async (missing, keep) => {
    const views = await studio.views(missing);
    await Promise.all(views.map((view, i) => view && keep(entry(missing, i), view)));
  });
}

async function drawHeat(items: readonly Item[], studio: Studio): Promise<Drawn> {
  const { plan, source } = studio;
  const { featureMap } = plan;
  const noMap = 'No heatmaps: the feature model has no feature map with one channel per feature.';
  if (featureMap === null) {
    source.onNotice(noMap);
    return () => null;
  }
  const madeFrom = ({ feature }: Item) => ({ kind: 'heatmap', feature, featureMap });
  return drawn(items, madeFrom, studio, async (missing, keep) => {
    const session = await studio.session();
    if (session === null) return;
    const targets = await withViews(missing, studio);
    const use = (index: number, heatmap: Picture) => keep(entry(targets, index), heatmap);
    if (!(await drawHeatmaps(targets, session, plan, featureMap, use))) source.onNotice(noMap);
  });
}

async function drawAttacks(items: readonly Item[], studio: Studio): Promise<Drawn> {
  const { plan, source } = studio;
  const { height, width } = plan.pipeline;
  const { steps, stepSize: asked } = source.attack;
  const stepSize = asked === 'auto' ? autoStepSize(height * width * 3) : asked;
  const madeFrom = ({ feature }: Item) => ({ kind: 'attack', feature, steps, stepSize });
  return drawn(items, madeFrom, studio, async (missing, keep) => {
    const session = await studio.session();
    if (session === null) return;
    const targets = await withViews(missing, studio);
    const refused = await attackImages(targets, session, plan, {
      ...{ steps, stepSize, onNotice: source.onNotice },
      use: (index, attacked) => keep(entry(targets, index), attacked),
      onProgress: (done, total) => source.onProgress('attack', done, total),
    });
    if (refused !== null) source.onNotice(`No feature attacks: ${refused}.`);
  });
}

/**
 * The images of the leading features whose attacks fit in the budget, each feature whole. Kept attacks count too: what a
 * report shows must not depend on earlier runs.
 */
function withinBudget(features: readonly (readonly Item[])[], { attack, onNotice }: PictureSource): readonly Item[] {
  const { steps, budget } = attack;
  if (steps === 0) return [];
  let spent = 0;
  const fitting = features.findIndex((items) => {
    spent += items.length * steps;
    return spent > budget;
  });
  if (fitting < 0) return features.flat();
  const left = features.slice(fitting).flatMap(([item]) => item?.feature ?? []);
  const all = features.flat().length * steps;
  onNotice(
    `Not attacked: ${left.length} of ${features.length} features (${left.join(', ')}). All take ${all} image steps; report.attack.budget is ${budget}.`,
  );
  return features.slice(0, fitting).flat();
}

/** Pictures of one kind: those that are kept, and those that are missing drawn, encoded in worker threads and kept. */
async function drawn(
  items: readonly Item[],
  madeFrom: (item: Item) => Readonly<Record<string, string | number>>,
  { plan, source }: Studio,
  draw: Draw,
): Promise<Drawn> {
  const cache = pictureCache(source.cacheFolder);
  const keyOf = (item: Item) =>
    pictureKey({ drawing: DRAWING, plan: plan.fingerprint, image: item.hash, ...madeFrom(item) });
  const pictures = new Map<string, Uint8Array>();
  const missing = new Map<string, Item>();
  for (const item of items) {
    const key = keyOf(item);
    const kept = await cache.find(key);
    if (kept === null) missing.set(key, item);
    else pictures.set(key, kept);
  }
  if (missing.size > 0) {
    await draw([...missing.values()], async (item, picture) => {
      const bytes = await source.run(encodeWorker, picture);
      await cache.keep(keyOf(item), bytes);
      pictures.set(keyOf(item), bytes);
    });
  }
  return (item) => {
    const bytes = pictures.get(keyOf(item));
    if (bytes === undefined) return null;
    const { width, height } = readImageHeader(bytes);
    return { image: item.image, uri: dataUri(bytes, 'webp'), width, height };
  };
}

/** Items with their views; an image that was usable a moment ago and is not now is left out. */
async function withViews(items: readonly Item[], studio: Studio): Promise<(Item & { readonly view: Picture })[]> {
  const views = await studio.views(items);
  return items.flatMap((item, i) => {
    const view = entry(views, i);
    return view === null ? [] : [{ ...item, view }];
  });
}

/** Decodes in worker threads, each image once. */
function viewer({ pipeline }: FeaturePlan, { folder, run }: PictureSource): Studio['views'] {
  const known = new Map<string, Promise<Picture | null>>();
  return (items) =>
    Promise.all(
      items.map(({ image, hash }) => {
        const view = known.get(hash) ?? run(viewWorker, { path: join(folder, image), pipeline });
        known.set(hash, view);
        return view;
      }),
    );
}

/** A report stands without pictures, so an engine that does not load is a notice here. */
async function sessionOrNotice({ model, pipeline }: FeaturePlan, source: PictureSource): Promise<Session | null> {
  try {
    return await openSession(model, source.engine, pipeline.crop, { threads: source.threads ?? null }, source.onNotice);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    source.onNotice(`Neither heatmaps nor feature attacks: ${thrown.message}`);
    return null;
  }
}
