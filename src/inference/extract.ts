import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { RunTask } from '../records.ts';
import { type Decoded, decodeWorker } from './decodeWorker.ts';
import type { Session, Tensor } from './engine.ts';
import { hashWorker } from './hashWorker.ts';
import type { Pipeline } from './preprocess.ts';
import type { Unreadable } from './readImage.ts';

/** Image files: names below a folder. */
export interface ImageFiles {
  readonly folder: string;
  readonly names: readonly string[];
}

/** How batches go through the engine. */
export interface Batching {
  readonly pipeline: Pipeline;
  /** Images a run of the engine; every run has as many, the last padded, so that results do not depend on the rest. */
  readonly batch: number;
  readonly run: RunTask;
}

/** One batch as the engine gave it back, padding left out. */
export interface BatchResult {
  /** SHA-256 (hex) of the bytes of each image. */
  readonly hashes: readonly string[];
  /** Place of the batch's first image among all. */
  readonly from: number;
  /** By tensor name; the first dimension is the batch's, padding included. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Names of images in one hashing task. */
const HASHES_A_TASK = 256;

/**
 * Runs images through a session batch by batch; worker threads decode ahead of it into a ring of shared buffers.
 * @param outputs names of the tensors wanted.
 * @param use called with each batch, in order; the tensors may be reused afterwards.
 * @throws UserError that names the first image that cannot be used, once the batches before its own are through `use`.
 */
export async function runImages(
  images: ImageFiles,
  session: Session,
  outputs: readonly string[],
  { pipeline, batch, run }: Batching,
  use: (result: BatchResult) => void,
): Promise<void> {
  const ahead = availableParallelism() + 1;
  const batches = Math.ceil(images.names.length / batch);
  const values = batch * pipeline.height * pipeline.width * 3;
  const slots = Array.from({ length: Math.min(ahead + 1, batches) }, () => new SharedArrayBuffer(values * 4));
  const started: Promise<Decoded>[] = [];
  const start = (index: number) => {
    const names = images.names.slice(index * batch, (index + 1) * batch);
    const decoded = run(decodeWorker, { folder: images.folder, names, pipeline, out: slots[index % slots.length] });
    decoded.catch(() => {}); // awaited below, perhaps much later
    started.push(decoded);
  };
  for (let index = 0; index < slots.length; index++) start(index);
  for (let index = 0; index < batches; index++) {
    const { hashes, unreadable } = await started[index];
    if (unreadable !== null) throw badImage(images, index * batch, unreadable);
    const tensors = await session.run({ count: batch, values: new Float32Array(slots[index % slots.length]) }, outputs);
    if (index + slots.length < batches) start(index + slots.length);
    use({ hashes, from: index * batch, tensors });
  }
}

/**
 * Hashes images in worker threads.
 * @returns the SHA-256 (hex) of each image's bytes.
 * @throws UserError that names the first image that cannot be read.
 */
export async function hashImages(
  images: ImageFiles,
  run: RunTask,
  onProgress: (done: number) => void,
): Promise<string[]> {
  const starts = Array.from(
    { length: Math.ceil(images.names.length / HASHES_A_TASK) },
    (_, task) => task * HASHES_A_TASK,
  );
  let done = 0;
  const tasks = starts.map(async (from) => {
    const names = images.names.slice(from, from + HASHES_A_TASK);
    const hashed = await run(hashWorker, { folder: images.folder, names });
    done += names.length;
    onProgress(done);
    return { from, ...hashed };
  });
  const results = await Promise.all(tasks);
  for (const { from, unreadable } of results) if (unreadable !== null) throw badImage(images, from, unreadable);
  return results.flatMap(({ hashes }) => hashes);
}

function badImage({ folder, names }: ImageFiles, from: number, { index, why }: Unreadable): UserError {
  return new UserError({
    what: `the image ${why}`,
    where: join(folder, names[from + index]),
    fix: 'Replace the image, or take its line out of the manifest.',
  });
}
