import { decodeCmykJpeg } from './codecs/cmykJpeg.ts';
import { inflatePng } from './codecs/inflatePng.ts';
import { decodeJpeg } from './codecs/jpeg.ts';
import { decodePng, decodePng16 } from './codecs/png.ts';
import { decodeWebp } from './codecs/webp.ts';
import { BadImage, type ImageHeader, readImageHeader, readPngChunks } from './imageHeader.ts';

/** RGB, 3 bytes a pixel, rows from the top, no padding. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Pixels beyond which an image is taken for a decompression bomb: Pillow's `MAX_IMAGE_PIXELS`. */
const MAX_PIXELS = 89_478_485;

/**
 * Decodes JPEG, PNG or WebP, told apart by their bytes, to what Pillow's `Image.open(f).convert('RGB')` gives:
 * alpha is dropped, not composited; 16-bit colour keeps its high byte and 16-bit greyscale is cut off at 255;
 * CMYK goes through Pillow's formula, without colour profiles; the EXIF orientation is ignored, as torchvision does.
 * @throws BadImage for what is no such image, is truncated or corrupt, or has more than `maxPixels`.
 */
export async function decodeImage(bytes: Uint8Array, maxPixels = MAX_PIXELS): Promise<Picture> {
  const header = readImageHeader(bytes);
  const { width, height } = header;
  if (width * height > maxPixels) {
    throw new BadImage(`has ${width} x ${height} pixels, more than the limit of ${maxPixels}`);
  }
  const rgb = await decodeRgb(bytes, header);
  if (rgb.length !== width * height * 3) throw new BadImage('cannot be decoded (its header and data disagree)');
  return { width, height, rgb };
}

async function decodeRgb(bytes: Uint8Array, header: ImageHeader): Promise<Uint8Array> {
  if (header.format === 'jpeg') {
    return header.channels === 4 ? decodeCmykJpeg(bytes) : withoutAlpha(await decodeJpeg(bytes));
  }
  if (header.format === 'webp') {
    if (header.animated) throw new BadImage('is an animated WebP');
    return withoutAlpha(await decodeWebp(bytes));
  }
  const chunks = readPngChunks(bytes);
  const plain = inflatePng(bytes, header, chunks);
  if (plain !== null) return plain;
  if (header.bitDepth === 16 && header.channels === 1) return clipped(await decodePng16(bytes));
  return withoutAlpha(await decodePng(bytes));
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}

/** 16-bit greyscale (as RGBA samples) to RGB the way Pillow's mode `I` converts: values over 255 are white. */
function clipped(rgba: Uint16Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let pixel = 0; pixel < rgba.length / 4; pixel++) {
    rgb.fill(Math.min(255, rgba[pixel * 4]), pixel * 3, pixel * 3 + 3);
  }
  return rgb;
}
