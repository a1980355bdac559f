import { describe, expect, it } from 'vitest';
import { nearCopies as nearCopiesOf } from '../../src/gate/nearCopies.ts';
import type { Columns } from '../../src/records/features.ts';
import { stream } from '../../src/statistics/random.ts';

const [ROWS, FEATURES] = [600, 40];

/** Of one class. */
const none = new Int32Array(ROWS);
const nearCopies = (columns: Columns) => found(columns, columns, none);

/** Copies that can be told. */
function found(...given: Parameters<typeof nearCopiesOf>) {
  const copies = nearCopiesOf(...given);
  if (copies === 'everywhere') throw new Error('copies cannot be told');
  return copies;
}

/** Independent images, of which some are made copies: `near` as a share of how far images lie from each other. */
function columnsOf(
  copies: readonly (readonly [of: number, row: number])[],
  near: number,
  features = FEATURES,
): Columns {
  const random = stream('near copies of images');
  const uniform = () => random.uint32() / 2 ** 32;
  const values = Float32Array.from({ length: ROWS * features }, () => 5 + 3 * uniform());
  // The noise of a copy has near^2 x the mean square distance between images: near x sqrt(2) standard deviations a feature.
  for (const [of, row] of copies)
    for (let feature = 0; feature < features; feature++) {
      const noise = (uniform() < 0.5 ? -1 : 1) * near * Math.sqrt(2) * (3 / Math.sqrt(12));
      values[feature * ROWS + row] = values[feature * ROWS + of] + noise;
    }
  return { rows: ROWS, from: 0, to: features, values };
}

