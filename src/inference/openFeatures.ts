import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { EngineName, EvalSet, FeatureFile, FeatureModelOptions, OnProgress, RunTask } from '../records.ts';
import { describeModel } from './describeModel.ts';
import type { Tensor } from './engine.ts';
import { type BatchResult, hashImages, type ImageFiles, runImages } from './extract.ts';
import { type FeaturePlan, planFeatures } from './featurePlan.ts';
import { copyRows, dropSuperseded, findWhole, readSegments } from './featureStore.ts';
import { openGivenFeatures } from './givenFeatures.ts';
import { NPY_HEADER_BYTES } from './npy.ts';
import { type Segment, SegmentWriter } from './segment.ts';
import { openSession } from './selectEngine.ts';

/** What `openFeatures` needs. */
export interface FeatureSource {
  readonly evalSet: Pick<EvalSet, 'images' | 'folder'>;
  /** The robust network, run on the images; ignored where `features` is given. */
  readonly featureModel: FeatureModelOptions | null;
  /** A `.npy` of features computed elsewhere; row i = image i. */
  readonly features: string | null;
  readonly engine: EngineName;
  /** Folder of the feature store (`.barlow/features` beside the config); made where it is missing. */
  readonly storeFolder: string;
  readonly run: RunTask;
  /** Stages `hash` and `extract`, in images. */
  readonly onProgress: OnProgress;
  /** Told in one line which engine was taken and why not a better one. */
  readonly onNotice: (line: string) => void;
  /** Extract only the index-th (from 1) of `count` parts of the images, for a matrix of runners; null: all. */
  readonly shard: { readonly index: number; readonly count: number } | null;
}

/**
 * Opens the features of an eval set: those given, or those of the store, after extracting what it lacks. A killed run
 * loses at most one batch; a second run on the same images extracts nothing.
 * @returns where the rows lie; with a `shard`, the rows of its images only, in order.
 * @throws UserError for a bad model, image or feature file, a full disk, an engine that cannot load.
 */
export async function openFeatures(source: FeatureSource): Promise<FeatureFile> {
  const { evalSet, featureModel, features } = source;
  if (features !== null) return openGivenFeatures(features, evalSet.images.length);
  if (featureModel === null || evalSet.folder === null) {
    throw new UserError({
      what: 'there is nothing to take features from',
      where: featureModel === null ? 'featureModel' : 'evalSet.images',
      fix: 'Set featureModel.path and evalSet.images, or features to a .npy file.',
    });
  }
  const images = { folder: evalSet.folder, names: shardOf(evalSet.images, source.shard) };
  const plan = planFeatures(await describeModel(featureModel.path), featureModel);
  const folder = join(source.storeFolder, plan.fingerprint);
  const segments = readSegments(folder);
  // Where nothing is stored images are hashed as they are extracted, each file read once.
  const progress = (done: number) => source.onProgress('hash', done, images.names.length);
  const hashes = segments.length === 0 ? null : await hashImages(images, source.run, progress);
  const whole = hashes === null ? null : findWhole(segments, new Set(hashes));
  if (whole !== null && hashes !== null) return fileOf(whole, hashes, plan, images);
  const complete = await complement(images, hashes, segments, folder, plan, source);
  dropSuperseded(segments, complete.segment);
  return fileOf(complete.segment, complete.hashes, plan, images);
}

function shardOf(images: readonly string[], shard: FeatureSource['shard']): readonly string[] {
  if (shard === null) return images;
  const bound = (part: number) => Math.floor((part * images.length) / shard.count);
  return images.slice(bound(shard.index - 1), bound(shard.index));
}

interface Complete {
  readonly segment: Segment;
  /** Hash of each image. */
  readonly hashes: readonly string[];
}

