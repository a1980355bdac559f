import type { Picture } from './decode.ts';

/** Fixed-point bits of a weight, `PRECISION_BITS` of Pillow's Resample.c. */
const PRECISION = 32 - 8 - 2;
const HALF = 1 << (PRECISION - 1);

/** For each output position: where its window starts, its length, and its weights (`taps` a position). */
interface Weights {
  readonly taps: number;
  readonly start: Int32Array;
  readonly count: Int32Array;
  readonly weight: Int32Array;
}

/** Columns or rows of a picture: from the first to one past the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** How pixels between those there are come about. */
export interface Resampling {
  readonly interpolation: 'bilinear' | 'bicubic' | 'lanczos';
  /** Whether an image that shrinks is smoothed, as Pillow always does and PyTorch by default. */
  readonly antialias: boolean;
}

/** A filter of Pillow's Resample.c: its half width and its weight at a distance. */
interface Filter {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** The cubic with the slope `a` at 1 (Keys 1981). */
const cubic = (a: number) => (x: number) => {
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
};

const filters: Readonly<Record<Resampling['interpolation'], Filter>> = {
  bilinear: { support: 1, weight: (x) => (x < 1 ? 1 - x : 0) },
  bicubic: { support: 2, weight: cubic(-0.5) },
  lanczos: { support: 3, weight: (x) => (x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** PyTorch's interpolate without antialiasing takes another cubic than Pillow. */
const plainCubic: Filter = { support: 2, weight: cubic(-0.75) };

/** Resizes with Pillow's antialiased bilinear filter, `Image.resize(size, Image.BILINEAR)`, equal to the byte. */
export function resizeBilinear(picture: Picture, width: number, height: number): Picture {
  return resize(picture, width, height, { interpolation: 'bilinear', antialias: true });
}

/**
 * Resizes as Pillow's `Image.resize`, equal to the byte: weights in fixed point, columns first, rounded to bytes, then
 * rows; enlarging and shrinking alike. Without antialiasing as torch.nn.functional.interpolate, to two levels.
 * @param columns the part of the outcome that is wanted; nothing else is computed.
 */
export function resize(
  picture: Picture,
  width: number,
  height: number,
  how: Resampling,
  columns: Span = { from: 0, to: width },
  rows: Span = { from: 0, to: height },
): Picture {
  if (height === picture.height) return resizeAcross(picture, width, how, columns, rows);
  const down = weightsFor(picture.height, height, how);
  const last = rows.to - 1;
  const needed = { from: down.start[rows.from], to: down.start[rows.from] };
  for (let y = rows.from; y <= last; y++) {
    needed.from = Math.min(needed.from, down.start[y]);
    needed.to = Math.max(needed.to, down.start[y] + down.count[y]);
  }
  return resizeDown(resizeAcross(picture, width, how, columns, needed), down, rows, needed.from);
}

/** Resizes so that the longest side has `side` pixels and the shape is kept. */
export function resizeLongestSide(picture: Picture, side: number): Picture {
  const scale = side / Math.max(picture.width, picture.height);
  const length = (pixels: number) => Math.max(1, Math.round(pixels * scale));
  return resizeBilinear(picture, length(picture.width), length(picture.height));
}

function weightsFor(from: number, to: number, { interpolation, antialias }: Resampling): Weights {
  if (antialias) return smoothWeights(from, to, filters[interpolation]);
  return plainWeights(from, to, interpolation === 'bicubic' ? plainCubic : filters[interpolation]);
}

/** Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`. */
function smoothWeights(from: number, to: number, { support, weight: weightAt }: Filter): Weights {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const reach = support * stretch;
  const taps = Math.ceil(reach) * 2 + 1;
  const start = new Int32Array(to);
  const count = new Int32Array(to);
  const weight = new Int32Array(to * taps);
  const exact = new Float64Array(taps);
  for (let x = 0; x < to; x++) {
    const centre = (x + 0.5) * scale;
    // truncated, not rounded down: Pillow casts to int, then cuts off at 0
    start[x] = Math.max(0, Math.trunc(centre - reach + 0.5));
    count[x] = Math.min(from, Math.trunc(centre + reach + 0.5)) - start[x];
    let sum = 0;
    for (let tap = 0; tap < count[x]; tap++) {
      exact[tap] = weightAt(Math.abs((tap + start[x] - centre + 0.5) * (1 / stretch)));
      sum += exact[tap];
    }
    for (let tap = 0; tap < count[x]; tap++) weight[x * taps + tap] = fixedPoint(exact[tap] / sum);
  }
  return { taps, start, count, weight };
}

/** As many places as the filter is wide, those beyond the edge taken for the one at it (PyTorch's UpSample.h). */
function plainWeights(from: number, to: number, { support, weight: weightAt }: Filter): Weights {
  const taps = 2 * support;
  const start = new Int32Array(to);
  const count = new Int32Array(to);
  const weight = new Int32Array(to * taps);
  for (let x = 0; x < to; x++) {
    const centre = (x + 0.5) * (from / to) - 0.5;
    const first = Math.floor(centre) - support + 1;
    const inside = (place: number) => Math.min(Math.max(place, 0), from - 1);
    start[x] = inside(first);
    count[x] = inside(first + taps - 1) - start[x] + 1;
    const exact = new Float64Array(count[x]);
    for (let tap = 0; tap < taps; tap++) {
      exact[inside(first + tap) - start[x]] += weightAt(Math.abs(first + tap - centre));
    }
    for (const [tap, share] of exact.entries()) weight[x * taps + tap] = fixedPoint(share);
  }
  return { taps, start, count, weight };
}

/** Rounded half away from zero, as Pillow rounds. */
function fixedPoint(share: number): number {
  return Math.trunc((share < 0 ? -0.5 : 0.5) + share * (1 << PRECISION));
}

/** The columns wanted, of the rows wanted. */
function resizeAcross(
  { width: from, rgb }: Picture,
  width: number,
  how: Resampling,
  columns: Span,
  rows: Span,
): Picture {
  const cropped = { width: columns.to - columns.from, height: rows.to - rows.from };
  if (width === from && cropped.width === from) {
    return { ...cropped, rgb: rgb.subarray(rows.from * from * 3, rows.to * from * 3) };
  }
  const { taps, start, count, weight } = weightsFor(from, width, how);
  const out = new Uint8Array(cropped.width * cropped.height * 3);
  for (let y = rows.from, to = 0; y < rows.to; y++) {
    for (let x = columns.from; x < columns.to; x++, to += 3) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      const end = x * taps + count[x];
      for (let at = (y * from + start[x]) * 3, tap = x * taps; tap < end; tap++, at += 3) {
        red += rgb[at] * weight[tap];
        green += rgb[at + 1] * weight[tap];
        blue += rgb[at + 2] * weight[tap];
      }
      out[to] = clipped(red);
      out[to + 1] = clipped(green);
      out[to + 2] = clipped(blue);
    }
  }
  return { ...cropped, rgb: out };
}

/** A sum of weighted levels as a level; where weights are negative it may overshoot. */
function clipped(sum: number): number {
  return Math.min(255, Math.max(0, sum >> PRECISION));
}

/** The rows wanted, of a picture whose first row is row `first` of the one to resize. */
function resizeDown({ width, rgb }: Picture, down: Weights, rows: Span, first: number): Picture {
  const { taps, start, count, weight } = down;
  const stride = width * 3;
  const out = new Uint8Array(stride * (rows.to - rows.from));
  const sums = new Int32Array(stride);
  for (let y = rows.from; y < rows.to; y++) {
    sums.fill(HALF);
    for (let tap = 0; tap < count[y]; tap++) {
      const share = weight[y * taps + tap];
      const row = (start[y] - first + tap) * stride;
      for (let i = 0; i < stride; i++) sums[i] += rgb[row + i] * share;
    }
    const to = (y - rows.from) * stride;
    for (let i = 0; i < stride; i++) out[to + i] = clipped(sums[i]);
  }
  return { width, height: rows.to - rows.from, rgb: out };
}
