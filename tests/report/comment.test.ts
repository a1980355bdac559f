import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contactSheet } from '../../src/pictures/contactSheet.ts';
import type { ReportInput } from '../../src/report/view.ts';
import { CHROMIUM } from '../extras.ts';
import { example, exampleImages } from '../features/extraction.ts';
import { HOSTILE_NAMES, hostileInput } from './hostileResult.ts';
import { COLUMN, link, openComment, PHONE, pictured } from './openComment.ts';
import { sampleInput, sampleResult } from './sampleResult.ts';

/** What stands in the first screen, in what order, and that nothing is cut or runs over. */
describe.skipIf(CHROMIUM === undefined)('the comment in Chromium (skipped where it is not installed)', () => {
  let browser: Browser;
  const sheets = new Map<'failing' | 'right', Uint8Array>();
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox', '--disable-gpu'] });
    for (const [kind, most] of [
      ['failing', 12],
      ['right', 6],
    ] as const) {
      const sheet = await contactSheet(join(example, 'images'), exampleImages.slice(0, most));
      if (sheet !== null) sheets.set(kind, sheet.bytes);
    }
  });
  afterAll(() => browser?.close());

  const open = (input: ReportInput, viewport: typeof PHONE) => openComment(browser, input, viewport, sheets);
  /** Run in the page: texts and pictures that run out of the comment on either side, besides what scrolls in its own box. */
  const OVERFLOWS = `(() => {
    const body = document.querySelector('.markdown-body');
    const { left, right } = body.getBoundingClientRect();
    const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    const found = [];
    const look = (what, rects) => {
      if ([...rects].some((rect) => rect.width > 0 && (rect.right > right + 1 || rect.left < left - 1))) found.push(what);
    };
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      if (text.parentElement.closest('table, pre')) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      look(text.textContent.slice(0, 60), range.getClientRects());
    }
    for (const image of body.querySelectorAll('img')) look(image.alt, image.getClientRects());
    return found;
  })()`;
  /** Run in the page: the lower edges of verdict, first title and contact sheet, and whether the sheet was drawn. */
  const EDGES = `['h2, h1, .markdown-body p', 'h3', 'img'].map((what) => {
    const found = document.querySelector('.markdown-body').querySelector(what);
    return found === null ? null : { bottom: found.getBoundingClientRect().bottom, drawn: found.naturalWidth ?? 1 };
  })`;

  it('tells verdict, title and contact sheet in the first screen of a phone, in this order', async () => {
    const page = await open(sampleInput(sampleResult(), { sheets: pictured, link }), PHONE);
    const edges = await page.evaluate<{ bottom: number; drawn: number }[]>(EDGES);
    const bottoms = edges.map(({ bottom }) => bottom);
    expect(bottoms).toEqual(bottoms.toSorted((a, b) => a - b));
    expect(Math.max(...bottoms)).toBeLessThan(PHONE.height);
    expect(edges.every(({ drawn }) => drawn > 0)).toBe(true);
    // All else is folded.
    expect(await page.evaluate(`[...document.querySelectorAll('details')].filter(({ open }) => open).length`)).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(3 * PHONE.height);
    await page.close();
  });

  it.each([
    ['390', PHONE],
    ['830', COLUMN],
  ])('runs over nowhere at %s pixels, folded or unfolded, whatever the names', async (_, viewport) => {
    const hostile = [...HOSTILE_NAMES.slice(2, 3), ...HOSTILE_NAMES.slice(-2)].map(hostileInput);
    for (const input of [sampleInput(sampleResult(), { sheets: pictured, link }), ...hostile]) {
      const page = await open(input, viewport);
      expect(await page.evaluate(OVERFLOWS)).toEqual([]);
      await page.evaluate(`for (const each of document.querySelectorAll('details')) each.open = true`);
      expect(await page.evaluate(OVERFLOWS)).toEqual([]);
      await page.close();
    }
  });
});
