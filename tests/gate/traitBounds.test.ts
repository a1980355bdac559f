import { describe, expect, it } from 'vitest';
import type { Happening } from '../../src/gate/events.ts';
import { type TraitSource, traitsOf } from '../../src/gate/eventTraits.ts';
import { confusionOf, differenceText, eventTitle, metadataText } from '../../src/gate/eventWords.ts';
import { type TellInput, tellEvents } from '../../src/gate/tellEvents.ts';
import type { EventImage, EventTrait } from '../../src/records/comparison.ts';
import { imageProperties } from '../../src/records/imageProperties.ts';
import { pairedGroup, readerOf } from './paired.ts';

const OWN = 40;
const ROWS = 400;
const sides = {
  group: 'label:car',
  own: Uint32Array.from({ length: OWN }, (_, at) => at),
  others: Uint32Array.from({ length: ROWS - OWN }, (_, at) => OWN + at),
};
const column = (text: (row: number) => string) => Array.from({ length: ROWS }, (_, row) => text(row));

/** Features by a rule; after `properties` of them all image properties. */
function sourceOf(value: (feature: number, row: number) => number, more: Partial<TraitSource> = {}): TraitSource {
  const properties = more.properties ?? 2;
  const dimensions = properties + imageProperties.length;
  const values = new Float32Array(ROWS * dimensions);
  for (let feature = 0; feature < dimensions; feature++)
    for (let row = 0; row < ROWS; row++) values[feature * ROWS + row] = value(feature, row);
  const readColumns = readerOf({ columns: { rows: ROWS, from: 0, to: dimensions, values }, at: () => 0 });
  return { metadata: new Map(), featureNames: new Map(), properties, dimensions, readColumns, ...more };
}
const constant = () => 1;
const told = async (metadata: Record<string, string[]>) =>
  (await traitsOf(sides, sourceOf(constant, { metadata: new Map(Object.entries(metadata)) }))).map(({ text }) => text);

describe('a value of metadata is told', () => {
  /** How many of the event's images and of the others have the value. */
  const counts = (own: number, others: number) =>
    column((row) => (row < own || (row >= OWN && row < OWN + others) ? 'yes' : `no ${row}`));

  it('where a quarter of the event’s images or more have it', async () => {
    expect(await told({ snow: counts(10, 0) })).toEqual(['snow = yes in 10 of 40 (else in 0 of 360)']);
    expect(await told({ snow: counts(9, 0) })).toEqual([]);
  });

  it('where its odds are three times those of the others, and not where they are less', async () => {
    // 20 to 20 beside 90 to 270: three times; beside 91 to 269 less.
    expect(await told({ snow: counts(20, 90) })).toEqual(['snow = yes in 20 of 40 (else in 90 of 360)']);
    expect(await told({ snow: counts(20, 91) })).toEqual([]);
  });

  it('where Holm over all values of all columns leaves it significant', async () => {
    // Of 400 images 30 have it, and of 40 drawn at random 10 or more of them: the sum of C(30, k) C(370, 40 - k) / C(400, 40).
    const yesNo = (own: number, others: number) =>
      column((row) => (row < own || (row >= OWN && row < OWN + others) ? 'yes' : 'no'));
    const found = await traitsOf(sides, sourceOf(constant, { metadata: new Map([['snow', yesNo(10, 20)]]) }));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ kind: 'metadata', pValue: expect.closeTo(0.0002260939159, 10) });
    const many = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`other ${at}`, column((row) => ((row * (at + 3)) % 7 < 3 ? 'a' : 'b'))]),
    );
    expect(await told({ ...many, snow: yesNo(10, 20) })).toEqual([]);
  });

  it('by how far it sets the event apart', async () => {
    const texts = await told({ less: counts(30, 40), more: counts(40, 40), least: counts(20, 30) });
    expect(texts.map((text) => text.split(' ')[0])).toEqual(['more', 'less', 'least']);
  });

  it('twenty at most', async () => {
    const all = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`c${at}`, counts(40 - at, 0)]));
    const texts = await told(all);
    expect(texts.map((text) => text.split(' ')[0])).toEqual(Array.from({ length: 20 }, (_, at) => `c${at}`));
  });
});

