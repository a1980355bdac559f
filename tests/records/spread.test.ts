import { describe, expect, it } from 'vitest';
import { spread, spreadPlaces } from '../../src/records/spread.ts';

describe('what is spread evenly', () => {
  it('is the middle of each part of a list, or all of a short one', () => {
    expect(spread([5, 6, 7], 3)).toEqual([5, 6, 7]);
    expect(spread([...Array(100).keys()], 4)).toEqual([12, 37, 62, 87]);
    expect(spread([1, 2], 0)).toEqual([]);
  });

  it('are the first places of parts, or all where there are few', () => {
    expect(spreadPlaces(100, 4)).toEqual([0, 25, 50, 75]);
    expect(spreadPlaces(7, 3)).toEqual([0, 2, 4]);
    expect(spreadPlaces(3, 5)).toEqual([0, 1, 2]);
    expect(spreadPlaces(0, 5)).toEqual([]);
  });
});
