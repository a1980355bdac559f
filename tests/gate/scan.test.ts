import { describe, expect, it } from 'vitest';
import { sharedBuffers } from '../../src/adapters/sharedBuffers.ts';
import { openPool } from '../../src/adapters/threadPool.ts';
import { bestRegion } from '../../src/gate/bestRegion.ts';
import { DRAWS_A_BLOCK, drawBlock } from '../../src/gate/draws.ts';
import { maximaOf, maximaWorker } from '../../src/gate/maxima.ts';
import { openImages } from '../../src/gate/open.ts';
import { openFamily } from '../../src/gate/openFamily.ts';
import { positionsIn } from '../../src/gate/region.ts';
import regionFamily, { type FamilyOptions, ruleOf } from '../../src/gate/regionFamily.ts';
import { runTest } from '../../src/gate/runTest.ts';
import { prepareGroups, type ScanInput, scanPrepared } from '../../src/gate/scan.ts';
import { densityScore, leastNet, sideScore } from '../../src/gate/score.ts';
import { smallestVisible } from '../../src/gate/visible.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, pairedGroup, readerOf, sampleOf } from './paired.ts';

const options: ScanInput['options'] & FamilyOptions = {
  ...{ significance: 0.01, conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 3 },
  ...{ regions: ['boxes'], neighbours: 0 },
};
const rows = 160;
const sample = sampleOf('scan', rows, 6, 20);
const random = stream('scan outcomes');
const flip = () => Uint8Array.from({ length: rows }, () => Number(chance(random, 0.15)));
const names = Array.from({ length: rows }, (_, row) => `${row}.png`);
const numbers = [...names.keys()];

function input(outcomes: readonly Uint8Array[]): ScanInput {
  return {
    ...{ groups: [pairedGroup('a', numbers, outcomes)], images: names, dimensions: 6, options, draws: 999 },
    ...{ readColumns: readerOf(sample), difficultyOf: async () => null, run: openPool(0).run, onProgress: () => {} },
  };
}

