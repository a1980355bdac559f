import type { RunTask } from '../records/threads.ts';
import { type EmbeddedImage, embedWorker } from './embedWorker.ts';

/** Names of images in one task. */
const IMAGES_A_TASK = 8;

/** Longest side of a picture, in pixels. */
const SIDE = 160;

/**
 * Makes images small enough that a report can hold many, in worker threads: small files (24 KiB, `side` pixels) as they are,
 * others as WebP thumbnails of `side` pixels at the longest side.
 * @param names relative to `folder`.
 * @returns by name, in the order given; without those that cannot be read or decoded.
 */
export async function embedImages(
  folder: string,
  names: readonly string[],
  run: RunTask,
  side = SIDE,
): Promise<ReadonlyMap<string, EmbeddedImage>> {
  const distinct = [...new Set(names)];
  const starts = Array.from({ length: Math.ceil(distinct.length / IMAGES_A_TASK) }, (_, task) => task * IMAGES_A_TASK);
  const embedded = await Promise.all(
    starts.map((from) => run(embedWorker, { folder, names: distinct.slice(from, from + IMAGES_A_TASK), side })),
  );
  return new Map(embedded.flat().flatMap((each) => (each === null ? [] : [[each.image, each]])));
}
