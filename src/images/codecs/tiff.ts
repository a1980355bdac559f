import type { GeoTIFFImage } from 'geotiff';
import { BadImage } from '../imageHeader.ts';
import { type Format, type Size, withoutAlpha } from './format.ts';
import { decodeJpeg } from './jpeg.ts';
import { turned, turnedSize } from './orientation.ts';

/** Tag PhotometricInterpretation (TIFF 6.0). */
const photometric = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, palette: 3, cmyk: 5, ycbcr: 6 } as const;

/** Compressions that are not read, as people know them. */
const unreadable: Readonly<Record<number, string>> = {
  ...{ 2: 'CCITT fax', 3: 'CCITT fax (group 3)', 4: 'CCITT fax (group 4)', 6: 'JPEG of the old style' },
  ...{ 33003: 'JPEG 2000', 33005: 'JPEG 2000', 34712: 'JPEG 2000', 34713: 'Nikon NEF', 34892: 'lossy JPEG of DNG' },
  ...{ 34925: 'LZMA', 34927: 'WebP', 34933: 'PNG', 50001: 'WebP', 50002: 'JPEG XL', 52546: 'JPEG XL' },
};

/**
 * TIFF, its first page: 1 to 16 bits, in strips or tiles; LZW, Deflate, PackBits, Zstandard, JPEG. Turned as it says, which
 * Pillow does with TIFF and not with JPEG.
 */
export const tiff: Format = {
  name: 'TIFF',
  shown: null,
  matches: (bytes) =>
    (startsWith(bytes, [0x49, 0x49]) && (bytes[2] === 42 || bytes[2] === 43)) ||
    (startsWith(bytes, [0x4d, 0x4d, 0]) && (bytes[3] === 42 || bytes[3] === 43)),
  size: async (bytes) => {
    const image = await firstPage(bytes);
    return turnedSize(sizeOf(image), await orientationOf(image));
  },
  decode: async (bytes) => {
    const image = await firstPage(bytes);
    return turned(await toRgb(image), sizeOf(image), await orientationOf(image));
  },
};

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

function sizeOf(image: GeoTIFFImage): Size {
  return { width: image.getWidth(), height: image.getHeight() };
}

/** The value of a tag that holds one number; `otherwise` where it is left out. */
async function numberAt({ fileDirectory }: GeoTIFFImage, tag: TagName, otherwise: number): Promise<number> {
  return Number((await fileDirectory.loadValue(tag)) ?? otherwise);
}

type TagName = 'Compression' | 'ExtraSamples' | 'Orientation' | 'PhotometricInterpretation' | 'Predictor';

function orientationOf(image: GeoTIFFImage): Promise<number> {
  return numberAt(image, 'Orientation', 1);
}

/** Numbers of tags (TIFF 6.0). */
const tags = { bitsPerSample: 258, predictor: 317 } as const;
/** Predictor: each sample is the difference from the one before it. */
const HORIZONTAL = 2;
/** ExtraSamples: colours are multiplied by alpha. */
const ASSOCIATED_ALPHA = 1;

async function firstPage(bytes: Uint8Array): Promise<GeoTIFFImage> {
  loaded ??= load();
  const { fromArrayBuffer } = await loaded;
  const tiffFile = await fromArrayBuffer(new Uint8Array(bytes).buffer);
  const image = await tiffFile.getImage(0);
  const { fileDirectory } = image;
  // Left out, it is 1 (TIFF 6.0); the package wants it said.
  if (!fileDirectory.hasTag('BitsPerSample')) fileDirectory.actualizedFields.set(tags.bitsPerSample, [1]);
  return image;
}

async function toRgb(image: GeoTIFFImage): Promise<Uint8Array> {
  const { width, height } = sizeOf(image);
  const kind = await numberAt(image, 'PhotometricInterpretation', photometric.blackIsZero);
  const compression = await numberAt(image, 'Compression', 1);
  const bits = image.getBitsPerSample(0);
  if (image.getSampleFormat(0) !== 1 || bits > 16)
    throw new BadImage(
      'is a TIFF of signed or floating-point numbers or of more than 16 bits, which is not read: convert it to 8 bits',
    );
  const packing = unreadable[compression];
  if (packing !== undefined) throw new BadImage(`is a TIFF packed by ${packing}, which is not read: convert it to PNG`);
  const stored = image.getSamplesPerPixel();
  if (compression === JPEG && stored !== 1 && stored !== 3)
    throw new BadImage(`is a TIFF packed by JPEG in ${stored} channels, which is not read: convert it to PNG`);
  const samples = await samplesOf(image, bits);
  const channels = samples.length / (width * height);
  const least = { [photometric.rgb]: 3, [photometric.ycbcr]: 3, [photometric.cmyk]: 4 }[kind] ?? 1;
  if (channels < least) throw new BadImage('cannot be decoded (its header and data disagree)');
  const colours = kind === photometric.palette ? await image.fileDirectory.loadValue('ColorMap') : null;
  const isPlainYcbcr = kind === photometric.ycbcr && compression !== JPEG;
  if (isPlainYcbcr) await refuseHalved(image);
  const rgb = new Uint8Array(width * height * 3);
  const write = isPlainYcbcr ? writeYcbcr : writerOf(kind, bits, colours);
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) write(samples, from, rgb, to);
  const [extra] = Object.values((await image.fileDirectory.loadValue('ExtraSamples')) ?? []);
  if (kind === photometric.rgb && channels === 4 && bits === 8 && Number(extra) === ASSOCIATED_ALPHA)
    divide(rgb, samples);
  return rgb;
}

