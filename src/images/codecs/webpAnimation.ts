import { BadImage } from '../imageHeader.ts';
import { hasText, type Size, viewOf } from './format.ts';
import { decodeWebp } from './webp.ts';

/** Bytes of a frame's own header (RFC 9649, section 2.7.1.1): place, size, duration, flags. */
const FRAME_HEADER = 16;

/**
 * The first frame of an animated WebP on its canvas, as libwebp's WebPAnimDecoder and so Pillow draw it: on
 * transparent black, which shows where the frame is fully transparent or does not reach.
 * @returns RGB, 3 bytes a pixel.
 * @throws BadImage where it has no frame or is cut short.
 */
export async function firstFrame(bytes: Uint8Array, { width, height }: Size): Promise<Uint8Array> {
  const view = viewOf(bytes);
  if (view.getUint32(4, true) + 8 > bytes.length) throw new BadImage('is truncated');
  for (let at = 12; at + 8 + FRAME_HEADER <= bytes.length; at += 8 + even(view.getUint32(at + 4, true))) {
    if (!hasText(bytes, at, 'ANMF')) continue;
    const uint24 = (from: number) => view.getUint32(from, true) & 0xffffff;
    const body = at + 8;
    const [left, top] = [2 * uint24(body), 2 * uint24(body + 3)];
    const [frameWidth, frameHeight] = [uint24(body + 6) + 1, uint24(body + 9) + 1];
    if (left + frameWidth > width || top + frameHeight > height) throw new BadImage('has a corrupt WebP header');
    const end = Math.min(bytes.length, body + view.getUint32(at + 4, true));
    const rgba = await decodeWebp(still(bytes.subarray(body + FRAME_HEADER, end), frameWidth, frameHeight));
    const isBlended = (bytes[body + 15] & 2) === 0;
    const rgb = new Uint8Array(width * height * 3);
    for (let pixel = 0; pixel < frameWidth * frameHeight; pixel++) {
      if (isBlended && rgba[4 * pixel + 3] === 0) continue;
      const to = ((top + Math.floor(pixel / frameWidth)) * width + left + (pixel % frameWidth)) * 3;
      rgb.set(rgba.subarray(4 * pixel, 4 * pixel + 3), to);
    }
    return rgb;
  }
  throw new BadImage('is truncated');
}

/** A file of one image, of a frame's chunks: VP8 or VP8L, and perhaps ALPH. */
function still(chunks: Uint8Array, width: number, height: number): Uint8Array {
  const hasAlpha = hasText(chunks, 0, 'ALPH');
  const extended = Buffer.alloc(18);
  extended.write('VP8X', 0, 'latin1');
  extended.writeUInt32LE(10, 4);
  extended[8] = 0x10;
  extended.writeUIntLE(width - 1, 12, 3);
  extended.writeUIntLE(height - 1, 15, 3);
  const body = Buffer.concat([...(hasAlpha ? [extended] : []), chunks]);
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(body.length + 4, 4);
  return Buffer.concat([head, body]);
}

/** Chunks are padded to an even length. */
function even(length: number): number {
  return length + (length % 2);
}
