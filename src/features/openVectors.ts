import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { Decoded } from '../images/decodeWorker.ts';
import { PROPERTIES } from '../images/properties.ts';
import type { Unreadable } from '../images/readImage.ts';
import type { Tensor } from '../models/engine.ts';
import { openSession } from '../models/engines/selectEngine.ts';
import { type EngineName, engineNamed } from '../records/engines.ts';
import { entry } from '../records/entry.ts';
import type { OnBadImage } from '../records/evalSet.ts';
import type { FeatureFile } from '../records/features.ts';
import type { OnProgress, RunTask } from '../records/threads.ts';
import { decodingLimit } from './decodingLimit.ts';
import { type BatchResult, hashImages, type ImageFiles, runImages } from './extract.ts';
import type { FeaturePlan } from './featurePlan.ts';
import { copyRows, dropSuperseded, findWhole, readSegments } from './featureStore.ts';
import { NPY_HEADER_BYTES } from './npy.ts';
import { damageNotice, hasSoundEnd, planFolder, type Segment, SegmentWriter } from './segment.ts';

/** Where vectors come from and are kept. */
export interface VectorSource {
  readonly images: ImageFiles;
  /** SHA-256 (hex) of the bytes of each image, where another model was run on them already; null: not known. */
  readonly hashes: readonly string[] | null;
  readonly engine: EngineName;
  /** Folder of the store; made where it is missing. */
  readonly storeFolder: string;
  readonly onBadImage: OnBadImage;
  readonly run: RunTask;
  /** Threads inside one operator of an engine on the CPU; left out: one a core. */
  readonly threads?: number;
  /** Stage `hash` and the one of `stage`, in images. */
  readonly onProgress: OnProgress;
  readonly stage: string;
  /** Given the properties of images that are decoded (hashes.length x `PROPERTIES`); left out where they are not wanted. */
  readonly onProperties?: (hashes: readonly string[], values: Float32Array) => void;
  /** Told in one line which engine was taken and why not a better one. */
  readonly onNotice: (line: string) => void;
}

/** What a model computes, and how its tensor becomes one vector per image. */
export interface VectorPlan extends FeaturePlan {
  /** batch x dimensions values. @throws UserError where the tensor has no vector an image. */
  readonly vectorsOf: (tensor: Tensor) => Float32Array;
}

/** Vectors in the store. */
export interface OpenedVectors extends FeatureFile {
  /** Images left out because they cannot be used, by place, ascending; `rowOf` has the others, in order. */
  readonly unusable: readonly Unreadable[];
  /** SHA-256 (hex) of the bytes of the images that `rowOf` has. */
  readonly hashes: readonly string[];
}

/**
 * Opens the vectors of images: those of the store, after computing what it lacks. A killed run loses at most one batch;
 * a second run on the same images computes nothing.
 * @throws UserError for a bad model, a full disk, an engine that cannot load; for an image that cannot be used, unless
 *   those are skipped; where no image can be used.
 */
export async function openVectors(plan: VectorPlan, source: VectorSource): Promise<OpenedVectors> {
  const { images } = source;
  const folder = planFolder(source.storeFolder, plan.fingerprint);
  const segments = readSegments(folder);
  const damaged = new Set<string>();
  // Where nothing is stored images are hashed as they go through the model, each file read once.
  const progress = (done: number) => source.onProgress('hash', done, images.names.length);
  const known = await knownHashes(source, segments.length > 0, progress);
  if (known !== null) refuse(known.unreadable, source);
  const readable = new Set(known?.hashes.filter((hash) => hash !== ''));
  const whole = known === null ? null : findWhole(segments, readable, damaged);
  if (whole !== null && known !== null) return fileOf(whole, known.hashes, known.unreadable, plan, images);
  const complete = await complement(known?.hashes ?? null, segments, folder, plan, source, damaged);
  if (damaged.size > 0) source.onNotice(damageNotice(folder, damaged.size));
  dropSuperseded(segments, complete.segment);
  return fileOf(complete.segment, complete.hashes, complete.unusable, plan, images);
}

/** The images' hashes, those that cannot be read apart; null where they are to come as the images go through the model. */
async function knownHashes(
  { images, hashes, run }: VectorSource,
  areNeeded: boolean,
  progress: (done: number) => void,
): Promise<Omit<Decoded, 'properties' | 'seconds'> | null> {
  if (hashes !== null) return { hashes, unreadable: [] };
  return areNeeded ? hashImages(images, run, progress) : null;
}

