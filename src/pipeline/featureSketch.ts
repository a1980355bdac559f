import type { FeatureSketch } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import { spreadPlaces } from '../records/spread.ts';
import type { Features } from './read.ts';

/** This many images and features tell two networks apart, and take a few KB of a record. */
const IMAGES = 64;
const FEATURES = 16;

/** A sketch of features that were given, which have no model to be known by; null of those that a model computed. */
export async function sketchOf({ evalSet, file, read }: Features): Promise<FeatureSketch | null> {
  if (file.model.engine !== 'file') return null;
  const rows = spreadPlaces(evalSet.images.length, IMAGES);
  const features = spreadPlaces(file.dimensions, FEATURES);
  const values = await valuesAt(read, rows, features);
  return { images: rows.map((row) => entry(evalSet.images, row)), features, values };
}

/** Whether the features of now are those that a sketch was taken of, whatever file they lie in and however many images there are; `unknown` where they were not given, or share no image. */
export async function isOfSketch(
  { evalSet, file, read }: Features,
  sketch: FeatureSketch,
): Promise<'the same' | 'others' | 'unknown'> {
  if (file.model.engine !== 'file') return 'unknown';
  if (sketch.features.some((feature) => feature >= file.dimensions)) return 'others';
  const rowOf = new Map(evalSet.images.map((image, row) => [image, row]));
  const shared = sketch.images.flatMap((image, at) => {
    const row = rowOf.get(image);
    return row === undefined ? [] : [{ row, at }];
  });
  if (shared.length === 0) return 'unknown';
  const now = await valuesAt(
    read,
    shared.map(({ row }) => row),
    sketch.features,
  );
  const { length } = sketch.features;
  const isSame = shared.every(({ at }, i) =>
    sketch.features.every((_, j) => entry(now, i * length + j) === entry(sketch.values, at * length + j)),
  );
  return isSame ? 'the same' : 'others';
}

/** Feature `features[j]` of row `rows[i]` at `i * features.length + j`. */
async function valuesAt(
  read: Features['read'],
  rows: readonly number[],
  features: readonly number[],
): Promise<number[]> {
  const columns: Float32Array[] = [];
  for (const feature of features) columns.push((await read(Uint32Array.from(rows), feature, feature + 1)).values);
  return rows.flatMap((_, i) => columns.map((column) => entry(column, i)));
}
