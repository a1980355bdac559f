import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { decodeImage } from '../../src/images/decode.ts';
import { decodeWorker } from '../../src/images/decodeWorker.ts';
import { formats } from '../../src/images/formats.ts';
import { BadImage } from '../../src/images/imageHeader.ts';
import { usual } from '../../src/images/preprocess.ts';
import { hasShared, shared } from '../extras.ts';
import { root } from './fixtures.ts';

const folder = join(root, 'tests/data/formats');
/** What Pillow reads (tests/data/formats/make_formats.py). */
const expected: Record<string, { width: number; height: number; rgb: string }> = JSON.parse(
  readFileSync(join(folder, 'expected.json'), 'utf8'),
);
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(folder, 'images', name)));

describe("formats against Pillow's pixels", () => {
  it.each(Object.keys(expected))('%s', async (name) => {
    const { width, height, rgb } = await decodeImage(bytesOf(name));
    const truth = inflateSync(Buffer.from(expected[name].rgb, 'base64'));
    expect([width, height, rgb.length]).toEqual([expected[name].width, expected[name].height, truth.length]);
    const apart = rgb.map((value, i) => Math.abs(value - truth[i])).toSorted();
    // Pillow's libavif widens halved colours by libyuv, ours by its own code: a pixel in a hundred differs more.
    const isHalved = /avif$/.test(name) && !name.startsWith('444');
    // It also divides by alpha in whole numbers, ours does not: at an alpha of 40 by 6 levels apart, at 255 by 2.
    const isDivided = name.includes('premultiplied');
    expect(apart[Math.floor((apart.length - 1) * (isHalved ? 0.98 : isDivided ? 0.9 : 1))]).toBeLessThanOrEqual(1);
    expect(apart.at(-1)).toBeLessThanOrEqual(isHalved || isDivided ? 8 : 1);
  });

  it('has a case of every format', async () => {
    const seen = Object.keys(expected).map((name) => formats.find(({ matches }) => matches(bytesOf(name)))?.name);
    // JPEG has its own table, in decode.test.ts.
    expect(new Set(seen)).toEqual(new Set(formats.map(({ name }) => name).filter((name) => name !== 'JPEG')));
  });
});

describe('in worker threads', () => {
  it('decodes every format', async () => {
    const names = Object.keys(expected).filter((name) => !name.startsWith('shallow'));
    const threads = openPool(1);
    const pipeline = {
      ...usual,
      resize: 8,
      crop: 8,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      layout: 'NCHW',
      height: 8,
      width: 8,
    } as const;
    const out = new SharedArrayBuffer(names.length * 8 * 8 * 3 * 4);
    try {
      const { unreadable } = await threads.run(decodeWorker, {
        folder: join(folder, 'images'),
        names,
        pipeline,
        properties: false,
        out,
      });
      expect(unreadable).toEqual([]);
    } finally {
      await threads.close();
    }
  });
});

describe('damaged files', () => {
  const names = Object.keys(expected).filter((name) => !/^no-end|palette\.gif/.test(name));

  it.each(names)('%s cut short is refused, or decodes to what it showed', async (name) => {
    const bytes = bytesOf(name);
    const truth = await decodeImage(bytes);
    const cuts = Array.from({ length: 24 }, (_, i) => Math.floor((bytes.length * i) / 24));
    for (const cut of cuts) {
      const outcome = await decodeImage(bytes.slice(0, cut)).catch((thrown: unknown) => thrown);
      if (outcome instanceof BadImage) expect(outcome.message).toMatch(/^(is|has|cannot be) /);
      else expect(outcome, `${name} cut at ${cut}`).toEqual(truth);
    }
    expect(await decodeImage(bytes)).toEqual(truth); // the decoder still works
  });

  it.each(names)('%s with any byte changed: a picture or a BadImage, nothing else', async (name) => {
    const bytes = bytesOf(name);
    for (let i = 0; i < 24; i++) {
      const at = (i * 7919) % Math.min(bytes.length, i % 2 ? 64 : bytes.length);
      const outcome = await decodeImage(bytes.with(at, (bytes[at] + 1 + i * 37) % 256), 1e6).catch(
        (thrown: unknown) => thrown,
      );
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(BadImage);
    }
  });
});

describe('what is not read is named for what it is', () => {
  const ftyp = (brand: string) =>
    Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}\0\0\0\0mif1heic`, 'latin1')]);
  /** The bilevel TIFF, said to be packed otherwise. */
  const fax = Buffer.from(bytesOf('bilevel.tiff'));
  fax.writeUInt16LE(4, fax.indexOf(Buffer.from([3, 1, 3, 0, 1, 0, 0, 0])) + 8);
  it.each<readonly [string, Uint8Array, string]>([
    [
      'a pointer',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12345\n'),
      'is a Git LFS pointer',
    ],
    ['a photograph of a phone', ftyp('heic'), 'is a HEIC image'],
    ['a drawing', Buffer.from('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'), 'is an SVG drawing'],
    ['a page', Buffer.from('<!DOCTYPE html><html></html>'), 'is a web page'],
    ['a document', Buffer.from('%PDF-1.7'), 'is a PDF'],
    ['an icon', Buffer.from([0, 0, 1, 0, 1, 0, 16, 16]), 'is a Windows icon (ICO)'],
    ['a Targa', Buffer.from([0, 0, 2, 0, 0, 0, 0, 0]), 'is a TGA image'],
    ['a PAM', Buffer.from('P7\nWIDTH 2\n'), 'is a PAM image'],
    ['a scan of a body', Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]), 'is a DICOM image'],
    ['a film', Buffer.from('\0\0\0\u0010ftypisom\0\0\u0002\0'), 'is a video'],
    [
      'a print',
      new Uint8Array(readFileSync(join(folder, 'cmyk-jpeg.tiff'))),
      'is a TIFF packed by JPEG in 4 channels, which is not read: convert it to PNG',
    ],
    ['a fax', fax, 'is a TIFF packed by CCITT fax (group 4), which is not read: convert it to PNG'],
    ...(
      [
        [0xc3, 8, 'is a lossless JPEG'],
        [0xc9, 8, 'is a JPEG with arithmetic coding'],
        [0xc1, 12, 'is a JPEG of 12 bits a sample'],
        [0xf7, 8, 'is a JPEG-LS image'],
      ] as const
    ).map(
      ([marker, bits, what]) =>
        [what, Buffer.from([0xff, 0xd8, 0xff, marker, 0, 11, bits, 0, 8, 0, 8, 1, 1, 0x11, 0]), what] as const,
    ),
    ['an archive', Buffer.from('PK\u0003\u0004'), 'is a ZIP archive'],
    ['nothing', Buffer.from(''), 'is empty'],
    ['words', Buffer.from('just words'), 'is not a JPEG, PNG, WebP, GIF, AVIF, BMP, TIFF or PPM image'],
  ])('%s', async (_, bytes, what) => {
    await expect(decodeImage(new Uint8Array(bytes))).rejects.toThrow(what);
  });
});

const cases = join(shared, 'cases', 'images');
describe.skipIf(!hasShared)('the cases of ../shared (skipped without it)', () => {
  it.each(['a.bmp', 'a.gif', 'a.tiff'])('%s', async (name) => {
    expect(await decodeImage(new Uint8Array(readFileSync(join(cases, name))))).toMatchObject({
      width: 48,
      height: 40,
    });
  });
  it('lfs.jpg', async () => {
    await expect(decodeImage(new Uint8Array(readFileSync(join(cases, 'lfs.jpg'))))).rejects.toThrow('git lfs pull');
  });
});
