import { UserError } from '../errors.ts';
import type { FeaturePlan } from '../features/featurePlan.ts';
import type { Picture } from '../images/decode.ts';
import { gradientByPixels, normalised, pictureOfValues, pixelValues } from '../images/pixelValues.ts';
import type { Session } from '../models/engine.ts';
import { entry } from '../records/entry.ts';
import { featureAttack, type Gradient } from './featureAttack.ts';

/** An image to change until a feature shows. */
export interface AttackTarget {
  readonly feature: number;
  /** As the model sees it, in the model's size. */
  readonly view: Picture;
}

/** How attacks go, and who hears of it. */
export interface AttackRun {
  readonly steps: number;
  /** L2 length of a step, in pixel values of [0, 1]. */
  readonly stepSize: number;
  /** Takes the attacked picture of `targets[index]`; called batch by batch. */
  readonly use: (index: number, attacked: Picture) => Promise<void>;
  /** In image steps. */
  readonly onProgress: (done: number, total: number) => void;
  /** Told once how long it will take, where that is long. */
  readonly onNotice: (line: string) => void;
}

/** Seconds that need no announcement. */
const SHORT = 10;

/**
 * Attacks images in batches, across features. Each batch is padded to the same size, so that an image's outcome does not
 * depend on what else is attacked.
 * @returns null, or why the model cannot be attacked: it has an operator without a gradient.
 */
export async function attackImages(
  targets: readonly AttackTarget[],
  session: Session,
  plan: FeaturePlan,
  { steps, stepSize, use, onProgress, onNotice }: AttackRun,
): Promise<string | null> {
  const { pipeline, gradientBatch: batch } = plan;
  const calls = Math.ceil(targets.length / batch) * steps;
  const gradient = announced(
    gradientOf(session, plan),
    calls,
    new Set(targets.map(({ feature }) => feature)).size,
    onNotice,
  );
  for (let from = 0; from < targets.length; from += batch) {
    const some = targets.slice(from, from + batch);
    const images = joined(some.map(({ view }) => pixelValues(view, pipeline)));
    const units = Int32Array.from(some, ({ feature }) => feature);
    const progress = (done: number) => onProgress(from * steps + done, targets.length * steps);
    let attacked: Float32Array;
    try {
      attacked = await featureAttack(images, units, { steps, stepSize, batch }, gradient, progress);
    } catch (thrown) {
      if (thrown instanceof UserError) return thrown.what;
      throw thrown;
    }
    const values = images.length / some.length;
    const pictureAt = (i: number) => pictureOfValues(attacked.subarray(i * values, (i + 1) * values), pipeline);
    await Promise.all(some.map((_, i) => use(from + i, pictureAt(i))));
  }
  return null;
}

function joined(images: readonly Float32Array[]): Float32Array {
  const length = entry(images, 0).length;
  const all = new Float32Array(images.length * length);
  for (const [i, image] of images.entries()) all.set(image, i * length);
  return all;
}

/** The gradient by pixel values in [0, 1], of at most a batch of images. */
export function gradientOf(session: Session, { layer, pipeline, gradientBatch: count }: FeaturePlan): Gradient {
  return async (images, units) => {
    const padded = new Float32Array((images.length / units.length) * count);
    padded.set(images);
    const paddedUnits = new Int32Array(count);
    paddedUnits.set(units);
    const values = normalised(padded, pipeline);
    const gradient = await session.gradient({ count, values }, layer, paddedUnits);
    return gradientByPixels(gradient.subarray(0, images.length), pipeline);
  };
}

/** Tells how long the rest of `calls` takes. The second call is timed: the first builds the gradient's graph. */
function announced(gradient: Gradient, calls: number, features: number, onNotice: AttackRun['onNotice']): Gradient {
  let call = 0;
  return async (images, units) => {
    call += 1;
    const start = performance.now();
    const result = await gradient(images, units);
    const rest = ((performance.now() - start) / 1000) * (calls - call);
    const noun = features === 1 ? 'feature' : 'features';
    if (call === 2 && rest > SHORT) onNotice(`Attacking ${features} ${noun}: about ${roughly(rest)}.`);
    return result;
  };
}

function roughly(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds / 10) * 10} s` : `${Math.round(seconds / 60)} min`;
}
