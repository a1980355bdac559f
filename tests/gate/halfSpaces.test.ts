import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { densest, type HalfSpaces, halfSpaces, holds, joined } from '../../src/gate/halfSpaces.ts';

/** Thresholds by definition: halfway from the value that each eighth of the images reaches to the next greater one. */
function thresholdsOf(column: readonly number[]): number[] {
  const sorted = column.toSorted((a, b) => a - b);
  const found = new Set<number>();
  for (let part = 1; part < 8; part++) {
    const value = sorted[Math.ceil((part * sorted.length) / 8) - 1];
    const next = sorted.find((each) => each > value);
    if (next !== undefined) found.add((value + next) / 2);
  }
  return [...found];
}

/** Half-spaces image by image. */
function naive(columns: readonly (readonly number[])[], from: number, open: Uint8Array, expected: Float64Array) {
  return columns.flatMap((column, at) =>
    thresholdsOf(column).flatMap((threshold) =>
      [0, 1].map((upper) => {
        const inside = [...column.keys()].filter((row) => column[row] <= threshold === (upper === 0));
        return {
          ...{ feature: from + at, upper, threshold, size: inside.length },
          open: inside.filter((row) => open[row] === 1).length,
          expected: inside.reduce((sum, row) => sum + expected[row], 0),
        };
      }),
    ),
  );
}

const listed = (spaces: HalfSpaces) =>
  spaces.feature.map((feature, at) => ({
    ...{ feature, upper: spaces.upper[at], threshold: spaces.threshold[at], size: spaces.size[at] },
    ...{ open: spaces.open[at], expected: spaces.expected[at] },
  }));

describe('half-spaces', () => {
  const groups = fc.integer({ min: 1, max: 40 }).chain((rows) =>
    fc.record({
      columns: fc.array(fc.array(fc.integer({ min: -6, max: 6 }), { minLength: rows, maxLength: rows }), {
        minLength: 1,
        maxLength: 3,
      }),
      open: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: rows, maxLength: rows }),
      from: fc.integer({ min: 0, max: 5 }),
    }),
  );

  it('lie at the eighths of the values, count what lies in them, and leave none out', () => {
    fc.assert(
      fc.property(groups, ({ columns, open, from }) => {
        const rows = open.length;
        // Quarters add up without a rounding.
        const expected = Float64Array.from({ length: rows }, (_, row) => (row % 4) / 4);
        const flags = Uint8Array.from(open);
        const values = Float32Array.from(columns.flat());
        const found = halfSpaces({ rows, from, to: from + columns.length, values }, { open: flags, expected });
        expect(listed(found)).toEqual(naive(columns, from, flags, expected));
      }),
      { numRuns: 200 },
    );
  });

  it('of a feature at a time, joined, are those of all at once', () => {
    const values = Float32Array.from({ length: 90 }, (_, at) => (at * 7) % 11);
    const density = { open: new Uint8Array(30).fill(1, 4, 20), expected: new Float64Array(30).fill(0.5) };
    const whole = halfSpaces({ rows: 30, from: 2, to: 5, values }, density);
    const parts = [2, 3, 4].map((from) =>
      halfSpaces({ rows: 30, from, to: from + 1, values: values.slice((from - 2) * 30, (from - 1) * 30) }, density),
    );
    expect(joined(parts)).toEqual(whole);
    expect(whole.feature.length).toBeGreaterThan(20);
  });

  it('that are densest come in their own order; of equally dense ones the first', () => {
    const none = { feature: [], upper: [], threshold: [], size: [] };
    // Open images over those expected: 4 of 1 is the most surprising, 3 of 1 twice, and 1 of 1 no surprise.
    const spaces = { ...none, open: [1, 3, 4, 3, 0], expected: [1, 1, 1, 1, 2] };
    expect(densest(spaces, 1)).toEqual([2]);
    expect(densest(spaces, 2)).toEqual([1, 2]);
    expect(densest(spaces, 3)).toEqual([1, 2, 3]);
    expect(densest(spaces, 4)).toEqual([0, 1, 2, 3]);
    expect(densest(spaces, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(densest(spaces, 9)).toEqual([0, 1, 2, 3, 4]);
  });

  it('hold their threshold below and not above', () => {
    expect([holds(1, 0, 1), holds(2, 0, 1), holds(1, 1, 1), holds(2, 1, 1)]).toEqual([true, false, false, true]);
  });
});
