import type { Picture } from '../images/decode.ts';
import { resizeBilinear } from '../images/resize.ts';
import { INFERNO } from './colourScale.ts';

/** One channel of a feature map, rows from the top. */
export interface Channel {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Share of the heat's colour; the rest is the image. */
const OPACITY = 0.6;

/**
 * Where in an image a feature is found (Barlow, Singla et al., CVPR 2021, section 4): the feature's channel of the feature
 * map over its maximum, negative values as none, resized bilinearly to the image and laid over it in colours. The image is
 * shown in grey, so that colour means heat alone.
 */
export function heatmap(image: Picture, channel: Channel): Picture {
  const heat = resizeBilinear(asPicture(channel), image.width, image.height).rgb;
  const rgb = new Uint8Array(image.rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    const grey = greyOf(image.rgb, at);
    for (let c = 0; c < 3; c++) rgb[at + c] = Math.round(OPACITY * INFERNO[heat[at] * 3 + c] + (1 - OPACITY) * grey);
  }
  return { ...image, rgb };
}

/** The channel over its maximum, 0 to 255. A channel that is nowhere positive is cold. */
function asPicture({ width, height, values }: Channel): Picture {
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const level = (value: number) => (most > 0 ? Math.round(Math.max(0, value / most) * 255) : 0);
  return {
    width,
    height,
    rgb: Uint8Array.from({ length: values.length * 3 }, (_, at) => level(values[Math.floor(at / 3)])),
  };
}

/** ITU-R BT.601 luma, as Pillow's mode `L`. */
function greyOf(rgb: Uint8Array, at: number): number {
  return 0.299 * rgb[at] + 0.587 * rgb[at + 1] + 0.114 * rgb[at + 2];
}
