import { encodeWebp } from '../images/codecs/webp.ts';
import type { Picture } from '../images/decode.ts';

/** Pictures of no more pixels a side are enlarged where they are shown: losses would be seen, and bytes are few. */
const LOSSLESS_SIDE = 64;
const QUALITY = 80;

/** A WebP; lossless up to 64 pixels a side. The same picture gives the same bytes. */
export function encodePicture({ width, height, rgb }: Picture): Promise<Uint8Array> {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) rgba[pixel * 4 + channel] = rgb[pixel * 3 + channel];
  }
  return encodeWebp(rgba, width, height, Math.max(width, height) <= LOSSLESS_SIDE ? null : QUALITY);
}

/** An image file's bytes as they may stand in a page. */
export function dataUri(bytes: Uint8Array, format: 'jpeg' | 'png' | 'webp'): string {
  return `data:image/${format};base64,${Buffer.from(bytes).toString('base64')}`;
}
