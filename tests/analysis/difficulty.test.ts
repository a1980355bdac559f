import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { difficultyOf } from '../../src/analysis/difficulty.ts';
import { areWorthKeeping, hardness, marginsOf } from '../../src/analysis/hardness.ts';
import { seenOf } from '../../src/analysis/ridgeGram.ts';
import type { ReadColumns } from '../../src/records/features.ts';
import type { Hardness } from '../../src/records/hardness.ts';
import { stream } from '../../src/statistics/random.ts';

const { run } = openPool(0);

/** Reads from a function of row and feature. */
const readerOf =
  (value: (row: number, feature: number) => number): ReadColumns =>
  async (rows, from, to) => {
    const values = new Float32Array(rows.length * (to - from));
    for (let feature = from; feature < to; feature++)
      for (const [at, row] of rows.entries()) values[(feature - from) * rows.length + at] = value(row, feature);
    return { rows: rows.length, from, to, values };
  };

/** What the classifier sees of all of some images. */
async function seenOfAll(images: number, dimensions: number, read: ReadColumns, { view }: Hardness) {
  return seenOf(
    await read(
      Uint32Array.from({ length: images }, (_, row) => row),
      0,
      dimensions,
    ),
    view,
  );
}

describe('how hard the images of a group are', () => {
  const [n, d, classes] = [30, 3, ['cat', 'dog', 'owl']];
  const random = stream('difficulty');
  const features = Float32Array.from({ length: n * d }, () => random.uint32() / 2 ** 32);
  const labels = Int32Array.from({ length: n }, (_, row) => row % 3);
  const read = readerOf((row, feature) => features[row * d + feature]);
  const fitted = async () => {
    const found = await hardness({ labels, classes: 3, dimensions: d, readColumns: read, run });
    if (found === null) throw new Error('there are three classes');
    return found;
  };
  /** Score of each class, by its margin over the best of the others. */
  const margins = (found: Hardness, image: number) =>
    marginsOf(
      found,
      [0, 1, 2].map((ofClass) => ({ image, ofClass })),
      labels,
      read,
    );
  const marginsOfAll = (found: Hardness) => Promise.all(images.map((image) => margins(found, image)));
  // Rows of the group are twice those of the eval set that was fitted on.
  const group = (id: string) => ({
    ...{ id, grouping: 'label' as const, value: id.replace(/^.*:/, ''), outcomes: [] },
    rows: Uint32Array.from([2, 8, 10, 40, 58]),
  });
  const rowOf = (row: number) => row / 2;
  const classOf = (name: string) => classes.indexOf(name);
  const images = [1, 4, 5, 20, 29];

  it.each(['all', 'label:dog', 'time:dog', 'confusion:dog~owl'])(
    'of %s: how little sure their own class is',
    async (id) => {
      const found = await fitted();
      const { harder, never } = await difficultyOf(found, group(id), labels, classOf, rowOf, read);
      const all = await marginsOfAll(found);
      expect([...harder]).toEqual(images.map((image, at) => -all[at][labels[image]]));
      expect([...never]).toEqual([0, 0, 0, 0, 0]);
    },
  );

  it('of predictions of a class: how sure that class is, of images that are of it how little', async () => {
    const found = await fitted();
    const { harder, never } = await difficultyOf(found, group('prediction:dog'), labels, classOf, rowOf, read);
    const all = await marginsOfAll(found);
    const expected = images.map((image, at) => (labels[image] === 1 ? -1 : 1) * all[at][1]);
    expect([...harder]).toEqual(expected);
    // An image of the class cannot be wrongly taken for it.
    expect([...never]).toEqual(images.map((image) => Number(labels[image] === 1)));
    expect(never).toContain(1);
  });

  it('of a union: how unsure the side is that the label is on', async () => {
    const found = await fitted();
    const { harder, never } = await difficultyOf(found, group('union:owl'), labels, classOf, rowOf, read);
    const all = await marginsOfAll(found);
    expect([...harder]).toEqual(images.map((image, at) => (labels[image] === 2 ? -1 : 1) * all[at][2]));
    expect([...never]).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('what the classifier sees', () => {
  it('of many images is read in chunks, scaled by images that are spread over all', async () => {
    const [n, d] = [5000, 2];
    const random = stream('chunks');
    // The second half lies elsewhere: a scale of the first images alone would be another.
    const features = Float32Array.from({ length: n * d }, (_, at) => random.uint32() / 2 ** 32 + (at >= n ? 5 : 0));
    const labels = Int32Array.from({ length: n }, () => random.below(2));
    const reads: number[] = [];
    const plain = readerOf((row, feature) => features[row * d + feature]);
    const readColumns: ReadColumns = (rows, from, to) => {
      reads.push(rows.length);
      return plain(rows, from, to);
    };
    const found = await hardness({ labels, classes: 2, dimensions: d, readColumns, run });
    // Once for the scale, once to fit and once to score.
    expect(reads).toEqual([4096, 2048, 2048, 904, 2048, 2048, 904]);
    expect(found).toMatchObject({ images: n, classes: 2, view: { width: d } });
    if (found === null) return;
    const seen = await seenOfAll(n, d, plain, found);
    for (let feature = 0; feature < d; feature++) {
      const scaled = Array.from({ length: 4096 }, (_, at) => features[Math.floor((at * n) / 4096) * d + feature]);
      const mean = scaled.reduce((sum, each) => sum + each, 0) / 4096;
      const deviation = Math.sqrt(scaled.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 4096);
      let total = 0;
      for (let row = 0; row < n; row++) {
        const value = seen[row * d + feature];
        expect(Math.abs(value - (features[row * d + feature] - mean) / deviation)).toBeLessThan(1e-4);
        total += value;
      }
      expect(found.mean[feature]).toBeCloseTo(total / n, 9);
    }
    expect([...found.shares].reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12);
    // Best and second are the two greatest scores: of two classes, which add up to one, all there is.
    for (const image of [0, 2047, 2048, 4096, 4999]) {
      const other = 1 - found.bestClass[image];
      const [margin] = await marginsOf(found, [{ image, ofClass: other }], labels, plain);
      expect(margin).toBeCloseTo(found.second[image] - found.best[image], 5);
      expect(found.best[image] + found.second[image]).toBeCloseTo(1, 5);
      expect(found.best[image]).toBeGreaterThanOrEqual(found.second[image]);
    }
  });

  it('of more than 256 features is each in one of 256 values, with either sign', async () => {
    const [n, d] = [12, 600];
    // Standardised, feature f is 1 in rows that its bits name, and -1 in the others.
    const value = (row: number, feature: number) => (row === 11 ? 0 : (feature >> row) & 1 ? 3 : -3);
    const labels = Int32Array.from({ length: n }, (_, row) => row % 2);
    const found = await hardness({ labels, classes: 2, dimensions: d, readColumns: readerOf(value), run });
    if (found === null) throw new Error('there are two classes');
    expect(found.view.width).toBe(256);
    expect(await seenOfAll(n, d, readerOf(value), found)).toHaveLength(n * 256);
    const again = await hardness({ labels, classes: 2, dimensions: d, readColumns: readerOf(value), run });
    expect(again).toEqual(found);
    // Of independent features a sketch keeps the length, on average.
    const random = stream('a long image');
    const noise = Float32Array.from({ length: 200 * d }, () => random.uint32() / 2 ** 32);
    const noisy = readerOf((row, feature) => noise[row * d + feature]);
    const long = await hardness({
      ...{ labels: Int32Array.from({ length: 200 }, (_, row) => row % 2), classes: 2, dimensions: d, run },
      readColumns: noisy,
    });
    if (long === null) throw new Error('there are two classes');
    const seen = await seenOfAll(200, d, noisy, long);
    const squares = seen.reduce((sum, each) => sum + each * each, 0);
    expect(squares / (200 * d)).toBeGreaterThan(0.9);
    expect(squares / (200 * d)).toBeLessThan(1.1);
    // And every one of the 256 is used by some feature.
    const used = new Set([...seen.keys()].filter((at) => seen[at] !== 0).map((at) => at % 256));
    expect(used.size).toBeGreaterThan(220);
  });

  it('is worth keeping where working it out again takes half a second', () => {
    // images x width x (width + classes): 2e8 and just less.
    expect(areWorthKeeping(2000, 200, 200)).toBe(false);
    expect(areWorthKeeping(2500, 200, 200)).toBe(true);
    expect(areWorthKeeping(2499, 200, 200)).toBe(false);
    // No more than 256 values an image, whatever the features.
    expect(areWorthKeeping(2504, 56, 2048)).toBe(false);
    expect(areWorthKeeping(2505, 56, 2048)).toBe(true);
  });
});
