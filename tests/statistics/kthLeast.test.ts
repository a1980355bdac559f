import { describe, expect, it } from 'vitest';
import { kthLeast } from '../../src/statistics/kthLeast.ts';
import { stream } from '../../src/statistics/random.ts';

const random = stream('kth least');

describe('kthLeast', () => {
  it.each([
    ['apart', () => random.uint32()],
    ['many of them equal', () => random.below(4)],
    ['all equal', () => 7],
  ])('is what a sort puts there: values %s', (_, value) => {
    for (const length of [1, 2, 3, 10, 257]) {
      const values = Float64Array.from({ length }, value);
      const sorted = values.toSorted();
      for (let k = 0; k < length; k++) expect(kthLeast(values.slice(), k)).toBe(sorted[k]);
    }
  });

  it('takes sorted values, either way, and infinities', () => {
    const rising = Float64Array.from([Number.NEGATIVE_INFINITY, -1, 0, 2, 5, Number.POSITIVE_INFINITY]);
    for (let k = 0; k < rising.length; k++) {
      expect(kthLeast(rising.slice(), k)).toBe(rising[k]);
      expect(kthLeast(rising.toReversed(), k)).toBe(rising[k]);
    }
  });
});
