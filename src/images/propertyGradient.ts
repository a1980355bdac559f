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
  const xyz = new Float64Array(3 * pixels.length);
  for (const [at, pixel] of pixels.entries()) toXyz(rgb, 3 * pixel, xyz, 3 * at);
  const byLab = gradientByLab(labOf(xyz), property % OF_A_PART);
  const gradient = new Float32Array(rgb.length);
  for (const [at, pixel] of pixels.entries()) setByRgb(gradient, rgb, 3 * pixel, { xyz, byLab, at: 3 * at });
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

/** X, Y and Z over the white of D65, by linear red, green and blue. */
const XYZ = [
  [0.412453 / 0.95047, 0.35758 / 0.95047, 0.180423 / 0.95047],
  [0.212671, 0.71516, 0.072169],
  [0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883],
] as const;

const linear = (value: number) => (value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92);
const linearSlope = (value: number) => (value > 0.04045 ? (2.4 / 1.055) * ((value + 0.055) / 1.055) ** 1.4 : 1 / 12.92);
const curve = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
const curveSlope = (t: number) => (t > 0.008856 ? 1 / (3 * Math.cbrt(t) ** 2) : 7.787);

function toXyz(rgb: Float32Array, at: number, xyz: Float64Array, to: number): void {
  const red = linear(entry(rgb, at));
  const green = linear(entry(rgb, at + 1));
  const blue = linear(entry(rgb, at + 2));
  for (let row = 0; row < 3; row++) {
    const [ofRed, ofGreen, ofBlue] = entry(XYZ, row);
    xyz[to + row] = ofRed * red + ofGreen * green + ofBlue * blue;
  }
}

function labOf(xyz: Float64Array): Float64Array {
  const lab = new Float64Array(xyz.length);
  for (let at = 0; at < xyz.length; at += 3) {
    const x = curve(entry(xyz, at));
    const y = curve(entry(xyz, at + 1));
    const z = curve(entry(xyz, at + 2));
    lab[at] = 116 * y - 16;
    lab[at + 1] = 500 * x - 500 * y;
    lab[at + 2] = 200 * y - 200 * z;
  }
  return lab;
}

/** The chain rule through CIELAB's curve, linear light and sRGB's curve, from the pixel that stands at `at` of `xyz`. */
function setByRgb(
  gradient: Float32Array,
  rgb: Float32Array,
  place: number,
  { xyz, byLab, at }: { readonly xyz: Float64Array; readonly byLab: Float64Array; readonly at: number },
): void {
  const [byL, byA, byB] = [entry(byLab, at), entry(byLab, at + 1), entry(byLab, at + 2)];
  const byX = 500 * byA * curveSlope(entry(xyz, at));
  const byY = (116 * byL - 500 * byA + 200 * byB) * curveSlope(entry(xyz, at + 1));
  const byZ = -200 * byB * curveSlope(entry(xyz, at + 2));
  const [ofX, ofY, ofZ] = XYZ;
  for (let channel = 0; channel < 3; channel++) {
    const byLight = entry(ofX, channel) * byX + entry(ofY, channel) * byY + entry(ofZ, channel) * byZ;
    gradient[place + channel] = byLight * linearSlope(entry(rgb, place + channel));
  }
}
