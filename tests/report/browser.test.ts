import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/pipeline/templates.ts';
import { type FeaturePage, renderFeaturePage } from '../../src/report/featurePage.ts';
import { renderHtml } from '../../src/report/html.ts';
import { buildView, type ReportInput } from '../../src/report/view.ts';
import { CHROMIUM } from '../extras.ts';
import { HOSTILE_NAMES, hostileInput } from './hostileResult.ts';
import { manyClasses } from './manyClasses.ts';
import { sampleFeature } from './sampleFeature.ts';
import { sampleInput } from './sampleResult.ts';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const OUT = new URL('../../out/report/', import.meta.url);
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const templates = await readTemplates();

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1_280, height: 900 };

/** Run in the page: wider than the window, text that runs out of its box where nothing scrolls, or boxes that overlap the next. */
const OVERFLOWS = `(() => {
  const root = document.documentElement;
  const found = root.scrollWidth > innerWidth ? ['page: ' + root.scrollWidth + ' > ' + innerWidth] : [];
  for (const element of document.querySelectorAll('body *:not(svg, svg *)')) {
    if (element.closest('.scroller') || element.clientWidth === 0 || element.scrollWidth <= element.clientWidth + 1) continue;
    if (getComputedStyle(element).overflowX === 'visible') found.push(element.tagName + '.' + element.className);
  }
  const isBox = (element) => !/^(inline|none|contents)/.test(getComputedStyle(element).display);
  for (const element of document.querySelectorAll('body, body *:not(svg, svg *)')) {
    const boxes = [...element.children].filter((child) => isBox(child) && getComputedStyle(child).position !== 'absolute');
    const rects = boxes.map((child) => child.getBoundingClientRect());
    for (let i = 1; i < boxes.length; i++) {
      const [a, b] = [rects[i - 1], rects[i]];
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 1) found.push('overlap: ' + boxes[i - 1].tagName + '.' + boxes[i - 1].className + ' ' + boxes[i].tagName + '.' + boxes[i].className);
    }
  }
  return found;
})()`;

/** Run in the page: texts of the first tree through which a branch goes. */
const LABELS_ON_BRANCHES = `(() => {
  const drawing = document.querySelector('.tree .drawing svg');
  const branches = [...drawing.querySelectorAll('path')].flatMap((path) => {
    const matrix = path.getScreenCTM();
    return Array.from({ length: 101 }, (_, i) => path.getPointAtLength((path.getTotalLength() * i) / 100).matrixTransform(matrix));
  });
  if (branches.length === 0) return ['no branch'];
  return [...drawing.querySelectorAll('text')].flatMap((text) => {
    const { left, right, top, bottom } = text.getBoundingClientRect();
    const crosses = branches.some(({ x, y }) => x > left && x < right && y > top + 1 && y < bottom - 1);
    return crosses && text.textContent !== '' ? [text.textContent] : [];
  });
})()`;

/** Run in the page: milliseconds to sort all groups and lay them out. */
const SORT_TIME = `(() => {
  const start = performance.now();
  document.querySelector('.groups th button').click();
  document.body.getBoundingClientRect();
  return performance.now() - start;
})()`;

