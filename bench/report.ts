/**
 * Whether report.html stays light: 1,000 classes in two groupings, 20 clusters, pictures of about 5 KB; its size, how long it takes
 * to build, when Chromium first paints it and when the filter of groups answers. Exits 1 if any figure is not as it must be.
 * Figures of the page are left out where there is no Chromium.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { type Browser, chromium } from 'playwright-core';
import { readTemplates } from '../src/pipeline/templates.ts';
import { renderHtml } from '../src/report/html.ts';
import { keyOf, type LabelledPicture } from '../src/report/pictures.ts';
import { MOST_SHOWN, rankedTrees } from '../src/report/shown.ts';
import { buildView, type ReportInput } from '../src/report/view.ts';
import { manyClasses } from '../tests/report/manyClasses.ts';
import { must } from './must.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'].find(existsSync);
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const LIMITS = { bytes: 15e6, buildSeconds: 10, paintSeconds: 1, filterSeconds: 1 };
const file = new URL('../out/report/bench.html', import.meta.url);

/** Bytes of a picture, from which different pictures of one size are made. */
const PICTURE_BYTES = 5_000;
const OF_CLUSTER = 6;
const OF_FEATURE = 6;
const OF_LEAF = 6;

/** Run in a page: WebP pictures of 160 x 160 pixels, no two alike, as detailed as fits the size. */
const DRAW = `(async (count, bytes) => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 160;
  const context = canvas.getContext('2d');
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const uris = [];
  while (uris.length < count) {
    context.fillStyle = 'hsl(' + 360 * random() + ' 40% 50%)';
    context.fillRect(0, 0, 160, 160);
    let uri = '';
    while (uri.length < (4 / 3) * bytes) {
      for (let i = 0; i < 20; i++) {
        context.fillStyle = 'hsl(' + 360 * random() + ' 60% ' + 100 * random() + '%)';
        context.fillRect(160 * random(), 160 * random(), 40 * random(), 40 * random());
      }
      uri = canvas.toDataURL('image/webp', 0.8);
    }
    uris.push(uri);
  }
  return uris;
})`;

/** Run in the page: milliseconds until a filter of the groups is laid out. */
const FILTER = `(() => {
  const input = document.querySelector('.groups input');
  const start = performance.now();
  input.value = 'as class 99';
  input.dispatchEvent(new Event('input'));
  document.body.getBoundingClientRect();
  return [performance.now() - start, document.querySelectorAll('.groups tbody tr').length];
})()`;

const templates = await readTemplates();
console.log('\nreport.html of 1,000 classes and 20 clusters');
const browser = CHROMIUM === undefined ? null : await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
const input = withPictures(manyClasses(1_000, 20), browser === null ? someBytes(200) : await drawn(browser, 200));
// The first rendering also compiles the templates and warms the library of plots up, as every run of the gate does.
const started = performance.now();
const html = renderHtml(buildView(input), templates);
const seconds = (performance.now() - started) / 1000;
const bytes = Buffer.byteLength(html);
const pictures = html.match(/<img /g)?.length ?? 0;
must(bytes < LIMITS.bytes, `${(bytes / 1e6).toFixed(1)} MB with ${pictures} pictures (15 MB)`);
must(seconds < LIMITS.buildSeconds, `built in ${seconds.toFixed(1)} s (10 s)`);
await mkdir(new URL('.', file), { recursive: true });
await writeFile(file, html);
if (browser === null) console.log('  no Chromium: nothing is said of the page');
else {
  await measure(browser);
  await browser.close();
}

async function measure(chromium: Browser): Promise<void> {
  for (const [size, viewport] of [
    ['desktop', { width: 1_280, height: 900 }],
    ['phone', { width: 390, height: 844 }],
  ] as const) {
    const page = await chromium.newPage({ viewport });
    await page.goto(file.href);
    const paint = await page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.POSITIVE_INFINITY,
    );
    must(paint < 1000 * LIMITS.paintSeconds, `${size}: painted after ${(paint / 1000).toFixed(2)} s (1 s)`);
    const [took, rows] = await page.evaluate<[number, number]>(FILTER);
    const text = `${size}: the filter shows ${rows} of 2,000 groups after ${(took / 1000).toFixed(2)} s (1 s)`;
    must(rows === 11 && took < 1000 * LIMITS.filterSeconds, text);
    await page.close();
  }
}

async function drawn(chromium: Browser, count: number): Promise<string[]> {
  const page = await chromium.newPage();
  const uris = await page.evaluate<string[]>(`${DRAW}(${count}, ${PICTURE_BYTES})`);
  await page.close();
  return uris;
}

/** No pictures, but as many characters. */
function someBytes(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = Buffer.alloc(PICTURE_BYTES, `picture ${i} `);
    return `data:image/webp;base64,${bytes.toString('base64')}`;
  });
}

/** As many pictures as a report asks for: of clusters, of what 40 features look for, of the leaves of the trees drawn. */
function withPictures(input: ReportInput, uris: readonly string[]): ReportInput {
  let next = 0;
  const some = (count: number): LabelledPicture[] =>
    Array.from({ length: count }, () => {
      const image = `images/${next}.webp`;
      return { image, uri: uris[next++ % uris.length], width: 160, height: 160, label: 'car', prediction: 'truck' };
    });
  const both = (count: number) => ({ failing: some(count), right: some(count) });
  const [checkpoint] = input.result.checkpoints;
  const clusters = (checkpoint.comparison?.clusters ?? []).map(
    ({ id }) => [keyOf(checkpoint.name, id), both(OF_CLUSTER)] as const,
  );
  const features = Array.from({ length: 40 }, (_, feature) => {
    const rows = { mostActivating: some(OF_FEATURE), heatmaps: some(OF_FEATURE), attacks: some(OF_FEATURE) };
    return [feature, rows] as const;
  });
  const leaves = rankedTrees(checkpoint)
    .slice(0, MOST_SHOWN.trees)
    .flatMap((group) => group.leaves.map(({ id }) => [keyOf(checkpoint.name, id), both(OF_LEAF)] as const));
  return {
    ...input,
    pictures: { events: new Map(), clusters: new Map(clusters), features: new Map(features), leaves: new Map(leaves) },
  };
}