describe('a column of numbers', () => {
  it('has twelve different ones or more, and nothing else', async () => {
    const levels = (count: number) => column((row) => String(row < OWN ? 100 : row % (count - 1)));
    expect(await told({ speed: levels(12) })).toEqual(['greater in "speed" than all other cars']);
    expect(await told({ speed: levels(11) })).toEqual(['speed = 100 in 40 of 40 (else in 0 of 360)']);
    for (const other of ['', ' ', 'fast', 'Infinity', 'NaN']) {
      const mixed = levels(12).with(399, other);
      expect(await told({ speed: mixed })).toEqual(['speed = 100 in 40 of 40 (else in 0 of 360)']);
    }
  });

  it('less too', async () => {
    const texts = await told({ speed: column((row) => String(row < OWN ? -row - 1 : row)) });
    expect(texts).toEqual(['less in "speed" than all other cars']);
  });
});

describe('a difference is told', () => {
  const PROPERTY = 2;
  /** Others have 0 to 359 in lightness, the event's images one value. */
  const lightness = (own: number) =>
    sourceOf((feature, row) => (feature === PROPERTY ? (row < OWN ? own : row - OWN) : 1));
  const text = async (own: number) => (await traitsOf(sides, lightness(own))).map((each) => each.text);

  it.each([
    [269, []],
    // Of 360 others 270 are darker than 270: three quarters.
    [270, ['lighter than 3 in 4 other cars']],
    [287, ['lighter than 3 in 4 other cars']],
    [288, ['lighter than 8 in 10 other cars']],
    [324, ['lighter than 9 in 10 other cars']],
    [341, ['lighter than 9 in 10 other cars']],
    [342, ['lighter than 19 in 20 other cars']],
    [356, ['lighter than 19 in 20 other cars']],
    [357, ['lighter than 99 in 100 other cars']],
    [360, ['lighter than all other cars']],
    [89, ['darker than 3 in 4 other cars']],
    [90, []],
    [-1, ['darker than all other cars']],
  ])('where the median is beyond three quarters of the others: lightness %i: %j', async (own, expected) => {
    expect(await text(own)).toEqual(expected);
  });

  it('by the lower of two medians, and what is like it counts for neither side', async () => {
    // Half of the event's images have 200, half 400: the lower median is 200, beyond 200 of the others.
    const halves = sourceOf((feature, row) =>
      feature === PROPERTY ? (row < 20 ? 200 : row < OWN ? 400 : row - OWN) : 1,
    );
    expect(await traitsOf(sides, halves)).toEqual([]);
    const more = sourceOf((feature, row) =>
      feature === PROPERTY ? (row < 19 ? 200 : row < OWN ? 400 : row - OWN) : 1,
    );
    const [trait] = await traitsOf(sides, more);
    expect(trait).toMatchObject({ share: 1, greater: true, kind: 'property', name: 'lightness', feature: 2 });
  });

  it('light and colour first, then contrast, then what varies with both; each by how far it sets apart', async () => {
    const order = ['sharpness', 'spread of lightness', 'centre spread of redness', 'chroma', 'edge density', 'pixels'];
    const found = await traitsOf(
      sides,
      sourceOf((feature, row) => {
        const name = imageProperties[feature - 2]?.name ?? '';
        const at = order.indexOf(name);
        if (at < 0) return 1;
        // Of the event's images some lie among the others, the more the later in the list.
        return row < OWN ? (row < at ? 100 : 1000) : row - OWN;
      }),
    );
    expect(found.map((each) => (each.kind === 'property' ? each.name : ''))).toEqual([
      ...['chroma', 'pixels', 'spread of lightness', 'sharpness', 'centre spread of redness', 'edge density'],
    ]);
  });

  it('of features that have a name, by their numbers, and never of a property by its number', async () => {
    const name = (text: string) => ({ name: text, kind: null, note: null });
    const featureNames = new Map([
      [3, name('fog')],
      [0, name('rain')],
      [4, name('no feature')],
    ]);
    const source = sourceOf((feature, row) => (feature >= 4 ? 1 : row < OWN ? 1000 : row), {
      featureNames,
      properties: 4,
    });
    const found = await traitsOf(sides, source);
    expect(found.map((each) => each.text)).toEqual([
      'more "rain" than all other cars',
      'more "fog" than all other cars',
    ]);
  });
});

