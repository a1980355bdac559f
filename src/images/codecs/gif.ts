import { GifReader } from 'omggif';
import { BadImage } from '../imageHeader.ts';
import { type Format, hasText, type Size, viewOf } from './format.ts';

/** The first frame of a GIF. */
export const gif: Format = {
  name: 'GIF',
  shown: null,
  matches: (bytes) => hasText(bytes, 0, 'GIF87a') || hasText(bytes, 0, 'GIF89a'),
  size: screenOf,
  decode: decodeGif,
};

/** The screen, widened to the first frame where that is larger, as Pillow does. */
function screenOf(bytes: Uint8Array): Size {
  if (bytes.length < 10) throw new BadImage('is truncated');
  const view = viewOf(bytes);
  const frame = new GifReader(bytes).frameInfo(0);
  return {
    width: Math.max(view.getUint16(6, true), frame.x + frame.width),
    height: Math.max(view.getUint16(8, true), frame.y + frame.height),
  };
}

/** Where the frame does not reach, Pillow puts the transparent colour, or the first of the palette. */
function decodeGif(bytes: Uint8Array, { width, height }: Size): Uint8Array {
  const widened = Uint8Array.from(bytes);
  viewOf(widened).setUint16(6, width, true);
  viewOf(widened).setUint16(8, height, true);
  const reader = new GifReader(widened);
  const frame = reader.frameInfo(0);
  const { x, y, palette_offset: palette, transparent_index: transparent } = frame;
  if (palette === null) throw new BadImage('is a GIF without colours');
  const ground = palette + 3 * (transparent ?? 0);
  // Pixels of the transparent colour keep it, as where Pillow drops alpha.
  frame.transparent_index = null;
  const rgba = new Uint8Array(width * height * 4);
  reader.decodeAndBlitFrameRGBA(0, rgba);
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [column, row] = [pixel % width, Math.floor(pixel / width)];
    const inside = column >= x && column < x + frame.width && row >= y && row < y + frame.height;
    if (inside && rgba[4 * pixel + 3] === 0) throw new BadImage('is truncated');
    for (let c = 0; c < 3; c++) rgb[3 * pixel + c] = inside ? rgba[4 * pixel + c] : bytes[ground + c];
  }
  return rgb;
}
