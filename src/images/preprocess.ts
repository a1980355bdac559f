import type { Picture } from './decode.ts';
import { BadImage } from './imageHeader.ts';
import { resizeBilinear } from './resize.ts';

/** torchvision's evaluation pipeline, for one model's input. Plain data: it goes to worker threads and into fingerprints. */
export interface Pipeline {
  /** Length of the shorter side after resizing; null: not resized. */
  readonly resize: number | null;
  /** Side of the centre crop; null: not cropped. */
  readonly crop: number | null;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** What comes out, in pixels. */
  readonly height: number;
  readonly width: number;
  /** `NCHW`: planes; `NHWC`: interleaved. */
  readonly layout: 'NCHW' | 'NHWC';
}

/**
 * Writes one image as the model takes it: torchvision's Resize, CenterCrop, ToTensor and Normalize on a PIL image.
 * @param out height x width x 3 float32 values, in the pipeline's layout.
 * @throws BadImage where the image comes out in another size than the model takes.
 */
export function preprocess(picture: Picture, pipeline: Pipeline, out: Float32Array): void {
  normalise(asSeen(picture, pipeline).rgb, pipeline, out);
}

/**
 * The part of an image that a model sees, before mean and standard deviation: resized and cropped.
 * @throws BadImage where the image comes out in another size than the model takes.
 */
export function asSeen(picture: Picture, pipeline: Pipeline): Picture {
  const { width, height } = pipeline.resize === null ? picture : resizedSize(picture, pipeline.resize);
  if (Math.max(width, height) > MAX_RESIZED_SIDE) {
    throw new BadImage(`is ${picture.width} x ${picture.height} pixels, too long and thin to be resized`);
  }
  const seen = croppedTo(picture, width, height, pipeline.crop);
  if (seen.width !== pipeline.width || seen.height !== pipeline.height) {
    const size = `${seen.width} x ${seen.height}`;
    throw new BadImage(`is ${size} pixels where the model takes ${pipeline.width} x ${pipeline.height}`);
  }
  return seen;
}

/** Pixels that the longer side of a resized image may have: the tables of a resize grow with it. */
const MAX_RESIZED_SIDE = 1 << 20;

/** What torchvision's `Resize(side)` makes of an image: the longer side is cut off to a whole number, not rounded. */
function resizedSize({ width, height }: Picture, side: number): { width: number; height: number } {
  return width <= height
    ? { width: side, height: Math.trunc((side * height) / width) }
    : { width: Math.trunc((side * width) / height), height: side };
}

/** Resizes and crops; what the crop leaves out is not computed. */
function croppedTo(picture: Picture, width: number, height: number, side: number | null): Picture {
  if (side === null || side > width || side > height) {
    const resized =
      width === picture.width && height === picture.height ? picture : resizeBilinear(picture, width, height);
    return side === null ? resized : cropCentre(resized, side);
  }
  const span = (length: number) => ({ from: offset(length, side), to: offset(length, side) + side });
  return resizeBilinear(picture, width, height, span(width), span(height));
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
  const [red, green, blue] = [0, 1, 2].map((channel) => tableFor(pipeline.mean[channel], pipeline.std[channel]));
  const planes = pipeline.layout === 'NCHW';
  const step = planes ? 1 : 3;
  const apart = planes ? rgb.length / 3 : 1;
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += step) {
    out[to] = red[rgb[from]];
    out[to + apart] = green[rgb[from + 1]];
    out[to + 2 * apart] = blue[rgb[from + 2]];
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
