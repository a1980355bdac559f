import { describe, expect, it } from 'vitest';
import { densestOfAllBoxes } from '../../src/gate/allBoxes.ts';
import { bitLayout } from '../../src/gate/bitSet.ts';
import { halfSpaces, holds } from '../../src/gate/halfSpaces.ts';
import { densityScore, leastNet } from '../../src/gate/score.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, sampleOf } from './paired.ts';

/** Some features with three values, one with one. */
function sampleWithTies(rows: number, features: number) {
  const sample = sampleOf('all boxes', rows, features);
  const { values } = sample.columns;
  for (let row = 0; row < rows; row++) {
    values[row] = Math.floor(3 * values[row]);
    values[rows + row] = 1;
  }
  return sample;
}

describe('the densest of all boxes', () => {
  const rows = 200;
  const { columns } = sampleWithTies(rows, 7);
  const random = stream('all boxes open');
  const open = Uint8Array.from({ length: rows }, () => Number(chance(random, 0.3)));
  // Weights that no sum in binary holds exactly.
  const expected = Float64Array.from({ length: rows }, () => [1 / 3, 1 / 7, 0.05][random.below(3)]);
  const spaces = halfSpaces(columns, { open, expected });
  const layout = bitLayout(expected, open);
  const inside = (space: number, row: number) =>
    holds(columns.values[spaces.feature[space] * rows + row], spaces.upper[space], spaces.threshold[space]);
  const bits = new Uint32Array(spaces.feature.length * layout.words);
  for (const space of spaces.feature.keys()) {
    for (let row = 0; row < rows; row++) {
      const bit = layout.bitOf[row];
      if (inside(space, row)) bits[space * layout.words + (bit >>> 5)] |= 1 << (bit & 31);
    }
  }

  it.each([
    [3, 0.1],
    [1, 0],
  ])('are those that a count of every pair finds (%i, %f)', (minNewFailures, minErrorRateIncrease) => {
    const material = { minNewFailures, minErrorRateIncrease };
    const all: { density: number; i: number; j: number }[] = [];
    for (const i of spaces.feature.keys()) {
      for (let j = i + 1; j < spaces.feature.length; j++) {
        if (spaces.feature[i] === spaces.feature[j] && spaces.upper[i] === spaces.upper[j]) continue;
        let [count, size, mu] = [0, 0, 0];
        for (let row = 0; row < rows; row++) {
          if (!inside(i, row) || !inside(j, row)) continue;
          size++;
          count += open[row];
          mu += expected[row];
        }
        if (mu < count && count >= leastNet(size, material)) all.push({ density: densityScore(count, mu), i, j });
      }
    }
    const naive = new Map(all.map(({ density, i, j }) => [`${i} ${j}`, density]));
    const found = densestOfAllBoxes(spaces, bits, layout, material).found();
    expect(found.length).toBe(Math.min(4000, all.length));
    expect(found.length).toBeGreaterThan(500);
    const densities = found.map(([i, j]) => naive.get(`${i} ${j}`) ?? Number.NaN);
    const best = all.map(({ density }) => density).toSorted((a, b) => b - a);
    for (const [at, density] of densities.entries()) expect(density).toBeCloseTo(best[at], 9);
    expect(new Set(found.map(String)).size).toBe(found.length);
  });
});
