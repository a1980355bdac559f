import type { Pipeline } from '../images/preprocess.ts';
import type { ModelDescription } from '../models/engine.ts';
import type { PreprocessOptions } from '../records/config.ts';

/**
 * The preprocessing for a model: as the config says, or, where it says nothing, from the model's input: images
 * resized and cropped to its side, values in [0, 1].
 * @throws UserError where the model's input leaves the size open or contradicts the config.
 */
export function pipelineFor(model: ModelDescription, options: PreprocessOptions | null): Pipeline {
  const { layout, height, width } = model.geometry(options?.crop ?? null);
  if (options !== null) return { ...options, layout, height, width };
  // A square input can be had from any image; another shape only from images that have it already.
  const side = height === width ? height : null;
  return { resize: side, crop: side, mean: [0, 0, 0], std: [1, 1, 1], layout, height, width };
}
