import { describe, expect, it } from 'vitest';
import { hypergeometricCdf } from '../../src/statistics/hypergeometric.ts';
import { hasScipy, numbersFromPython } from './scipy.ts';

describe('hypergeometricCdf', () => {
  it('agrees with values worked by hand', () => {
    // Three of ten marked, two drawn: none marked in C(7,2) = 21 of C(10,2) = 45, at most one in 21 + 3 * 7 = 42.
    expect(hypergeometricCdf(0, 10, 3, 2)).toBeCloseTo(21 / 45, 14);
    expect(hypergeometricCdf(1, 10, 3, 2)).toBeCloseTo(42 / 45, 14);
    expect(hypergeometricCdf(2, 10, 3, 2)).toBe(1);
    // Eight of ten marked, five drawn: three at least.
    expect(hypergeometricCdf(2, 10, 8, 5)).toBe(0);
    expect(hypergeometricCdf(0, 10, 0, 5)).toBe(1);
    expect(hypergeometricCdf(0, 5, 5, 5)).toBe(0);
  });

  it('never gives zero where it may happen', () => {
    expect(hypergeometricCdf(0, 2_000_000, 900_000, 1_000_000)).toBeGreaterThan(0);
  });

  it.skipIf(!hasScipy)(
    'agrees with scipy.stats.hypergeom, a training set in size included (needs python3-scipy)',
    () => {
      const cases = [
        [41, 6000, 78, 5000],
        [0, 6000, 69, 4008],
        [300, 6000, 370, 5000],
        [500, 1_331_167, 700, 1_281_167],
        [0, 1300, 12, 1250],
        [12, 40, 30, 20],
        [3, 9, 4, 6],
      ];
      const truth = numbersFromPython(
        `import json; from scipy.stats import hypergeom
print(json.dumps([hypergeom.cdf(k, n, m, d) for k, n, m, d in ${JSON.stringify(cases)}]))`,
      );
      for (const [at, [k, population, marked, drawn]] of cases.entries()) {
        expect(hypergeometricCdf(k, population, marked, drawn) / truth[at] - 1).toBeCloseTo(0, 8);
      }
    },
  );
});
