import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isotonic } from '../../src/statistics/isotonic.ts';

describe('isotonic', () => {
  it('pools what falls, and what ties', () => {
    // scikit-learn 1.2.1: IsotonicRegression().fit_transform([1, 2, 3, 4, 4, 6], [0, 1, 0, 0, 1, 1])
    expect([...isotonic([1, 2, 3, 4, 4, 6], [0, 1, 0, 0, 1, 1])]).toEqual(
      [0, 0.5, 0.5, 0.5, 0.5, 1].map((v, i) => (i > 0 && i < 5 ? 0.5 : v)),
    );
  });

  it('rises, sums to what it was given, and is not bettered by the mean', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 1 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(pairs, (list) => {
        const by = list.map(([x]) => x);
        const y = list.map(([, each]) => each);
        const fitted = isotonic(by, y);
        const order = [...by.keys()].sort((a, b) => by[a] - by[b]);
        for (let at = 1; at < order.length; at++) {
          expect(fitted[order[at]]).toBeGreaterThanOrEqual(fitted[order[at - 1]] - 1e-12);
          if (by[order[at]] === by[order[at - 1]]) expect(fitted[order[at]]).toBe(fitted[order[at - 1]]);
        }
        const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, each) => total + each, 0);
        expect(sum(fitted)).toBeCloseTo(sum(y), 9);
        const mean = sum(y) / y.length;
        const squares = (of: (at: number) => number) => y.reduce((total, each, at) => total + (each - of(at)) ** 2, 0);
        expect(squares((at) => fitted[at])).toBeLessThanOrEqual(squares(() => mean) + 1e-9);
      }),
    );
  });
});
