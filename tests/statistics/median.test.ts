import { expect, it } from 'vitest';
import { median } from '../../src/statistics/median.ts';

it('takes the middle value, the mean of two, and none of none', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNull();
});
