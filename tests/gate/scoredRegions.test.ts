import { describe, expect, it } from 'vitest';
import { bestRegion } from '../../src/gate/bestRegion.ts';
import { bitLayout } from '../../src/gate/bitSet.ts';
import { DRAWS_A_BLOCK, drawBlock } from '../../src/gate/draws.ts';
import { maximaOf, type ScoredGroup } from '../../src/gate/maxima.ts';
import type { Family } from '../../src/gate/regionFamily.ts';
import { densityScore, leastNet, sideScore } from '../../src/gate/score.ts';
import specific from '../../src/gate/specific.ts';
import { smallestVisible } from '../../src/gate/visible.ts';
import { stream } from '../../src/statistics/random.ts';

interface HandMade {
  /** Open images, counted from 0, and those on which one alone is right. */
  readonly members: readonly number[];
  readonly right?: readonly number[];
  readonly expected: number;
  readonly least: number;
}

/** A family of regions that no features made. */
function familyOf(regions: readonly HandMade[]): Family {
  const padded = (lists: readonly (readonly number[])[]) => {
    const list: number[] = [];
    const offsets = [0];
    for (const each of lists) {
      list.push(...each.map((at) => at + 1));
      while (list.length % 8 > 0) list.push(0);
      offsets.push(list.length);
    }
    return { offsets: Uint32Array.from(offsets), list: Uint32Array.from(list) };
  };
  const [members, right] = [
    padded(regions.map((each) => each.members)),
    padded(regions.map((each) => each.right ?? [])),
  ];
  const conditions = 2 * regions.length;
  return {
    regions: regions.length,
    ...{ offsets: members.offsets, members: members.list, rightOffsets: right.offsets, rightMembers: right.list },
    open: Uint32Array.from(regions, (each) => each.members.length),
    size: Uint32Array.from(regions, (each) => each.members.length),
    expected: Float64Array.from(regions, ({ expected }) => expected),
    least: Uint32Array.from(regions, ({ least }) => least),
    density: Float64Array.from(regions, (each) => densityScore(each.members.length, each.expected)),
    ...{ feature: new Int32Array(conditions).fill(-1), upper: new Uint8Array(conditions) },
    threshold: new Float64Array(conditions),
    ...{ list: new Int32Array(regions.length).fill(-1), near: null },
  };
}

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, at) => from + at);

/** Images 0, 1, ... with the checkpoint that fails alone on each, and those with the one that is right alone. */
function group(regions: readonly HandMade[], lone: readonly number[], loneRight: readonly number[] = []): ScoredGroup {
  return {
    family: familyOf(regions),
    ...{ image: Uint32Array.from(upTo(lone.length)), lone: Uint8Array.from(lone) },
    rightImage: Uint32Array.from(upTo(loneRight.length, lone.length)),
    loneRight: Uint8Array.from(loneRight),
  };
}

function bestOf(
  regions: readonly HandMade[],
  lone: readonly number[],
  more: { right?: number[]; claimed?: number[]; accepted?: number } = {},
) {
  const { right = [], claimed = [], accepted = 1 } = more;
  const flags = Uint8Array.from(lone, (_, at) => Number(claimed.includes(at)));
  return bestRegion(group(regions, lone, right), flags, sideScore(accepted, 40), accepted);
}