describe.skipIf(CHROMIUM === undefined)('report.html in Chromium (skipped where it is not installed)', () => {
  let browser: Browser;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? '',
      args: [...FLAGS, '--disable-component-update', '--disable-sync'],
    });
    await mkdir(OUT, { recursive: true });
  });
  afterAll(() => browser?.close());

  async function open(
    name: string,
    shown: ReportInput | FeaturePage,
    viewport = DESKTOP,
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<Page> {
    const file = new URL(`${name}.html`, OUT);
    const html = 'feature' in shown ? renderFeaturePage(shown, templates) : renderHtml(buildView(shown), templates);
    await writeFile(file, html);
    const page = await browser.newPage({ viewport, colorScheme });
    problems.length = 0;
    page.on('console', (message) => problems.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(file.pathname).href && !request.url().startsWith('data:image/'))
        problems.push(`request: ${request.url()}`);
    });
    await page.goto(file.href);
    return page;
  }

  const overflows = (page: Page) => page.evaluate<string[]>(OVERFLOWS);

  /** What axe-core finds wrong. It is evaluated, as the page's own policy lets no script in. */
  async function axeFinds(page: Page): Promise<string[]> {
    await page.evaluate(axe);
    return page.evaluate(
      'axe.run().then(({ violations }) => violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120)).join(" | ")))',
    );
  }

  const cases = [
    { name: 'one', input: () => manyClasses(1, 1) },
    { name: 'thousand', input: () => manyClasses(1_000, 20) },
    { name: 'bare', input: () => sampleInput() },
    { name: 'long-names', input: () => manyClasses(3, 4, `-${'x'.repeat(10_000)}`) },
    { name: 'many-clusters', input: () => manyClasses(10, 10_000) },
    { name: 'feature', input: () => sampleFeature() },
    { name: 'feature-bare', input: () => sampleFeature({ names: new Map(), pictures: null, result: null }) },
    { name: 'right-to-left', input: () => manyClasses(3, 4, ' שלום עולם مرحبا بالعالم (א)') },
  ];

  for (const { name, input } of cases) {
    for (const [size, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
      it(`${name} at ${size} width: no request, no message, nothing runs over`, async () => {
        const page = await open(`${name}-${size}`, input(), viewport);
        expect(await overflows(page)).toEqual([]);
        await page.screenshot({ path: new URL(`${name}-${size}.png`, OUT).pathname });
        expect(problems).toEqual([]);
        await page.close();
      });
    }
  }

  for (const scheme of ['light', 'dark'] as const) {
    it(`axe finds nothing, ${scheme}`, async () => {
      const page = await open(`axe-${scheme}`, manyClasses(3, 4), DESKTOP, scheme);
      await page.locator('.tree .drawing a').nth(2).click();
      expect(await axeFinds(page)).toEqual([]);
      await page.screenshot({ path: new URL(`${scheme}.png`, OUT).pathname, fullPage: true });
      await page.close();
    });
  }

  it('axe finds nothing in the page of a feature', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const page = await open(`axe-feature-${scheme}`, sampleFeature(), PHONE, scheme);
      expect(await axeFinds(page)).toEqual([]);
      await page.close();
    }
  });

  it('an image opens large with what is known of it and what is most like it, by mouse and keyboard', async () => {
    for (const viewport of [PHONE, DESKTOP]) {
      const page = await open('large', manyClasses(3, 4), viewport);
      const dialog = page.locator('dialog.large');
      expect(await dialog.isVisible()).toBe(false);
      const button = page.locator('.card .seen .failing button').nth(1);
      await button.click();
      expect(await dialog.isVisible()).toBe(true);
      const box = await dialog.locator('.looked-at > img').boundingBox();
      expect(box?.width ?? 0).toBeGreaterThan(300);
      expect(await dialog.getByRole('heading').first().textContent()).toBe('images/1.png');
      expect((await dialog.locator('.facts-of div').allTextContents()).slice(0, 1)).toEqual(['Labelautomobile']);
      expect(await dialog.locator('.alike img').count()).toBe(3);
      expect(await dialog.locator('.place-of').textContent()).toBe('2 of 12');
      await page.keyboard.press('ArrowRight');
      expect(await dialog.getByRole('heading').first().textContent()).toBe('images/2.png');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('ArrowLeft');
      expect(await dialog.locator('.place-of').textContent()).toBe('12 of 12');
      expect(await axeFinds(page)).toEqual([]);
      await page.screenshot({ path: new URL(`large-${viewport.width}.png`, OUT).pathname });
      await page.keyboard.press('Escape');
      expect(await dialog.isVisible()).toBe(false);
      expect(await page.evaluate<string>('document.activeElement.dataset.name')).toBe('images/1.png');
      expect(problems).toEqual([]);
      await page.close();
    }
  });

  it('all images of an event, filtered by text; a filter that finds none says so', async () => {
    const page = await open('images', manyClasses(3, 4));
    const browsed = page.locator('.browser').first();
    await browsed.locator('summary').click();
    const items = browsed.locator(':scope > .strip li');
    expect(await items.count()).toBe(40);
    await browsed.getByLabel('Filter by name or class').fill('images/1');
    expect(await items.filter({ visible: true }).count()).toBe(11);
    expect(await browsed.getByRole('status').textContent()).toBe('11 of 42 images');
    await items.filter({ visible: true }).nth(1).getByRole('button').click();
    expect(await page.locator('.place-of').textContent()).toBe('2 of 11');
    await page.keyboard.press('Escape');
    await browsed.getByLabel('Filter by name or class').fill('zebra');
    expect(await browsed.getByRole('status').textContent()).toBe('Nothing matches “zebra”');
    await page.getByLabel('Filter groups').fill('zebra');
    expect(await page.locator('.groups [role=status]').textContent()).toBe('No group is called like “zebra”');
    await page.close();
  });

  it('groups: the first 100 of 2,000 rows, sorted and filtered at once', async () => {
    const page = await open('groups', manyClasses(1_000, 2));
    const groups = page.locator('.groups');
    const rows = groups.locator('tbody tr');
    expect(await rows.count()).toBe(100);
    expect(await groups.locator('[role=status]').textContent()).toBe('2000 groups, the first 100 shown');
    const alers = async () =>
      (await rows.locator('td:nth-child(8)').allTextContents()).map((text) => Number.parseFloat(text));
    await groups.getByRole('button', { name: 'ALER' }).click();
    const descending = await alers();
    expect(descending).toEqual([...descending].sort((a, b) => b - a));
    expect(descending[0]).toBe(
      Math.max(
        ...manyClasses(1_000, 0).result.checkpoints[0].groups.map((group) =>
          Number(((group.aler ?? 0) * 100).toFixed(1)),
        ),
      ),
    );
    await groups.getByRole('button', { name: 'ALER' }).click();
    expect(await groups.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
    const ascending = await alers();
    expect(ascending).toEqual([...ascending].sort((a, b) => a - b));
    await groups.getByLabel('Filter groups').fill('as class 99');
    expect(await rows.count()).toBe(11);
    await groups.getByLabel('Filter groups').fill('');
    await groups.getByRole('button', { name: 'Show 1900 more' }).click();
    expect(await rows.count()).toBe(2_000);
    const took = await page.evaluate<number>(SORT_TIME);
    expect(took).toBeLessThan(1_000);
    expect(await rows.count()).toBe(100);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('trees: a node chosen by mouse or keyboard shows its figures and images', async () => {
    const page = await open('tree', manyClasses(2, 1));
    const tree = page.locator('.tree').first();
    expect(await tree.locator('.node:visible').count()).toBe(0);
    await tree.locator('.drawing a').last().focus();
    await page.keyboard.press('Enter');
    expect(await tree.locator('.node:visible').count()).toBeGreaterThan(0);
    await tree.locator('.drawing a').first().click();
    // The root tells its figures and where its images are; it does not unfold all leaves.
    expect(await tree.locator('.node:visible').count()).toBe(1);
    expect(await tree.locator('.node:visible').textContent()).toContain('62 of 1,000 images fail');
    expect((await tree.boundingBox())?.height ?? 0).toBeLessThan(900);
    await tree.locator('.node:visible .leaves a').first().click();
    expect(await tree.locator('.node:visible img').count()).toBeGreaterThan(0);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('trees: Tab goes from left to right, and no label lies on a branch', async () => {
    const page = await open('tree-labels', manyClasses(2, 1));
    const nodes = page.locator('.tree').first().locator('.drawing a');
    const boxes = await Promise.all((await nodes.all()).map((node) => node.boundingBox()));
    const places = boxes.map((box) => [
      Math.round((box?.x ?? 0) + (box?.width ?? 0) / 2),
      (box?.y ?? 0) + (box?.height ?? 0) / 2,
    ]);
    expect(places.length).toBe(13);
    expect(places).toEqual(places.toSorted(([ax, ay], [bx, by]) => ax - bx || ay - by));
    expect(await page.evaluate<string[]>(LABELS_ON_BRANCHES)).toEqual([]);
    await page.close();
  });

  it('prints on six pages at most, whatever there is', async () => {
    for (const [name, input] of [
      ['print-many', manyClasses(100, 20)],
      ['print-bare', sampleInput()],
    ] as const) {
      const page = await open(name, input);
      const pdf = await page.pdf({ format: 'A4', path: new URL(`${name}.pdf`, OUT).pathname });
      const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
      expect(pages).toBeGreaterThan(0);
      expect(pages).toBeLessThanOrEqual(6);
      await page.close();
    }
  });

  it('stands without its script', async () => {
    const file = new URL('no-script.html', OUT);
    await writeFile(file, renderHtml(buildView(manyClasses(2, 1)), templates));
    const page = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(file.href);
    expect(await page.locator('.groups tbody tr').count()).toBe(4);
    await page.locator('.tree .drawing a').first().click();
    expect(await page.locator('.node:visible').count()).toBe(1);
    await page.close();
  });

  it('hostile names: nothing runs, nothing is asked for, nothing runs over', async () => {
    for (const [index, name] of HOSTILE_NAMES.entries()) {
      const page = await open(`hostile-${index}`, hostileInput(name), index % 2 === 0 ? PHONE : DESKTOP);
      expect(await overflows(page), name.slice(0, 40)).toEqual([]);
      expect(problems, name.slice(0, 40)).toEqual([]);
      await page.close();
    }
  }, 400_000);
});
