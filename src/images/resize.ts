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

/**
 * Resizes with Pillow's antialiased bilinear filter, `Image.resize(size, Image.BILINEAR)`, equal to the byte:
 * weights in fixed point, columns first, rounded to bytes, then rows. Enlarging and shrinking alike.
 * @param columns the part of the outcome that is wanted; nothing else is computed.
 */
export function resizeBilinear(
  picture: Picture,
  width: number,
  height: number,
  columns: Span = { from: 0, to: width },
  rows: Span = { from: 0, to: height },
): Picture {
  if (height === picture.height) return resizeAcross(picture, width, columns, rows);
  const down = weightsFor(picture.height, height);
  const last = rows.to - 1;
  const needed = { from: down.start[rows.from], to: down.start[last] + down.count[last] };
  return resizeDown(resizeAcross(picture, width, columns, needed), down, rows, needed.from);
}

/** Resizes so that the longest side has `side` pixels and the shape is kept. */
export function resizeLongestSide(picture: Picture, side: number): Picture {
  const scale = side / Math.max(picture.width, picture.height);
  const length = (pixels: number) => Math.max(1, Math.round(pixels * scale));
  return resizeBilinear(picture, length(picture.width), length(picture.height));
}

/** Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc` for a triangle of support 1. */
function weightsFor(from: number, to: number): Weights {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const taps = Math.ceil(stretch) * 2 + 1;
  const start = new Int32Array(to);
  const count = new Int32Array(to);
  const weight = new Int32Array(to * taps);
  const exact = new Float64Array(taps);
  for (let x = 0; x < to; x++) {
    const centre = (x + 0.5) * scale;
    // truncated, not rounded down: Pillow casts to int, then cuts off at 0
    start[x] = Math.max(0, Math.trunc(centre - stretch + 0.5));
    count[x] = Math.min(from, Math.trunc(centre + stretch + 0.5)) - start[x];
    let sum = 0;
    for (let tap = 0; tap < count[x]; tap++) {
      const distance = Math.abs((tap + start[x] - centre + 0.5) * (1 / stretch));
      exact[tap] = distance < 1 ? 1 - distance : 0;
      sum += exact[tap];
    }
    for (let tap = 0; tap < count[x]; tap++) {
      weight[x * taps + tap] = Math.trunc(0.5 + (exact[tap] / sum) * (1 << PRECISION));
    }
  }
  return { taps, start, count, weight };
}

/** The columns wanted, of the rows wanted. */
function resizeAcross({ width: from, rgb }: Picture, width: number, columns: Span, rows: Span): Picture {
  const cropped = { width: columns.to - columns.from, height: rows.to - rows.from };
  if (width === from && cropped.width === from) {
    return { ...cropped, rgb: rgb.subarray(rows.from * from * 3, rows.to * from * 3) };
  }
  const { taps, start, count, weight } = weightsFor(from, width);
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
      // weights are positive and sum to 1: no clipping needed but for the last rounding
      out[to] = Math.min(255, red >> PRECISION);
      out[to + 1] = Math.min(255, green >> PRECISION);
      out[to + 2] = Math.min(255, blue >> PRECISION);
    }
  }
  return { ...cropped, rgb: out };
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
    for (let i = 0; i < stride; i++) out[to + i] = Math.min(255, sums[i] >> PRECISION);
  }
  return { width, height: rows.to - rows.from, rgb: out };
}
