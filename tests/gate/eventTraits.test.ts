import { describe, expect, it } from 'vitest';
import { type TraitSource, traitsOf } from '../../src/gate/eventTraits.ts';
import { imageProperties } from '../../src/records/imageProperties.ts';
import { stream } from '../../src/statistics/random.ts';
import { readerOf } from './paired.ts';

const ROWS = 400;
const OWN = 40;
const FEATURES = 3;

/** 400 images, the first 40 an event's: three features and all image properties, columns by number in units of 0 to 99. */
function source(change: (row: number, column: number, value: number) => number, more: Partial<TraitSource> = {}) {
  const random = stream('traits');
  const dimensions = FEATURES + imageProperties.length;
  const values = new Float32Array(ROWS * dimensions);
  for (let column = 0; column < dimensions; column++) {
    for (let row = 0; row < ROWS; row++) values[column * ROWS + row] = change(row, column, random.below(100));
  }
  const readColumns = readerOf({ columns: { rows: ROWS, from: 0, to: dimensions, values }, at: () => 0 });
  return { metadata: new Map(), featureNames: new Map(), properties: FEATURES, dimensions, readColumns, ...more };
}

const sides = {
  group: 'label:car',
  own: Uint32Array.from({ length: OWN }, (_, at) => at),
  others: Uint32Array.from({ length: ROWS - OWN }, (_, at) => OWN + at),
};
const isOwn = (row: number) => row < OWN;
const REDNESS = FEATURES + 1;
const plain = (_row: number, _column: number, value: number) => value;
const column = (text: (row: number) => string) => Array.from({ length: ROWS }, (_, row) => text(row));

describe('what the images of an event share', () => {
  it('nothing where there is no difference', async () => {
    const metadata = new Map([
      ['time', column((row) => (row % 3 === 0 ? 'night' : 'day'))],
      ['note', column((row) => `the only ${row}`)],
      ['speed', column((row) => String((row * 37) % 101))],
      ['set', column(() => 'test')],
    ]);
    const featureNames = new Map([[0, { name: 'wheel', kind: null, note: null }]]);
    expect(await traitsOf(sides, source(plain, { metadata, featureNames }))).toEqual([]);
  });

  it('an image property, by the share of the others that the median exceeds', async () => {
    const traits = await traitsOf(
      sides,
      source((row, at, value) => (at === REDNESS && isOwn(row) ? 90 : value)),
    );
    expect(traits).toHaveLength(1);
    const [trait] = traits;
    expect(trait).toMatchObject({ kind: 'property', name: 'redness (a*)', feature: REDNESS, greater: true });
    if (trait.kind !== 'property') throw new Error('another kind');
    expect(trait.text).toBe('redder than 8 in 10 other cars');
    expect(trait.share).toBeGreaterThan(0.8);
    expect(trait.share).toBeLessThan(0.9);
  });

  it('the other way round, and the strongest first', async () => {
    const traits = await traitsOf(
      sides,
      source((row, at, value) => {
        if (!isOwn(row)) return value;
        return at === FEATURES ? -1 : at === REDNESS ? 80 + value / 5 : value;
      }),
    );
    expect(traits.map(({ text }) => text)).toEqual(['darker than all other cars', 'redder than 8 in 10 other cars']);
  });

  it('a colour before how it varies', async () => {
    const traits = await traitsOf(
      sides,
      source((row, at, value) => {
        if (!isOwn(row)) return value;
        return at === FEATURES + 4 ? 200 : at === REDNESS ? 80 + value / 5 : value;
      }),
    );
    expect(traits.map(({ text }) => text)).toEqual([
      'redder than 8 in 10 other cars',
      'more mixed of red and green than all other cars',
    ]);
  });

  it('a feature that somebody named, and none that nobody did', async () => {
    const featureNames = new Map([[1, { name: 'snow', kind: null, note: null }]]);
    const traits = await traitsOf(
      sides,
      source((row, at, value) => (at < FEATURES && isOwn(row) ? 200 : value), { featureNames }),
    );
    expect(traits).toMatchObject([
      { kind: 'feature', name: 'snow', feature: 1, share: 1, text: 'more "snow" than all other cars' },
    ]);
  });

  it('a value of metadata, by counts', async () => {
    const metadata = new Map([['time', column((row) => (row < 30 || row >= 350 ? 'night' : 'day'))]]);
    const [trait, ...more] = await traitsOf(sides, source(plain, { metadata }));
    expect(more).toEqual([]);
    expect(trait).toMatchObject({
      ...{ kind: 'metadata', column: 'time', value: 'night', images: 30, of: 40, others: 50, ofOthers: 360 },
      text: 'time = night in 30 of 40 (else in 50 of 360)',
    });
    // Of two values that say the same thing both ways, Fisher's p-value of the one, doubled by Holm (scipy: 1.1e-15).
    expect(trait.kind === 'metadata' && trait.pValue).toBeLessThan(1e-12);
  });

  it('that metadata is missing', async () => {
    const metadata = new Map([['camera', column((row) => (isOwn(row) ? '' : row % 2 === 0 ? 'A' : ''))]]);
    const [trait] = await traitsOf(sides, source(plain, { metadata }));
    expect(trait.text).toBe('no camera in 40 of 40 (else in 180 of 360)');
  });

  it('a column of numbers as numbers', async () => {
    const metadata = new Map([['speed', column((row) => String(isOwn(row) ? 200 + row : row % 100))]]);
    expect(await traitsOf(sides, source(plain, { metadata }))).toMatchObject([
      { kind: 'number', name: 'speed', feature: null, greater: true, share: 1 },
    ]);
  });

  it('names of columns and values cannot break a line', async () => {
    const metadata = new Map([['a\nb', column((row) => (isOwn(row) ? '\u202e\u0007' : 'x'))]]);
    const [trait] = await traitsOf(sides, source(plain, { metadata }));
    expect(trait.text).toBe('a\u240ab = \ufffd\u2407 in 40 of 40 (else in 0 of 360)');
  });

  it('in ten megabytes of metadata, in seconds', async () => {
    const metadata = new Map(
      Array.from({ length: 250 }, (_, at) => [`column ${at}`, column((row) => `${row % (at + 2)} ${'x'.repeat(100)}`)]),
    );
    metadata.set(
      'time',
      column((row) => (isOwn(row) ? 'night' : 'day')),
    );
    const started = performance.now();
    const [trait] = await traitsOf(sides, source(plain, { metadata }));
    expect(trait).toMatchObject({ column: 'time', value: 'night' });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('nothing beside nothing', async () => {
    const none = new Uint32Array(0);
    expect(await traitsOf({ ...sides, own: none }, source(plain))).toEqual([]);
    expect(await traitsOf({ ...sides, others: none }, source(plain))).toEqual([]);
  });
});
