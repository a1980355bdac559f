import { crc32 } from 'node:zlib';
import { entry } from '../records/entry.ts';

/** What an image's first bytes say of it. */
export interface ImageHeader {
  readonly format: 'jpeg' | 'png' | 'webp';
  readonly width: number;
  readonly height: number;
  /** PNG: bits a sample; others 8. */
  readonly bitDepth: number;
  /** JPEG: components in the frame; PNG: samples a pixel (a palette index counts as one); WebP: 3. */
  readonly channels: number;
  /** PNG: samples are palette indices. */
  readonly palette: boolean;
  /** PNG: Adam7. */
  readonly interlaced: boolean;
  /** WebP: several frames. */
  readonly animated: boolean;
}

/** Thrown where bytes are no image that can be decoded; the message is a clause without a subject's name. */
export class BadImage extends Error {}

const PNG_CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PLAIN = { bitDepth: 8, palette: false, interlaced: false, animated: false };

/**
 * Reads format and size from the bytes themselves (names lie), without decoding a pixel.
 * @throws BadImage for another format, a header cut short or a size of zero.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readByFormat(bytes, view);
  if (header.width === 0 || header.height === 0) throw new BadImage('has a width or height of zero');
  return header;
}

function readByFormat(bytes: Uint8Array, view: DataView): ImageHeader {
  if (bytes.length === 0) throw new BadImage('is empty');
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return readJpeg(bytes, view);
  if (bytes.length >= 33 && text(bytes, 1, 4) === 'PNG' && bytes[0] === 0x89) return readPng(bytes, view);
  if (bytes.length >= 30 && text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP') return readWebp(bytes, view);
  throw new BadImage('is truncated');
}

/** The start of a frame of JPEG-LS (ITU-T T.87). */
const LS_FRAME = 0xf7;

/** The kinds of JPEG that browsers and most libraries lack (ITU-T T.81, table B.1), as people name them; null for others. */
function rareJpeg(marker: number, bits: number): string | null {
  if (marker === LS_FRAME) return 'JPEG-LS image';
  if (marker >= 0xc9) return 'JPEG with arithmetic coding';
  if (marker === 0xc3) return 'lossless JPEG';
  if (marker > 0xc3) return 'hierarchical JPEG';
  return bits === 8 ? null : `JPEG of ${bits} bits a sample`;
}

/** Walks the marker segments to the first start of frame (ITU T.81, B.2.2). */
function readJpeg(bytes: Uint8Array, view: DataView): ImageHeader {
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) throw new BadImage('has a corrupt JPEG header');
    const marker = entry(bytes, at + 1);
    if (marker === 0xff) {
      at += 1; // fill byte
      continue;
    }
    const startsFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (startsFrame || marker === LS_FRAME) {
      const kind = rareJpeg(marker, entry(bytes, at + 4));
      if (kind !== null) throw new BadImage(`is a ${kind}, which is not read: convert it to PNG or plain JPEG`);
      return {
        ...PLAIN,
        format: 'jpeg',
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        channels: entry(bytes, at + 9),
      };
    }
    at += 2 + view.getUint16(at + 2);
  }
  throw new BadImage('is truncated');
}

function readPng(bytes: Uint8Array, view: DataView): ImageHeader {
  const channels = PNG_CHANNELS[entry(bytes, 25)];
  if (text(bytes, 12, 16) !== 'IHDR' || channels === undefined) throw new BadImage('has a corrupt PNG header');
  return {
    ...PLAIN,
    format: 'png',
    width: view.getUint32(16),
    height: view.getUint32(20),
    bitDepth: entry(bytes, 24),
    channels,
    palette: bytes[25] === 3,
    interlaced: bytes[28] !== 0,
  };
}

/** RFC 9649, sections 2.4 to 2.7. */
function readWebp(bytes: Uint8Array, view: DataView): ImageHeader {
  const chunk = text(bytes, 12, 16);
  const webp = { ...PLAIN, format: 'webp' as const, channels: 3 };
  if (chunk === 'VP8 ') {
    return { ...webp, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (chunk === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { ...webp, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (chunk !== 'VP8X') throw new BadImage('has a corrupt WebP header');
  const width = (view.getUint32(24, true) & 0xffffff) + 1;
  const height = (view.getUint32(26, true) >>> 8) + 1;
  return { ...webp, width, height, animated: (entry(bytes, 20) & 2) !== 0 };
}

/** A chunk of a PNG file: its type and the span of its data. */
export interface PngChunk {
  readonly type: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The chunks of a PNG file up to `IEND`, or up to its end where that is missing behind image data, checksums compared: the wasm decoder does not check all of them, and a
 * flipped bit would pass as another picture.
 * @throws BadImage where the file ends before its image data or a checksum differs.
 */
export function readPngChunks(bytes: Uint8Array): PngChunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunk[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const from = at + 8;
    const to = from + view.getUint32(at);
    if (to + 4 > bytes.length) break;
    if (crc32(bytes.subarray(at + 4, to)) !== view.getUint32(to)) throw new BadImage('is corrupt (a checksum differs)');
    const type = text(bytes, at + 4, at + 8);
    if (type === 'IEND') return chunks;
    chunks.push({ type, from, to });
    at = to + 4;
  }
  // As Pillow does; what the data itself lacks is seen when it is inflated.
  if (chunks.some(({ type }) => type === 'IDAT')) return chunks;
  throw new BadImage('is truncated');
}

const IEND = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);

/** The file with no more than these chunks, ended properly. */
export function withEnd(bytes: Uint8Array, chunks: readonly PngChunk[]): Uint8Array {
  const end = (chunks.at(-1)?.to ?? 4) + 4;
  return Buffer.concat([bytes.subarray(0, end), IEND]);
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
