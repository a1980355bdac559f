import { describe, expect, it } from 'vitest';
import { leastMcnemar, mcnemar } from '../../src/statistics/mcnemar.ts';
import { hasScipy, numbersFromPython } from './scipy.ts';

describe('mcnemar', () => {
  it('agrees with hand-worked values', () => {
    expect(mcnemar(0, 0)).toBe(1);
    expect(mcnemar(3, 3)).toBe(1);
    expect(mcnemar(5, 0)).toBeCloseTo(2 / 32, 15);
    expect(mcnemar(0, 5)).toBeCloseTo(2 / 32, 15);
    // 2 (C(10,0) + C(10,1) + C(10,2)) / 1024
    expect(mcnemar(8, 2)).toBeCloseTo(112 / 1024, 15);
    // 2 * 16 / 32 would be 1 exactly: one more than half of five
    expect(mcnemar(3, 2)).toBeCloseTo(1, 15);
  });

  it('is least where all changed images changed one way', () => {
    for (const changed of [0, 1, 2, 7, 30]) expect(mcnemar(changed, 0)).toBeCloseTo(leastMcnemar(changed), 15);
  });

  it.skipIf(!hasScipy)('agrees with scipy.stats.binomtest, thousands of images included (needs python3-scipy)', () => {
    const pairs = [
      [1, 0],
      [12, 3],
      [36, 0],
      [0, 60],
      [210, 150],
      [2000, 1750],
      [20000, 20500],
      [9000, 3],
    ];
    const truth = numbersFromPython(
      `import json; from scipy.stats import binomtest
print(json.dumps([binomtest(b, b + c).pvalue for b, c in ${JSON.stringify(pairs)}]))`,
    );
    for (const [at, [failed, fixed]] of pairs.entries()) {
      const relative = truth[at] === 0 ? mcnemar(failed, fixed) : mcnemar(failed, fixed) / truth[at] - 1;
      expect(Math.abs(relative), `${failed} ${fixed}`).toBeLessThan(1e-9);
    }
  });
});
