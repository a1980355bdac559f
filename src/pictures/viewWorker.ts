import { decodeImage, type Picture } from '../images/decode.ts';
import { asSeen, type Pipeline } from '../images/preprocess.ts';
import { readImage, whyBad } from '../images/readImage.ts';
import type { WorkerModule } from '../records/threads.ts';

/** An image to show as a model sees it. */
export interface ViewTask {
  readonly path: string;
  readonly pipeline: Pipeline;
}

/** The part that the model sees, in its size; null where the image cannot be read or decoded. */
export default async function view({ path, pipeline }: ViewTask): Promise<Picture | null> {
  try {
    return asSeen(await decodeImage(readImage(path)), pipeline);
  } catch (thrown) {
    whyBad(thrown); // throws again what is not the image's fault
    return null;
  }
}

export const viewWorker: WorkerModule<ViewTask, Picture | null> = { url: import.meta.url, run: view };
