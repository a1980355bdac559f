import { createHash } from 'node:crypto';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/pipeline/templates.ts';
import { type FeaturePage, renderFeaturePage } from '../../src/report/featurePage.ts';
import { HOSTILE_NAMES, hostileInput } from './hostileResult.ts';
import { picture } from './manyClasses.ts';
import { sampleFeature } from './sampleFeature.ts';

const templates = await readTemplates();
const render = (change: Partial<FeaturePage> = {}) => renderFeaturePage(sampleFeature(change), templates);
const page = (change: Partial<FeaturePage> = {}) => parseHTML(render(change)).document;
const texts = (of: Iterable<{ textContent: string | null }>) => [...of].map((element) => element.textContent?.trim());

describe('the page of one feature', () => {
  it('says what it is called, how its values lie, and which rules use it', () => {
    const document = page();
    expect(document.querySelector('h1')?.textContent).toBe('Buckle (feature 33)');
    expect(texts(document.querySelectorAll('header p'))).toEqual([
      'cifar10images of automobile',
      'It is marked overemphasised: it belongs to the class, but too much hangs on it.',
      'Shoes without it fail.',
      'Over images of automobile (8) it goes from 0 to 1.5; half of them have 0.125 or more. In 37.5 % it is 0, that is, absent.',
    ]);
    expect(texts(document.querySelectorAll('[aria-labelledby=strong] tbody tr'))).toEqual([
      'd.png1.5',
      'b.png0.75',
      'h.png0.5',
    ]);
    expect(texts(document.querySelectorAll('[aria-labelledby=rules] tbody tr'))).toEqual([
      'images of automobilebuckle (feature 33) > 0.4124.7 % → 15.2 %new clustercandidate',
      'images of automobilebuckle (feature 33) > 0.4124.7 % → 15.2 %persisting clustercandidate',
    ]);
    expect(document.querySelector('[aria-labelledby=made]')?.textContent).toContain('33 of 128, counted from 0');
  });

  it('draws each image once, those shown as dots, and thresholds of rules in the group as lines', () => {
    const counts = (change: Partial<FeaturePage> = {}) => {
      const plot = page(change).querySelector('.plot');
      const dashed = plot?.querySelectorAll('[stroke-dasharray] line') ?? [];
      return { dots: plot?.querySelectorAll('circle').length, lines: dashed.length };
    };
    expect(counts()).toEqual({ dots: 3, lines: 1 });
    expect(counts({ group: 'label:truck' })).toEqual({ dots: 3, lines: 0 });
    expect(counts({ result: null, pictures: null })).toEqual({ dots: 8, lines: 0 });
  });

  it('shows each image, where it sees it, and made as strong as it gets', () => {
    const strips = [...page().querySelectorAll('.strip')];
    expect(strips.map((strip) => strip.querySelector('.strip-title')?.textContent)).toEqual([
      'Images that show it most',
      'Where it sees it',
      'Made as strong as it gets',
    ]);
    for (const strip of strips) expect(strip.querySelectorAll('img').length).toBe(3);
    expect(page().querySelector('.aside')).toBeNull();
  });

  it('says what there is no picture of, and why that may be', () => {
    const asides = (change: Partial<FeaturePage>) => texts(page(change).querySelectorAll('.aside'));
    const [mostActivating, none] = [[picture('d.png')], []];
    expect(asides({ pictures: null })).toEqual([expect.stringContaining('There are no pictures')]);
    expect(asides({ pictures: { mostActivating: none, heatmaps: none, attacks: none } })).toHaveLength(1);
    expect(asides({ pictures: { mostActivating, heatmaps: mostActivating, attacks: none } })).toEqual([
      expect.stringContaining('attacks are turned off'),
    ]);
    expect(asides({ pictures: { mostActivating, heatmaps: none, attacks: none } })).toHaveLength(2);
  });

  it('says how to name it where it has no name', () => {
    expect(page().querySelector('main')?.textContent).not.toContain('--name');
    const unnamed = page({ names: new Map() });
    expect(unnamed.querySelector('h1')?.textContent).toBe('Feature 33');
    expect(unnamed.querySelector('main')?.textContent).toContain('barlow feature 33 --name NAME');
  });

  it.each([
    ['none at all', [], null],
    ['no number', [Number.NaN, Number.POSITIVE_INFINITY], null],
    ['one', [0.5], 'it is 0.5 everywhere.'],
    ['all alike', [0, 0, 0], 'it is 0 everywhere.'],
    ['negative ones', [-1, -0.5, -0.25], 'it goes from -1 to -0.25; half of them have -0.5 or more.'],
    ['very small ones', [0, 1e-30], 'it goes from 0 to 1e-30'],
  ])('stands with values: %s', (_, values, text) => {
    const images = values.map((_, i) => `${i}.png`);
    const html = render({ images, values: Float32Array.from(values), pictures: null });
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
    if (text === null) expect(html).toContain('No image of the group has a value of it.');
    else expect(html).toContain(text);
  });

  it('stays small with 100,000 images, and is the same bytes every time', () => {
    const images = Array.from({ length: 100_000 }, (_, i) => `${i}.png`);
    const values = Float32Array.from(images, (_, i) => Math.abs(Math.sin(i)));
    const html = render({ images, values, pictures: null });
    expect(html.length).toBeLessThan(100_000);
    expect(render({ images, values, pictures: null })).toBe(html);
  });

  it('lets in only its own style, by its hash, and no script', () => {
    const html = render();
    const style = createHash('sha256').update(html.split('<style>')[1].split('</style>')[0]).digest('base64');
    const meta = parseHTML(html).document.querySelector('meta[http-equiv="Content-Security-Policy"]');
    expect(meta?.getAttribute('content')).toBe(
      `default-src 'none'; style-src 'sha256-${style}'; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    expect(html).not.toContain('<script');
  });

  it('names from data are never markup', () => {
    const hostile = (name: string) =>
      render({
        ...{ suite: name, group: `label:${name}`, images: [name, 'b.png'], values: Float32Array.of(1, 2) },
        names: new Map([[33, { name, kind: 'spurious', note: name }]]),
        featureModel: { fingerprint: name, dimensions: 128, engine: name },
        pictures: { mostActivating: [picture(name)], heatmaps: [], attacks: [] },
        result: hostileInput(name).result,
      });
    const skeleton = (html: string) =>
      [...parseHTML(html).document.querySelectorAll('*')].map(
        (element) => `${element.localName} ${[...element.attributes].map(({ name }) => name).join(' ')}`,
      );
    const benign = skeleton(hostile('benign'));
    for (const name of HOSTILE_NAMES) expect(skeleton(hostile(name)), name.slice(0, 40)).toEqual(benign);
  });
});
