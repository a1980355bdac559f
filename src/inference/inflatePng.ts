import { inflateSync } from 'node:zlib';
import { BadImage, type ImageHeader, type PngChunk } from './imageHeader.ts';

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
  for (let y = 0, at = 0; y < height; y++, at += stride + 1) unfilter(lines, at, y, stride, channels);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = y * (stride + 1) + 1;
    copyLine(lines.subarray(from, from + stride), rgb.subarray(y * width * 3, (y + 1) * width * 3), channels);
  }
  return rgb;
}

function copyLine(line: Uint8Array, rgb: Uint8Array, channels: number): void {
  if (channels === 3) {
    rgb.set(line);
    return;
  }
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    rgb[to] = line[from];
    rgb[to + 1] = line[from + green];
    rgb[to + 2] = line[from + blue];
  }
}

function inflate(data: Uint8Array, length: number): Uint8Array {
  try {
    const lines = inflateSync(data, { chunkSize: Math.max(64, length + 1), maxOutputLength: length });
    if (lines.length === length) return lines;
  } catch (cause) {
    throw new BadImage('cannot be decoded (corrupt PNG data)', { cause });
  }
  throw new BadImage('cannot be decoded (its header and data disagree)');
}

/** Undoes the filter of one line in place (PNG specification, section 9). `at` is where its filter byte stands. */
function unfilter(lines: Uint8Array, at: number, y: number, stride: number, channels: number): void {
  const filter = lines[at];
  const first = at + 1;
  const end = first + stride;
  const up = stride + 1; // how far back the byte above is
  const second = first + channels;
  // On the first line all above is zero: "up" changes nothing, "average" halves the left, "Paeth" takes the left.
  if (filter === 0 || (filter === 2 && y === 0)) return;
  if (filter === 1 || (filter === 4 && y === 0)) for (let i = second; i < end; i++) lines[i] += lines[i - channels];
  else if (filter === 2) for (let i = first; i < end; i++) lines[i] += lines[i - up];
  else if (filter === 3) {
    for (let i = first; i < end; i++) {
      lines[i] += ((i < second ? 0 : lines[i - channels]) + (y === 0 ? 0 : lines[i - up])) >> 1;
    }
  } else if (filter === 4) {
    for (let channel = 0; channel < channels; channel++) unfilterPaeth(lines, first + channel, end, up, channels);
  } else throw new BadImage('cannot be decoded (corrupt PNG data)');
}

/** One channel of a line whose bytes were predicted from left, above or the corner between, whichever is nearest. */
function unfilterPaeth(lines: Uint8Array, first: number, end: number, up: number, channels: number): void {
  let left = 0;
  let corner = 0;
  for (let i = first; i < end; i += channels) {
    const above = lines[i - up];
    const toLeft = Math.abs(above - corner);
    const toAbove = Math.abs(left - corner);
    const toCorner = Math.abs(left + above - corner - corner);
    // Masks instead of branches, which noise makes unpredictable: half the time of this whole file.
    const farLeft = ((toAbove - toLeft) | (toCorner - toLeft)) >> 31;
    const farAbove = (toCorner - toAbove) >> 31;
    const other = (corner & farAbove) | (above & ~farAbove);
    left = (lines[i] + ((other & farLeft) | (left & ~farLeft))) & 0xff;
    lines[i] = left;
    corner = above;
  }
}
