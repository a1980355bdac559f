import type { Picture } from './decode.ts';
import { depthOf, type Pipeline } from './preprocess.ts';

/** What of a pipeline lies between pixel values and a model's input. */
export type InputForm = Pick<Pipeline, 'mean' | 'std' | 'height' | 'width' | 'layout' | 'channels'>;

/** An image's pixel values in [0, 1], in the model's layout. */
export function pixelValues({ rgb }: Picture, form: InputForm): Float32Array {
  const depth = depthOf(form);
  const values = new Float32Array((rgb.length / 3) * depth);
  for (let at = 0; at < values.length; at++) values[at] = rgb[placeIn(at, form)] / 255;
  return values;
}

/** Interleaved RGB values in the model's layout; where that is grey, red's. */
export function inLayout(rgb: Float32Array, form: InputForm): Float32Array {
  const values = new Float32Array((rgb.length / 3) * depthOf(form));
  for (let at = 0; at < values.length; at++) values[at] = rgb[placeIn(at, form)];
  return values;
}

/** Values in the model's layout as interleaved RGB; grey ones stand in each channel. */
export function interleaved(values: Float32Array, form: InputForm): Float32Array {
  const depth = depthOf(form);
  const rgb = new Float32Array((values.length / depth) * 3);
  for (let at = 0; at < values.length; at++) {
    const place = placeIn(at, form);
    if (depth === 1) rgb.fill(values[at], place, place + 3);
    else rgb[place] = values[at];
  }
  return rgb;
}

/** The picture whose pixel values these are, rounded. */
export function pictureOfValues(values: Float32Array, form: InputForm): Picture {
  const { width, height } = form;
  const rgb = new Uint8Array(width * height * 3);
  const level = (at: number) => Math.round(values[at] * 255);
  for (let at = 0; at < values.length; at++) {
    const place = placeIn(at, form);
    if (depthOf(form) === 1) rgb.fill(level(at), place, place + 3);
    else rgb[place] = level(at);
  }
  return { width, height, rgb };
}

/** torchvision's Normalize, in float32 arithmetic: equal to the bit to what `preprocess` gives. */
export function normalised(values: Float32Array, { mean, std, ...form }: InputForm): Float32Array {
  const means = Float32Array.from(mean);
  return byChannel(values, form, (value, channel) => Math.fround(value - means[channel]) / Math.fround(std[channel]));
}

/** A gradient by a model's input as one by the pixel values. */
export function gradientByPixels(gradient: Float32Array, { std, ...form }: InputForm): Float32Array {
  return byChannel(gradient, form, (value, channel) => value / std[channel]);
}

/** Changes the values of any number of images, each with its channel: 0 red, 1 green, 2 blue. */
function byChannel(
  values: Float32Array,
  form: Omit<InputForm, 'mean' | 'std'>,
  change: (value: number, channel: number) => number,
): Float32Array {
  const changed = new Float32Array(values.length);
  const inARow = form.layout === 'NHWC' ? 1 : form.width * form.height;
  for (let from = 0; from < values.length; from += inARow) {
    const channel = channelOf(from, form);
    for (let at = from; at < from + inARow; at++) changed[at] = change(values[at], channel);
  }
  return changed;
}

/** The channel of a value of any of a batch of images: 0 red, 1 green, 2 blue. */
function channelOf(at: number, form: Omit<InputForm, 'mean' | 'std'>): number {
  const { layout, width, height, channels } = form;
  const depth = depthOf(form);
  const place = layout === 'NHWC' ? at % depth : Math.floor(at / (width * height)) % depth;
  return channels === 'bgr' ? 2 - place : place;
}

/** Where in interleaved RGB the value `at` of an image in the model's layout comes from. */
function placeIn(at: number, form: InputForm): number {
  const pixel = form.layout === 'NHWC' ? Math.floor(at / depthOf(form)) : at % (form.width * form.height);
  return 3 * pixel + channelOf(at, form);
}
