import { join } from 'node:path';
import type { EmbeddedImage } from './embedImages.ts';
import { readImageHeader } from './imageHeader.ts';
import { readImage } from './readImage.ts';

/** A larger file would make a report of many pictures too heavy. */
const MOST_BYTES = 64 * 1024;

/** An image file as a data URI; null where it is larger than 64 KiB. Throws where it cannot be read. */
export function pictureOf(folder: string, image: string): EmbeddedImage | null {
  const bytes = readImage(join(folder, image));
  if (bytes.length > MOST_BYTES) return null;
  const { format, width, height } = readImageHeader(bytes);
  return { image, uri: `data:image/${format};base64,${Buffer.from(bytes).toString('base64')}`, width, height };
}
