import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBaseline, encodeBaseline } from '../../src/baseline/codec.ts';
import { alignWithBaseline, type Candidate, differencesFrom, withClasses } from '../../src/baseline/compatible.ts';
import { commonGround } from '../../src/baseline/record.ts';
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
    const { rows, baselineRows, notes } = alignWithBaseline(candidate(), baseline);
    expect([...rows]).toEqual([...Array(40).keys()]);
    expect(baselineRows).toEqual(rows);
    expect(notes).toEqual([]);
  });

  test('images added, dropped and shuffled: the common ones, paired by name, and a note with the counts', () => {
    const { images, labels } = baseline.evalSet;
    const kept = images.map((image, i) => ({ image, label: labels[i] ?? 0 })).slice(5);
    const now = [{ image: 'new/a.png', label: 0 }, ...kept.toReversed(), { image: 'new/b.png', label: 1 }];
    const evalSet = { images: now.map(({ image }) => image), labels: Int32Array.from(now, ({ label }) => label) };
    const { rows, baselineRows, notes } = alignWithBaseline(candidate(evalSet), baseline);
    const note = notes.join();
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
    expect(few).toThrow("19 with the same label, of the 19 evaluated now and of the baseline's 40");
    const more = Array.from({ length: 41 }, (_, i) => `more/${i}.png`);
    const grown = { images: [...baseline.evalSet.images, ...more], labels: new Int32Array(81).map((_, i) => i % 2) };
    expect(() => alignWithBaseline(candidate(grown), baseline)).toThrow(
      'too few images in common: 40 with the same label, of the 81',
    );
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

describe('what has changed under the same names', () => {
  test('labels: those images are not compared, and named', () => {
    const labels = Int32Array.from(baseline.evalSet.labels).fill(1, 4, 7);
    const { rows, notes } = alignWithBaseline(candidate({ labels }), baseline);
    expect(rows).toHaveLength(38);
    expect(notes.join()).toContain('their label is another now: 2 images (first: "images/004.png", "images/006.png")');
  });
});

describe('what has to be put in terms of now', () => {
  test.each<[string, Candidate, ReturnType<typeof differencesFrom>]>([
    ['nothing', candidate(), { classes: null, features: null }],
    ['dimensions', candidate({}, { dimensions: 64 }), { classes: null, features: '128 features then, 64 now' }],
    [
      'the fingerprint',
      candidate({}, { fingerprint: '9'.repeat(64) }),
      { classes: null, features: 'fingerprint ffffffffffff then, 999999999999 now' },
    ],
    [
      'a class more',
      candidate({ classes: ['cat', 'dog', 'owl'] }),
      { classes: '2 then, 3 now; only now: "owl"', features: null },
    ],
    [
      'another class',
      candidate({ classes: ['cat', 'fox'] }),
      { classes: '2 then, 2 now; only now: "fox"; only then: "dog"', features: null },
    ],
    [
      'another order',
      candidate({ classes: ['dog', 'cat'] }),
      { classes: '2 then, 2 now; the same names in another order', features: null },
    ],
  ])('%s', (_, now, expected) => {
    expect(differencesFrom(now, baseline)).toEqual(expected);
  });

  test('classes: every image keeps the names of its label and its prediction, or is left out', () => {
    const names = ({ evalSet, predictions, failed, confidences }: typeof baseline) =>
      evalSet.images.map((image, i) => {
        const name = (list: readonly number[] | null) => evalSet.classes[list?.[i] ?? -1];
        return [
          image,
          name(evalSet.labels),
          name(predictions),
          failed[i],
          confidences?.[i],
          evalSet.hashes?.[i],
        ] as const;
      });
    const reordered = withClasses(baseline, ['dog', 'owl', 'cat']);
    expect(names(reordered)).toEqual(names(baseline));
    const fewer = withClasses(baseline, ['ant', 'cat']);
    expect(names(fewer)).toEqual(
      names(baseline).filter(([, label, prediction]) => label === 'cat' && prediction === 'cat'),
    );
    expect(fewer.evalSet.images.length).toBeGreaterThan(10);
    expect(decodeBaseline(encodeBaseline(fewer), '', '')).toEqual(fewer);
  });
});

describe('a window of baselines', () => {
  test('the nearest decides on which images; one of before that lacks some of them is left out, and said', () => {
    const { images, labels } = baseline.evalSet;
    const part = (from: number, commit: string) => {
      const cut = <T>(list: readonly T[]) => list.slice(from);
      const { predictions, confidences, failed, evalSet } = baseline;
      return sampleRecord({
        commit,
        evalSet: { ...evalSet, images: cut(images), labels: cut(labels), hashes: null },
        predictions: predictions && cut(predictions),
        confidences: confidences && cut(confidences),
        failed: cut(failed),
      });
    };
    const { rows, checkpoints, leftOut } = commonGround(candidate(), [part(5, 'n'), part(0, 'o'), part(6, 'p')]);
    expect([...rows]).toEqual([...images.keys()].slice(5));
    expect(checkpoints.map(({ failed }) => [...failed])).toEqual([baseline.failed.slice(5), baseline.failed.slice(5)]);
    expect(leftOut.join()).toContain('Not compared with p: it lacks images');
  });
});
