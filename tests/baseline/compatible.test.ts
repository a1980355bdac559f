import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alignWithBaseline, type Candidate } from '../../src/baseline/compatible.ts';
import type { EvalSet } from '../../src/records/evalSet.ts';
import { sampleRecord } from './sampleRecord.ts';

const baseline = sampleRecord();

function candidate(part: Partial<EvalSet> = {}, model: Partial<Candidate['featureModel']> = {}): Candidate {
  const { images, labels, classes, fingerprint } = baseline.evalSet;
  const evalSet = { images, labels: Int32Array.from(labels), classes, fingerprint, folder: null, columns: new Map() };
  return { evalSet: { ...evalSet, ...part }, featureModel: { ...baseline.featureModel, engine: 'file', ...model } };
}

describe('what can be compared', () => {
  test('the same eval set: row by row, nothing to note', () => {
    const { rows, baselineRows, note } = alignWithBaseline(candidate(), baseline);
    expect([...rows]).toEqual([...Array(40).keys()]);
    expect(baselineRows).toEqual(rows);
    expect(note).toBeNull();
  });

  test('images added, dropped and shuffled: the common ones, paired by name, and a note with the counts', () => {
    const { images, labels } = baseline.evalSet;
    const kept = images.map((image, i) => ({ image, label: labels[i] ?? 0 })).slice(5);
    const now = [{ image: 'new/a.png', label: 0 }, ...kept.toReversed(), { image: 'new/b.png', label: 1 }];
    const evalSet = { images: now.map(({ image }) => image), labels: Int32Array.from(now, ({ label }) => label) };
    const { rows, baselineRows, note } = alignWithBaseline(candidate(evalSet), baseline);
    expect(rows).toHaveLength(35);
    expect([...rows]).toEqual([...rows].toSorted((a, b) => a - b));
    for (const [i, row] of rows.entries()) expect(now[row]?.image).toBe(images[baselineRows[i] ?? -1]);
    expect(note).toContain('35 images that both have');
    expect(note).toContain('lacks 2 of the images');
    expect(note).toContain('5 of its images');
  });

  test('half of either set is the limit', () => {
    const first = (n: number) => ({
      images: baseline.evalSet.images.slice(0, n),
      labels: Int32Array.from(baseline.evalSet.labels.slice(0, n)),
    });
    expect(alignWithBaseline(candidate(first(20)), baseline).rows).toHaveLength(20);
    const few = () => alignWithBaseline(candidate(first(19)), baseline);
    expect(few).toThrow("19 of the 19 evaluated now and of the baseline's 40");
    const more = Array.from({ length: 41 }, (_, i) => `more/${i}.png`);
    const grown = { images: [...baseline.evalSet.images, ...more], labels: new Int32Array(81).map((_, i) => i % 2) };
    expect(() => alignWithBaseline(candidate(grown), baseline)).toThrow('too few images in common: 40 of the 81');
    expect(() => alignWithBaseline(candidate({ images: [], labels: new Int32Array(0) }), baseline)).toThrow('too few');
  });

  test('any shuffle pairs every image with itself', () => {
    const order = fc.shuffledSubarray([...Array(40).keys()], { minLength: 20 });
    fc.assert(
      fc.property(order, (picked) => {
        const images = picked.map((row) => baseline.evalSet.images[row] ?? '');
        const labels = Int32Array.from(picked, (row) => baseline.evalSet.labels[row] ?? 0);
        const aligned = alignWithBaseline(candidate({ images, labels }), baseline);
        expect([...aligned.baselineRows]).toEqual(picked);
      }),
    );
  });
});

describe('what cannot: both values and what to do are named', () => {
  test.each<[string, () => Candidate, string[]]>([
    [
      'other dimensions',
      () => candidate({}, { dimensions: 64 }),
      ['64 features now, 128 in the baseline', 'record a new'],
    ],
    [
      'another fingerprint',
      () => candidate({}, { fingerprint: '9'.repeat(64) }),
      ['fingerprint 999999999999 now, ffffffffffff'],
    ],
    [
      'a class more',
      () => candidate({ classes: ['cat', 'dog', 'owl'] }),
      ['3 now, 2 in the baseline', 'only now: "owl"'],
    ],
    ['another class', () => candidate({ classes: ['cat', 'fox'] }), ['only now: "fox"', 'only in the baseline: "dog"']],
    ['another order', () => candidate({ classes: ['dog', 'cat'] }), ['the same names in another order']],
    [
      'another label',
      () => candidate({ labels: Int32Array.from(baseline.evalSet.labels).fill(1, 4, 7) }),
      ['2 of the 40 common images', '"images/004.png" is "dog" now and was "cat"'],
    ],
  ])('%s', (_, make, messages) => {
    for (const message of messages) expect(() => alignWithBaseline(make(), baseline)).toThrow(message);
    expect(() => alignWithBaseline(make(), baseline)).toThrow('baseline aaaaaaaaaaaa of suite "cifar10"');
  });
});
