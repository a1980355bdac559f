import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { type Pipeline, usual } from '../images/preprocess.ts';
import type { ModelDescription } from '../models/engine.ts';
import type { FeatureModelOptions, PreprocessOptions, PreprocessPreset } from '../records/config.ts';
import { presetOfFolder, presetOptions } from './preprocessPresets.ts';

/** How the features of one model are computed. */
export interface FeaturePlan {
  readonly model: ModelDescription;
  /** Tensor whose values are the features. */
  readonly layer: string;
  /** Tensor of the feature map, named or found; null where there is none. */
  readonly featureMap: string | null;
  readonly pipeline: Pipeline;
  /** Images a run of the engine. */
  readonly batch: number;
  /** Images a gradient, which holds on to all that it computed on its way; also where few images are run, as for heatmaps. */
  readonly gradientBatch: number;
  /** SHA-256 (hex) over the model, the layer and the preprocessing: what features depend on besides the image. */
  readonly fingerprint: string;
}

/** About this many pixels go through the engine at a time, in 8 to 128 images. */
const PIXELS_A_BATCH = 16 * 224 * 224;

const GRADIENT_BATCH = 8;

/**
 * Settles layer, preprocessing and batches for a feature model. Of a folder with Hugging Face's `preprocessor_config.json`
 * that is the preprocessing, unless another is given.
 * @throws UserError where no layer is named and none is found, a named one does not exist, or the input is no image.
 */
export function planFeatures(model: ModelDescription, options: FeatureModelOptions): FeaturePlan {
  const layer = model.featuresLayer(options.layer.features);
  const { featureMap: named } = options.layer;
  const featureMap = named === null ? model.featureMapOf(layer) : model.featuresLayer(named);
  const pipeline = pipelineFor(model, options.preprocess ?? presetOfFolder(options.path, model));
  const { batch } = model.geometry(pipeline.crop);
  const fitting = Math.floor(PIXELS_A_BATCH / (pipeline.height * pipeline.width));
  const parts = JSON.stringify([model.fingerprint, layer, pipeline, ...(model.wholePixels ? ['0 to 255'] : [])]);
  const fingerprint = createHash('sha256').update(parts).digest('hex');
  const batches = { batch: batch ?? Math.max(8, Math.min(128, fitting)), gradientBatch: batch ?? GRADIENT_BATCH };
  return { model, layer, featureMap, pipeline, ...batches, fingerprint };
}

/**
 * The preprocessing for a model: as the config says, or, where it says nothing, from the model's input: images
 * resized and cropped to its side, values in [0, 1].
 * @throws UserError where the model's input leaves the size open or contradicts the config, and where pixels that the
 *   model reads as whole numbers would be normalised before.
 */
function pipelineFor(model: ModelDescription, given: PreprocessOptions | PreprocessPreset | null): Pipeline {
  const options = typeof given === 'string' ? presetOptions(given, { file: model.file, side: sideOf(model) }) : given;
  const [high = null, wide = null] = typeof options?.resize === 'object' ? (options.resize ?? []) : [];
  const crop = options?.crop ?? (high === wide ? high : null);
  const { layout, height, width, channels } = model.geometry(crop);
  const order = channels === 1 ? 'grey' : (options?.channels ?? usual.channels);
  if (options !== null) checkWhole(model, options);
  const form = model.wholePixels ? { mean: unscaled.mean, std: unscaled.std } : {};
  if (options !== null) return { ...usual, ...options, ...form, crop, layout, height, width, channels: order };
  // A square input can be had from any image; another shape only from images that have it already.
  const side = height === width ? height : null;
  return {
    ...usual,
    resize: side,
    crop: side,
    ...unscaled,
    layout,
    height,
    width,
    channels: order,
  };
}

/** The side of a model's images; null where it leaves it open. */
function sideOf({ layers }: ModelDescription): number | null {
  const sides = layers.input.shape.slice(1).filter((length) => typeof length === 'number' && length > 3);
  return typeof sides[0] === 'number' && sides.length >= 2 ? sides[0] : null;
}

/** Values in [0, 1] as they are. */
const unscaled = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

function checkWhole({ wholePixels, file }: ModelDescription, { mean, std }: PreprocessOptions): void {
  // Some say by a standard deviation of 1/255 what is done for such a model anyway.
  const isPixels = std.every((value) => Math.abs(255 * value - 1) < 1e-3);
  if (!wholePixels || (mean.every((value) => value === 0) && (isPixels || std.every((value) => value === 1)))) return;
  throw new UserError({
    what: 'the model reads pixels from 0 to 255 and scales them itself, and preprocess would normalise them before',
    where: file,
    fix: 'Leave mean and std out of its preprocess: the model normalises them itself',
  });
}
