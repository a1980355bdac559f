/** d feature[units[i]] / d image i, for a batch of images (float32, one after the other). */
export type Gradient = (images: Float32Array, units: Int32Array) => Promise<Float32Array>;

export interface AttackOptions {
  readonly steps: number;
  /** L2 length of a step, in pixel values of [0, 1]. */
  readonly stepSize: number;
  /** Images a call of `gradient`. */
  readonly batch: number;
}

/** Pixel values of the images for which the paper sets a step of length 1. */
const paperValues = 224 * 224 * 3;

/**
 * The paper goes in hundreds of such steps. Three at once, 40 times, are enough to see the feature: each step of a large
 * network costs a good second on a CPU.
 */
const paperSteps = 3;

/** Three of Barlow's steps of length 1 on 224 x 224 images, scaled so that each of `values` pixel values moves as far. */
export function autoStepSize(values: number): number {
  return paperSteps * Math.sqrt(values / paperValues);
}

/**
 * Feature attack (Engstrom et al. 2019; Barlow, Singla et al., CVPR 2021, section 4): changes each image so that its
 * feature `units[i]` grows, by x <- clamp(x + stepSize g / ||g||, 0, 1), g being the feature's gradient by that image.
 * An image's outcome does not depend on the others of its batch, but for the engine's rounding.
 *
 * @param images Pixel values in [0, 1], one image after the other, as the model takes them; not changed.
 * @param units One feature an image.
 * @param onProgress Called after each step with the image steps done and all there are.
 */
export async function featureAttack(
  images: Float32Array,
  units: Int32Array,
  { steps, stepSize, batch }: AttackOptions,
  gradient: Gradient,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Float32Array> {
  const attacked = images.slice();
  const values = images.length / units.length;
  for (let from = 0; from < units.length; from += batch) {
    const to = Math.min(from + batch, units.length);
    const some = attacked.subarray(from * values, to * values);
    for (let step = 1; step <= steps; step++) {
      const gradients = await gradient(some, units.subarray(from, to));
      for (let i = 0; i < some.length; i += values)
        climb(some.subarray(i, i + values), gradients.subarray(i, i + values), stepSize);
      onProgress(from * steps + (to - from) * step, units.length * steps);
    }
  }
  return attacked;
}

/** One step of one image, in place. */
function climb(image: Float32Array, gradient: Float32Array, stepSize: number): void {
  const length = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
  const factor = stepSize / (length + 1e-10);
  for (let i = 0; i < image.length; i++) image[i] = Math.min(1, Math.max(0, image[i] + factor * gradient[i]));
}
