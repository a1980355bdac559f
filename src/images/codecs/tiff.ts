import type { GeoTIFFImage } from 'geotiff';
import { BadImage } from '../imageHeader.ts';
import { type Format, type Size, withoutAlpha } from './format.ts';
import { decodeJpeg } from './jpeg.ts';

/** Tag PhotometricInterpretation (TIFF 6.0). */
const photometric = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, palette: 3, cmyk: 5, ycbcr: 6 } as const;

/** TIFF, its first page: 1 to 16 bits, in strips or tiles; LZW, Deflate, PackBits, Zstandard, JPEG. */
export const tiff: Format = {
  name: 'TIFF',
  shown: null,
  matches: (bytes) =>
    (startsWith(bytes, [0x49, 0x49]) && (bytes[2] === 42 || bytes[2] === 43)) ||
    (startsWith(bytes, [0x4d, 0x4d, 0]) && (bytes[3] === 42 || bytes[3] === 43)),
  size: async (bytes) => {
    const image = await firstPage(bytes);
    return { width: image.getWidth(), height: image.getHeight() };
  },
  decode: async (bytes, size) => toRgb(await firstPage(bytes), size),
};

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

const BITS_PER_SAMPLE = 258;

async function firstPage(bytes: Uint8Array): Promise<GeoTIFFImage> {
  loaded ??= load();
  const { fromArrayBuffer } = await loaded;
  const tiffFile = await fromArrayBuffer(new Uint8Array(bytes).buffer);
  const image = await tiffFile.getImage(0);
  const { fileDirectory } = image;
  // Left out, it is 1 (TIFF 6.0); the package wants it said.
  if (!fileDirectory.hasTag('BitsPerSample')) fileDirectory.actualizedFields.set(BITS_PER_SAMPLE, [1]);
  return image;
}

async function toRgb(image: GeoTIFFImage, { width, height }: Size): Promise<Uint8Array> {
  const kind = Number(await image.fileDirectory.loadValue('PhotometricInterpretation'));
  const samples = await image.readRasters({ interleave: true });
  if (!ArrayBuffer.isView(samples)) throw new BadImage('cannot be decoded (its samples are of different kinds)');
  const channels = samples.length / (width * height);
  const bits = image.getBitsPerSample(0);
  if (image.getSampleFormat(0) !== 1 || bits > 16)
    throw new BadImage('is a TIFF of floating point or of more than 16 bits');
  const least = { [photometric.rgb]: 3, [photometric.ycbcr]: 3, [photometric.cmyk]: 4 }[kind] ?? 1;
  if (channels < least) throw new BadImage('cannot be decoded (its header and data disagree)');
  const colours = kind === photometric.palette ? await image.fileDirectory.loadValue('ColorMap') : null;
  const rgb = new Uint8Array(width * height * 3);
  const write = writerOf(kind, bits, colours);
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) write(samples, from, rgb, to);
  return rgb;
}

type Write = (samples: ArrayLike<number>, from: number, rgb: Uint8Array, to: number) => void;

/** Writes one pixel. 16-bit colour keeps its high byte, 16-bit greyscale is cut off at 255, as Pillow has them. */
function writerOf(kind: number, bits: number, colours: unknown): Write {
  const most = 2 ** bits - 1;
  const grey = (value: number) => (bits === 16 ? Math.min(255, value) : Math.round((value * 255) / most));
  const high = (value: number) => (bits === 16 ? value >> 8 : Math.round((value * 255) / most));
  switch (kind) {
    case photometric.whiteIsZero:
      return (samples, from, rgb, to) => rgb.fill(255 - grey(samples[from]), to, to + 3);
    case photometric.blackIsZero:
      return (samples, from, rgb, to) => rgb.fill(grey(samples[from]), to, to + 3);
    case photometric.rgb:
    case photometric.ycbcr:
      return (samples, from, rgb, to) => {
        for (let c = 0; c < 3; c++) rgb[to + c] = high(samples[from + c]);
      };
    case photometric.palette: {
      const table =
        ArrayBuffer.isView(colours) || Array.isArray(colours)
          ? Array.from(new Uint16Array(Object.values(colours)))
          : [];
      return (samples, from, rgb, to) => {
        for (let c = 0; c < 3; c++) rgb[to + c] = table[samples[from] + c * (most + 1)] >> 8;
      };
    }
    case photometric.cmyk:
      return (samples, from, rgb, to) => {
        const light = 255 - samples[from + 3];
        for (let c = 0; c < 3; c++) {
          const product = samples[from + c] * light + 128;
          rgb[to + c] = Math.max(0, light - (((product >> 8) + product) >> 8));
        }
      };
    default:
      throw new BadImage(`is a TIFF of a rare colour space (PhotometricInterpretation ${kind})`);
  }
}

/** What a JPEG strip needs of its directory besides what all strips do. */
interface JpegStrip {
  /** Tables that all strips share; empty where each has its own. */
  readonly tables: readonly number[];
  readonly isYcbcr: boolean;
  readonly channels: number;
}

const jpegStrips = new WeakMap<object, JpegStrip>();

type Package = typeof import('geotiff');
let loaded: Promise<Package> | undefined;

/**
 * Loads the package, with a decoder of ours for JPEG strips: MozJPEG's pixels are libjpeg's, its own differ by several
 * levels. Its pool of threads, not used here, would take this worker for one of its own as it loads, unless it finds a
 * `Worker` to build on.
 */
async function load(): Promise<Package> {
  Object.defineProperty(globalThis, 'Worker', { value: class {}, configurable: true });
  try {
    const geotiff = await import('geotiff');
    registerJpeg(geotiff);
    return geotiff;
  } finally {
    Reflect.deleteProperty(globalThis, 'Worker');
  }
}

function registerJpeg({ addDecoder, BaseDecoder }: Package): void {
  class JpegDecoder extends BaseDecoder {
    override async decodeBlock(strip: ArrayBufferLike): Promise<ArrayBufferLike> {
      const known = jpegStrips.get(this.parameters);
      if (known === undefined) throw new Error('a strip of no directory');
      return decodeStrip(new Uint8Array(strip), known);
    }
  }
  addDecoder(
    7,
    async () => JpegDecoder,
    async (directory) => {
      const tables = await directory.loadValue('JPEGTables');
      const parameters = { tileWidth: 0, tileHeight: 0, predictor: 1, bitsPerSample: 8, planarConfiguration: 1 };
      jpegStrips.set(parameters, {
        tables: tables === undefined ? [] : [...tables].slice(2, -2),
        isYcbcr: Number(await directory.loadValue('PhotometricInterpretation')) === photometric.ycbcr,
        channels: Number((await directory.loadValue('SamplesPerPixel')) ?? 1),
      });
      return parameters;
    },
    false,
  );
}

async function decodeStrip(strip: Uint8Array, { tables, isYcbcr, channels }: JpegStrip): Promise<ArrayBufferLike> {
  const adobe = [0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, isYcbcr ? 1 : 0];
  const head = Uint8Array.from([0xff, 0xd8, ...(channels === 3 ? adobe : []), ...tables]);
  const rgb = withoutAlpha(await decodeJpeg(Buffer.concat([head, strip.subarray(2)])));
  return (channels === 1 ? rgb.filter((_, i) => i % 3 === 0) : rgb).buffer;
}