/** @throws UserError that names the first image that cannot be used, unless those are skipped. */
function refuse([first]: readonly Unreadable[], { images, onBadImage }: VectorSource): void {
  if (first === undefined || onBadImage === 'skip') return;
  throw new UserError({
    what: `the image ${first.why}`,
    where: join(images.folder, entry(images.names, first.index)),
    fix: 'Replace the image, take its line out of the manifest, or set evalSet.onBadImage to skip',
  });
}

interface Complete {
  readonly segment: Segment;
  /** Hash of each image. */
  readonly hashes: readonly string[];
  readonly unusable: readonly Unreadable[];
}

/**
 * A segment with a row for every usable image. What no segment has is computed first, into a new one; the rest is copied
 * there too. Where nothing new came of it, a whole segment stays as it is.
 */
async function complement(
  known: readonly string[] | null,
  segments: readonly Segment[],
  folder: string,
  plan: VectorPlan,
  source: VectorSource,
  damaged: Set<string>,
): Promise<Complete> {
  const { names, folder: imageFolder } = source.images;
  const hashes = [...(known ?? names.map(() => ''))];
  const bad = new Map<number, string>();
  let writer: SegmentWriter | null = null;
  // Behind a call, since the compiler does not see what `compute` assigns.
  const written = (): SegmentWriter | null => writer;
  let engine: string | null = null;
  const compute = async (have: ReadonlySet<string>) => {
    const rows = missingRows(hashes, have, bad);
    engine =
      (await computeRows(rows, plan, source, (result, values, by) => {
        for (const [i, hash] of result.hashes.entries()) hashes[entry(rows, result.from + i)] = hash;
        for (const { index, why } of result.unreadable) bad.set(entry(rows, result.from + index), why);
        if (source.onProperties) {
          const properties = usable(result, result.properties, PROPERTIES);
          source.onProperties(properties.hashes, properties.values);
        }
        const kept = usable(result, values, values.length / plan.batch);
        if (kept.hashes.length === 0) return;
        writer ??= new SegmentWriter(folder, values.length / plan.batch, by);
        writer.append(kept.hashes, kept.values);
      })) ?? engine;
  };
  try {
    await compute(new Set(segments.flatMap((segment) => segment.hashes)));
    const unusable = unusableOf(hashes, bad);
    const left = new Set(unusable.map(({ index }) => index));
    const needed = new Set(hashes.filter((_, index) => !left.has(index)));
    if (needed.size === 0) throw noImages(imageFolder, names.length);
    const whole = written() === null ? findWhole(segments, needed, damaged) : null;
    if (whole !== null) return { segment: whole, hashes, unusable };
    const lacking = needed.difference(new Set(written()?.hashes));
    const sound = segments.filter(hasSoundEnd);
    if (sound[0] !== undefined) writer ??= new SegmentWriter(folder, sound[0].dimensions, sound[0].engine);
    const into = written();
    const copied = into === null ? new Set<string>() : copyRows(sound, lacking, into);
    for (const hash of lacking.difference(copied)) damaged.add(hash);
    await compute(new Set(into?.hashes));
    const made = written();
    if (made === null) throw new Error('rows were computed and not written');
    return { segment: made.seal(engine), hashes, unusable };
  } catch (thrown) {
    written()?.close();
    throw thrown;
  }
}

function noImages(folder: string, images: number): UserError {
  const what = images === 0 ? 'there are no images' : `none of the ${images} images can be used`;
  return new UserError({ what, where: folder, fix: 'Check the folder and the files in it' });
}

/** Images without a row, one of each that are the same; a hash not known yet is empty. */
function missingRows(
  hashes: readonly string[],
  have: ReadonlySet<string>,
  bad: ReadonlyMap<number, string>,
): readonly number[] {
  const seen = new Set(have);
  for (const row of bad.keys()) seen.add(entry(hashes, row));
  return hashes.flatMap((hash, row) => {
    if (bad.has(row) || (hash !== '' && seen.has(hash))) return [];
    if (hash !== '') seen.add(hash);
    return [row];
  });
}

