import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { encodePng } from '../../src/images/codecs/png.ts';
import { decodeImage } from '../../src/images/decode.ts';
import { contactSheet } from '../../src/pictures/contactSheet.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow-sheet-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A picture of one colour. */
async function paint(name: string, width: number, height: number, colour: readonly number[]): Promise<void> {
  const pixels = Array.from({ length: width * height }, () => [...colour, 255]).flat();
  writeFileSync(join(folder, name), await encodePng(Uint8Array.from(pixels), width, height));
}

it('shows each picture whole, six a row, white between', async () => {
  await paint('wide.png', 200, 100, [255, 0, 0]);
  for (let index = 0; index < 6; index++) await paint(`${index}.png`, 10, 10, [0, 0, index]);
  writeFileSync(join(folder, 'broken.png'), 'no picture');
  const small = ['0.png', '1.png', '2.png', '3.png', '4.png', '5.png'];
  const sheet = await contactSheet(folder, ['wide.png', 'broken.png', 'missing.png', ...small]);
  // 7 pictures of 112 pixels, 6 pixels around each.
  expect(sheet).toMatchObject({ width: 6 * 118 + 6, height: 2 * 118 + 6 });
  const { rgb, width } = await decodeImage(sheet?.bytes ?? new Uint8Array());
  const at = (x: number, y: number) => [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
  // The wide one is 112 x 56: white above it.
  expect(at(6 + 56, 6 + 27)).toEqual([255, 255, 255]);
  expect(at(6 + 56, 6 + 28)).toEqual([255, 0, 0]);
  expect(at(6 + 118 * 5, 6)).toEqual([0, 0, 4]);
  expect(at(6, 6 + 118)).toEqual([0, 0, 5]);
  expect(at(6 + 118, 6 + 118)).toEqual([255, 255, 255]);
});

it('is none where no picture can be read', async () => {
  writeFileSync(join(folder, 'broken.png'), 'no picture');
  expect(await contactSheet(folder, ['broken.png', 'missing.png'])).toBeNull();
});