describe('the best region of a group', () => {
  const all = { expected: 100, least: 1 };

  it('of equals is the first, else that of the greatest score', () => {
    const six = [0, 0, 0, 0, 0, 0];
    const regions = [
      [0, 1],
      [2, 3],
      [2, 3, 4],
      [1, 2, 3],
    ].map((members) => ({ ...all, members }));
    expect(bestOf(regions.slice(0, 2), six)?.region).toBe(0);
    expect(bestOf(regions, six)).toMatchObject({ region: 2, newlyFailed: [2, 3, 4] });
    // Three times in eight by chance: 3 ln 2.
    expect(bestOf(regions, six)?.score).toBeCloseTo(3 * Math.log(2), 12);
    // As many newly failed, and denser.
    const denser = { members: [3, 4, 5], expected: 1, least: 1 };
    expect(bestOf([...regions, denser], six)?.score).toBeCloseTo(3 * Math.log(2) + 3 * Math.log(3) - 2, 12);
  });

  it('has the net that makes it material, newly failed less newly fixed', () => {
    // 5 newly fail, 2 are newly right.
    const lone = [0, 0, 0, 1, 0, 1, 0];
    const region = (least: number) => [{ members: upTo(7), expected: 100, least }];
    expect(bestOf(region(3), lone)).toMatchObject({ newlyFailed: [0, 1, 2, 4, 6] });
    expect(bestOf(region(4), lone)).toBeNull();
    // With two accepted checkpoints those are newly right which both had wrong: 2 of the 3 in the region.
    const two = { accepted: 2, right: [0, 1, 0, 2, 0] };
    const beside = (least: number) => [{ members: [0, 1, 2, 4, 6], right: [0, 1, 4], expected: 100, least }];
    expect(bestOf(beside(3), lone, two)).toMatchObject({ newlyFailed: [0, 1, 2, 4, 6] });
    expect(bestOf(beside(4), lone, two)).toBeNull();
    expect(bestOf(beside(4), lone, { ...two, right: [1, 1, 0, 2, 0] })).not.toBeNull();
  });

  it('has more than the candidate’s share of the open images, however dense', () => {
    const region = [{ members: upTo(6), expected: 0.1, least: 1 }];
    expect(bestOf(region, [0, 0, 1, 2, 1, 2], { accepted: 2 })).toBeNull();
    expect(bestOf(region, [0, 0, 0, 2, 1, 2], { accepted: 2 })).toMatchObject({ newlyFailed: [0, 1, 2] });
  });

  it('is without what an earlier cluster has', () => {
    const regions = [{ members: upTo(6), expected: 100, least: 3 }];
    const lone = [0, 0, 0, 0, 0, 1];
    expect(bestOf(regions, lone, { claimed: [1] })?.newlyFailed).toEqual([0, 2, 3, 4]);
    // 3 newly fail and 1 is newly right: no more than 2 of net.
    expect(bestOf(regions, lone, { claimed: [1, 3] })).toBeNull();
    expect(bestOf(regions, lone, { claimed: [1, 5] })?.score).toBeCloseTo(4 * Math.log(2), 12);
    expect(bestOf([], lone)).toBeNull();
  });
});

describe('the maxima of draws', () => {
  // Of one region each, so that no other hides where it fails to count.
  it.each([
    [1, 9, 1, 100],
    [1, 9, 3, 100],
    [1, 9, 4, 2],
    [1, 40, 2, 3],
    [2, 6, 1, 0.1],
    [2, 9, 2, 1],
    [3, 8, 1, 0.5],
    [3, 17, 4, 30],
  ])(
    'are scores of material regions, draw by draw (%i accepted, %i open, net of %i, %d expected)',
    (accepted, open, least, expected) => {
      const random = stream(`maxima ${accepted} ${open}`);
      const side = () => random.below(accepted + 1);
      const right = accepted === 1 ? 0 : 5;
      const [lone, loneRight] = [upTo(open).map(side), upTo(right).map(side)];
      const scored = group([{ members: upTo(open), right: upTo(right), expected, least }], lone, loneRight);
      let found = 0;
      for (let block = 0; block < 4; block++) {
        const draws = drawBlock(upTo(open + right).map(String), accepted, block);
        const maxima = maximaOf([scored], draws, accepted);
        for (let draw = 0; draw < DRAWS_A_BLOCK; draw++) {
          const isCandidate = (of: number, image: number) =>
            (draws.bits[(of * draws.words + (draw >>> 5)) * draws.images + image] >>> (draw & 31)) & 1;
          const b = lone.filter((of, image) => isCandidate(of, image) === 1).length;
          const c = accepted === 1 ? open - b : loneRight.filter((of, at) => isCandidate(of, open + at) === 1).length;
          const isMaterial = b - c >= least && b * (accepted + 1) > open;
          // The likelihood ratio of b of m, against a share of 1 / (N + 1).
          const term = (count: number, share: number) => (count === 0 ? 0 : count * Math.log(count / (open * share)));
          const score = term(b, 1 / (accepted + 1)) + term(open - b, accepted / (accepted + 1));
          const value = isMaterial ? score + densityScore(open, expected) : 0;
          expect(maxima[draw]).toBeCloseTo(value, 9);
          found += Number(isMaterial);
        }
      }
      expect(found).toBeGreaterThan(0);
      expect(found).toBeLessThan(4 * DRAWS_A_BLOCK);
    },
  );

  it('are those of the best region and of the best group', () => {
    const regions = [upTo(4), upTo(5, 2), upTo(3, 5)].map((members, at) => ({ members, expected: 3 - at, least: 1 }));
    const names = upTo(8).map(String);
    const draws = drawBlock(names, 1, 0);
    const lone = [0, 1, 0, 0, 1, 0, 1, 0];
    const alone = regions.map((region) => maximaOf([group([region], lone)], draws, 1));
    const greatest = alone[0].map((_, draw) => Math.max(...alone.map((each) => each[draw])));
    expect(maximaOf([group(regions, lone)], draws, 1)).toEqual(greatest);
    expect(
      maximaOf(
        regions.map((region) => group([region], lone)),
        draws,
        1,
      ),
    ).toEqual(greatest);
    expect(maximaOf([], draws, 1)).toEqual(new Float64Array(DRAWS_A_BLOCK));
  });
});