describe('in words', () => {
  const image = (label: string, after: string | null, before: string | null = null) => ({ label, before, after });

  it.each([
    ['label:car', 'other cars'],
    ['all', 'other images'],
    ['prediction:truck', 'other images predicted as truck'],
    ['union:truck', 'other images that are or are taken for truck'],
    ['time:night', 'other images with time = night'],
    ['time:', 'other images with no time'],
    ['confusion:car~truck', 'other images of car and truck, taken for one of the two'],
  ])('the others of %s are %s', (group, others) => {
    expect(differenceText('redder', { group, share: 0.8 })).toBe(`redder than 8 in 10 ${others}`);
  });

  it('a value that is empty, and long names cut', () => {
    const trait = {
      group: 'all',
      column: 'time',
      value: '',
      images: 1200,
      of: 1300,
      others: 0,
      ofOthers: 12_000,
      pValue: 0,
    };
    expect(metadataText(trait)).toBe('no time in 1,200 of 1,300 (else in 0 of 12,000)');
    const long = metadataText({ ...trait, column: 'c'.repeat(60), value: 'v'.repeat(60) });
    expect(long).toBe(
      `${'c'.repeat(26)}…${'c'.repeat(13)} = ${'v'.repeat(26)}…${'v'.repeat(13)} in 1,200 of 1,300 (else in 0 of 12,000)`,
    );
  });

  it('a title is the first two traits', () => {
    const trait = (text: string): EventTrait => ({
      kind: 'confusion',
      text,
      label: null,
      prediction: null,
      images: 1,
      of: 1,
    });
    expect(eventTitle(['a', 'b', 'c'].map(trait))).toBe('a; b');
    expect(eventTitle([trait('a')])).toBe('a');
  });

  it('most of an event are six in ten of one class, and of these six in ten taken for one', () => {
    const of = (...pairs: readonly (readonly [string, string | null, number])[]) =>
      confusionOf(
        pairs.flatMap(([label, after, count]) => Array.from({ length: count }, () => image(label, after))),
        'after',
      );
    expect(of(['car', 'truck', 6], ['dog', 'cat', 4])).toMatchObject({
      label: 'car',
      prediction: 'truck',
      images: 6,
      of: 10,
    });
    expect(of(['car', 'truck', 59], ['dog', 'cat', 41])).toMatchObject({
      label: null,
      prediction: 'truck',
      images: 59,
    });
    expect(of(['car', 'truck', 6], ['car', 'bus', 4]).text).toBe('Cars taken for trucks: 6 of 10');
    expect(of(['car', 'truck', 59], ['car', 'bus', 41]).text).toBe(
      'Cars taken for other classes, most often trucks: 59 of 100',
    );
    expect(of(['car', null, 1])).toMatchObject({ prediction: null, images: 1, text: 'Cars: 1 image newly fails' });
    const mended = Array.from({ length: 1200 }, () => image('car', null));
    expect(confusionOf(mended, 'before').text).toBe('Cars: 1,200 newly right');
  });

  it.each([
    ['a', '"a"'],
    ['ab', 'Abs'],
    ['fire truck', 'Fire trucks'],
    ['fire  truck', '"fire  truck"'],
    ['-ab', '"-ab"'],
    ['ab1', '"ab1"'],
    ['ab'.repeat(20), `Ab${'ab'.repeat(19)}s`],
    [`${'ab'.repeat(20)}a`, `"${'ab'.repeat(13)}…${'ab'.repeat(6)}a"`],
  ])('a class called %j is %j', (label, shown) => {
    expect(confusionOf([image(label, null)], 'after').text.replace(/: .*/, '')).toBe(shown);
  });
});

