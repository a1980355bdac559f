import type { Format } from './codecs/format.ts';
import { formatOf } from './formats.ts';
import { BadImage } from './imageHeader.ts';

/** RGB, 3 bytes a pixel, rows from the top, no padding. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Pixels beyond which an image is taken for a decompression bomb: Pillow's `MAX_IMAGE_PIXELS`. */
const MAX_PIXELS = 89_478_485;

/**
 * Decodes an image of one of the `formats`, told apart by their bytes, to what Pillow's `Image.open(f).convert('RGB')`
 * gives: alpha is dropped, not composited; of an animation or of several pages the first counts.
 * @throws BadImage for what is no such image, is truncated or corrupt, or has more than `maxPixels`.
 */
export async function decodeImage(bytes: Uint8Array, maxPixels = MAX_PIXELS): Promise<Picture> {
  const format = formatOf(bytes);
  const { width, height } = await unlessCorrupt(format, () => format.size(bytes));
  if (width === 0 || height === 0) throw new BadImage('has a width or height of zero');
  if (width * height > maxPixels) {
    throw new BadImage(`has ${width} x ${height} pixels, more than the limit of ${maxPixels}`);
  }
  const rgb = await unlessCorrupt(format, () => format.decode(bytes, { width, height }));
  if (rgb.length !== width * height * 3) throw new BadImage('cannot be decoded (its header and data disagree)');
  return { width, height, rgb };
}

/** What a decoder throws is the image's fault. */
async function unlessCorrupt<Outcome>({ name }: Format, work: () => Outcome | Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof BadImage) throw cause;
    throw new BadImage(`cannot be decoded (corrupt ${name} data)`, { cause });
  }
}
