import { describe, expect, it } from 'vitest';
import { readSome, tellingFeatures } from '../../src/gate/tellingColumns.ts';
import { readerOf, sampleOf } from './paired.ts';

const rows = 50;
const sample = sampleOf('telling', rows, 9);
const own = Uint32Array.from({ length: rows }, (_, row) => row);
/** Features 7 and 8 are image properties. */
const all = { dimensions: 9, properties: 7 };
const condition = (feature: number) => ({ feature, op: '>' as const, threshold: 0.5 });
/** Of the regions of a family, the densest first. */
const family = { feature: Int32Array.of(-1, -1, 3, -1, 3, 5, 0, 3, 6, 5) };

describe('the features that a cluster is told by', () => {
  const told = (room: number, rule = [condition(5)]) => tellingFeatures({ rows, rule, family }, all, room * rows);

  it('are all where there is room for them', () => {
    expect(told(9)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(told(8)).not.toHaveLength(9);
  });

  it('are else those of its rule, image properties, and those of the densest regions', () => {
    expect(told(5)).toEqual([0, 3, 5, 7, 8]);
    expect(told(4)).toEqual([3, 5, 7, 8]);
    expect(told(8)).toEqual([0, 3, 5, 6, 7, 8]);
    expect(told(1, [condition(2), condition(1)])).toEqual([1, 2, 7, 8]);
  });
});

describe('their columns', () => {
  it.each([9 * rows, 4 * rows, 3 * rows, rows, 1])(
    'are read some at a time, and none that nobody asked for (%i values)',
    async (values) => {
      const reads: [number, number][] = [];
      const read = readerOf(sample);
      const readColumns = (which: Uint32Array, from: number, to: number) => {
        reads.push([from, to]);
        return read(which, from, to);
      };
      const features = [1, 2, 8];
      const columns = await readSome(own, features, { ...all, readColumns }, values);
      expect(columns).toMatchObject({ rows, from: 0, to: 3 });
      for (const [at, feature] of features.entries())
        for (let row = 0; row < rows; row++) expect(columns.values[at * rows + row]).toBe(sample.at(row, feature));
      for (const [from, to] of reads) {
        expect((to - from) * rows <= values || to - from === 1).toBe(true);
        expect(features.some((feature) => from <= feature && feature < to)).toBe(true);
      }
      expect(reads.length).toBe({ [9 * rows]: 1, [4 * rows]: 2, [3 * rows]: 2 }[values] ?? 3);
    },
  );

  it('are read at once where all are asked for', async () => {
    const columns = await readSome(own, [0, 1, 2, 3, 4, 5, 6, 7, 8], { ...all, readColumns: readerOf(sample) }, 1);
    expect(columns.values).toEqual(sample.columns.values);
  });
});
