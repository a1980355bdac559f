import { imageProperties } from '../records/imageProperties.ts';
import type { Picture } from './decode.ts';

/** How many there are. */
export const PROPERTIES = imageProperties.length;

/**
 * The properties of an image, in the order of `imageProperties`: of the whole and of its centre half (a quarter of each side
 * cut off on all sides) mean and standard deviation of CIELAB L, a and b and the mean chroma; the variance of the Laplacian
 * of L; the share of pixels where the Sobel gradient of L is steeper than 5 a pixel; width / height; pixels; bytes a pixel.
 * CIELAB as scikit-image's `rgb2lab` (sRGB, D65, 2 degrees); filters as `scipy.ndimage.laplace` and `sobel` / 8 (mode
 * `reflect`).
 *
 * @param bytes of the file.
 */
export function propertiesOf({ width, height, rgb }: Picture, bytes: number): Float32Array {
  const lightness = new Float32Array(width * height);
  const [whole, centre] = [new LabMoments(), new LabMoments()];
  const centreOf = (length: number) => [Math.floor(length / 4), length - Math.floor(length / 4)];
  const [left, right] = centreOf(width);
  const [top, bottom] = centreOf(height);
  const lab = new Float64Array(3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      toLab(rgb, 3 * at, lab);
      lightness[at] = lab[0];
      whole.add(lab);
      if (x >= left && x < right && y >= top && y < bottom) centre.add(lab);
    }
  }
  const pixels = width * height;
  const { sharpness, edges } = filtered(lightness, width, height);
  return Float32Array.from([
    ...whole.values(),
    ...centre.values(),
    ...[sharpness, edges, width / height, pixels, bytes / pixels],
  ]);
}

/** Sums over pixels. State: the sums. */
class LabMoments {
  private count = 0;
  private readonly sums = new Float64Array(3);
  private readonly squares = new Float64Array(3);
  private chroma = 0;

  add(lab: Float64Array): void {
    this.count++;
    for (let channel = 0; channel < 3; channel++) {
      this.sums[channel] += lab[channel];
      this.squares[channel] += lab[channel] * lab[channel];
    }
    this.chroma += Math.sqrt(lab[1] * lab[1] + lab[2] * lab[2]);
  }

  /** Means, standard deviations, mean chroma. */
  values(): number[] {
    const means = [...this.sums].map((sum) => sum / this.count);
    const spreads = means.map((mean, of) => Math.sqrt(Math.max(0, this.squares[of] / this.count - mean * mean)));
    return [...means, ...spreads, this.chroma / this.count];
  }
}

/** sRGB byte to linear light. */
const linear = Float64Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92;
});

/** CIELAB's f on [0, 1.1], by a table that is read between its entries: several times as fast as a cube root, exact to 1e-6. */
const STEPS = 2 ** 14;
const curve = Float64Array.from({ length: STEPS + 2 }, (_, at) => {
  const t = (at * 1.1) / STEPS;
  return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
});

function f(t: number): number {
  const place = (t * STEPS) / 1.1;
  const at = Math.floor(place);
  return curve[at] + (curve[at + 1] - curve[at]) * (place - at);
}

function toLab(rgb: Uint8Array, at: number, lab: Float64Array): void {
  const r = linear[rgb[at]];
  const g = linear[rgb[at + 1]];
  const b = linear[rgb[at + 2]];
  const x = f((0.412453 * r + 0.35758 * g + 0.180423 * b) / 0.95047);
  const y = f(0.212671 * r + 0.71516 * g + 0.072169 * b);
  const z = f((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883);
  lab[0] = 116 * y - 16;
  lab[1] = 500 * (x - y);
  lab[2] = 200 * (y - z);
}

/** A gradient of L steeper than this, a pixel, is an edge. */
const EDGE = 5;

/** Of each pixel a dozen numbers: no lists of them, which would take most of the time. Variance of the Laplacian, and share of edge pixels; beyond the border the outermost pixels are repeated. */
function filtered(values: Float32Array, width: number, height: number): { sharpness: number; edges: number } {
  let sum = 0;
  let squares = 0;
  let edges = 0;
  for (let y = 0; y < height; y++) {
    const above = Math.max(0, y - 1) * width;
    const here = y * width;
    const below = Math.min(height - 1, y + 1) * width;
    for (let x = 0; x < width; x++) {
      const before = Math.max(0, x - 1);
      const after = Math.min(width - 1, x + 1);
      const n = values[above + x];
      const s = values[below + x];
      const w = values[here + before];
      const e = values[here + after];
      const laplacian = n + s + w + e - 4 * values[here + x];
      sum += laplacian;
      squares += laplacian * laplacian;
      const nw = values[above + before];
      const ne = values[above + after];
      const sw = values[below + before];
      const se = values[below + after];
      const across = (ne + 2 * e + se - nw - 2 * w - sw) / 8;
      const down = (sw + 2 * s + se - nw - 2 * n - ne) / 8;
      if (across * across + down * down > EDGE * EDGE) edges++;
    }
  }
  const pixels = width * height;
  return { sharpness: Math.max(0, squares / pixels - (sum / pixels) ** 2), edges: edges / pixels };
}
