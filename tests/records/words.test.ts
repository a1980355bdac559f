import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupIdText, nameText, neighbourhoodText, oneLine } from '../../src/records/names.ts';
import { count, howSure, percent, points, pValue, timesUsual } from '../../src/records/words.ts';
import { ruleView } from '../../src/report/rule.ts';

describe('numbers in words', () => {
  it.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.045, '4.5 %'],
    [0.25252525, '25.3 %'],
    [0.99999, '99.999 %'],
    [0.9996, '99.96 %'],
    [0.0004, '0.04 %'],
  ])('percent %d is %s', (rate, text) => expect(percent(rate)).toBe(text));

  it('a percentage is never a false 0 or 100, and within half a unit of its last digit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.00000001, max: 1 - 0.00000001, noNaN: true }), (rate) => {
        const shown = Number(percent(rate).slice(0, -2));
        expect(shown).toBeGreaterThan(0);
        expect(shown).toBeLessThan(100);
        expect(Math.abs(shown - rate * 100)).toBeLessThanOrEqual(0.0500001);
      }),
    );
  });

  it.each([
    [1, 'p = 1'],
    [0.0002, 'p = 0.0002'],
    [0.00009, 'p < 0.0001'],
    [0, 'p < 0.000001'],
    [null, 'not tested'],
  ])('p-value %d is %s', (p, text) => expect(pValue(p)).toBe(text));

  it.each([
    [null, 'Not tested: it may be chance.'],
    [0, 'Practically certain. Chance alone does as much in less than 1 in 1,000,000 cases (p < 0.000001).'],
    [0.00005, 'Practically certain. Chance alone does as much in less than 1 in 10,000 cases (p < 0.0001).'],
    [0.004, 'Very likely real. Chance alone does as much in 1 in 250 cases (p = 0.004).'],
    [0.04, 'Probably real. Chance alone does as much in 1 in 25 cases (p = 0.04).'],
    [0.31, 'May well be chance. Chance alone does as much in 3 in 10 cases (p = 0.31).'],
    [1, 'No more than chance (p = 1).'],
  ])('how sure at %d', (p, text) => expect(howSure(p)).toBe(text));

  it('other words', () => {
    expect(count(1234567)).toBe('1,234,567');
    expect(count(999)).toBe('999');
    expect(points(0.045, 0.253)).toBe('+20.8 points');
    expect(points(0.253, 0.243)).toBe('-1 point');
    expect(points(0.5, 0.5)).toBe('no change');
    expect(points(0.5, 0.5001)).toBe('under 0.1 points');
    expect(timesUsual(0.54, 0.062)).toBe('8.7 times as often as usual');
  });
});

describe('rules in words', () => {
  const above = (feature: number, threshold: number) => ({ feature, op: '>', threshold }) as const;
  const below = (feature: number, threshold: number) => ({ feature, op: '<=', threshold }) as const;
  const names = new Map([[7, { name: 'buckle', kind: 'spurious', note: null } as const]]);

  it.each([
    [[above(33, 0.41)], 'feature 33 > 0.41'],
    [[above(1, 0.2), below(1, 0.5)], '0.2 < feature 1 <= 0.5'],
    [[above(1, 0.1), above(1, 0.3)], 'feature 1 > 0.3'],
    [[above(7, 0.123456), below(2, 0.0139904)], 'buckle (feature 7) > 0.123 and feature 2 <= 0.014'],
    [[], 'the whole group'],
    [[above(1, 0.12341), below(1, 0.12349)], '0.12341 < feature 1 <= 0.12349'],
    [[above(1, 0)], 'feature 1 > 0'],
    [[above(1, 1e-9)], 'feature 1 > 1e-9'],
  ])('%j is %s', (region, text) => expect(ruleView(region, names).text).toBe(text));

  it('keeps two bounds apart, whatever they are, and the exact ones beside', () => {
    const bound = fc.double({ min: 0, max: 10, noNaN: true }).map((value) => Math.abs(Math.fround(value)));
    fc.assert(
      fc.property(bound, bound, (a, b) => {
        fc.pre(a < b);
        const { text, conditions } = ruleView([above(3, a), below(3, b)], new Map());
        const [low, high] = text.split(' < feature 3 <= ').map(Number);
        expect(low).toBeLessThan(high);
        expect(conditions[0].exact).toBe(`${a} < feature 3 <= ${b}`);
      }),
    );
  });
});

describe('names', () => {
  it('stay on one line, bounded, without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (name) => {
        const text = oneLine(name);
        expect(text).not.toMatch(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(text.isWellFormed()).toBe(true);
        expect([...new Intl.Segmenter('en').segment(text)].length).toBeLessThanOrEqual(80);
      }),
    );
    expect(oneLine('x'.repeat(10_000))).toBe(`${'x'.repeat(55)}…${'x'.repeat(20)}`);
    expect(oneLine('a\nb')).toBe('a␊b');
  });

  it('that read from right to left are set apart', () => {
    expect(nameText('שלום')).toBe('\u2068שלום\u2069');
    expect(nameText('hello')).toBe('hello');
  });

  it('groups speak', () => {
    expect(groupIdText('label:automobile')).toBe('images of automobile');
    expect(neighbourhoodText({ around: 'a\nb.png', shape: 'ball' }, 1000)).toBe('the 1,000 images most like a␊b.png');
    expect(neighbourhoodText({ around: 'b.png', shape: 'cap' }, 8)).toBe(
      'the 8 images with most of what b.png and its like share',
    );
    expect(groupIdText('prediction:a:b')).toBe('images predicted as a:b');
    expect(groupIdText('all')).toBe('all images');
    expect(groupIdText('colour:red')).toBe('images with colour = red');
    expect(groupIdText('colour:')).toBe('images with no colour');
    expect(groupIdText('confusion:cat~dog')).toBe('images of cat and dog, taken for one of the two');
  });
});
