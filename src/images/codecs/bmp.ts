import { BadImage } from '../imageHeader.ts';
import { type Format, hasText, type Size, viewOf } from './format.ts';

/** Compression of the BITMAPINFOHEADER. */
const stored = { plain: 0, runs8: 1, runs4: 2, masks: 3, alphaMasks: 6 } as const;

/** Windows bitmaps of 1 to 32 bits a pixel, run lengths among them, and those of OS/2 1.x. The packages for it widen 16-bit colours otherwise than Pillow. */
export const bmp: Format = {
  name: 'BMP',
  shown: null,
  matches: (bytes) => hasText(bytes, 0, 'BM') && bytes.length >= 54 && viewOf(bytes).getUint32(14, true) <= 124,
  size: (bytes) => {
    const { width, height } = headerOf(bytes);
    return { width, height };
  },
  decode: decodeBmp,
};

interface Header extends Size {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly fromBottom: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Where the pixels begin. */
  readonly data: number;
  /** Where the palette, or the masks of colours, begins. */
  readonly table: number;
  /** Colours of the palette; 0: all that the bits can name. */
  readonly colours: number;
  /** Bytes that a colour of the palette takes. */
  readonly colourBytes: 3 | 4;
}

/** The header of OS/2 1.x: 16-bit sizes, no compression, colours of three bytes. */
const CORE = 12;

function headerOf(bytes: Uint8Array): Header {
  const view = viewOf(bytes);
  const length = view.getUint32(14, true);
  const table = 14 + length;
  const data = view.getUint32(10, true);
  if (length === CORE) {
    const [width, height] = [view.getUint16(18, true), view.getUint16(20, true)];
    const core = { bits: view.getUint16(24, true), compression: stored.plain, colours: 0, colourBytes: 3 } as const;
    return { view, bytes, width, height, fromBottom: true, data, table, ...core };
  }
  if (length < 40) throw new BadImage(`is a BMP with a header of ${length} bytes, which is not read`);
  const [width, height] = [view.getInt32(18, true), view.getInt32(22, true)];
  return {
    ...{ data, table, colours: view.getUint32(46, true), colourBytes: 4 },
    ...{ view, bytes, width: Math.max(0, width), height: Math.abs(height), fromBottom: height > 0 },
    ...{ bits: view.getUint16(28, true), compression: view.getUint32(30, true) },
  };
}

function decodeBmp(bytes: Uint8Array): Uint8Array {
  const header = headerOf(bytes);
  const { width, height, fromBottom } = header;
  const colourAt = coloursOf(header);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    const row = fromBottom ? height - 1 - y : y;
    for (let x = 0; x < width; x++, to += 3) rgb.set(colourAt(x, row), to);
  }
  return rgb;
}

/** Gives the colour of a column of a row of the file. */
function coloursOf(header: Header): (x: number, row: number) => readonly number[] {
  const { view, bytes, width, height, bits, compression, data } = header;
  if (![1, 2, 4, 8, 16, 24, 32].includes(bits) || ![0, 1, 2, 3, 6].includes(compression))
    throw new BadImage(`is a BMP of ${bits} bits a pixel and compression ${compression}, which is not read`);
  const stride = Math.ceil((width * bits) / 32) * 4;
  const isRuns = compression === stored.runs8 || compression === stored.runs4;
  if (!isRuns && data + stride * height > bytes.length) throw new BadImage('is truncated');
  if (bits <= 8) {
    const palette = paletteOf(header);
    const indices = isRuns ? runsOf(header) : null;
    const perByte = 8 / bits;
    return (x, row) => {
      const packed = bytes[data + row * stride + Math.floor(x / perByte)];
      const index = indices?.[row * width + x] ?? (packed >> (8 - bits - (x % perByte) * bits)) & (2 ** bits - 1);
      return palette[index] ?? [0, 0, 0];
    };
  }
  if (bits === 16) {
    const levels = masksOf(header).map(levelsOf);
    return (x, row) => levels.map((level) => level(view.getUint16(data + row * stride + 2 * x, true)));
  }
  if (bits === 32 && compression !== stored.plain) {
    const levels = masksOf(header).map(levelsOf);
    return (x, row) => levels.map((level) => level(view.getUint32(data + row * stride + 4 * x, true)));
  }
  return (x, row) => {
    const at = data + row * stride + (x * bits) / 8;
    return [bytes[at + 2], bytes[at + 1], bytes[at]];
  };
}

function paletteOf({ bytes, bits, table, colours, colourBytes }: Header): number[][] {
  return Array.from({ length: Math.min(colours || 2 ** bits, 256) }, (_, i) => {
    const at = table + colourBytes * i;
    return [bytes[at + 2], bytes[at + 1], bytes[at]];
  });
}

/** Masks of red, green and blue: behind a header of 40 bytes, or in a longer one at the same place; 5 bits each where there are none. */
function masksOf({ view, compression }: Header): number[] {
  if (compression === stored.plain) return [0x7c00, 0x3e0, 0x1f];
  return [54, 58, 62].map((at) => view.getUint32(at, true));
}

/** The bits of a mask as a level from 0 to 255. */
function levelsOf(mask: number): (value: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (value) => Math.floor((((value & mask) >>> shift) * 255) / most);
}

/** The indices of a bitmap of run lengths; what no run reaches is 0. */
function runsOf({ bytes, width, height, bits, data }: Header): Uint8Array {
  const indices = new Uint8Array(width * height);
  let [x, row, at] = [0, 0, data];
  const put = (index: number) => {
    if (x < width && row < height) indices[row * width + x] = index;
    x++;
  };
  const nibble = (byte: number, i: number) => (bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
  while (row < height) {
    if (at + 2 > bytes.length) throw new BadImage('is truncated');
    const [count, value] = [bytes[at], bytes[at + 1]];
    at += 2;
    if (count > 0) for (let i = 0; i < count; i++) put(nibble(value, i));
    else if (value === 0) [x, row] = [0, row + 1];
    else if (value === 1) break;
    else if (value === 2) {
      x += bytes[at];
      row += bytes[at + 1];
      at += 2;
    } else {
      for (let i = 0; i < value; i++) put(nibble(bytes[at + (bits === 8 ? i : i >> 1)], i));
      at += 2 * Math.ceil((bits === 8 ? value : Math.ceil(value / 2)) / 2);
    }
  }
  return indices;
}
