import { entry } from '../records/entry.ts';
import { imageProperties } from '../records/imageProperties.ts';

/** Properties of the whole image that have a gradient: means of L, a and b, their deviations, mean chroma. Those of the centre half follow. */
const OF_A_PART = 7;
const CHROMA = 6;

/** Whether pixels can be changed along a property: sharpness, edges, shape and size have no direction of their own. */
export function hasGradient(property: number): boolean {
  return property >= 0 && property < 2 * OF_A_PART;
}

/**
 * The gradient of an image property (`propertiesOf`) by the pixel values.
 *
 * @param rgb interleaved values in [0, 1].
 * @throws Error for a property that has none
 */
export function propertyGradient(rgb: Float32Array, width: number, height: number, property: number): Float32Array {
  if (!hasGradient(property)) throw new Error(`${imageProperties[property]?.name} has no gradient`);
  const pixels = pixelsOf(width, height, property >= OF_A_PART);
  const lab = new Float64Array(3 * pixels.length);
  for (const [at, pixel] of pixels.entries()) toLab(rgb, 3 * pixel, lab, 3 * at);
  const byLab = gradientByLab(lab, property % OF_A_PART);
  const gradient = new Float32Array(rgb.length);
  for (const [at, pixel] of pixels.entries()) setByRgb(gradient, rgb, 3 * pixel, byLab.subarray(3 * at, 3 * at + 3));
  return gradient;
}

/** Of the whole image, or of its centre half. */
function pixelsOf(width: number, height: number, isCentre: boolean): number[] {
  const cutOff = (length: number) => (isCentre ? Math.floor(length / 4) : 0);
  const [across, down] = [cutOff(width), cutOff(height)];
  const pixels: number[] = [];
  for (let y = down; y < height - down; y++) for (let x = across; x < width - across; x++) pixels.push(y * width + x);
  return pixels;
}

/** The derivative of a mean, a standard deviation or the mean chroma by L, a and b of each pixel. */
function gradientByLab(lab: Float64Array, kind: number): Float64Array {
  const count = lab.length / 3;
  const gradient = new Float64Array(lab.length);
  if (kind === CHROMA) {
    for (let at = 0; at < lab.length; at += 3) {
      const chroma = Math.hypot(entry(lab, at + 1), entry(lab, at + 2));
      // Grey has no direction of its own: both ways are up.
      for (const channel of [1, 2])
        gradient[at + channel] = chroma === 0 ? 0 : entry(lab, at + channel) / (chroma * count);
    }
    return gradient;
  }
  const channel = kind % 3;
  let [sum, squares] = [0, 0];
  for (let at = channel; at < lab.length; at += 3) {
    sum += entry(lab, at);
    squares += entry(lab, at) ** 2;
  }
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
  for (let at = channel; at < lab.length; at += 3) {
    if (kind < 3) gradient[at] = 1 / count;
    else gradient[at] = deviation === 0 ? 0 : (entry(lab, at) - mean) / (count * deviation);
  }
  return gradient;
}

/** CIELAB by linear light: rows X, Y, Z over the white of D65. */
const XYZ = [
  [0.412453 / 0.95047, 0.35758 / 0.95047, 0.180423 / 0.95047],
  [0.212671, 0.71516, 0.072169],
  [0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883],
];
/** What L, a and b take of f(X), f(Y), f(Z). */
const LAB = [
  [0, 116, 0],
  [500, -500, 0],
  [0, 200, -200],
];

const linear = (value: number) => (value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92);
const linearSlope = (value: number) => (value > 0.04045 ? (2.4 / 1.055) * ((value + 0.055) / 1.055) ** 1.4 : 1 / 12.92);
const curve = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
const curveSlope = (t: number) => (t > 0.008856 ? 1 / (3 * Math.cbrt(t) ** 2) : 7.787);

const tristimulus = (rgb: Float32Array, at: number, row: number) =>
  entry(XYZ, row).reduce((sum, part, channel) => sum + part * linear(entry(rgb, at + channel)), 0);

function toLab(rgb: Float32Array, at: number, lab: Float64Array, to: number): void {
  const f = [0, 1, 2].map((row) => curve(tristimulus(rgb, at, row)));
  for (let channel = 0; channel < 3; channel++)
    lab[to + channel] =
      entry(LAB, channel).reduce((sum, part, row) => sum + part * entry(f, row), 0) - (channel === 0 ? 16 : 0);
}

/** The chain rule through f, linear light and sRGB's curve. */
function setByRgb(gradient: Float32Array, rgb: Float32Array, at: number, byLab: Float64Array): void {
  const byXyz = [0, 1, 2].map((row) => {
    const byF = LAB.reduce((sum, parts, channel) => sum + entry(parts, row) * entry(byLab, channel), 0);
    return byF * curveSlope(tristimulus(rgb, at, row));
  });
  for (let channel = 0; channel < 3; channel++) {
    const byLight = XYZ.reduce((sum, parts, row) => sum + entry(parts, channel) * entry(byXyz, row), 0);
    const place = at + channel;
    gradient[place] = byLight * linearSlope(entry(rgb, place));
  }
}