const JPEG = 7;

/** All samples, pixel by pixel. The package undoes the predictor of 16-bit samples as if all files were little-endian. */
async function samplesOf(image: GeoTIFFImage, bits: number) {
  const { fileDirectory } = image;
  const isOurs = bits === 16 && !image.littleEndian && (await numberAt(image, 'Predictor', 1)) === HORIZONTAL;
  if (isOurs) fileDirectory.actualizedFields.set(tags.predictor, 1);
  const samples = await image.readRasters({ interleave: true });
  if (!ArrayBuffer.isView(samples)) throw new BadImage('cannot be decoded (its samples are of different kinds)');
  if (isOurs) addUp(samples, sizeOf(image), image.getTileWidth());
  return samples;
}

/** Sums differences along each row of each tile. */
function addUp(
  samples: { [at: number]: number; readonly length: number },
  { width, height }: Size,
  tile: number,
): void {
  const channels = samples.length / (width * height);
  for (let at = 0; at < samples.length; at++) {
    const x = Math.floor(at / channels) % width;
    if (x % tile !== 0) samples[at] += samples[at - channels];
  }
}

/** Halved colours outside JPEG lie in blocks of their own order, which the package takes for pixels. */
async function refuseHalved(image: GeoTIFFImage): Promise<void> {
  const halved = await image.fileDirectory.loadValue('YCbCrSubSampling');
  const steps = Object.values(halved ?? [2, 2]).map(Number);
  if (steps.some((step) => step !== 1))
    throw new BadImage(
      'is a TIFF of halved colours (YCbCrSubSampling) outside JPEG, which is not read: convert it to PNG',
    );
}

/** JPEG's own formula (ITU-T T.871), as Pillow converts the mode YCbCr. */
function writeYcbcr(samples: ArrayLike<number>, from: number, rgb: Uint8Array, to: number): void {
  const [luma, blue, red] = [samples[from], samples[from + 1] - 128, samples[from + 2] - 128];
  const level = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
  rgb[to] = level(luma + 1.402 * red);
  rgb[to + 1] = level(luma - 0.344136 * blue - 0.714136 * red);
  rgb[to + 2] = level(luma + 1.772 * blue);
}

/** Colours that are multiplied by their alpha, divided by it; where that is 0 they are black. */
function divide(rgb: Uint8Array, rgba: ArrayLike<number>): void {
  for (let i = 0; i < rgb.length; i++) {
    const alpha = rgba[Math.floor(i / 3) * 4 + 3];
    rgb[i] = alpha === 0 ? 0 : Math.min(255, Math.floor((255 * rgb[i]) / alpha));
  }
}

type Write = (samples: ArrayLike<number>, from: number, rgb: Uint8Array, to: number) => void;

/** Writes one pixel. 16-bit colour keeps its high byte, greyscale of over 8 bits is cut off at 255 (and not inverted), as Pillow has them. */
function writerOf(kind: number, bits: number, colours: unknown): Write {
  const most = 2 ** bits - 1;
  const grey = (value: number) => (bits > 8 ? Math.min(255, value) : Math.round((value * 255) / most));
  const high = (value: number) => (bits === 16 ? value >> 8 : Math.round((value * 255) / most));
  switch (kind) {
    case photometric.whiteIsZero:
      return (samples, from, rgb, to) => {
        const level = grey(samples[from]);
        rgb.fill(bits > 8 ? level : 255 - level, to, to + 3);
      };
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
        const light = 255 - high(samples[from + 3]);
        for (let c = 0; c < 3; c++) {
          const product = high(samples[from + c]) * light + 128;
          rgb[to + c] = Math.max(0, light - (((product >> 8) + product) >> 8));
        }
      };
    default:
      throw new BadImage(
        `is a TIFF of a rare colour space (PhotometricInterpretation ${kind}), which is not read: convert it to PNG`,
      );
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
      const isPlanar = Number((await directory.loadValue('PlanarConfiguration')) ?? 1) === 2;
      const parameters = { tileWidth: 0, tileHeight: 0, predictor: 1, bitsPerSample: 8, planarConfiguration: 1 };
      jpegStrips.set(parameters, {
        tables: tables === undefined ? [] : [...tables].slice(2, -2),
        isYcbcr: Number(await directory.loadValue('PhotometricInterpretation')) === photometric.ycbcr,
        channels: isPlanar ? 1 : Number((await directory.loadValue('SamplesPerPixel')) ?? 1),
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
