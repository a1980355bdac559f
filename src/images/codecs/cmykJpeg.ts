import { decodeJpeg } from './jpeg.ts';
import { adobeTransform, keepComponents } from './jpegComponents.ts';

/**
 * Decodes a CMYK or YCCK JPEG to RGB as Pillow does: values are taken as inverted, Adobe's way, and no colour profile
 * is applied. The decoder knows at most three components, so it is given the image twice, each time without one.
 *
 * Our own for want of a small one. Of the kept decoders on npm wasm-vips 0.0.19 gives libjpeg's four components, and with
 * the formula below Pillow's pixels to the bit; it is 13 MB installed, 5 MB of them in a bundle, and more than all other
 * codecs here together. jpeg-js 0.4.4 gives other pixels, for RGB too; @cwasm/jpeg-turbo 0.1.3 and
 * @cornerstonejs/codec-libjpeg-turbo-8bit 1.2.8 refuse four components.
 * @returns 3 bytes a pixel.
 * @throws BadImage where the image is truncated or cannot be decoded.
 */
export async function decodeCmykJpeg(bytes: Uint8Array): Promise<Uint8Array> {
  const transform = adobeTransform(bytes);
  const ycck = transform !== null && transform !== 0;
  const colours = await decodeJpeg(keepComponents(bytes, [0, 1, 2], ycck ? 1 : 0));
  const blacks = await decodeJpeg(keepComponents(bytes, [0, 1, 3], 0));
  const rgb = new Uint8Array((colours.length / 4) * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    const light = blacks[from + 2]; // 255 - black
    for (let channel = 0; channel < 3; channel++) {
      // libjpeg turns YCC into the inverse of RGB, which the inversion turns back
      const ink = ycck ? colours[from + channel] : 255 - colours[from + channel];
      const product = ink * light + 128;
      rgb[to + channel] = light - (((product >> 8) + product) >> 8);
    }
  }
  return rgb;
}