describe('who the candidate is', () => {
  const names = upTo(4000).map((at) => `${at}.png`);
  const { bits, images, words } = drawBlock(names, 1, 0);
  const isCandidate = (image: number, draw: number) => (bits[(draw >>> 5) * images + image] >>> (draw & 31)) & 1;

  it('is drawn as often each, in every draw, whatever it was in the draw before', () => {
    expect([words, images, bits.length]).toEqual([4, 4000, 2 * 4 * 4000]);
    for (let draw = 0; draw < DRAWS_A_BLOCK; draw++) {
      const ones = upTo(4000).filter((image) => isCandidate(image, draw) === 1).length;
      // Five standard deviations of 4,000 coins.
      expect(Math.abs(ones - 2000)).toBeLessThan(5 * Math.sqrt(1000));
      for (const before of [draw - 1, draw - 24, draw - 25]) {
        if (before < 0) continue;
        const alike = upTo(4000).filter((image) => isCandidate(image, draw) === isCandidate(image, before)).length;
        expect(Math.abs(alike - 2000)).toBeLessThan(5 * Math.sqrt(1000));
      }
    }
  });

  it('hangs on the name of the image and the block, and on nothing else', () => {
    const few = drawBlock([names[7], 'other.png', names[7]], 1, 0);
    const of = (block: typeof few, image: number) => upTo(8).map((word) => block.bits[word * block.images + image]);
    expect(of(few, 0)).toEqual(of({ bits, images, words }, 7));
    expect(of(few, 2)).toEqual(of(few, 0));
    expect(of(few, 1)).not.toEqual(of(few, 0));
    expect(of(drawBlock([names[7]], 1, 1), 0)).not.toEqual(of(few, 0));
    const three = (name: string, block: number) => [...drawBlock([name], 2, block).bits];
    expect(three('a', 0)).toEqual(three('a', 0));
    expect(three('a', 0)).not.toEqual(three('b', 0));
    expect(three('a', 0)).not.toEqual(three('a', 1));
  });
});

describe('the layout of a bit set', () => {
  it('gives each image a bit of its own, shares words by weight alone, and puts the open ones first', () => {
    const random = stream('layout');
    const rows = 300;
    const weight = Float64Array.from({ length: rows }, () => random.below(4) / 8);
    const open = Uint8Array.from({ length: rows }, () => random.below(2));
    const layout = bitLayout(weight, open);
    expect(new Set(layout.bitOf).size).toBe(rows);
    const wordOf = (image: number) => layout.bitOf[image] >>> 5;
    for (let image = 0; image < rows; image++) {
      expect(layout.weight[wordOf(image)]).toBe(weight[image]);
      expect(wordOf(image) < layout.openWords).toBe(open[image] === 1);
    }
    // No more words than images of one kind fill: 32 a word.
    const kinds = Map.groupBy(upTo(rows), (image) => `${open[image]} ${weight[image]}`);
    const needed = [...kinds.values()].reduce((sum, images) => sum + Math.ceil(images.length / 32), 0);
    expect([layout.words, layout.weight.length]).toEqual([needed, needed]);
  });

  it('is empty for no images, and has no words for open ones where there are none', () => {
    expect(bitLayout(new Float64Array(0), new Uint8Array(0))).toMatchObject({ words: 0, openWords: 0 });
    expect(bitLayout(Float64Array.of(1, 1), new Uint8Array(2))).toMatchObject({ words: 1, openWords: 0 });
  });
});

