import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm, holmOverTestable, testable } from '../../src/statistics/holm.ts';

const pValue = fc.double({ min: 0, max: 1, noNaN: true });

describe('holm', () => {
  it("agrees with R's p.adjust(c(0.01, 0.02, 0.03, 0.005), 'holm')", () => {
    const adjusted = holm([0.01, 0.02, 0.03, 0.005]);
    for (const [at, value] of [0.03, 0.04, 0.04, 0.02].entries()) expect(adjusted[at]).toBeCloseTo(value, 15);
    expect(holm([])).toEqual([]);
    expect(holm([0.7, 0.9])).toEqual([1, 1]);
  });

  it('rejects just what the step-down procedure rejects', () => {
    fc.assert(
      fc.property(
        fc.array(pValue, { maxLength: 12 }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (ps, alpha) => {
          const sorted = ps.toSorted((a, b) => a - b);
          let rejected = 0;
          while (rejected < ps.length && sorted[rejected] * (ps.length - rejected) <= alpha) rejected++;
          const adjusted = holm(ps);
          expect(adjusted.filter((p) => p <= alpha).length).toBe(rejected);
        },
      ),
    );
  });
});

describe('testable', () => {
  it('agrees with a hand-worked case', () => {
    // At k = 1 three attain 0.05; at 2 still three attain 0.025; at 3 just two attain 0.0167: k = 3.
    expect(testable([0.001, 0.02, 0.01, 0.2, 0.5], 0.05)).toEqual([true, false, true, false, false]);
    expect(testable([0.5, 0.6], 0.05)).toEqual([false, false]);
    expect(testable([], 0.05)).toEqual([]);
  });

  it('takes the smallest k with at most k hypotheses that attain alpha / k', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 16 }), { maxLength: 60 }), (changed) => {
        const least = changed.map((each) => 0.5 ** each);
        let k = 1;
        while (least.filter((p) => p <= 0.05 / k).length > k) k++;
        expect(testable(least, 0.05)).toEqual(least.map((p) => p <= 0.05 / k));
      }),
    );
  });
});

describe('holmOverTestable', () => {
  it('leaves out what cannot become significant and so corrects for less', () => {
    const adjusted = holmOverTestable([0.004, 0.25, 0.5], [0.0001, 0.25, 0.5], 0.01);
    expect(adjusted).toEqual([0.004, 1, 1]);
  });
});
