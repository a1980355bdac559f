import type { Picture } from './decode.ts';
import type { Pipeline } from './preprocess.ts';

/** What of a pipeline lies between pixel values and a model's input. */
export type InputForm = Pick<Pipeline, 'mean' | 'std' | 'height' | 'width' | 'layout'>;

/** An image's pixel values in [0, 1], in the model's layout. */
export function pixelValues({ rgb }: Picture, { layout }: InputForm): Float32Array {
  const values = new Float32Array(rgb.length);
  for (let at = 0; at < rgb.length; at++) values[placeOf(at, layout, rgb.length)] = rgb[at] / 255;
  return values;
}

/** The picture whose pixel values these are, rounded. */
export function pictureOfValues(values: Float32Array, { layout, width, height }: InputForm): Picture {
  const rgb = new Uint8Array(values.length);
  for (let at = 0; at < rgb.length; at++) rgb[at] = Math.round(values[placeOf(at, layout, rgb.length)] * 255);
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
  { layout, width, height }: Pick<InputForm, 'layout' | 'width' | 'height'>,
  change: (value: number, channel: number) => number,
): Float32Array {
  const pixels = width * height;
  const channelOf = layout === 'NHWC' ? (at: number) => at % 3 : (at: number) => Math.floor(at / pixels) % 3;
  return values.map((value, at) => change(value, channelOf(at)));
}

/** Where the byte `at` of interleaved RGB goes. */
function placeOf(at: number, layout: Pipeline['layout'], length: number): number {
  return layout === 'NHWC' ? at : (at % 3) * (length / 3) + Math.floor(at / 3);
}