describe('shuffles inside a group', () => {
  const p = (regions: readonly HandMade[], lone: readonly number[], score: number, right?: readonly number[]) =>
    specific({ seed: 's', group: group(regions, lone, right), accepted: right === undefined ? 1 : 2, score });

  it('keep how many newly fail: what holds all open images is as good each time, and never better', () => {
    const lone = [0, 0, 0, 0, 0, 1, 1, 1];
    const score = sideScore(1, 8).of(5, 8);
    const all = [{ members: upTo(8), expected: 100, least: 1 }];
    expect(p(all, lone, score)).toBe(1);
    expect(p(all, lone, score + 1e-9)).toBeLessThanOrEqual(0.001);
  });

  it('put four of eight into one half once in seventy times', () => {
    const half = [{ members: upTo(4), expected: 100, least: 1 }];
    const found = p(half, [0, 0, 0, 0, 1, 1, 1, 1], 4 * Math.log(2));
    expect(found).toBeGreaterThan(0.4 / 70);
    expect(found).toBeLessThan(2 / 70);
  });

  it('move newly fixed images too: two of four miss two places once in six times', () => {
    const region = [{ members: upTo(6), right: [0, 1], expected: 100, least: 6 }];
    const found = p(region, [0, 0, 0, 0, 0, 0], 6 * Math.log(3), [0, 0, 1, 1]);
    expect(found).toBeGreaterThan(0.5 / 6);
    expect(found).toBeLessThan(2 / 6);
  });
});

describe('scores of counts', () => {
  it.each([1, 2, 3])(
    'grow with b above its share, and the least b beyond a score is the first (%i accepted)',
    (accepted) => {
      const score = sideScore(accepted, 30);
      for (let m = 1; m <= 30; m++) {
        expect(score.most(m)).toBeCloseTo(score.of(m, m), 9);
        for (const limit of [-1, 0, 0.5, 3, 10, 1000]) {
          const first = upTo(m + 1).find((b) => b * (accepted + 1) > m && score.of(b, m) > limit);
          // A limit below 0 is no limit: any b that is looked for is above its share.
          const least = score.least(limit, m);
          if (limit >= 0) expect(least).toBe(first ?? m + 1);
          else expect(least).toBeLessThanOrEqual(first ?? m + 1);
        }
        for (let b = 0; b <= m; b++) if (b * (accepted + 1) <= m) expect(score.of(b, m)).toBe(0);
      }
    },
  );

  it('are of more open images than expected, and of none are none', () => {
    expect(densityScore(6, 2)).toBeCloseTo(6 * Math.log(3) - 4, 12);
    expect([densityScore(2, 2), densityScore(1, 2), densityScore(0, 0)]).toEqual([0, 0, 0]);
  });

  it.each([
    [100, 0.07, 1, 7],
    [30, 0.1, 1, 3],
    [31, 0.1, 1, 4],
    [30, 0.1, 5, 5],
    [0, 0.1, 0, 0],
  ])('the net of %i images at %d, %i at least, is %i', (size, minErrorRateIncrease, minNewFailures, net) => {
    expect(leastNet(size, { minErrorRateIncrease, minNewFailures })).toBe(net);
  });

  it('the smallest cluster that could show, with two accepted checkpoints', () => {
    const material = { minNewFailures: 3, minErrorRateIncrease: 0.1, regions: ['boxes'] } as const;
    for (const size of [2, 10, 200, 1000]) {
      for (const critical of [1, 5, 12]) {
        const expected = upTo(size, 1).find((failed) => {
          const region = Math.min(size, Math.max(2 * failed, Math.ceil(size / 64)));
          const mu = region * Math.min(1, failed / size);
          const isMaterial = failed >= Math.max(3, Math.ceil(0.1 * region - 1e-9));
          return isMaterial && failed * Math.log(3) + densityScore(failed, mu) > critical;
        });
        expect(smallestVisible(size, undefined, 2, critical, material)).toBe(expected ?? null);
      }
    }
  });
});
