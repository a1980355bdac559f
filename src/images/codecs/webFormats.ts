import { readImageHeader, readPngChunks, withEnd } from '../imageHeader.ts';
import { decodeCmykJpeg } from './cmykJpeg.ts';
import { type Format, hasText, withoutAlpha } from './format.ts';
import { inflatePng } from './inflatePng.ts';
import { decodeJpeg } from './jpeg.ts';
import { decodePng, decodePng16 } from './png.ts';
import { decodeWebp } from './webp.ts';
import { firstFrame } from './webpAnimation.ts';

/** JPEG; CMYK goes through Pillow's formula, without colour profiles, and the EXIF orientation is ignored, as torchvision does. */
export const jpeg: Format = {
  name: 'JPEG',
  shown: 'jpeg',
  matches: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8,
  size: readImageHeader,
  decode: async (bytes) =>
    readImageHeader(bytes).channels === 4 ? decodeCmykJpeg(bytes) : withoutAlpha(await decodeJpeg(bytes)),
};

/** PNG; 16-bit colour keeps its high byte and 16-bit greyscale is cut off at 255. */
export const png: Format = {
  name: 'PNG',
  shown: 'png',
  matches: (bytes) => bytes.length >= 33 && bytes[0] === 0x89 && hasText(bytes, 1, 'PNG'),
  size: readImageHeader,
  decode: async (bytes) => {
    const header = readImageHeader(bytes);
    const chunks = readPngChunks(bytes);
    const plain = inflatePng(bytes, header, chunks);
    if (plain !== null) return plain;
    const whole = withEnd(bytes, chunks);
    if (header.bitDepth === 16 && header.channels === 1) return clipped(await decodePng16(whole));
    return withoutAlpha(await decodePng(whole));
  },
};

/** WebP; of an animation the first frame. */
export const webp: Format = {
  name: 'WebP',
  shown: 'webp',
  matches: (bytes) => bytes.length >= 30 && hasText(bytes, 0, 'RIFF') && hasText(bytes, 8, 'WEBP'),
  size: readImageHeader,
  decode: async (bytes, size) => {
    if (readImageHeader(bytes).animated) return firstFrame(bytes, size);
    return withoutAlpha(await decodeWebp(bytes));
  },
};

/** 16-bit greyscale (as RGBA samples) to RGB the way Pillow's mode `I` converts: values over 255 are white. */
function clipped(rgba: Uint16Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let pixel = 0; pixel < rgba.length / 4; pixel++) {
    rgb.fill(Math.min(255, rgba[pixel * 4]), pixel * 3, pixel * 3 + 3);
  }
  return rgb;
}
