import { describe, expect, it } from 'vitest';
import { heatInMiddle } from '../../src/pictures/heatInMiddle.ts';

const share = (width: number, height: number, ...values: number[]) =>
  heatInMiddle({ width, height, values: Float32Array.from(values) });

describe('heat in the middle half of each side', () => {
  it('is a quarter where it is even, whatever the size of the map', () => {
    for (const [width, height] of [
      [1, 1],
      [2, 2],
      [3, 5],
      [4, 4],
      [7, 7],
    ])
      expect(share(width, height, ...Array<number>(width * height).fill(3))).toBeCloseTo(0.25, 12);
  });

  it('counts cells by their area', () => {
    const corner = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const inner = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    expect(share(4, 4, ...corner)).toBe(0);
    expect(share(4, 4, ...inner)).toBe(1);
    // The middle of three cells lies wholly in the middle half, a quarter of each of the others does.
    expect(share(3, 1, 0, 1, 0)).toBeCloseTo(0.5, 12);
    expect(share(3, 1, 1, 0, 0)).toBeCloseTo(0.25 * 0.5, 12);
  });

  it('takes what is negative as none; where nothing is hot there is no share', () => {
    expect(share(4, 1, -9, 2, -1, 0)).toBeCloseTo(0.5, 12);
    expect(share(2, 2, 0, -1, 0, 0)).toBeNull();
  });
});
