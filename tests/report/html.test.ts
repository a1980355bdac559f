import { createHash } from 'node:crypto';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/pipeline/templates.ts';
import type { Region } from '../../src/records/analysis.ts';
import { choices, findings } from '../../src/report/actions.ts';
import { renderHtml as rendered } from '../../src/report/html.ts';
import { type EventPictures, keyOf, type LabelledPicture, type Pictures } from '../../src/report/pictures.ts';
import { ruleView } from '../../src/report/rule.ts';
import { buildView } from '../../src/report/view.ts';
import { HOSTILE_NAMES, hostileInput } from './hostileResult.ts';
import { manyClasses, picture } from './manyClasses.ts';
import { sampleCheckpoint, sampleInput, sampleResult } from './sampleResult.ts';

const templates = await readTemplates();

/** A figure and its percent sign are kept together; here they are read. */
const renderHtml: typeof rendered = (...page) => rendered(...page).replaceAll('\u00a0', ' ');

function eventOf(failing: readonly LabelledPicture[], right: readonly LabelledPicture[]): EventPictures {
  const alike = new Map(failing.map(({ image }) => [image, []]));
  return { failing, right, unlabelled: [], neighbours: new Map(), alike };
}
const sample = renderHtml(buildView(sampleInput()), templates);

describe('report.html', () => {
  it('places raw text in three places only: style, script, and drawings made here', () => {
    const raw = Object.entries(templates).flatMap(([file, text]) =>
      file.endsWith('.html.hbs') ? [...text.matchAll(/\{\{(?:\{|&)\s*([\w.]+)/g)].map(([, name]) => name) : [],
    );
    expect(raw.sort()).toEqual(['drawing', 'plot', 'plot', 'rates.plot', 'scatter', 'script', 'style', 'trend']);
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

  it('says the verdict first, then what newly fails, known ones, failure modes, groups, trees, trend, and how it was made', () => {
    const { document } = parseHTML(sample);
    expect(document.querySelector('h1')?.textContent).toBe('Failed: candidate newly fails on 1 kind of image.');
    const heads = [...document.querySelectorAll('main h2')].map((head) => head.textContent);
    expect(heads).toEqual([
      ...['What newly fails', 'Right answers that became less sure', 'Known failure modes that did not get worse'],
      'What changed, image by image',
      ...['Failure modes', 'Groups', 'Trees', 'Trend', 'What the figures mean', 'How it was made'],
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

  it('names the failing images of a failure mode, to be filtered; of many the first, and how many more', () => {
    const named = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ name: `${at}.png`, label: 'cat', before: null, after: 'dog' }));
    const of = (isCompared: boolean, shown: number, total: number) => {
      const sample = sampleCheckpoint(isCompared ? {} : { comparison: null, events: [], verdict: null });
      const mode = sample.groups.flatMap(({ leaves }) => leaves).find(({ failureMode }) => failureMode);
      const modes = new Map([[keyOf('candidate', mode?.id ?? ''), { images: named(shown), total }]]);
      const input = sampleInput(sampleResult({ checkpoints: [sample] }), { modes });
      const { document } = parseHTML(renderHtml(buildView(input), templates));
      const section = document.querySelector('section[aria-labelledby="c0-modes"]');
      return [...(section?.querySelectorAll('.browser') ?? [])].map((browser) => [
        browser.querySelector('summary')?.textContent,
        browser.querySelectorAll('li').length,
        browser.querySelector('li')?.textContent,
        browser.querySelector('.more')?.textContent ?? null,
      ]);
    };
    for (const isCompared of [true, false]) {
      expect(of(isCompared, 41, 41)).toEqual([['All 41 images that fail, by name', 41, '0.png: cat, now dog', null]]);
      expect(of(isCompared, 200, 1_200)).toEqual([
        ['All 1,200 images that fail, by name', 200, '0.png: cat, now dog', '1,000 more.'],
      ]);
    }
  });

  it('10,000 clusters: the first have cards, the next rows, and the rest are counted', () => {
    const input = manyClasses(10, 10_000);
    const html = renderHtml(buildView(input), templates);
    const { document } = parseHTML(html);
    expect(html.length).toBeLessThan(15e6);
    // 7,500 events, 2,500 known failure modes that got worse.
    expect(document.querySelector('h1')?.textContent).toContain(
      'newly fails on 7,500 kinds of image and fails on 2,500 known kinds of image more often than before',
    );
    expect(document.querySelectorAll('.card').length).toBe(40);
    const more = [...document.querySelectorAll('.more')].map((each) => each.textContent);
    expect(more).toContain('7,280 more in result.json.');
    expect(more).toContain('2,280 more in result.json.');
    expect(document.querySelector('.decided')?.textContent).toContain('9,997 more below');
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
    const clusters = new Map([[keyOf('candidate', 'label:class 0#3'), { failing, right: [] }]]);
    const events = new Map([[keyOf('candidate', 'label:class 0#0'), eventOf(failing, failing)]]);
    const pictures = { events, clusters, leaves: new Map(), features: new Map() };
    const html = renderHtml(buildView({ ...input, pictures }), templates);
    expect(html).toContain('What newly fails');
    expect(html).not.toContain('<img');
  });

  it('tells failure modes as cards where there was nothing to compare with', () => {
    const checkpoints = [sampleCheckpoint({ comparison: null, events: [], verdict: null })];
    const { document } = parseHTML(renderHtml(buildView(sampleInput(sampleResult({ checkpoints }))), templates));
    expect(document.querySelector('h1')?.textContent).toContain('Not compared');
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
      const attributes = [...document.querySelectorAll('*')].flatMap(({ attributes: own }) =>
        [...own].map(({ name: attribute, value }) => [attribute, value] as const),
      );
      expect(attributes.length).toBeGreaterThan(1_000);
      const wrong = attributes.filter(
        ([attribute, value]) =>
          /^(?:style|on.*|srcset|action|formaction)$/.test(attribute) ||
          (/^(?:src|href|xlink:href)$/.test(attribute) && !/^(?:#|data:image\/)/.test(value)),
      );
      expect(wrong).toEqual([]);
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
    group: 'label:purse',
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
      'What all images here share, failing or not, as far as it was measured: buckle (feature 7) is stronger (above 0.4) and feature 2 is weaker or absent (at most 0.1); in no other image of the group are both so.',
      'You marked buckle (feature 7) spurious: the class should not depend on it.',
      "5 % of the eval set's images of purse are of this kind. If training images are to be like them, about 50 of every 1,000 of that class should be too: count yours by the same rule on their features, and collect what is missing.",
    ]);
  });

  it('says less where less is known', () => {
    const bare = { ...ground, rule: ruleView([], names), group: 'all', groupSize: null, confusions: [] };
    expect(findings({ ...bare, scope: 'general' })).toEqual([expect.stringContaining('It may be the whole group')]);
    expect(choices(bare.rule, 'all')).toEqual([]);
  });

  it('one condition, or one with two bounds, is told as such', () => {
    const told = (region: Region) => findings({ ...ground, rule: ruleView(region, new Map()), confusions: [] })[0];
    const above = { feature: 1, op: '>', threshold: 0.2 } as const;
    expect(told([above])).toContain(': feature 1 is stronger (above 0.2); in no other image of the group is it so.');
    expect(told([above, { ...above, op: '<=', threshold: 0.5 }])).toContain(
      ': feature 1 is between 0.2 and 0.5; in no',
    );
    const three = [1, 2, 3].map((feature) => ({ ...above, feature }));
    expect(told(three)).toContain('in no other image of the group are all of them so.');
  });

  it('chooses whose images to collect by the group', () => {
    expect(choices(rule, 'label:purse')[0]).toBe(
      'Collect more images of the class that show buckle (feature 7), with little or nothing of feature 2.',
    );
    expect(choices(rule, 'prediction:purse')[0]).toMatch(
      /^Collect more images of the classes that these are in truth, that show/,
    );
    expect(choices(rule, 'time:night')[0]).toMatch(/^Collect more images that show/);
    // A column may be called like what every object has.
    expect(choices(rule, 'constructor:night')[0]).toMatch(/^Collect more images that show/);
  });

  it('the share is of the images that were compared', () => {
    const sample = sampleCheckpoint();
    const groups = sample.groups.map((group) => ({ ...group, size: 5_000 }));
    const html = renderHtml(buildView(sampleInput(sampleResult({ checkpoints: [{ ...sample, groups }] }))), templates);
    // 341 of the 1,000 images of automobile that both checkpoints have.
    expect(html).toContain('34.1 % of the eval set&#x27;s images of automobile are of this kind');
  });
});

describe('pictures that are missing', () => {
  const render = (pictures: Pictures) =>
    parseHTML(renderHtml(buildView({ ...manyClasses(3, 4), pictures }), templates)).document;
  const none: Pictures = { events: new Map(), clusters: new Map(), leaves: new Map(), features: new Map() };
  const some = [picture('a.png')];
  const id = keyOf('candidate', 'label:class 0#0');

  it('an empty map, or cards with nothing in it, is a report without pictures', () => {
    for (const events of [new Map(), new Map([[id, eventOf([], [])]])]) {
      const document = render({ ...none, events });
      expect(document.querySelector('main .aside')?.textContent).toContain('This report has no pictures');
      expect(document.querySelector('img, .strip, .glimpse')).toBeNull();
      expect(document.querySelectorAll('.card').length).toBe(4);
      // What is known of the images is told all the same.
      expect(document.querySelector('.browser .names')?.textContent).toContain(
        'images/00006.png: automobile, before automobile, now truck',
      );
    }
  });

  it('images without right ones, and right ones alone', () => {
    const failing = render({ ...none, events: new Map([[id, eventOf(some, [])]]) });
    expect([...failing.querySelectorAll('.card .strip-title')].map((title) => title.textContent)).toEqual([
      ...['Newly fail, the most typical first', 'All that newly fail'],
    ]);
    expect(failing.querySelector('.aside')).toBeNull();
    expect(failing.querySelectorAll('.glimpse img').length).toBe(1);
    const right = render({ ...none, events: new Map([[id, eventOf([], some)]]) });
    expect([...right.querySelectorAll('.card .strip-title')].map((title) => title.textContent)).toEqual([
      'Most alike and still right',
    ]);
  });

  it('a feature without attacks says so where others have some', () => {
    const look = { mostActivating: some, heatmaps: some, attacks: some };
    const [all, one] = [look, { ...look, attacks: [] }].map((second) =>
      render({
        ...none,
        features: new Map([
          [0, look],
          [1, second],
        ]),
      }),
    );
    expect(all.querySelector('.features')?.textContent).not.toContain('Not made as strong');
    expect(one.querySelector('.features')?.textContent).toContain('Not made as strong as it gets');
  });

  it('two checkpoints that fail in one region each have their own', () => {
    const input = manyClasses(3, 4);
    const [first] = input.result.checkpoints;
    const result = { ...input.result, checkpoints: [first, { ...first, name: 'other' }] };
    const events = new Map([
      [keyOf('candidate', 'label:class 0#0'), eventOf([picture('a.png')], [])],
      [keyOf('other', 'label:class 0#0'), eventOf([picture('b.png')], [])],
    ]);
    const html = renderHtml(buildView({ ...input, result, pictures: { ...none, events } }), templates);
    const cards = [...parseHTML(html).document.querySelectorAll('.card .seen img')];
    expect(cards.map((image) => image.getAttribute('alt'))).toEqual([
      expect.stringContaining('a.png'),
      expect.stringContaining('b.png'),
    ]);
  });

  it('a full page says what it leaves out', () => {
    const heavy = { ...picture('a.png'), uri: `data:image/png;base64,${'A'.repeat(2_000_000)}` };
    const document = render({
      ...none,
      events: new Map([0, 1, 2].map((i) => [keyOf('candidate', `label:class ${i}#${i}`), eventOf([heavy], [])])),
    });
    expect(document.querySelector('main .aside')?.textContent).toContain('To stay light this page leaves pictures out');
    expect(document.querySelectorAll('.seen .strip img').length).toBe(1);
  });
});
