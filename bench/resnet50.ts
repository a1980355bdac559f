import type { ImageBatch } from '../src/models/engine.ts';
import type { FeatureModelOptions } from '../src/records/config.ts';

/** A ResNet-50 file as a feature model, with torchvision's preprocessing for it. */
export function resnet50Options(path: string): FeatureModelOptions {
  return {
    path,
    layer: { features: null, featureMap: null },
    preprocess: { resize: 256, crop: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  };
}

/** Images of 224 x 224 and a unit for each, as `Session.gradient` takes them. */
export function attackInput(count: number): { images: ImageBatch; units: Int32Array } {
  const values = Float32Array.from({ length: count * 3 * 224 * 224 }, (_, i) => (i % 255) / 255);
  return { images: { count, values }, units: new Int32Array(count).fill(5) };
}
