import { extname } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { describeModel } from '../models/describeModel.ts';
import type { Tensor } from '../models/engine.ts';
import { nameOfMean } from '../models/nameOfMean.ts';
import type { FeatureModelOptions } from '../records/config.ts';
import type { EvalSet } from '../records/evalSet.ts';
import type { ReadColumns } from '../records/features.ts';
import { hashImages } from './extract.ts';
import { planFeatures } from './featurePlan.ts';
import { openGivenFeatures } from './givenFeatures.ts';
import { type OpenedVectors, openVectors, type VectorSource } from './openVectors.ts';
import { openParquetFeatures, type ParquetFeatures } from './parquetFeatures.ts';
import { openPropertyStore } from './propertyStore.ts';
import { readColumns } from './readColumns.ts';
import { readParquetColumns } from './readParquetColumns.ts';

/** What `openFeatures` needs. */
export interface FeatureSource extends Omit<VectorSource, 'images' | 'hashes' | 'stage' | 'onProperties'> {
  readonly evalSet: Pick<EvalSet, 'images' | 'folder'>;
  /** The robust network, run on the images; ignored where `features` is given. */
  readonly featureModel: FeatureModelOptions | null;
  /** A `.npy` or Parquet file of features computed elsewhere; row i = image i, in Parquet perhaps found by its name. */
  readonly features: string | null;
  /** The column of image names of a Parquet file of features. */
  readonly imageColumn: string;
  /** Whether images at hand are read for their properties where features are given; they are where left out. */
  readonly properties?: boolean;
  /** Extract only the index-th (from 1) of `count` parts of the images, for a matrix of runners; null: all. */
  readonly shard: { readonly index: number; readonly count: number } | null;
}

/** As vectors are opened; where features are given hashes are not known. */
export interface OpenedFeatures extends Omit<OpenedVectors, 'hashes'> {
  /** The same file by pages, where it is Parquet. */
  readonly parquet: ParquetFeatures | null;
  readonly hashes: readonly string[] | null;
  /** Properties of the images, n x `PROPERTIES`; null where no image was read. */
  readonly properties: Float32Array | null;
}

/**
 * Opens the features of an eval set: those given, or those of the store (`.barlow/features` beside the config), after
 * extracting what it lacks.
 * @returns where the rows lie; with a `shard`, the rows of its images only, in order.
 * @throws UserError as `openVectors`, and for a bad feature file.
 */
export async function openFeatures(source: FeatureSource): Promise<OpenedFeatures> {
  const { evalSet, featureModel, features } = source;
  if (features !== null) {
    const nothing = { unusable: [], hashes: null };
    if (extname(features).toLowerCase() !== '.parquet') {
      const file = await openGivenFeatures(features, evalSet.images.length);
      return { ...file, ...nothing, parquet: null, properties: await propertiesBeside(source.evalSet, source) };
    }
    const parquet = await openParquetFeatures(features, evalSet.images, source.imageColumn);
    const { columns: _, ...file } = parquet;
    return { ...file, ...nothing, parquet, properties: await propertiesBeside(source.evalSet, source) };
  }
  if (featureModel === null || evalSet.folder === null) {
    throw new UserError({
      what: 'there is nothing to take features from',
      where: featureModel === null ? 'featureModel' : 'evalSet.images',
      fix: 'Set featureModel.path and evalSet.images, or features to a .npy or .parquet file',
    });
  }
  const images = { folder: evalSet.folder, names: shardOf(evalSet.images, source.shard) };
  const plan = planFeatures(await describeModel(featureModel.path), featureModel);
  const vectorsOf = (tensor: Tensor) => featuresOf(tensor, plan.layer, plan.model.file);
  const store = openPropertyStore(source.storeFolder);
  const opened = await openVectors(
    { ...plan, vectorsOf },
    { ...source, images, hashes: null, stage: 'extract', onProperties: store.append },
  );
  const left = new Set(opened.unusable.map(({ index }) => index));
  const usable = { folder: images.folder, names: images.names.filter((_, index) => !left.has(index)) };
  const properties = await store.read(usable, opened.hashes, source.run, source);
  return { ...opened, parquet: null, properties };
}

/** Properties of images that lie beside given features; null where there are none, or, told, where one of them cannot be had: features do without. */
export async function propertiesBeside(
  { folder, images: names }: FeatureSource['evalSet'],
  source: Pick<FeatureSource, 'storeFolder' | 'run' | 'onProgress' | 'onNotice' | 'properties'>,
): Promise<Float32Array | null> {
  const { run, onProgress, onNotice, properties = true } = source;
  if (folder === null || !properties) return null;
  const { hashes, unreadable } = await hashImages({ folder, names }, run, (done) =>
    onProgress('hash', done, names.length),
  );
  const [first] = unreadable;
  try {
    if (first === undefined)
      return await openPropertyStore(source.storeFolder).read({ folder, names }, hashes, run, source);
    onNotice(`Image properties are left out: the image ${JSON.stringify(names[first.index])} ${first.why}.`);
  } catch (thrown) {
    onNotice(`Image properties are left out: ${messageOf(thrown)}.`);
  }
  return null;
}

/** Reads what was opened. */
export function readerOf(file: OpenedFeatures): ReadColumns {
  return file.parquet === null ? readColumns(file) : readParquetColumns(file.parquet);
}

/** The part of some items that a shard is to do; all without one. */
export function shardOf<Item>(items: readonly Item[], shard: FeatureSource['shard']): readonly Item[] {
  if (shard === null) return items;
  const bound = (part: number) => Math.floor((part * items.length) / shard.count);
  return items.slice(bound(shard.index - 1), bound(shard.index));
}

/** The values of a batch x features tensor; further dimensions of one are let pass. */
function featuresOf({ shape, values }: Tensor, layer: string, file: string): Float32Array {
  const [, features, ...rest] = shape;
  if (features !== undefined && features > 0 && rest.every((length) => length === 1)) return values;
  throw new UserError({
    what: `the tensor ${JSON.stringify(layer)} has shape [${shape.join(', ')}]: it does not hold one vector per image`,
    where: file,
    fix:
      shape.length === 4
        ? `Name ${JSON.stringify(nameOfMean(layer))} in featureModel.layer: its mean over height and width`
        : 'Name a tensor of images x features in featureModel.layer',
  });
}
