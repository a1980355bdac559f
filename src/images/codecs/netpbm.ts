import { BadImage } from '../imageHeader.ts';
import type { Format } from './format.ts';

/** A Netpbm header: the kind P1 to P6, the size, the greatest value, and where the data begins. */
interface Header {
  readonly kind: number;
  readonly width: number;
  readonly height: number;
  readonly most: number;
  readonly data: number;
}

/** PBM, PGM and PPM, as text or as bytes (netpbm.sourceforge.net/doc/ppm.html). */
export const netpbm: Format = {
  name: 'PPM',
  shown: null,
  matches: (bytes) => bytes[0] === 0x50 && bytes[1] >= 0x31 && bytes[1] <= 0x36 && isSpace(bytes[2]),
  size: readHeader,
  decode: (bytes) => toRgb(bytes, readHeader(bytes)),
};

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 9 && byte <= 13);
}

/** The next number from `at`, comments and white space before it skipped, and the place behind it. */
function nextNumber(bytes: Uint8Array, at: number, digits = 10): { value: number; end: number } {
  let from = at;
  while (isSpace(bytes[from]) || bytes[from] === 0x23) {
    if (bytes[from] === 0x23) while (from < bytes.length && bytes[from] !== 10) from++;
    from++;
  }
  let end = from;
  let value = 0;
  while (bytes[end] >= 0x30 && bytes[end] <= 0x39 && end - from < digits) value = value * 10 + bytes[end++] - 0x30;
  if (end === from) throw new BadImage(from >= bytes.length ? 'is truncated' : 'has a corrupt PPM header');
  return { value, end };
}

function readHeader(bytes: Uint8Array): Header {
  const kind = bytes[1] - 0x30;
  const width = nextNumber(bytes, 2);
  const height = nextNumber(bytes, width.end);
  const isBilevel = kind === 1 || kind === 4;
  const most = isBilevel ? { value: 1, end: height.end } : nextNumber(bytes, height.end);
  if (most.value === 0 || most.value > 65535) throw new BadImage('has a corrupt PPM header');
  return { kind, width: width.value, height: height.value, most: most.value, data: most.end + 1 };
}

function toRgb(bytes: Uint8Array, header: Header): Uint8Array {
  const { kind, width, height, most } = header;
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const samples = kind <= 3 ? textSamples(bytes, header, channels) : byteSamples(bytes, header, channels);
  const isBilevel = kind === 1 || kind === 4;
  const levelOf = levels(isBilevel, most, channels);
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = levelOf(samples[channels === 3 ? i : Math.floor(i / 3)]);
  return rgb;
}

/** Ones are black in bilevel images. Pillow widens shallow samples and cuts deep grey ones off at 255. */
function levels(isBilevel: boolean, most: number, channels: number): (sample: number) => number {
  if (isBilevel) return (sample) => (sample === 0 ? 255 : 0);
  if (most === 255) return (sample) => sample;
  if (most > 255 && channels === 1) return (sample) => Math.min(255, Math.round((sample / most) * 65535));
  return (sample) => Math.min(255, Math.round((sample / most) * 255));
}

function textSamples(bytes: Uint8Array, { kind, width, height, data }: Header, channels: number): number[] {
  let at = data - 1;
  return Array.from({ length: width * height * channels }, () => {
    const { value, end } = nextNumber(bytes, at, kind === 1 ? 1 : 10);
    at = end;
    return value;
  });
}

function byteSamples(
  bytes: Uint8Array,
  { kind, width, height, most, data }: Header,
  channels: number,
): ArrayLike<number> {
  const wide = most > 255 ? 2 : 1;
  const stride = kind === 4 ? Math.ceil(width / 8) : width * channels * wide;
  if (bytes.length < data + stride * height) throw new BadImage('is truncated');
  if (kind === 4) {
    const bit = (i: number) => {
      const [y, x] = [Math.floor(i / width), i % width];
      return (bytes[data + y * stride + (x >> 3)] >> (7 - (x & 7))) & 1;
    };
    return Uint8Array.from({ length: width * height }, (_, i) => bit(i));
  }
  if (wide === 1) return bytes.subarray(data, data + stride * height);
  return Uint16Array.from(
    { length: width * height * channels },
    (_, i) => (bytes[data + 2 * i] << 8) | bytes[data + 2 * i + 1],
  );
}
