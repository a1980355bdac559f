import { availableParallelism } from 'node:os';
import { type Decoded, decodeWorker } from '../images/decodeWorker.ts';
import { hashWorker } from '../images/hashWorker.ts';
import { depthOf, type Pipeline } from '../images/preprocess.ts';
import type { Unreadable } from '../images/readImage.ts';
import type { Session, Tensor } from '../models/engine.ts';
import { entry } from '../records/entry.ts';
import type { RunTask } from '../records/threads.ts';

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
  /** Whether image properties are worked out on the way; no where left out. */
  readonly properties?: boolean;
}

/** One batch as the engine gave it back, padding left out. */
export interface BatchResult {
  /** SHA-256 (hex) of the bytes of each image; empty where they cannot be read. */
  readonly hashes: readonly string[];
  /** Images of the batch that cannot be used: their values mean nothing. */
  readonly unreadable: readonly Unreadable[];
  /** Images x `PROPERTIES` where they are wanted, else empty. */
  readonly properties: Float32Array;
  /** Place of the batch's first image among all. */
  readonly from: number;
  /** By tensor name; the first dimension is the batch's, padding included. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Where the time of images that went through an engine went, once under way: what was decoded while the engine started does not count. */
export interface Timing {
  readonly images: number;
  /** Of all threads, by the clock. */
  readonly decodeSeconds: number;
  readonly engineSeconds: number;
  /** In which the engine had nothing to do, for images were not decoded. */
  readonly waitedSeconds: number;
}

/** Names of images in one hashing task. */
const HASHES_A_TASK = 256;

/**
 * Runs images through a session batch by batch; worker threads decode ahead of it into a ring of shared buffers.
 * @param outputs names of the tensors wanted.
 * @param use called with each batch, in order; the tensors may be reused afterwards.
 * @returns where the time went, past the batches that were decoded while the engine did not run yet.
 */
export async function runImages(
  images: ImageFiles,
  session: Session,
  outputs: readonly string[],
  { pipeline, batch, run, properties = false }: Batching,
  use: (result: BatchResult) => void,
): Promise<Timing> {
  const ahead = availableParallelism() + 1;
  const batches = Math.ceil(images.names.length / batch);
  const values = batch * pipeline.height * pipeline.width * depthOf(pipeline);
  const slots = Array.from({ length: Math.min(ahead + 1, batches) }, () => new SharedArrayBuffer(values * 4));
  const started: Promise<Decoded>[] = [];
  const start = (index: number) => {
    const names = images.names.slice(index * batch, (index + 1) * batch);
    const decoded = run(decodeWorker, {
      folder: images.folder,
      names,
      pipeline,
      out: entry(slots, index % slots.length),
      properties,
    });
    decoded.catch(() => {}); // awaited below, perhaps much later
    started.push(decoded);
  };
  for (let index = 0; index < slots.length; index++) start(index);
  const timing = { images: 0, decodeSeconds: 0, engineSeconds: 0, waitedSeconds: 0 };
  for (let index = 0; index < batches; index++) {
    const asked = performance.now();
    const { hashes, unreadable, properties: found, seconds } = await entry(started, index);
    const values = new Float32Array(entry(slots, index % slots.length));
    const given = performance.now();
    const tensors = await session.run({ count: batch, values }, outputs);
    if (index >= slots.length) {
      timing.images += hashes.length;
      timing.decodeSeconds += seconds;
      timing.engineSeconds += (performance.now() - given) / 1000;
      timing.waitedSeconds += (given - asked) / 1000;
    }
    if (index + slots.length < batches) start(index + slots.length);
    use({ hashes, unreadable, properties: found, from: index * batch, tensors });
  }
  return timing;
}

/**
 * Hashes images in worker threads.
 * @returns the SHA-256 (hex) of each image's bytes, empty for those that cannot be read, and these.
 */
export async function hashImages(
  { folder, names }: ImageFiles,
  run: RunTask,
  onProgress: (done: number) => void,
): Promise<Omit<Decoded, 'properties' | 'seconds'>> {
  const tasks = Math.ceil(names.length / HASHES_A_TASK);
  const starts = Array.from({ length: tasks }, (_, task) => task * HASHES_A_TASK);
  let done = 0;
  const results = await Promise.all(
    starts.map(async (from) => {
      const some = names.slice(from, from + HASHES_A_TASK);
      const { hashes, unreadable } = await run(hashWorker, { folder, names: some });
      done += some.length;
      onProgress(done);
      return { hashes, unreadable: unreadable.map(({ index, why }) => ({ index: from + index, why })) };
    }),
  );
  return {
    hashes: results.flatMap(({ hashes }) => hashes),
    unreadable: results.flatMap(({ unreadable }) => unreadable),
  };
}
