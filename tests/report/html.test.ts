import { createHash } from 'node:crypto';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { choices, findings } from '../../src/report/actions.ts';
import { renderHtml } from '../../src/report/html.ts';
import { ruleView } from '../../src/report/rule.ts';
import { buildView } from '../../src/report/view.ts';
import { readTemplates } from '../../src/templates.ts';
import { HOSTILE_NAMES, hostileInput } from './hostileResult.ts';
import { manyClasses } from './manyClasses.ts';
import { sampleCheckpoint, sampleInput, sampleResult } from './sampleResult.ts';

const templates = await readTemplates();
const sample = renderHtml(buildView(sampleInput()), templates);

describe('report.html', () => {
  it('places raw text in three places only: style, script, and drawings made here', () => {
    const raw = Object.entries(templates).flatMap(([file, text]) =>
      file.endsWith('.html.hbs') ? [...text.matchAll(/\{\{(?:\{|&)\s*([\w.]+)/g)].map(([, name]) => name) : [],
    );
    expect(raw.sort()).toEqual(['drawing', 'plot', 'plot', 'scatter', 'script', 'style', 'trend']);
  });

  it('lets in only its own style and script, by their hashes', () => {
    const { document } = parseHTML(sample);
    const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content') ?? '';
    const hash = (of: string) =>
      createHash('sha256')
        .update(sample.split(`<${of}>`)[1].split(`</${of}>`)[0])
        .digest('base64');
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash('style')}'`,
      `script-src 'sha256-${hash('script')}'`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  it('says the verdict first, then new clusters, known ones, failure modes, groups, trees, trend, and how it was made', () => {
    const { document } = parseHTML(sample);
    expect(document.querySelector('h1')?.textContent).toBe('Failed: candidate has 1 new failure cluster.');
    const heads = [...document.querySelectorAll('main h2')].map((head) => head.textContent);
    expect(heads).toEqual([
      ...['New clusters', 'Known failure modes that did not get worse', 'Failure modes'],
      ...['Groups', 'Trees', 'Trend', 'How it was made'],
    ]);
    const card = document.querySelector('.card')?.textContent ?? '';
    for (const told of [
      'feature 33 > 0.412',
      '4.7 %',
      '15.2 %',
      '36 of 341 images newly fail',
      'less than 1 in 1,000,000',
      'Specific:',
    ])
      expect(card).toContain(told);
  });

  it('is the same bytes every time', () => {
    expect(renderHtml(buildView(sampleInput()), templates)).toBe(sample);
  });

  it('says that it has no pictures, and stands', () => {
    expect(sample).toContain('This report has no pictures');
    expect(sample).not.toContain('<img');
  });

  it('shows no picture that does not hold its own pixels', () => {
    const bad = [
      'https://evil.example/x.png',
      'data:image/svg+xml;base64,PHN2Zz4=',
      'data:text/html;base64,AA==',
      'data:image/png;base64,"><script>',
    ];
    const input = manyClasses(1, 1);
    const picture = { image: 'x.png', width: 32, height: 32, label: null, prediction: null };
    const failing = bad.map((uri) => ({ ...picture, uri }));
    const clusters = new Map([['label:class 0#0', { failing, right: [] }]]);
    const pictures = { clusters, leaves: new Map(), features: new Map() };
    const html = renderHtml(buildView({ ...input, pictures }), templates);
    expect(html).toContain('New clusters');
    expect(html).not.toContain('<img');
  });

  it('tells failure modes as cards where there was nothing to compare with', () => {
    const checkpoints = [sampleCheckpoint({ comparison: null, verdict: null })];
    const { document } = parseHTML(renderHtml(buildView(sampleInput(sampleResult({ checkpoints }))), templates));
    expect(document.querySelector('h1')?.textContent).toContain('Not judged');
    expect(document.querySelector('.card')?.textContent).toContain('41 of 76 images fail (53.9 %)');
  });
});

describe('names from data in report.html', () => {
  /** Elements and the attributes that could act, in document order. */
  const skeleton = (name: string) => {
    const { document } = parseHTML(renderHtml(buildView(hostileInput(name)), templates));
    return [...document.querySelectorAll('*')].map((element) => {
      const attributes = [...element.attributes].map((attribute) => attribute.name).sort();
      return `${element.localName} ${attributes.join(' ')} ${element.getAttribute('href') ?? ''} ${element.getAttribute('id') ?? ''}`;
    });
  };
  const benign = skeleton('benign');

  it.each(HOSTILE_NAMES.map((name) => [name.slice(0, 40), name]))('are never markup: %j', (_, name) => {
    expect(skeleton(name)).toEqual(benign);
  });

  it('no element has a style, a handler, or an address outside the page', () => {
    for (const name of HOSTILE_NAMES) {
      const { document } = parseHTML(renderHtml(buildView(hostileInput(name)), templates));
      for (const element of document.querySelectorAll('*')) {
        for (const { name: attribute, value } of element.attributes) {
          expect(attribute).not.toMatch(/^(?:style|on.*|srcset|action|formaction)$/);
          if (/^(?:src|href|xlink:href)$/.test(attribute)) expect(value).toMatch(/^(?:#|data:image\/)/);
        }
      }
    }
  });
});

describe('what can be said of a cluster', () => {
  const names = new Map([[7, { name: 'buckle', kind: 'spurious', note: null } as const]]);
  const rule = ruleView(
    [
      { feature: 7, op: '>', threshold: 0.4 },
      { feature: 2, op: '<=', threshold: 0.1 },
    ],
    names,
  );
  const ground = {
    rule,
    grouping: 'label',
    value: 'purse',
    scope: 'specific' as const,
    size: 50,
    groupSize: 1_000,
    failing: 20,
  };

  it('is computed: confusions, presence, share', () => {
    const confusions = [
      { className: 'bag', images: 12 },
      { className: 'belt', images: 3 },
    ];
    expect(findings({ ...ground, confusions })).toEqual([
      '12 of the 20 are taken for bag, 3 belt. Ask what they share with that class.',
      'What they share, as far as it was measured: buckle (feature 7) is strong, and feature 2 is weak or absent.',
      'You marked buckle (feature 7) spurious: the class should not depend on it.',
      "5 % of the eval set's images of purse lie here. Where training should look like the eval set, so should about 50 of every 1,000 training images of that class: count yours by the same rule, and collect what is missing.",
    ]);
  });

  it('says less where less is known', () => {
    const bare = { ...ground, rule: ruleView([], names), grouping: 'all', groupSize: null, confusions: [] };
    expect(findings({ ...bare, scope: 'general' })).toEqual([expect.stringContaining('The whole group got worse')]);
    expect(choices(bare.rule)).toHaveLength(3);
  });
});
