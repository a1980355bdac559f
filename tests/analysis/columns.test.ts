import { describe, expect, it } from 'vitest';
import { analyseArrays } from '../../src/analysis/analyseArrays.ts';
import { columnOf, firstNotFinite, packed, sharedColumns } from '../../src/analysis/columns.ts';
import informationOf from '../../src/analysis/informationTask.ts';
import { limiter } from '../../src/analysis/limiter.ts';
import { mutualInformation } from '../../src/analysis/mutualInformation.ts';
import { presort } from '../../src/analysis/presort.ts';
import { CUTS, quantise } from '../../src/analysis/quantised.ts';
import { defaultAnalysisOptions } from '../../src/pipeline/defaults.ts';

/** Rows by value, equal ones by row, as the language sorts; -0 lies below 0 by its bits. */
function sorted(values: ArrayLike<number>): number[] {
  const place = (value: number) => (Object.is(value, -0) ? -(2 ** -1074) : value);
  return Array.from(values, (_, row) => row).sort((a, b) => place(values[a]) - place(values[b]) || a - b);
}

describe('sorting', () => {
  it('of each column of a matrix by itself', () => {
    const values = Float32Array.from({ length: 40 }, (_, at) => ((at * 13) % 7) - 3);
    const { order, rows, from, to } = presort({ rows: 10, from: 2, to: 6, values });
    expect([rows, from, to]).toEqual([10, 2, 6]);
    for (let column = 0; column < 4; column++) {
      const own = values.subarray(column * 10, (column + 1) * 10);
      expect([...order.subarray(column * 10, (column + 1) * 10)]).toEqual(sorted(own));
    }
    expect(presort({ rows: 4, from: 0, to: 1, values: values.subarray(3, 7) }).order).toEqual(
      Uint32Array.from(sorted(values.subarray(3, 7))),
    );
  });
});