describe('near copies', () => {
  it('are found, all of them, and the closest pair is named', () => {
    const copies = Array.from({ length: 50 }, (_, at) => [at, 599 - at] as const);
    const copied = nearCopies(columnsOf(copies, 0.08));
    expect(copied?.images).toEqual(copies.flat().toSorted((a, b) => a - b));
    const [one = 0, other = 0] = copied?.pair ?? [];
    expect(one + other).toBe(599);
    expect(nearCopies(columnsOf([[3, 77]], 0))).toMatchObject({ images: [3, 77], pair: [3, 77] });
  });

  it('of copies are copies too: each is known by the first', () => {
    const copied = nearCopies(
      columnsOf(
        [
          [9, 4],
          [4, 300],
          [300, 200],
          [50, 51],
        ],
        0.07,
      ),
    );
    const first = Array.from(copied?.first ?? []);
    expect([4, 9, 200, 300, 50, 51, 52].map((at) => first[at])).toEqual([4, 4, 4, 4, 50, 50, 52]);
  });

  it('are told of a large burst too, while it is a small share of all images', () => {
    const burst = Array.from({ length: 40 }, (_, at) => [0, at + 1] as const);
    expect(nearCopies(columnsOf(burst, 0.02))?.images).toEqual([...Array(41).keys()]);
    // A third of them: images lie so close together that a near one need not be a copy.
    const third = Array.from({ length: 199 }, (_, at) => [0, at + 1] as const);
    const columns = columnsOf(third, 0.02);
    expect(nearCopiesOf(columns, columns, none)).toBe('everywhere');
  });

  it('are found where all images looked at are copies of one', () => {
    const all = columnsOf([], 0);
    const random = stream('one burst');
    const values = Float32Array.from({ length: 5 * FEATURES }, (_, at) => {
      return all.values[Math.floor(at / 5) * ROWS] + 0.01 * (random.uint32() / 2 ** 32);
    });
    expect(found({ rows: 5, from: 0, to: FEATURES, values }, all, none)?.images).toEqual([0, 1, 2, 3, 4]);
  });

  it('are none where images are only alike, independent or one', () => {
    expect(nearCopies(columnsOf([[3, 77]], 0.13))).toBeNull();
    expect(nearCopies(columnsOf([], 0))).toBeNull();
    expect(nearCopies({ rows: 1, from: 0, to: 20, values: new Float32Array(20).fill(2) })).toBeNull();
    expect(nearCopies({ rows: 0, from: 0, to: 20, values: new Float32Array(0) })).toBeNull();
  });

  it('are not spoken of where features are few or constant: images lie close by chance', () => {
    expect(nearCopies(columnsOf([[3, 77]], 0, 6))).toBeNull();
    expect(nearCopies({ rows: 9, from: 0, to: 30, values: new Float32Array(9 * 30).fill(0.5) })).toBeNull();
  });

  it('are told by how far images of a class lie apart, where classes lie far from each other', () => {
    const labels = Int32Array.from({ length: ROWS }, (_, row) => row % 3);
    const columns = columnsOf([[3, 78]], 0.07);
    // A hundred times as far as images of a class.
    for (let feature = 0; feature < FEATURES; feature++)
      for (let row = 0; row < ROWS; row++) columns.values[feature * ROWS + row] += 300 * (labels[row] ?? 0);
    const far = found(columns, columns, labels);
    expect(far?.images).toEqual([3, 78]);
    // Were all of one class, those of each would be copies.
    expect(nearCopiesOf(columns, columns, none)).toBe('everywhere');
  });

  it('cannot be told where features have few ways to differ, nor by features that are codes', () => {
    const random = stream('few ways to differ');
    const uniform = () => random.uint32() / 2 ** 32;
    // Forty features of two numbers an image, and a little noise.
    const plane = new Float32Array(ROWS * FEATURES);
    const weights = Array.from({ length: FEATURES }, () => [uniform() - 0.5, uniform() - 0.5]);
    for (let row = 0; row < ROWS; row++) {
      const [x, y] = [uniform(), uniform()];
      for (const [feature, [a = 0, b = 0]] of weights.entries())
        plane[feature * ROWS + row] = a * x + b * y + 1e-3 * uniform();
    }
    const flat = { rows: ROWS, from: 0, to: FEATURES, values: plane };
    expect(nearCopiesOf(flat, flat, none)).toBe('everywhere');
    const later = { ...flat, from: 7, to: 7 + FEATURES };
    expect(nearCopiesOf(later, later, none)).toBe('everywhere');
    const codes = Float32Array.from({ length: ROWS * FEATURES }, (_, at) =>
      Number((at % ROWS) % 9 > Math.floor(at / ROWS) % 9),
    );
    expect(nearCopies({ ...flat, values: codes })).toBeNull();
    // One value a class in each feature.
    const labels = Int32Array.from({ length: ROWS }, (_, row) => row % 100);
    const collapsed = Float32Array.from({ length: ROWS * FEATURES }, (_, at) =>
      Math.sin(((at % ROWS) % 100) * (1 + Math.floor(at / ROWS))),
    );
    expect(nearCopiesOf({ ...flat, values: collapsed }, { ...flat, values: collapsed }, labels)).toBe('everywhere');
  });

  it('are told where every image has some', () => {
    const copies = Array.from({ length: 500 }, (_, at) => [at % 100, 100 + at] as const);
    expect(nearCopies(columnsOf(copies, 0.05))?.images).toHaveLength(ROWS);
  });

  it('lie closer than a tenth of how far images lie from each other, in sixteen features or more', () => {
    expect(nearCopies(columnsOf([[3, 77]], 0.098))?.images).toEqual([3, 77]);
    expect(nearCopies(columnsOf([[3, 77]], 0.102))).toBeNull();
    expect(nearCopies(columnsOf([[3, 77]], 0, 16))?.images).toEqual([3, 77]);
    expect(nearCopies(columnsOf([[3, 77]], 0, 15))).toBeNull();
  });

  it('are told by their classes where thirty images share one with another, and not where fewer do', () => {
    // Thirty pairs that lie closer than any other two images. Were each a class, its images would be alike as those of a class are.
    const pairs = Array.from({ length: 30 }, (_, at) => [at, 599 - at] as const);
    const columns = columnsOf(pairs, 0.05);
    const labelled = (shared: number) => {
      const labels = Int32Array.from({ length: ROWS }, (_, row) => (row >= ROWS - shared ? 599 - row : 1000 + row));
      return found(
        columns,
        columns,
        labels.map((label) => (label >= 1000 && label < 1000 + shared ? label - 1000 : label)),
      );
    };
    expect(labelled(30)).toBeNull();
    expect(labelled(29)?.images).toEqual(pairs.flat().toSorted((a, b) => a - b));
  });

  it('constant features count for nothing, great ones as small ones', () => {
    const columns = columnsOf([[3, 77]], 0.08, 20);
    const values = new Float32Array(ROWS * 40).fill(7);
    for (let feature = 0; feature < 20; feature++)
      for (let row = 0; row < ROWS; row++)
        values[2 * feature * ROWS + row] = columns.values[feature * ROWS + row] * 10 ** (feature % 5);
    expect(nearCopies({ rows: ROWS, from: 0, to: 40, values })).toEqual(nearCopies(columns));
  });
});
