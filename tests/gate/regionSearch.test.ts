import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sign } from '../../src/gate/discordance.ts';
import { type FoundRegion, RegionSearch, type SearchOptions } from '../../src/gate/regionSearch.ts';
import { type SearchTable, searchTable, thresholdAt } from '../../src/gate/searchTable.ts';
import type { Region } from '../../src/records/analysis.ts';
import type { Columns } from '../../src/records/features.ts';
import { key, naiveSearch } from './naiveSearch.ts';

const options: SearchOptions = { conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 2 };

function columnsOf(features: readonly (readonly number[])[]): Columns {
  return { rows: features[0].length, from: 0, to: features.length, values: Float32Array.from(features.flat()) };
}

function prepare(columns: Columns, signs: Int8Array): { table: SearchTable; live: Int8Array } {
  const rows = [...signs.keys()].filter((row) => signs[row] !== 0);
  return { table: searchTable(columns, Uint32Array.from(rows)), live: Int8Array.from(rows, (row) => signs[row]) };
}

function ruleOf(region: FoundRegion, table: SearchTable): Region {
  return region.cuts.map(({ feature, upper, value }) => ({
    feature,
    op: upper ? '>' : '<=',
    threshold: thresholdAt(table, feature, upper, value),
  }));
}

/** Few different values, so that ties are the rule. */
const cases = fc
  .record({
    rows: fc.integer({ min: 4, max: 24 }),
    features: fc.integer({ min: 1, max: 4 }),
    values: fc.integer({ min: 2, max: 12 }),
  })
  .chain(({ rows, features, values }) =>
    fc.record({
      columns: fc.array(fc.array(fc.integer({ min: 0, max: values }), { minLength: rows, maxLength: rows }), {
        minLength: features,
        maxLength: features,
      }),
      signs: fc.array(fc.constantFrom(-1, 0, 0, 1, 1), { minLength: rows, maxLength: rows }),
      conditions: fc.integer({ min: 1, max: 3 }),
      minErrorRateIncrease: fc.constantFrom(0.1, 0.4),
      minNewFailures: fc.integer({ min: 1, max: 4 }),
    }),
  );

describe('regionSearch', () => {
  it('finds the same region as a search written from the definition', () => {
    fc.assert(
      fc.property(cases, ({ columns: features, signs: bySign, ...chosen }) => {
        const columns = columnsOf(features);
        const signs = Int8Array.from(bySign);
        const { table, live } = prepare(columns, signs);
        const found = new RegionSearch(table, 1, chosen).find(live);
        const truth = naiveSearch(columns, signs, 1, chosen);
        expect(found === null).toBe(truth === null);
        if (found === null || truth === null) return;
        expect(found.score).toBeCloseTo(truth.score, 12);
        expect([found.newlyFailed, found.newlyFixed, found.size]).toEqual([
          truth.newlyFailed,
          truth.newlyFixed,
          truth.rows.length,
        ]);
        expect(key({ rule: ruleOf(found, table) })).toBe(key(truth));
      }),
      { numRuns: 1500, seed: 1 },
    );
  });

  it('finds the same with a window, where others may fail alone and newly fixed images do not score', () => {
    const windows = cases.chain((chosen) =>
      fc.record({
        chosen: fc.constant(chosen),
        baselines: fc.integer({ min: 2, max: 4 }),
        window: fc.array(fc.constantFrom<number>(...Object.values(sign), sign.newlyFailed), {
          minLength: chosen.signs.length,
          maxLength: chosen.signs.length,
        }),
      }),
    );
    fc.assert(
      fc.property(windows, ({ chosen: { columns: features, signs: _, ...options }, baselines, window }) => {
        const columns = columnsOf(features);
        const signs = Int8Array.from(window);
        // Live images that bear no sign in this draw make no difference.
        const table = searchTable(columns, Uint32Array.from(signs.keys()));
        const found = new RegionSearch(table, baselines, options).find(signs);
        const truth = naiveSearch(columns, signs, baselines, options);
        expect(found === null ? null : key({ rule: ruleOf(found, table) })).toBe(truth === null ? null : key(truth));
        expect([found?.newlyFailed, found?.newlyFixed, found?.size]).toEqual([
          truth?.newlyFailed,
          truth?.newlyFixed,
          truth?.rows.length,
        ]);
      }),
      { numRuns: 1000, seed: 2 },
    );
  });

  it('finds the same whatever was searched before', () => {
    fc.assert(
      fc.property(cases, ({ columns: features, signs: bySign, ...chosen }) => {
        const { table, live } = prepare(columnsOf(features), Int8Array.from(bySign));
        const search = new RegionSearch(table, 1, chosen);
        const first = search.find(live);
        search.find(live.map((each) => -each));
        expect(search.find(live)).toEqual(first);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('prefers the tightest threshold, the smaller feature, <= before >, and fewer conditions', () => {
    // Rows 0 to 2 newly fail; both features set them apart, on the low and on the high side.
    const columns = columnsOf([
      [1, 2, 3, 5, 6, 7, 8, 9],
      [9, 8, 7, 4, 3, 2, 1, 0],
    ]);
    const { table, live } = prepare(columns, Int8Array.of(1, 1, 1, 0, 0, 0, -1, -1));
    const found = new RegionSearch(table, 1, options).find(live);
    expect(found && ruleOf(found, table)).toEqual([{ feature: 0, op: '<=', threshold: 4 }]);
  });

  it('takes no threshold between equal values and none beside the ends', () => {
    const columns = columnsOf([[1, 1, 1, 1, 1, 1]]);
    const { table, live } = prepare(columns, Int8Array.of(1, 1, 1, 0, 0, -1));
    expect(new RegionSearch(table, 1, options).find(live)?.cuts).toEqual([]);
    const immaterial = { ...options, minErrorRateIncrease: 0.5 };
    expect(new RegionSearch(table, 1, immaterial).find(live)).toBeNull();
  });

  it('puts thresholds in float64 between neighbouring float32 values', () => {
    const one = Math.fround(1);
    const next = one + 2 ** -23;
    const columns = columnsOf([[one, one, one, next, next, next]]);
    const { table, live } = prepare(columns, Int8Array.of(1, 1, 1, 0, 0, -1));
    const found = new RegionSearch(table, 1, options).find(live);
    expect(found && ruleOf(found, table)).toEqual([{ feature: 0, op: '<=', threshold: 1 + 2 ** -24 }]);
  });

  it('counts a rise of just the minimum as material', () => {
    const columns = columnsOf([Array.from({ length: 60 }, (_, row) => row)]);
    const signs = Int8Array.from({ length: 60 }, (_, row) => (row % 10 === 9 && row < 50 ? 1 : row > 55 ? -1 : 0));
    const { table, live } = prepare(columns, signs);
    const found = new RegionSearch(table, 1, { conditions: 1, minErrorRateIncrease: 0.1, minNewFailures: 5 }).find(
      live,
    );
    expect([found?.newlyFailed, found?.newlyFixed, found?.size]).toEqual([5, 0, 50]);
  });
});
