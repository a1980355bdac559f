import { decodeImage, type Picture } from '../../src/images/decode.ts';
import type { EmbeddedImage } from '../../src/pictures/embedWorker.ts';

/** The bytes of an embedded image, and its kind. */
export function bytesOf({ uri }: EmbeddedImage): { type: string; bytes: Uint8Array } {
  const [, type, data] = /^data:image\/([a-z]+);base64,([A-Za-z0-9+/]+=*)$/.exec(uri) ?? [];
  if (data === undefined) throw new Error(`no image: ${uri.slice(0, 40)}`);
  return { type, bytes: new Uint8Array(Buffer.from(data, 'base64')) };
}

export function pixelsOf(image: EmbeddedImage): Promise<Picture> {
  return decodeImage(bytesOf(image).bytes);
}

/** Peak signal-to-noise ratio in dB; infinite where they are equal. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  const squares = a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
  return 10 * Math.log10((255 * 255 * a.length) / squares);
}