/** A new segment with a row for every image: those that are stored copied, the others extracted. */
async function complement(
  images: ImageFiles,
  known: readonly string[] | null,
  segments: readonly Segment[],
  folder: string,
  plan: FeaturePlan,
  source: FeatureSource,
): Promise<Complete> {
  const hashes = [...(known ?? images.names.map(() => ''))];
  let writer = known === null ? null : new SegmentWriter(folder, segments[0].dimensions, segments[0].engine);
  try {
    const stored = writer === null ? new Set<string>() : copyRows(segments, new Set(hashes), writer);
    const missing = missingRows(hashes, stored);
    const engine = await extractRows(images, missing, plan, source, (result, values, engine) => {
      writer ??= new SegmentWriter(folder, values.length / plan.batch, engine);
      writer.append(result.hashes, values);
      for (const [i, hash] of result.hashes.entries()) hashes[missing[result.from + i]] = hash;
    });
    if (writer === null) throw new UserError({ what: 'there are no images', where: images.folder, fix: 'Add some.' });
    return { segment: writer.seal(engine), hashes };
  } catch (thrown) {
    writer?.close();
    throw thrown;
  }
}

/** Images without a stored row, one of each that are the same; a hash not known yet is empty. */
function missingRows(hashes: readonly string[], stored: ReadonlySet<string>): number[] {
  const seen = new Set(stored);
  return hashes.flatMap((hash, row) => {
    if (seen.has(hash)) return [];
    if (hash !== '') seen.add(hash);
    return [row];
  });
}

/** Extracts the images `rows`; returns the engine that did, null where there was nothing to do. */
async function extractRows(
  images: ImageFiles,
  rows: readonly number[],
  plan: FeaturePlan,
  source: FeatureSource,
  append: (result: BatchResult, values: Float32Array, engine: string) => void,
): Promise<string | null> {
  if (rows.length === 0) return null;
  const { model, layer, pipeline, batch } = plan;
  const files = { folder: images.folder, names: rows.map((row) => images.names[row]) };
  const session = await openSession(model, source.engine, pipeline.crop, { threads: null }, source.onNotice);
  try {
    let done = images.names.length - rows.length;
    await runImages(files, session, [layer], { pipeline, batch, run: source.run }, (result) => {
      const values = vectorsOf(result.tensors.get(layer), layer, model.file);
      checkFinite(values, values.length / batch, result, files);
      append(result, values, session.engine);
      done += result.hashes.length;
      source.onProgress('extract', done, images.names.length);
    });
    return session.engine;
  } finally {
    await session.close();
  }
}

/** The values of a batch x features tensor; further dimensions of one are let pass. */
function vectorsOf(tensor: Tensor | undefined, layer: string, file: string): Float32Array {
  if (tensor === undefined) throw new Error(`the engine gave no tensor ${layer}`);
  const [, features, ...rest] = tensor.shape;
  if (features > 0 && rest.every((length) => length === 1)) return tensor.values;
  throw new UserError({
    what: `the tensor ${JSON.stringify(layer)} has shape [${tensor.shape.join(', ')}]: it is not a vector an image`,
    where: file,
    fix: 'Name a tensor of images x features in featureModel.layer.',
  });
}

function checkFinite(values: Float32Array, dimensions: number, { hashes, from }: BatchResult, files: ImageFiles): void {
  const at = values.subarray(0, hashes.length * dimensions).findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new UserError({
    what: `feature ${at % dimensions} of the image comes out as ${values[at]}`,
    where: join(files.folder, files.names[from + Math.floor(at / dimensions)]),
    fix: 'Check the model and featureModel.preprocess: a standard deviation of 0, say.',
  });
}

function fileOf(
  { npy, dimensions, engine, hashes: stored }: Segment,
  hashes: readonly string[],
  plan: FeaturePlan,
  images: ImageFiles,
): FeatureFile {
  const rows = new Map(stored.map((hash, row) => [hash, row]));
  const rowOf = Uint32Array.from(hashes, (hash, image) => {
    const row = rows.get(hash);
    if (row !== undefined) return row;
    throw new UserError({
      what: 'the image changed while features were extracted',
      where: join(images.folder, images.names[image]),
      fix: 'Run again when nothing writes to the images.',
    });
  });
  const model = { fingerprint: plan.fingerprint, dimensions, engine };
  return { path: npy, offset: NPY_HEADER_BYTES, dimensions, rowOf, model };
}
