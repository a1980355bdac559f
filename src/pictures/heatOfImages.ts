import { join } from 'node:path';
import { type FeaturePlan, planFeatures } from '../features/featurePlan.ts';
import { hashOf, readImage, whyBad } from '../images/readImage.ts';
import { describeModel } from '../models/describeModel.ts';
import { openSession } from '../models/engines/selectEngine.ts';
import { entry } from '../records/entry.ts';
import { readChannels } from './drawHeatmaps.ts';
import type { PictureSource } from './featurePictures.ts';
import { heatInMiddle } from './heatInMiddle.ts';
import { pictureCache, pictureKey } from './pictureCache.ts';
import { viewWorker } from './viewWorker.ts';

/** A feature in an image. */
export interface HeatSubject {
  readonly image: string;
  readonly feature: number;
}

/** What heat is measured with. */
export type HeatSource = Pick<
  PictureSource,
  'featureModel' | 'folder' | 'engine' | 'cacheFolder' | 'run' | 'threads' | 'onNotice'
>;

/** A subject whose image can be read, under what it depends on. */
interface Keyed extends HeatSubject {
  readonly key: string;
}

/** Kept where there is no heat; a share is never negative. */
const COLD = -1;

/**
 * How much of the heat of features lies in the middle of images, as `heatInMiddle`. Kept by content: a second run opens no engine.
 *
 * @returns of each subject; null where there is no heat, the image cannot be used or the model has no such map
 * @throws UserError for a bad feature model, and an engine that cannot load
 */
export async function heatOfImages(
  subjects: readonly HeatSubject[],
  source: HeatSource,
): Promise<readonly (number | null)[]> {
  const plan = planFeatures(await describeModel(source.featureModel.path), source.featureModel);
  const { featureMap } = plan;
  if (featureMap === null) return subjects.map(() => null);
  const cache = pictureCache(source.cacheFolder, 'heat');
  const keyed = subjects.map((subject) => keyedBy(subject, plan, source.folder));
  const shares = new Map<string, number>();
  const missing = new Map<string, Keyed>();
  for (const each of keyed.filter((item) => item !== null)) {
    const kept = parsed(await cache.find(each.key));
    if (kept === null) missing.set(each.key, each);
    else shares.set(each.key, kept);
  }
  for (const [key, share] of await measured([...missing.values()], plan, featureMap, source)) {
    await cache.keep(key, new Uint8Array(Float64Array.of(share).buffer));
    shares.set(key, share);
  }
  return keyed.map((each) => {
    const share = each === null ? undefined : shares.get(each.key);
    return share === undefined || share === COLD ? null : share;
  });
}

/** By key; without images that cannot be used. */
async function measured(
  subjects: readonly Keyed[],
  plan: FeaturePlan,
  featureMap: string,
  { engine, folder, run, threads, onNotice }: HeatSource,
): Promise<ReadonlyMap<string, number>> {
  const shares = new Map<string, number>();
  if (subjects.length === 0) return shares;
  const views = await Promise.all(
    subjects.map(({ image }) => run(viewWorker, { path: join(folder, image), pipeline: plan.pipeline })),
  );
  const targets = subjects.flatMap((each, at) => {
    const view = entry(views, at);
    return view === null ? [] : [{ ...each, view }];
  });
  const session = await openSession(plan.model, engine, plan.pipeline.crop, { threads: threads ?? null }, onNotice);
  try {
    await readChannels(targets, session, plan, featureMap, async (index, channel) => {
      shares.set(entry(targets, index).key, heatInMiddle(channel) ?? COLD);
    });
  } finally {
    await session.close();
  }
  return shares;
}

function keyedBy(subject: HeatSubject, { fingerprint, featureMap }: FeaturePlan, folder: string): Keyed | null {
  try {
    const image = hashOf(readImage(join(folder, subject.image)));
    const { feature } = subject;
    return {
      ...subject,
      key: pictureKey({ kind: 'heat in the middle', plan: fingerprint, image, feature, featureMap }),
    };
  } catch (thrown) {
    whyBad(thrown); // throws again what is not the image's fault
    return null;
  }
}

function parsed(bytes: Uint8Array | null): number | null {
  if (bytes?.length !== Float64Array.BYTES_PER_ELEMENT) return null;
  return Number(new Float64Array(Uint8Array.from(bytes).buffer)[0]);
}
