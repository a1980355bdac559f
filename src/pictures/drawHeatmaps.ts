import type { FeaturePlan } from '../features/featurePlan.ts';
import type { Picture } from '../images/decode.ts';
import { normalised, pixelValues } from '../images/pixelValues.ts';
import { depthOf } from '../images/preprocess.ts';
import type { Session, Tensor } from '../models/engine.ts';
import { entry } from '../records/entry.ts';
import { type Channel, heatmap } from './heatmap.ts';

/** An image over which to show where a feature is found. */
export interface HeatmapTarget {
  readonly feature: number;
  /** As the model sees it, in the model's size. */
  readonly view: Picture;
}

/**
 * Draws heatmaps, in batches padded to the same size.
 * @param featureMap name of the feature map's tensor.
 * @param use takes the heatmap of `targets[index]`; called batch by batch.
 * @returns false where the map does not have one channel per feature; nothing is drawn then.
 */
export function drawHeatmaps(
  targets: readonly HeatmapTarget[],
  session: Session,
  plan: FeaturePlan,
  featureMap: string,
  use: (index: number, heatmap: Picture) => Promise<void>,
): Promise<boolean> {
  return readChannels(targets, session, plan, featureMap, (index, channel) =>
    use(index, heatmap(entry(targets, index).view, channel)),
  );
}

/** As `drawHeatmaps`. @param use takes the channel of `targets[index]`, which holds until it returns */
export async function readChannels(
  targets: readonly HeatmapTarget[],
  session: Session,
  { layer, pipeline, gradientBatch: batch }: FeaturePlan,
  featureMap: string,
  use: (index: number, channel: Channel) => Promise<void>,
): Promise<boolean> {
  for (let from = 0; from < targets.length; from += batch) {
    const some = targets.slice(from, from + batch);
    const length = pipeline.height * pipeline.width * depthOf(pipeline);
    const values = new Float32Array(batch * length);
    for (const [i, { view }] of some.entries()) {
      values.set(normalised(pixelValues(view, pipeline), pipeline), i * length);
    }
    const tensors = await session.run({ count: batch, values }, [layer, featureMap]);
    const maps = mapOf(tensors.get(featureMap), tensors.get(layer));
    if (maps === null) return false;
    await Promise.all(some.map(({ feature }, i) => use(from + i, maps(i, feature))));
  }
  return true;
}

/** The channel of an image and a feature; null where the map is not images x features x height x width. */
function mapOf(map: Tensor | undefined, features: Tensor | undefined) {
  if (map === undefined || features === undefined) throw new Error('the engine left out a tensor');
  const [, channels, height, width] = map.shape;
  const isMap = map.shape.length === 4 && channels !== undefined && height !== undefined && width !== undefined;
  if (!isMap || channels !== features.shape[1]) return null;
  const length = height * width;
  return (image: number, channel: number) => {
    const at = (image * channels + channel) * length;
    return { width, height, values: map.values.subarray(at, at + length) };
  };
}