describe('open images', () => {
  it('are those on which one of the checkpoints alone fails; none where all accepted ones are wrong', () => {
    const [right, wrong] = [Uint8Array.of(0, 0, 1), Uint8Array.of(1, 0, 1)];
    // Of three: the two accepted are wrong on image 0, where the candidate is right; on image 2 all are wrong.
    const open = openImages([right, wrong, wrong]);
    expect([...open.positions]).toEqual([]);
    expect([[...open.rightPositions], [...open.loneRight]]).toEqual([[0], [0]]);
    expect([...openImages([wrong, right, right]).positions]).toEqual([0]);
  });

  it('make no group ready where there are none, and none fails', async () => {
    const same = flip();
    expect(await prepareGroups(input([same, same]))).toEqual([]);
  });

  it('of a group without a region are not drawn for, and hinder no other group', async () => {
    // Three of sixty are open: too few for the whole group, the only region there is. No other group has them.
    const few = Uint8Array.from({ length: 60 }, (_, row) => Number(row < 3));
    const many = Uint8Array.from({ length: 100 }, (_, row) => Number(row % 3 === 0));
    const none = (length: number) => new Uint8Array(length);
    const groups = [
      pairedGroup('few', numbers.slice(0, 60), [few, none(60)]),
      pairedGroup('many', numbers.slice(60), [many, none(100)]),
    ];
    const whole = { ...input([]), options: { ...options, regions: [] } };
    const alone = { ...whole, groups: groups.slice(1) };
    const { clusters, test } = await scanPrepared(await prepareGroups({ ...whole, groups }), whole);
    expect(clusters).toHaveLength(1);
    expect(test.pValue).toBe((await scanPrepared(await prepareGroups(alone), alone)).test.pValue);
  });

  it('lie in no half-space of a feature that is constant', async () => {
    const constant = { ...sample.columns, values: sample.columns.values.map((each, at) => (at < rows ? 0.5 : each)) };
    const outcomes = openImages([flip(), flip()]);
    const alike = new Float64Array(rows).fill(0.2);
    const found = regionFamily({ columns: constant, open: outcomes, expected: alike, options });
    expect(found.regions).toBeGreaterThan(10);
    expect([...found.feature]).not.toContain(0);
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
      buffers: sharedBuffers(),
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

  it('are judged beside the best region of what was seen, also without what an earlier cluster has', async () => {
    const [prepared] = await prepareGroups(input(outcomes));
    const { scored, open } = prepared;
    const { family } = scored;
    const score = sideScore(accepted, rows);
    const claimed = new Uint8Array(open.positions.length);
    for (let round = 0; round < 3; round++) {
      let best = { region: -1, score: 0 };
      for (let region = 0; region < family.regions; region++) {
        const inside = new Set(positionsIn(ruleOf(family, region), sample.columns));
        const openIn = [...open.positions.keys()].filter((at) => inside.has(open.positions[at]) && claimed[at] === 0);
        const b = openIn.filter((at) => open.lone[at] === 0).length;
        const right = [...open.rightPositions.keys()].filter((at) => inside.has(open.rightPositions[at]));
        const fixed = accepted === 1 ? openIn.length - b : right.filter((at) => open.loneRight[at] === 0).length;
        if (b - fixed < leastNet(inside.size, options) || b * (accepted + 1) <= openIn.length) continue;
        const mu = family.expected[region];
        const value = score.of(b, openIn.length) + densityScore(openIn.length, mu);
        if (value > best.score) best = { region, score: value };
      }
      const found = bestRegion(scored, claimed, score, accepted);
      if (best.region < 0) {
        expect(round).toBeGreaterThan(0);
        expect(found).toBeNull();
        break;
      }
      expect(found?.region).toBe(best.region);
      expect(found?.score).toBeCloseTo(best.score, 12);
      const inside = new Set(positionsIn(ruleOf(family, best.region), sample.columns));
      const newly = [...open.positions.keys()].filter(
        (at) => inside.has(open.positions[at]) && open.lone[at] === 0 && claimed[at] === 0,
      );
      expect(newly.length).toBeGreaterThan(0);
      expect(found?.newlyFailed).toEqual(newly);
      for (const at of newly) claimed[at] = 1;
    }
    expect(bestRegion(scored, claimed.fill(1), score, accepted)).toBeNull();
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

describe('the test of a run', () => {
  it.each([
    ['an observed score that nothing beats', 1000],
    ['one that most draws beat', 0.001],
    ['no material region', 0],
  ])('p-values are counts of draws: %s', async (_, observed) => {
    const outcomes = [flip(), flip()];
    const [{ scored }] = await prepareGroups(input(outcomes));
    const most = 2500;
    const run = openPool(0).run;
    const about = { groups: [scored], names, accepted: 1 };
    const told: number[] = [];
    const test = await runTest({
      ...{ ...about, observed, significance: 0.01, draws: most, run },
      onProgress: (done) => told.push(done),
    });
    const blocks = [];
    for (let block = 0; block * DRAWS_A_BLOCK < most; block++)
      blocks.push(...(await run(maximaWorker, { ...about, block })));
    const drawn = blocks.slice(0, test.draws);
    // A clear case, one that is clearly none, and one where nothing can be found end after the first portion.
    expect(test.draws).toBe(999);
    expect(told).toEqual([999]);
    const sorted = drawn.toSorted((a, b) => b - a);
    for (const score of [sorted[5], sorted[40], sorted[40] + 1e-9, sorted[500] + 1e-9]) {
      const asGood = drawn.filter((each) => each >= score).length;
      expect(test.pValueOf(score)).toBeCloseTo((1 + asGood) / (1 + drawn.length), 12);
    }
    expect(test.pValueOf(1000)).toBeLessThan(1 / 1000);
    // Significant at 0.01: beaten by at most 9 of 999.
    expect(test.critical).toBe(sorted[9]);
    if (observed === 0) expect(test.pValue).toBe(1);
    else if (observed === 1000) expect(test.pValue).toBeLessThanOrEqual(0.001);
    // Besag and Clifford: ten as good after n draws.
    else
      expect(test.pValue).toBeCloseTo(
        10 / (1 + drawn.findIndex((_, at) => asGoodUpTo(drawn, observed, at) === 10)),
        12,
      );
  });
});

const asGoodUpTo = (drawn: readonly number[], score: number, at: number) =>
  drawn.slice(0, at + 1).filter((each) => each >= score).length;

describe('the smallest cluster that could have shown', () => {
  const material = { minNewFailures: 4, minErrorRateIncrease: 0.1, regions: ['boxes'] } as const;

  it.each([20, 100, 1000])(
    'is the first number of failures whose score is beyond the critical one (group of %i)',
    async (size) => {
      for (const critical of [2, 8, 15, 1e9]) {
        const score = sideScore(1, size);
        const naive = Array.from({ length: size }, (_, at) => at + 1).find((failed) => {
          const region = Math.min(size, Math.max(2 * failed, Math.ceil(size / 64)));
          const expected = region * Math.min(1, failed / size);
          const net = Math.max(4, Math.ceil(0.1 * region - 1e-9));
          return failed >= net && score.most(failed) + densityScore(failed, expected) > critical;
        });
        expect(smallestVisible(size, undefined, 1, critical, material)).toBe(naive ?? null);
      }
    },
  );

  it('is larger where more images are open anyway', async () => {
    const [prepared] = await prepareGroups(input([flip(), flip()]));
    const busy = smallestVisible(rows, prepared, 1, 8, material) ?? 0;
    expect(busy).toBeGreaterThan(smallestVisible(rows, undefined, 1, 8, material) ?? 0);
  });
});
