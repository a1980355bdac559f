import { expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { bestRegion } from '../../src/gate/bestRegion.ts';
import { prepareGroups } from '../../src/gate/scan.ts';
import { sideScore } from '../../src/gate/score.ts';
import specific from '../../src/gate/specific.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, pairedGroup, readerOf, sampleOf } from './paired.ts';

const rows = 300;
const sample = sampleOf('specific', rows, 5);
const random = stream('specific outcomes');
const names = Array.from({ length: rows }, (_, row) => `${row}.png`);
const flip = (share: number) => Uint8Array.from({ length: rows }, () => Number(chance(random, share)));

/** The p-value of the best region of a group, with the signs shuffled inside the group. */
async function pValueOf(outcomes: readonly Uint8Array[]) {
  const options = {
    ...{ significance: 0.01, conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 5 },
    regions: ['boxes'] as const,
  };
  const [{ scored, open }] = await prepareGroups({
    ...{ groups: [pairedGroup('a', [...names.keys()], outcomes)], images: names, dimensions: 5, options, draws: 999 },
    ...{ readColumns: readerOf(sample), difficultyOf: async () => null, run: openPool(0).run, onProgress: () => {} },
  });
  const { accepted } = open;
  const best = bestRegion(scored, new Uint8Array(open.positions.length), sideScore(accepted, rows), accepted);
  if (best === null) throw new Error('nothing is material');
  return (score = best.score, seed = 's') => specific({ seed, group: scored, accepted, score });
}

it.each([1, 2])('a region that broke by itself is specific (%i accepted)', async (accepted) => {
  const others = Array.from({ length: accepted }, () => flip(0.1));
  const broken = flip(0.1).map((failed, row) => (sample.at(row, 1) > 0.8 ? 1 : failed));
  const pValue = await pValueOf([broken, ...others]);
  expect(pValue()).toBeLessThanOrEqual(0.01);
  expect(pValue()).toBe(pValue());
});

it.each([1, 2])('a group that got worse everywhere is not (%i accepted)', async (accepted) => {
  const others = Array.from({ length: accepted }, () => flip(0.1));
  const pValue = await pValueOf([flip(0.5), ...others]);
  expect(pValue()).toBeGreaterThan(0.05);
  // Any shuffle of so many newly failed images reaches some score.
  expect(pValue(1e-6)).toBe(1);
  expect(pValue(1e6)).toBeLessThanOrEqual(0.001);
});