/** The rows of a batch whose images can be used. */
function usable({ hashes, unreadable }: BatchResult, values: Float32Array, dimensions: number) {
  if (unreadable.length === 0) return { hashes, values };
  const bad = new Set(unreadable.map(({ index }) => index));
  const rows = hashes.flatMap((_, row) => (bad.has(row) ? [] : [row]));
  const kept = new Float32Array(rows.length * dimensions);
  for (const [to, row] of rows.entries()) {
    kept.set(values.subarray(row * dimensions, (row + 1) * dimensions), to * dimensions);
  }
  return { hashes: rows.map((row) => entry(hashes, row)), values: kept };
}

/** Images that cannot be used, those with the same bytes as one that was tried among them. */
function unusableOf(hashes: readonly string[], bad: ReadonlyMap<number, string>): Unreadable[] {
  const whyOf = new Map([...bad].map(([row, why]) => [hashes[row], why]));
  return hashes.flatMap((hash, index) => {
    const why = bad.get(index) ?? (hash === '' ? undefined : whyOf.get(hash));
    return why === undefined ? [] : [{ index, why }];
  });
}

/** Runs the images `rows` through the model; returns the engine that did, null where there was nothing to do. */
async function computeRows(
  rows: readonly number[],
  plan: VectorPlan,
  source: VectorSource,
  append: (result: BatchResult, values: Float32Array, engine: string) => void,
): Promise<string | null> {
  if (rows.length === 0) return null;
  const { model, layer, pipeline, batch } = plan;
  const { folder, names } = source.images;
  const files = { folder, names: rows.map((row) => entry(names, row)) };
  const session = await openSession(
    model,
    source.engine,
    pipeline.crop,
    { threads: source.threads ?? null },
    source.onNotice,
  );
  try {
    let done = names.length - rows.length;
    const timing = await runImages(
      files,
      session,
      [layer],
      { pipeline, batch, run: source.run, properties: source.onProperties !== undefined },
      (result) => {
        refuse(
          result.unreadable.map(({ index, why }) => ({ index: entry(rows, result.from + index), why })),
          source,
        );
        const tensor = result.tensors.get(layer);
        if (tensor === undefined) throw new Error(`the engine gave no tensor ${layer}`);
        const values = plan.vectorsOf(tensor);
        checkFinite(values, values.length / batch, result, files);
        append(result, values, session.engine);
        done += result.hashes.length;
        source.onProgress(source.stage, done, names.length);
      },
    );
    const limit = engineNamed(session.engine)?.onGpu
      ? decodingLimit(timing, source.threads ?? availableParallelism())
      : null;
    if (limit !== null) source.onNotice(limit);
    return session.engine;
  } finally {
    await session.close();
  }
}

function checkFinite(values: Float32Array, dimensions: number, result: BatchResult, files: ImageFiles): void {
  const bad = new Set(result.unreadable.map(({ index }) => index));
  const at = values
    .subarray(0, result.hashes.length * dimensions)
    .findIndex((value, i) => !Number.isFinite(value) && !bad.has(Math.floor(i / dimensions)));
  if (at < 0) return;
  throw new UserError({
    what: `value ${at % dimensions} of the image comes out as ${values[at]}`,
    where: join(files.folder, entry(files.names, result.from + Math.floor(at / dimensions))),
    fix: 'Check the model and its preprocess in the config: a standard deviation of 0, say',
  });
}

function fileOf(
  { npy, dimensions, engine, hashes: stored, checksums }: Segment,
  hashes: readonly string[],
  unusable: readonly Unreadable[],
  plan: VectorPlan,
  images: ImageFiles,
): OpenedVectors {
  const rows = new Map(stored.map((hash, row) => [hash, row]));
  const left = new Set(unusable.map(({ index }) => index));
  const rowOf = Uint32Array.from(
    hashes.flatMap((hash, image) => {
      if (left.has(image)) return [];
      const row = rows.get(hash);
      if (row !== undefined) return [row];
      throw new UserError({
        what: 'the image changed while it was read',
        where: join(images.folder, entry(images.names, image)),
        fix: 'Run again when nothing writes to the images',
      });
    }),
  );
  const model = { fingerprint: plan.fingerprint, dimensions, engine };
  const usable = hashes.filter((_, image) => !left.has(image));
  const contents = createHash('sha256').update(JSON.stringify([plan.fingerprint, dimensions]));
  for (const row of rowOf) contents.update(`${entry(stored, row)} ${entry(checksums, row)} `);
  const file = { path: npy, offset: NPY_HEADER_BYTES, dimensions, rowOf, model, contents: contents.digest('hex') };
  return { ...file, unusable, hashes: usable };
}
