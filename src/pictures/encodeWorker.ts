import type { Picture } from '../images/decode.ts';
import { resizeLongestSide } from '../images/resize.ts';
import type { WorkerModule } from '../records/threads.ts';
import { encodePicture } from './encodePicture.ts';

/** Larger pictures are made smaller: a report holds many. */
const MOST_SIDE = 224;

/** A picture as a WebP, of at most 224 pixels a side. */
export default function encode(picture: Picture): Promise<Uint8Array> {
  return encodePicture(
    Math.max(picture.width, picture.height) <= MOST_SIDE ? picture : resizeLongestSide(picture, MOST_SIDE),
  );
}

export const encodeWorker: WorkerModule<Picture, Uint8Array> = { url: import.meta.url, run: encode };
