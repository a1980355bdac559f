import type { Picture } from './decode.ts';
import { BadImage } from './imageHeader.ts';
import { type Resampling, resize } from './resize.ts';

/** torchvision's and timm's evaluation pipeline, for one model's input. Plain data: it goes to worker threads and into fingerprints. */
export interface Pipeline {
  /** Length of the shorter (or the longer) side after resizing, or height and width; null: not resized. */
  readonly resize: number | readonly [number, number] | null;
  readonly resizeSide: 'shorter' | 'longer';
  readonly interpolation: Resampling['interpolation'];
  readonly antialias: boolean;
  /** Side of the centre crop; null: not cropped. */
  readonly crop: number | null;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** What the model takes: the order of its three channels, or one of grey. Mean and std are of R, G, B in any case. */
  readonly channels: 'rgb' | 'bgr' | 'grey';
  /** What comes out, in pixels. */
  readonly height: number;
  readonly width: number;
  /** `NCHW`: planes; `NHWC`: interleaved. */
  readonly layout: 'NCHW' | 'NHWC';
}

/**
 * Writes one image as the model takes it: torchvision's Resize, CenterCrop, ToTensor and Normalize on a PIL image.
 * @param out height x width x channels float32 values, in the pipeline's layout.
 * @throws BadImage where the image comes out in another size than the model takes.
 */
export function preprocess(picture: Picture, pipeline: Pipeline, out: Float32Array): void {
  normalise(asSeen(picture, pipeline).rgb, pipeline, out);
}

/** What a pipeline does where it says nothing. */
export const usual = { resizeSide: 'shorter', interpolation: 'bilinear', antialias: true, channels: 'rgb' } as const;

/** Channels of a model's input. */
export function depthOf({ channels }: Pick<Pipeline, 'channels'>): 1 | 3 {
  return channels === 'grey' ? 1 : 3;
}

/**
 * The part of an image that a model sees, before mean and standard deviation: grey where it takes grey, resized and
 * cropped.
 * @throws BadImage where the image comes out in another size than the model takes.
 */
export function asSeen(given: Picture, pipeline: Pipeline): Picture {
  const picture = pipeline.channels === 'grey' ? inGrey(given) : given;
  const { width, height } = resizedSize(picture, pipeline);
  if (Math.max(width, height) > MAX_RESIZED_SIDE) {
    throw new BadImage(`is ${picture.width} x ${picture.height} pixels, too long and thin to be resized`);
  }
  const seen = croppedTo(picture, width, height, pipeline);
  if (seen.width !== pipeline.width || seen.height !== pipeline.height) {
    const size = `${seen.width} x ${seen.height}`;
    throw new BadImage(`is ${size} pixels where the model takes ${pipeline.width} x ${pipeline.height}`);
  }
  return seen;
}

/** Pixels that the longer side of a resized image may have: the tables of a resize grow with it. */
const MAX_RESIZED_SIDE = 1 << 20;

/** Pillow's `convert('L')`: ITU-R 601-2 luma, in fixed point. */
function inGrey({ width, height, rgb }: Picture): Picture {
  const grey = new Uint8Array(rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    grey.fill((rgb[at] * 19595 + rgb[at + 1] * 38470 + rgb[at + 2] * 7471 + 0x8000) >> 16, at, at + 3);
  }
  return { width, height, rgb: grey };
}

/** What torchvision's `Resize` makes of an image: the other side is cut off to a whole number, not rounded. */
function resizedSize(
  { width, height }: Picture,
  { resize: size, resizeSide }: Pipeline,
): { width: number; height: number } {
  if (size === null) return { width, height };
  if (typeof size !== 'number') return { height: size[0], width: size[1] };
  const other = (long: number, short: number) => Math.max(1, Math.trunc((size * long) / short));
  const isWidth = width <= height === (resizeSide === 'shorter');
  return isWidth ? { width: size, height: other(height, width) } : { width: other(width, height), height: size };
}

/** Resizes and crops; what the crop leaves out is not computed. */
function croppedTo(picture: Picture, width: number, height: number, pipeline: Pipeline): Picture {
  const { crop: side } = pipeline;
  if (side === null || side > width || side > height) {
    const same = width === picture.width && height === picture.height;
    const resized = same ? picture : resize(picture, width, height, pipeline);
    return side === null ? resized : cropCentre(resized, side);
  }
  const span = (length: number) => ({ from: offset(length, side), to: offset(length, side) + side });
  return resize(picture, width, height, pipeline, span(width), span(height));
}

/** torchvision's `CenterCrop(side)`: black padding where the image is smaller, offsets rounded half to even. */
function cropCentre(picture: Picture, side: number): Picture {
  const left = offset(picture.width, side);
  const top = offset(picture.height, side);
  if (left === 0 && top === 0 && picture.width === side && picture.height === side) return picture;
  const rgb = new Uint8Array(side * side * 3);
  const from = Math.max(0, left);
  const to = Math.min(picture.width, left + side);
  for (let y = Math.max(0, top); y < Math.min(picture.height, top + side); y++) {
    const row = picture.rgb.subarray((y * picture.width + from) * 3, (y * picture.width + to) * 3);
    rgb.set(row, ((y - top) * side + from - left) * 3);
  }
  return { width: side, height: side, rgb };
}

/** Where the crop starts in the image; negative where the image is padded, by (side - length) // 2 in front. */
function offset(length: number, side: number): number {
  if (length <= side) return -Math.floor((side - length) / 2);
  const half = (length - side) / 2;
  return half % 1 === 0.5 ? 2 * Math.round(half / 2) : Math.round(half); // Python's round
}

/** ToTensor and Normalize in float32 arithmetic: ((value / 255) - mean) / std, by table. */
function normalise(rgb: Uint8Array, pipeline: Pipeline, out: Float32Array): void {
  const depth = depthOf(pipeline);
  const planes = pipeline.layout === 'NCHW';
  const step = planes ? 1 : depth;
  const apart = planes ? rgb.length / 3 : 1;
  for (let channel = 0; channel < depth; channel++) {
    const table = tableFor(pipeline.mean[channel], pipeline.std[channel]);
    const place = pipeline.channels === 'bgr' ? 2 - channel : channel;
    for (let from = channel, to = place * apart; from < rgb.length; from += 3, to += step) out[to] = table[rgb[from]];
  }
}

const tables = new Map<string, Float32Array>();

function tableFor(mean: number, std: number): Float32Array {
  const key = `${mean} ${std}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const table = Float32Array.from({ length: 256 }, (_, value) =>
    Math.fround(Math.fround(Math.fround(value / 255) - Math.fround(mean)) / Math.fround(std)),
  );
  tables.set(key, table);
  return table;
}