describe('an event is told beside the rest of its class', () => {
  const all = Array.from({ length: 100 }, (_, row) => row);
  const images = all.map((row) => `${row}.png`);
  /** Rows 0 to `cars` - 1 are cars. */
  function input(cars: number): TellInput {
    const group = (id: string, rows: readonly number[]) => ({
      ...pairedGroup(id, rows, [new Uint8Array(rows.length), new Uint8Array(rows.length)]),
      id,
    });
    return {
      ...{ images, wholeSet: group('all', all), groups: [group('time:night', all.slice(0, 60)), group('all', all)] },
      faceOf: (row) => ({ label: row < cars ? 'car' : 'dog' }),
      // The event's images are at night, and some others.
      metadata: new Map([['light', all.map((row) => (row < 10 ? 'dark' : 'bright'))]]),
      ...{ featureNames: new Map(), properties: 0, dimensions: 0 },
      readColumns: async (rows) => ({ rows: rows.length, from: 0, to: 0, values: new Float32Array(0) }),
    };
  }
  const happening = (labels: readonly string[], groups: readonly string[]): Happening => ({
    ...{ id: 'e', clusters: ['c'], confidence: null, groups },
    images: labels.map(
      (label, row): EventImage => ({
        ...{ name: `${row}.png`, label, before: 'cat', after: 'truck', confidence: null, confidenceBefore: null },
        typical: 1,
      }),
    ),
  });
  const cars = Array.from({ length: 10 }, () => 'car');
  const mixed = cars.map((label, row) => (row % 2 === 0 ? label : 'dog'));
  const besides = async (labels: readonly string[], groups: readonly string[], of: number) => {
    const [event] = await tellEvents([happening(labels, groups)], 'after', input(of));
    return event.traits
      .slice(1)
      .map((trait) => (trait.kind === 'metadata' ? [trait.group, trait.of, trait.ofOthers] : []));
  };

  it('where twenty others or more are of it', async () => {
    expect(await besides(cars, ['all'], 30)).toEqual([['label:car', 10, 20]]);
    expect(await besides(cars, ['all'], 29)).toEqual([['all', 10, 90]]);
  });

  it('else beside the rest of the first group that is not the whole set', async () => {
    expect(await besides(mixed, ['all', 'time:night'], 50)).toEqual([['time:night', 10, 50]]);
    expect(await besides(mixed, ['all'], 50)).toEqual([['all', 10, 90]]);
    // A group that was not scanned has no events: to ask for it is a mistake of ours.
    await expect(besides(mixed, ['time:day'], 50)).rejects.toThrow('time:day');
  });

  it('with all that is found out later still unknown', async () => {
    const [event, ...more] = await tellEvents([happening(cars, ['all'])], 'after', input(50));
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      ...{ id: 'e', clusters: ['c'], confidence: null, known: null, trainingSet: null, counterfactual: null },
      ...{ others: { images: [], leftOut: 0 }, actions: [] },
      title: 'Cars taken for trucks: 10 of 10; light = dark in 10 of 10 (else in 0 of 40)',
    });
    expect(event).not.toHaveProperty('groups');
    const [mended] = await tellEvents([happening(cars, ['all'])], 'before', input(50));
    expect(mended.title).toMatch(/^Cars no longer taken for cats: 10 of 10; /);
    expect(await tellEvents([], 'after', input(50))).toEqual([]);
  });
});
