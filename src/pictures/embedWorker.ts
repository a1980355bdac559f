import { decodeImage } from '../images/decode.ts';
import { formatOf } from '../images/formats.ts';
import { readImage, whyBad } from '../images/readImage.ts';
import { resizeLongestSide } from '../images/resize.ts';
import type { WorkerModule } from '../records/threads.ts';
import { dataUri, encodePicture } from './encodePicture.ts';

/** An image as it may stand inside a page. */
export interface EmbeddedImage {
  /** Name of the image it is or comes from. */
  readonly image: string;
  /** `data:image/...;base64,...` */
  readonly uri: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** Images to make small: names below a folder. */
export interface EmbedTask {
  readonly folder: string;
  readonly names: readonly string[];
  /** Longest side, in pixels. */
  readonly side: number;
}

/** A file of no more bytes and pixels stands as it is. */
const MOST_BYTES = 24 * 1024;

/** Null for an image that cannot be read or decoded. */
export default async function embed({ folder, names, side }: EmbedTask): Promise<(EmbeddedImage | null)[]> {
  const embedded: (EmbeddedImage | null)[] = [];
  for (const image of names) {
    try {
      embedded.push({ image, ...(await small(readImage(`${folder}/${image}`), side)) });
    } catch (thrown) {
      whyBad(thrown); // throws again what is not the image's fault
      embedded.push(null);
    }
  }
  return embedded;
}

async function small(bytes: Uint8Array, side: number): Promise<Omit<EmbeddedImage, 'image'>> {
  const picture = await decodeImage(bytes); // a small file too: what cannot be decoded cannot be shown
  const longest = Math.max(picture.width, picture.height);
  if (bytes.length <= MOST_BYTES && longest <= side) {
    const { shown } = formatOf(bytes);
    if (shown !== null) return { uri: dataUri(bytes, shown), width: picture.width, height: picture.height };
  }
  const thumbnail = longest <= side ? picture : resizeLongestSide(picture, side);
  const { width, height } = thumbnail;
  return { uri: dataUri(await encodePicture(thumbnail), 'webp'), width, height };
}

export const embedWorker: WorkerModule<EmbedTask, (EmbeddedImage | null)[]> = { url: import.meta.url, run: embed };
