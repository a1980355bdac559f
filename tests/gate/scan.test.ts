import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { DRAWS_A_BLOCK, drawBlock } from '../../src/gate/draws.ts';
import { LaneCounter } from '../../src/gate/lanes.ts';
import { maximaOf } from '../../src/gate/maxima.ts';
import { openImages } from '../../src/gate/open.ts';
import { openFamily } from '../../src/gate/openFamily.ts';
import { positionsIn } from '../../src/gate/region.ts';
import regionFamily, { ruleOf } from '../../src/gate/regionFamily.ts';
import { prepareGroups, type ScanInput } from '../../src/gate/scan.ts';
import { densityScore, leastNet, sideScore } from '../../src/gate/score.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, pairedGroup, readerOf, sampleOf } from './paired.ts';

const options = { significance: 0.01, conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 3 };
const rows = 160;
const sample = sampleOf('scan', rows, 6, 20);
const random = stream('scan outcomes');
const flip = () => Uint8Array.from({ length: rows }, () => Number(chance(random, 0.15)));
const names = Array.from({ length: rows }, (_, row) => `${row}.png`);
const numbers = [...names.keys()];

function input(outcomes: readonly Uint8Array[]): ScanInput {
  return {
    ...{ groups: [pairedGroup('a', numbers, outcomes)], images: names, dimensions: 6, options, draws: 999 },
    ...{ readColumns: readerOf(sample), difficultyOf: () => null, run: openPool(0).run, onProgress: () => {} },
  };
}

describe('lanes', () => {
  it('count as bit by bit', () => {
    const words = Uint32Array.from({ length: 41 }, (_, at) => (at === 0 ? 0 : random.uint32()));
    const members = Uint32Array.from({ length: 40 }, (_, at) => at + 1);
    const counter = new LaneCounter();
    counter.count(words, 0, members, 0, 40);
    for (let lane = 0; lane < 32; lane++) {
      const expected = [...words].filter((word) => (word >>> lane) & 1).length;
      expect(counter.of(lane)).toBe(expected);
      expect((counter.atLeast(20) >>> lane) & 1).toBe(Number(expected >= 20));
    }
  });
});

describe('the family of regions', () => {
  const open = openImages([flip(), flip()]);
  const expected = Float64Array.from({ length: rows }, (_, row) => (row < 80 ? 0.2 : 0.3));
  const family = regionFamily({ columns: sample.columns, open, expected, options });

  it('holds what its rules select, counted one by one', () => {
    expect(family.regions).toBeGreaterThan(100);
    for (let region = 0; region < family.regions; region++) {
      const inside = new Set(positionsIn(ruleOf(family, region), sample.columns));
      const members = [...family.members.subarray(family.offsets[region], family.offsets[region + 1])].filter(
        (each) => each > 0,
      );
      expect(members.map((each) => open.positions[each - 1])).toEqual(
        [...open.positions].filter((at) => inside.has(at)),
      );
      expect(family.size[region]).toBe(inside.size);
      expect(family.open[region]).toBe(members.length);
      const mu = [...inside].reduce((sum, at) => sum + expected[at], 0);
      expect(family.expected[region]).toBeCloseTo(mu, 9);
      expect(family.density[region]).toBeCloseTo(densityScore(members.length, mu), 9);
      expect(members.length).toBeGreaterThanOrEqual(leastNet(inside.size, options));
    }
  });

  it('does not depend on who failed', () => {
    const other = { ...open, lone: open.lone.map((each) => 1 - each) };
    expect(regionFamily({ columns: sample.columns, open: other, expected, options })).toEqual(family);
  });

  it('is the same for a group too large to be held whole', async () => {
    const source = {
      rows: Uint32Array.from(numbers),
      dimensions: 6,
      readColumns: readerOf(sample),
      run: openPool(0).run,
    };
    expect(await openFamily({ ...source, open, expected, options }, rows * 2)).toEqual(family);
  });
});

describe.each([1, 2, 3])('draws with %i accepted', (accepted) => {
  const outcomes = Array.from({ length: accepted + 1 }, flip);

  it('give the greatest score over all regions, as one by one', async () => {
    const [prepared] = await prepareGroups(input(outcomes));
    const { scored, open } = prepared;
    const drawnFor: string[] = [];
    for (const [at, number] of scored.image.entries()) drawnFor[number] = names[open.positions[at]];
    for (const [at, number] of scored.rightImage.entries()) drawnFor[number] = names[open.rightPositions[at]];
    const block = drawBlock(drawnFor, accepted, 5);
    const found = maximaOf([scored], block, accepted);
    const who = (draw: number, image: number) =>
      [...Array(accepted + 1).keys()].find(
        (side) => (block.bits[(side * block.words + (draw >>> 5)) * block.images + image] >>> (draw & 31)) & 1,
      );
    const score = sideScore(accepted, rows);
    const { family } = scored;
    for (const draw of [0, 1, 31, 32, 77, DRAWS_A_BLOCK - 1]) {
      let best = 0;
      for (let region = 0; region < family.regions; region++) {
        const inside = new Set(positionsIn(ruleOf(family, region), sample.columns));
        const openIn = [...open.positions.keys()].filter((at) => inside.has(open.positions[at]));
        const b = openIn.filter((at) => who(draw, scored.image[at]) === open.lone[at]).length;
        const right = [...open.rightPositions.keys()].filter((at) => inside.has(open.rightPositions[at]));
        const fixed =
          accepted === 1
            ? openIn.length - b
            : right.filter((at) => who(draw, scored.rightImage[at]) === open.loneRight[at]).length;
        if (b - fixed < leastNet(inside.size, options) || b * (accepted + 1) <= openIn.length) continue;
        best = Math.max(best, score.of(b, openIn.length) + family.density[region]);
      }
      expect(found[draw]).toBeCloseTo(best, 9);
    }
  });

  it('choose each checkpoint as often, and one an image', () => {
    const { bits, words, images } = drawBlock(names, accepted, 0);
    const counts = Array.from({ length: accepted + 1 }, () => 0);
    for (let image = 0; image < images; image++) {
      for (let draw = 0; draw < DRAWS_A_BLOCK; draw++) {
        const sides = counts.map(
          (_, side) => (bits[(side * words + (draw >>> 5)) * images + image] >>> (draw & 31)) & 1,
        );
        expect(sides.reduce((sum, each) => sum + each, 0)).toBe(1);
        counts[sides.indexOf(1)]++;
      }
    }
    const each = (rows * DRAWS_A_BLOCK) / (accepted + 1);
    for (const count of counts) expect(Math.abs(count - each)).toBeLessThan(5 * Math.sqrt(each));
  });
});

describe('the score', () => {
  it('is the likelihood ratio of b among m, and its least b exceeds', () => {
    const score = sideScore(2, 30);
    // 9 ln(9 / (12 / 3)) + 3 ln(3 / (12 * 2 / 3))
    expect(score.of(9, 12)).toBeCloseTo(9 * Math.log(9 / 4) + 3 * Math.log(3 / 8), 12);
    expect(score.of(4, 12)).toBe(0);
    expect(score.of(score.least(3, 12), 12)).toBeGreaterThan(3);
    expect(score.of(score.least(3, 12) - 1, 12)).toBeLessThanOrEqual(3);
    expect(score.least(100, 12)).toBe(13);
    expect(leastNet(30, { minNewFailures: 1, minErrorRateIncrease: 0.1 })).toBe(3);
  });
});
