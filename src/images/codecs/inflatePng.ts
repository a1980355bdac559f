import { constants, inflateSync } from 'node:zlib';
import { BadImage, type ImageHeader, type PngChunk } from '../imageHeader.ts';

/**
 * Decodes the plainest PNGs (8 bits, greyscale or colour with or without alpha, not interlaced) with Node's own zlib: a
 * third of the time of the wasm decoder, which counts where images are small and the network is too.
 * @returns RGB, 3 bytes a pixel, alpha dropped; null for other PNGs.
 * @throws BadImage where the data is corrupt or does not fill the image.
 */
export function inflatePng(bytes: Uint8Array, header: ImageHeader, chunks: readonly PngChunk[]): Uint8Array | null {
  const { width, height, channels, bitDepth, palette, interlaced } = header;
  if (bitDepth !== 8 || palette || interlaced || channels === 2) return null;
  const data = chunks.filter(({ type }) => type === 'IDAT').map(({ from, to }) => bytes.subarray(from, to));
  const stride = width * channels;
  const lines = inflate(data.length === 1 ? data[0] : Buffer.concat(data), (stride + 1) * height);
  for (let y = 0; y < height; y++) unfilter(lines, y, stride, channels);
  const samples = lines.subarray(0, stride * height);
  return channels === 3 ? samples : toRgb(samples, channels);
}

function toRgb(samples: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((samples.length / channels) * 3);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    rgb[to] = samples[from];
    rgb[to + 1] = samples[from + green];
    rgb[to + 2] = samples[from + blue];
  }
  return rgb;
}

/** Bytes behind the image that are passed over, as libpng does: more is no image's padding. */
const MOST_BEYOND = 64 * 1024;

/** The lines of the image; a missing checksum of zlib is passed over too, for the chunks have their own. */
function inflate(data: Uint8Array, length: number): Uint8Array {
  try {
    const options = { chunkSize: Math.max(64, length + 1), maxOutputLength: length + MOST_BEYOND };
    const lines = inflateSync(data, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
    if (lines.length >= length) return lines.subarray(0, length);
  } catch (cause) {
    throw new BadImage('cannot be decoded (corrupt PNG data)', { cause });
  }
  throw new BadImage('cannot be decoded (its header and data disagree)');
}

/**
 * Undoes the filter of line `y` (PNG specification, section 9) and moves it to the front, over the filter bytes of the
 * lines before it. Plain loops: each of these bytes counts.
 */
function unfilter(lines: Uint8Array, y: number, stride: number, channels: number): void {
  const to = y * stride;
  const end = to + stride;
  const skip = y + 1;
  const filter = lines[to + y];
  if (filter > 4) throw new BadImage('cannot be decoded (corrupt PNG data)');
  if (filter === 4 && channels === 3 && y > 0) {
    unfilterPaeth(lines, to, skip, stride);
    return;
  }
  lines.copyWithin(to, to + skip, end + skip);
  if (filter === 1 || (filter === 4 && y === 0)) {
    for (let i = to + channels; i < end; i++) lines[i] += lines[i - channels];
  } else if (filter === 2 && y > 0) {
    for (let i = to; i < end; i++) lines[i] += lines[i - stride];
  } else if (filter === 3) {
    for (let i = to; i < end; i++) {
      lines[i] += ((i < to + channels ? 0 : lines[i - channels]) + (y === 0 ? 0 : lines[i - stride])) >> 1;
    }
  } else if (filter === 4) {
    for (let i = to; i < to + channels; i++) lines[i] += lines[i - stride];
    for (let i = to + channels; i < end; i++) {
      lines[i] += paeth(lines[i - channels], lines[i - stride], lines[i - stride - channels]);
    }
  }
}

/** The commonest filter of RGB lines but the first, its neighbours kept in registers. */
function unfilterPaeth(lines: Uint8Array, to: number, skip: number, stride: number): void {
  let red = 0;
  let green = 0;
  let blue = 0;
  let redCorner = 0;
  let greenCorner = 0;
  let blueCorner = 0;
  for (let i = to; i < to + stride; i += 3) {
    const redAbove = lines[i - stride];
    const greenAbove = lines[i - stride + 1];
    const blueAbove = lines[i - stride + 2];
    red = (lines[i + skip] + paeth(red, redAbove, redCorner)) & 0xff;
    green = (lines[i + skip + 1] + paeth(green, greenAbove, greenCorner)) & 0xff;
    blue = (lines[i + skip + 2] + paeth(blue, blueAbove, blueCorner)) & 0xff;
    lines[i] = red;
    lines[i + 1] = green;
    lines[i + 2] = blue;
    redCorner = redAbove;
    greenCorner = greenAbove;
    blueCorner = blueAbove;
  }
}

/** Whichever of three neighbours is nearest to left + above - corner: Paeth's prediction. */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - corner - corner);
  // Masks instead of branches, which noise makes unpredictable.
  const notLeft = ((toAbove - toLeft) | (toCorner - toLeft)) >> 31;
  const notAbove = (toCorner - toAbove) >> 31;
  return (((corner & notAbove) | (above & ~notAbove)) & notLeft) | (left & ~notLeft);
}