describe('columns', () => {
  it('are found by the number of their feature, packed side by side, and shared', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const columns = { rows: 2, from: 5, to: 8, values };
    expect([5, 6, 7].map((feature) => [...columnOf(columns, feature)])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const two = packed(2, [columnOf(columns, 7), columnOf(columns, 5)]);
    expect(two).toEqual({ rows: 2, from: 0, to: 2, values: Float32Array.of(5, 6, 1, 2) });
    const shared = sharedColumns(3, 2);
    expect(shared).toMatchObject({ rows: 3, from: 0, to: 2 });
    expect(shared.values).toHaveLength(6);
    expect(shared.values.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('tell the first value that is not finite', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const of = (...changes: readonly (readonly [number, number])[]) => {
      const spoiled = values.slice();
      for (const [at, value] of changes) spoiled[at] = value;
      return firstNotFinite({ rows: 2, from: 5, to: 8, values: spoiled });
    };
    expect(of()).toBeNull();
    expect(of([0, Number.NaN])).toEqual({ row: 0, feature: 5 });
    expect(of([3, Number.NEGATIVE_INFINITY], [4, Number.NaN])).toEqual({ row: 1, feature: 6 });
    expect(of([5, Number.POSITIVE_INFINITY])).toEqual({ row: 1, feature: 7 });
  });

  it('give their information in a task, or say what is not finite', () => {
    const rows = 40;
    const values = Float32Array.from({ length: 3 * rows }, (_, at) => Math.sin(at * at));
    const failed = Uint8Array.from({ length: rows }, (_, row) => Number(row % 3 === 0));
    const task = { dimensions: 8, failed, neighbours: 3, jitter: new SharedArrayBuffer(8 * 3 * rows) };
    const columns = { rows, from: 2, to: 5, values };
    expect(informationOf({ ...task, columns })).toEqual({ information: mutualInformation(columns, 8, failed, 3) });
    const spoiled = { ...columns, values: values.with(rows + 7, Number.NaN) };
    expect(informationOf({ ...task, columns: spoiled })).toEqual({ notFinite: { row: 7, feature: 3 } });
  });
});

describe('columns by quantiles', () => {
  const shares = [1, 2, 4, 8, 12, 16, 20, 24, 28, 30, 31];

  it.each([1, 2, 5, 31, 32, 33, 64, 100])('are cut where their shares lie and values part (%i rows)', (rows) => {
    const columns = [
      Float32Array.from({ length: rows }, (_, row) => (row * 29) % rows),
      Float32Array.from({ length: rows }, (_, row) => (row * 7) % 5),
      new Float32Array(rows).fill(2),
      // Neighbours closer than a tree parts.
      Float32Array.from({ length: rows }, (_, row) => 1 + (row % 3) * 5e-8 + (row % 2)),
    ];
    const values = Float32Array.from(columns.flatMap((column) => [...column]));
    const { members, stride, ends, below, weights, cuts, dimensions } = quantise({ rows, from: 3, to: 7, values });
    expect(dimensions).toBe(4);
    for (const [at, column] of columns.entries()) {
      const rising = column.toSorted();
      const places = shares.map((share) => Math.ceil((share * rows) / 32));
      const parted = new Set<number>();
      for (const place of places) {
        let end = Math.max(1, place);
        while (end < rows && !(rising[end] > Math.fround(rising[end - 1] + Math.fround(1e-7)))) end++;
        if (end < rows) parted.add(end);
      }
      const expected = [...parted].sort((a, b) => a - b);
      expect(cuts[at]).toBe(expected.length);
      const own = (list: Uint32Array | Float64Array) => [...list.subarray(at * CUTS, at * CUTS + expected.length)];
      expect(own(below)).toEqual(expected);
      expect(own(weights)).toEqual(expected.map((end) => 1 / (end * (rows - end))));
      for (const [cut, end] of own(ends).entries()) {
        const listed = [...members.subarray(at * stride, at * stride + end)].filter((member) => member > 0);
        const lower = [...column.keys()].filter((row) => column[row] < rising[expected[cut]]);
        expect(listed.map((member) => member - 1).sort((a, b) => a - b)).toEqual(lower);
        expect(end % 8).toBe(0);
      }
    }
  });
});

describe('a limiter', () => {
  /** Jobs that end when they are told to. */
  function jobs(limit: ReturnType<typeof limiter>) {
    const running: string[] = [];
    const ends = new Map<string, (error?: Error) => void>();
    const outcomes: string[] = [];
    const add = (name: string, bytes: number) => {
      const outcome = limit(bytes, () => {
        running.push(name);
        return new Promise<string>((resolve, reject) => {
          ends.set(name, (error) => {
            running.splice(running.indexOf(name), 1);
            if (error === undefined) resolve(name);
            else reject(error);
          });
        });
      });
      outcome.then(
        (text) => outcomes.push(text),
        (error) => outcomes.push(String(error)),
      );
    };
    const end = async (name: string, error?: Error) => {
      ends.get(name)?.(error);
      await new Promise((resolve) => setTimeout(resolve, 0));
    };
    return { running, outcomes, add, end };
  }

  it('has so many jobs in flight, in the order they came', async () => {
    const { running, outcomes, add, end } = jobs(limiter(2, 1000));
    for (const name of ['a', 'b', 'c', 'd']) add(name, 1);
    expect(running).toEqual(['a', 'b']);
    await end('b');
    expect(running).toEqual(['a', 'c']);
    await end('a');
    expect(running).toEqual(['c', 'd']);
    await end('c');
    await end('d');
    expect(outcomes).toEqual(['b', 'a', 'c', 'd']);
    add('e', 1);
    expect(running).toEqual(['e']);
  });

  it('holds so many bytes, or one job that is larger alone; a small one does not overtake', async () => {
    const { running, add, end } = jobs(limiter(9, 10));
    add('a', 4);
    add('b', 6);
    add('c', 1);
    expect(running).toEqual(['a', 'b']);
    await end('a');
    expect(running).toEqual(['b', 'c']);
    add('large', 11);
    add('d', 1);
    await end('c');
    expect(running).toEqual(['b']);
    await end('b');
    expect(running).toEqual(['large']);
    await end('large');
    expect(running).toEqual(['d']);
  });

  it('starts nothing more once a job has failed', async () => {
    const { running, outcomes, add, end } = jobs(limiter(1, 10));
    add('a', 1);
    add('b', 1);
    await end('a', new Error('gone'));
    expect([running, outcomes]).toEqual([[], ['Error: gone']]);
    add('c', 1);
    expect(running).toEqual([]);
  });
});

describe('arrays in memory', () => {
  const options = { ...defaultAnalysisOptions, shuffles: 0, minGroupSize: 4 };
  // Feature 1 tells who fails; feature 0 is the row.
  const labels = Array.from({ length: 24 }, (_, row) => (row % 2 === 0 ? 'b' : 'a'));
  const isWrong = (row: number) => row % 8 === 0;
  const predictions = labels.map((label, row) => (isWrong(row) ? 'c' : label));
  const features = Float32Array.from({ length: 48 }, (_, at) =>
    at % 2 === 0 ? at / 2 : Number(isWrong((at - 1) / 2)),
  );
  const input = {
    features,
    dimensions: 2,
    labels,
    predictions,
    groups: ['label', 'column:light', 'prediction:c'],
    options,
  };
  const columns = { light: labels.map((_, row) => (row < 12 ? 'day' : 'night')) };

  it('are read row by row, and grouped by classes of labels and predictions and by columns', async () => {
    const found = await analyseArrays({ ...input, columns });
    expect(found.map(({ id, size, failures, skipped }) => [id, size, failures, skipped])).toEqual([
      ['label:a', 12, 0, 'none of its images fails'],
      ['label:b', 12, 3, null],
      ['label:c', 0, 0, 'it has no images'],
      ['light:day', 12, 2, null],
      ['light:night', 12, 1, null],
      ['prediction:c', 3, 3, 'it has 3 of the 4 images that a tree needs'],
    ]);
    for (const at of [1, 3, 4]) {
      const [first] = found[at].leaves;
      expect(first).toMatchObject({ rule: [{ feature: 1, op: '>', threshold: 0.5 }], errorRate: 1, errorCoverage: 1 });
      expect(found[at]).toMatchObject({ pValue: null, adjustedPValue: null, aler: 1, precision: 1, recall: 1 });
      expect(found[at].selectedFeatures.map(({ feature }) => feature)).toContain(1);
    }
  });

  it('of unequal lengths are refused, and which', async () => {
    const told = (change: object) => analyseArrays({ ...input, ...change });
    const fix = 'Give every image a label, a prediction and its features, in one order';
    await expect(told({ predictions: ['a'] })).rejects.toMatchObject({
      ...{ what: 'has 1 values for 24 labels, expected 24', where: 'predictions', fix },
    });
    await expect(told({ dimensions: 3 })).rejects.toMatchObject({
      ...{ what: 'has 48 values for 24 labels, expected 72', where: 'features', fix },
    });
    await expect(told({ columns: { light: ['day'] } })).rejects.toMatchObject({
      ...{ what: 'has 1 values for 24 labels, expected 24', where: 'columns.light', fix },
    });
  });

  it('with a value that is not finite are refused, naming image and feature', async () => {
    await expect(
      analyseArrays({ ...input, groups: ['all'], features: features.with(31, Number.NaN) }),
    ).rejects.toMatchObject({
      what: 'feature 1 of image 15 (counted from 0) is not a finite number',
      ...{
        where: 'features',
        fix: 'Extract or compute the features again; NaN and infinite values cannot be split on',
      },
    });
  });
});
