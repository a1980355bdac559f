import { describe, expect, it } from 'vitest';
import { mean, total } from '../../src/statistics/sums.ts';

describe('sums', () => {
  it('counts the failures of outcomes', () => {
    expect(total(Uint8Array.from({ length: 300 }, () => 1))).toBe(300);
    expect(total([])).toBe(0);
  });

  it('takes the mean of what is there', () => {
    expect(mean([0, null, 3])).toBe(1.5);
    expect(mean([null])).toBeNull();
  });
});
