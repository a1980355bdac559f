import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/images/decode.ts';
import { hasPython, python } from '../extras.ts';
import { expected, imageBytes } from './fixtures.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('decoding', () => {
  it.each(Object.entries(expected.decoded))('%s comes out as from Pillow, to the bit', async (name, truth) => {
    const { width, height, rgb } = await decodeImage(imageBytes(name));
    expect({ width, height, sha256: sha256(rgb) }).toEqual(truth);
  });

  it.each([
    'base.jpg',
    'progressive.jpg',
    'cmyk.jpg',
    'ycck-420-progressive.jpg',
    'rgb.png',
    'lossy.webp',
    'rgba.webp',
  ])('%s cut short anywhere is refused', async (name) => {
    const bytes = imageBytes(name);
    const cuts = Array.from({ length: 40 }, (_, i) => Math.floor((bytes.length * i) / 40));
    // A PNG whose end mark alone is cut off is whole, as for Pillow.
    for (const cut of [...cuts, bytes.length - (name.endsWith('.png') ? 20 : 5)]) {
      await expect(decodeImage(bytes.slice(0, cut)), `${name} cut at ${cut}`).rejects.toThrow(
        /^(is|has|cannot be) (empty|not a JPEG, PNG, WebP|truncated|corrupt|decoded|a corrupt)/,
      );
    }
    expect((await decodeImage(bytes)).rgb.length).toBeGreaterThan(0); // the decoder still works
  });

  it('tells images apart that are decoded at the same time', async () => {
    const whole = imageBytes('base.jpg');
    const images = [whole, whole.slice(0, 1500), whole, imageBytes('cmyk.jpg'), whole.slice(0, 900), whole];
    const outcomes = await Promise.allSettled(images.map((bytes) => decodeImage(bytes)));
    const expectedStatus = ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'];
    expect(outcomes.map(({ status }) => status)).toEqual(expectedStatus);
  });

  it('refuses a PNG with a flipped bit, which its decoder would let pass', async () => {
    const bytes = imageBytes('rgb.png');
    bytes[Math.floor(bytes.length / 2)] ^= 0x10;
    await expect(decodeImage(bytes)).rejects.toThrow('a checksum differs');
  });

  it('refuses a decompression bomb from its header alone', async () => {
    const bomb = png(60_000, 60_000, deflateSync(Buffer.alloc(1000)));
    await expect(decodeImage(bomb)).rejects.toThrow('has 60000 x 60000 pixels, more than the limit of 89478485');
    await expect(decodeImage(imageBytes('base.jpg'), 1000)).rejects.toThrow('has 83 x 61 pixels');
    await expect(decodeImage(imageBytes('lossy.webp'), 1000)).rejects.toThrow('has 83 x 61 pixels');
    await expect(decodeImage(imageBytes('lossless.webp'), 1000)).rejects.toThrow('has 83 x 61 pixels');
    await expect(decodeImage(imageBytes('rgba-lossy.webp'), 1000)).rejects.toThrow('has 83 x 61 pixels');
  });

  it('refuses data that does not fill the size in the header', async () => {
    await expect(decodeImage(png(20, 20, deflateSync(Buffer.alloc(100))))).rejects.toThrow('cannot be decoded');
  });

  it('goes by the bytes, not the name, and refuses other formats', async () => {
    await expect(decodeImage(Buffer.from('some words, enough of them to be a header'))).rejects.toThrow(
      'is not a JPEG, PNG, WebP, GIF, AVIF, BMP, TIFF or PPM image',
    );
    await expect(decodeImage(new Uint8Array(0))).rejects.toThrow('is empty');
  });
});

describe.skipIf(!hasPython('PIL', 'numpy'))('decoding beside Pillow (needs python3-pil)', () => {
  it('gives the same pixels for many sizes, qualities and samplings', { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'barlow-decode-'));
    const cases = Number(python(PILLOW_CASES, folder).toString());
    let most = 0;
    for (let i = 0; i < cases; i++) {
      const { rgb } = await decodeImage(readFileSync(join(folder, String(i))));
      const truth = readFileSync(join(folder, `${i}.rgb`));
      expect(rgb.length).toBe(truth.length);
      for (const [at, value] of rgb.entries()) most = Math.max(most, Math.abs(value - truth[at]));
    }
    rmSync(folder, { recursive: true });
    expect(cases).toBe(240);
    expect(most).toBe(0); // Pillow links libjpeg-turbo and libwebp too; one level would be let pass
  });
});

const PILLOW_CASES = `
import sys, numpy as np
from PIL import Image
rng = np.random.RandomState(1)
folder = sys.argv[1]
n = 0
for _ in range(30):
    w, h = (int(v) for v in rng.randint(1, 150, 2))
    a = rng.randint(0, 256, (h // 4 + 2, w // 4 + 2, 4)).astype('uint8')
    im = Image.fromarray(a, 'CMYK').resize((w, h), 3)
    rgb = im.convert('RGB')
    q = int(rng.randint(5, 100))
    for mode, form, options in [
        (rgb, 'jpeg', dict(quality=q, subsampling=2)), (rgb, 'jpeg', dict(quality=q, subsampling=1, progressive=True)),
        (rgb.convert('L'), 'jpeg', dict(quality=q)), (im, 'jpeg', dict(quality=q)), (im, 'jpeg', dict(subsampling=2, progressive=True)),
        (rgb, 'png', {}), (rgb, 'webp', dict(quality=q)), (rgb.convert('P'), 'png', {})]:
        path = folder + '/' + str(n)
        mode.save(path, form, **options)
        open(path + '.rgb', 'wb').write(Image.open(path).convert('RGB').tobytes())
        n += 1
print(n)
`;

/** An 8-bit RGB PNG with any data. */
function png(width: number, height: number, data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunks = [chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
