import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng } from '../../src/images/codecs/png.ts';
import { decodeImage } from '../../src/images/decode.ts';
import { resizeBilinear } from '../../src/images/resize.ts';
import type { ReportInput } from '../../src/report/view.ts';
import { CHROMIUM } from '../extras.ts';
import { COLUMN, link, openComment, PHONE, pictured, type Sheets } from './openComment.ts';
import { sampleInput, sampleResult } from './sampleResult.ts';

/** Takes the golden pictures again: look at them before they are committed. */
const RENEW = process.env.BARLOW_RENEW_GOLDEN === '1';
/** Debian's browser brings it along; in another font every line breaks elsewhere. */
const FONT = 'DejaVu Sans';
/** The share of a picture that may differ: a browser's next version smooths letters otherwise. */
const TOLERANCE = 0.01;
/** Pictures are compared at this part of their size, and where a channel differs by more than so many levels. */
const SHRUNK = 4;
const VISIBLE = 40;

const VIEWS = [PHONE, COLUMN];
const golden = (width: number) => new URL(`../data/report/comment-${width}.png`, import.meta.url);
const OUT = new URL('../../out/report/', import.meta.url);

/** Run in the page: whether a text in the font is as wide as in the one that stands in for a missing one. */
const HAS_FONT = `(() => {
  const span = document.body.appendChild(document.createElement('span'));
  span.textContent = 'iiiiiiiiWWWWWWWW';
  const widthIn = (font) => { span.style.fontFamily = font; return span.getBoundingClientRect().width; };
  const found = widthIn("'${FONT}', monospace") !== widthIn('monospace');
  span.remove();
  return found;
})()`;

/** Six tiles of one colour each a row: as a golden file small, and moved by a pixel not another picture. */
async function tiles(rows: number): Promise<Uint8Array> {
  const [side, columns] = [118, 6];
  const [width, height] = [columns * side, rows * side];
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const tile = Math.floor(y / side) * columns + Math.floor(x / side);
      if (x % side > 6 && y % side > 6) rgba.set([200 - 12 * tile, 40 + 15 * tile, 60 + 9 * tile], 4 * (y * width + x));
    }
  }
  return encodePng(rgba, width, height);
}

/** The share of two pictures' area in which they differ visibly; 1 where their sizes do. */
async function differing(a: Uint8Array, b: Uint8Array): Promise<number> {
  const [one, other] = [await decodeImage(a), await decodeImage(b)];
  if (one.width !== other.width || one.height !== other.height) return 1;
  const [width, height] = [Math.floor(one.width / SHRUNK), Math.floor(one.height / SHRUNK)];
  const [small, like] = [one, other].map((picture) => resizeBilinear(picture, width, height).rgb);
  let differs = 0;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const apart = [0, 1, 2].map((channel) => Math.abs(small[3 * pixel + channel] - like[3 * pixel + channel]));
    if (Math.max(...apart) > VISIBLE) differs++;
  }
  return differs / (width * height);
}

describe.skipIf(CHROMIUM === undefined)(
  'golden pictures of the comment (skipped where Chromium is not installed)',
  () => {
    let browser: Browser;
    let sheets: Sheets;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox', '--disable-gpu'] });
      sheets = new Map([
        ['failing', await tiles(2)],
        ['right', await tiles(1)],
      ]);
    });
    afterAll(() => browser?.close());

    async function shoot(
      change: Partial<ReportInput>,
      view: typeof PHONE,
      skip: (why: string) => void,
      style = '',
    ): Promise<Buffer> {
      const input = sampleInput(sampleResult(), { sheets: pictured, link, ...change });
      const page: Page = await openComment(browser, input, view, sheets);
      if (!(await page.evaluate(HAS_FONT))) skip(`the font ${FONT} is not installed`);
      await page.addStyleTag({ content: `* { font-family: '${FONT}' !important; } ${style}` });
      const shot = await page.screenshot();
      await page.close();
      return shot;
    }

    it.for(VIEWS)('at $width pixels it looks as it did', async (view, { skip }) => {
      const shot = await shoot({}, view, skip);
      const name = `comment-${view.width}.png`;
      if (RENEW) await writeFile(golden(view.width), shot);
      const differs = await differing(shot, await readFile(golden(view.width)));
      await mkdir(OUT, { recursive: true });
      await writeFile(new URL(name, OUT), shot);
      expect(differs, `out/report/${name} is what it looks like now`).toBeLessThanOrEqual(TOLERANCE);
    });

    it.for<[string, Partial<ReportInput>, string]>([
      ['a contact sheet is missing', { sheets: new Map() }, ''],
      ['a line is added', {}, 'h3 { margin-top: 3em !important; }'],
      ['the verdict has another size', {}, 'h2 { font-size: 3em !important; }'],
      ['pictures are squeezed', {}, 'img { max-width: 50% !important; }'],
      ['it is dark', {}, ':root { filter: invert(1); }'],
    ])('where %s, that is noticed', async ([, change, style], { skip }) => {
      for (const view of VIEWS) {
        const shot = await shoot(change, view, skip, style);
        expect(await differing(shot, await readFile(golden(view.width)))).toBeGreaterThan(TOLERANCE);
      }
    });
  },
);
