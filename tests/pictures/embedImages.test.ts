import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { encodePng } from '../../src/images/codecs/png.ts';
import { embedImages } from '../../src/pictures/embedImages.ts';
import { hasPython, python } from '../extras.ts';
import { temporaryFolder } from '../features/extraction.ts';
import { imageBytes, imagePath } from '../images/fixtures.ts';
import { bytesOf, pixelsOf, psnr } from '../images/pictures.ts';

const { run } = openPool(0);
let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

/** A PNG of soft waves: as a photograph, it does not compress to nothing. */
async function paint(name: string, width: number, height: number): Promise<void> {
  const rgba = Uint8Array.from({ length: width * height * 4 }, (_, at) => {
    const [pixel, channel] = [at >> 2, at & 3];
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    return channel === 3 ? 255 : 128 + 60 * Math.sin(x / (9 + channel)) + 60 * Math.cos((x + 2 * y) / (13 - channel));
  });
  writeFileSync(join(folder, name), await encodePng(rgba, width, height));
}

it('lets small files stand as they are', async () => {
  const names = ['base.jpg', 'rgb.png', 'lossy.webp'];
  const embedded = await embedImages(imagePath('.'), names, run);
  expect([...embedded.keys()]).toEqual(names);
  for (const name of names) {
    const image = embedded.get(name);
    expect(image).toMatchObject({ image: name, width: 83, height: 61 });
    expect(image && bytesOf(image)).toEqual({
      type: name.split('.')[1].replace('jpg', 'jpeg'),
      bytes: imageBytes(name),
    });
  }
});

it('makes WebP thumbnails of 160 pixels of what has more pixels, and keeps the size of what has more bytes only', async () => {
  await paint('wide.png', 400, 300);
  await paint('tall.png', 161, 644);
  await paint('long.png', 1000, 2);
  writeFileSync(join(folder, 'heavy.jpg'), Buffer.concat([imageBytes('base.jpg'), Buffer.alloc(24 * 1024)]));
  const embedded = await embedImages(folder, ['wide.png', 'tall.png', 'long.png', 'heavy.jpg'], run);
  const sizes = [...embedded.values()].map(({ width, height }) => [width, height]);
  expect(sizes).toEqual([
    [160, 120],
    [40, 160],
    [160, 1],
    [83, 61],
  ]);
  for (const image of embedded.values()) {
    expect(bytesOf(image).type).toBe('webp');
    const { width, height } = await pixelsOf(image);
    expect([width, height]).toEqual([image.width, image.height]);
    expect(image.uri.length).toBeLessThan(16_000);
  }
});

it('leaves out what cannot be read or decoded', async () => {
  await paint('good.png', 20, 10);
  writeFileSync(join(folder, 'text.png'), 'no picture');
  writeFileSync(join(folder, 'cut.jpg'), imageBytes('base.jpg').subarray(0, 900));
  writeFileSync(join(folder, 'empty.png'), '');
  const names = ['text.png', 'good.png', 'cut.jpg', 'missing.png', 'empty.png', 'good.png'];
  const embedded = await embedImages(folder, names, run);
  expect([...embedded.keys()]).toEqual(['good.png']);
});

it('gives the same bytes from any number of worker threads, and again', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `${i}.png`);
  for (const [i, name] of names.entries()) await paint(name, 170 + 10 * i, 180);
  const here = await embedImages(folder, names, run);
  expect(here.size).toBe(20);
  const pool = openPool(2);
  const there = await embedImages(folder, names, pool.run);
  await pool.close();
  expect([...there]).toEqual([...here]);
});

const webp = 'PIL.features.check("webp") or sys.exit(1)';
describe.skipIf(!hasPython('PIL', `PIL.features, sys; ${webp}`))('thumbnails beside Pillow (needs python3-pil)', () => {
  it.each(['jpg', 'png'])('are its resized images, and lose no more than its WebP: %s', async (kind) => {
    await paint('wide.png', 400, 300);
    const script = `
import io, sys
from PIL import Image
image = Image.open(sys.argv[1]).convert("RGB")
image.save(sys.argv[2], quality=95)
small = Image.open(sys.argv[2]).resize((160, 120), Image.BILINEAR)
file = io.BytesIO()
small.save(file, "WEBP", quality=80)
sys.stdout.buffer.write(small.tobytes() + Image.open(file).convert("RGB").tobytes())
`;
    const file = join(folder, `large.${kind}`);
    const printed = new Uint8Array(python(script, join(folder, 'wide.png'), file));
    const [truth, theirs] = [printed.subarray(0, 57_600), printed.subarray(57_600)];
    const [image] = (await embedImages(folder, [`large.${kind}`], run)).values();
    const { rgb } = await pixelsOf(image);
    expect(psnr(rgb, truth)).toBeGreaterThan(psnr(theirs, truth) - 1);
    const mean = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean(rgb) - mean(truth))).toBeLessThan(1);
  });
});
