import fc from 'fast-check';
import { expect, it } from 'vitest';
import { popcount } from '../../src/statistics/popcount.ts';

it('counts the ones of a word in base 2, signed or not', () => {
  const word = fc.oneof(fc.nat(2 ** 32 - 1), fc.integer(), fc.constantFrom(0, -1, 2 ** 31, 2 ** 32 - 1));
  fc.assert(
    fc.property(word, (each) => {
      const ones = (each >>> 0).toString(2).replaceAll('0', '').length;
      expect(popcount(each)).toBe(ones);
    }),
    { numRuns: 500 },
  );
});
