import { describe, expect, it } from 'vitest';
import { discordance, drawSigns, leastPValue, shuffleSigns, sign } from '../../src/gate/discordance.ts';
import { stream } from '../../src/statistics/random.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('discordance', () => {
  it('with one baseline: the discordant images', () => {
    const found = discordance([bytes(1, 0, 1, 0, 1), bytes(0, 1, 1, 0, 0)]);
    expect([...found.live]).toEqual([0, 1, 4]);
    expect([...found.signs]).toEqual([1, -1, 1]);
  });

  it('with a window: newly failed where every baseline was right, newly fixed where every one failed', () => {
    // Columns: candidate and two baselines; images: all eight combinations.
    const candidate = bytes(0, 0, 0, 0, 1, 1, 1, 1);
    const newest = bytes(0, 0, 1, 1, 0, 0, 1, 1);
    const older = bytes(0, 1, 0, 1, 0, 1, 0, 1);
    const found = discordance([candidate, newest, older]);
    // Not live: 000 and 111. One alone fails: 001, 010, 100. One alone is right: 011, 101, 110.
    expect([...found.live]).toEqual([1, 2, 3, 4, 5, 6]);
    const { newlyFailed, newlyFixed, other, neither } = sign;
    expect([...found.signs]).toEqual([other, other, newlyFixed, newlyFailed, neither, neither]);
    expect([...found.lone]).toEqual([1, 1, 0, 1, 0, 0]);
  });

  it('needs a candidate and a baseline', () => {
    expect(() => discordance([bytes(1)])).toThrow();
  });
});

describe('drawSigns', () => {
  const draws = 30_000;

  function shares(outcomes: Uint8Array[]): { failed: number; others: number; fixed: number }[] {
    const observed = discordance(outcomes);
    const random = stream('draw');
    const drawn = new Int8Array(observed.signs.length);
    const sums = Array.from(drawn, () => ({ failed: 0, others: 0, fixed: 0 }));
    for (let draw = 0; draw < draws; draw++) {
      drawSigns(observed, random, drawn);
      for (const [at, drawnSign] of drawn.entries()) {
        sums[at].failed += drawnSign === sign.newlyFailed ? 1 / draws : 0;
        sums[at].others += drawnSign === sign.other ? 1 / draws : 0;
        sums[at].fixed += drawnSign === sign.newlyFixed ? 1 / draws : 0;
      }
    }
    return sums;
  }

  it('is a fair coin an image with one baseline, beyond the bits of one random number', () => {
    for (const { failed, others } of shares([new Uint8Array(50).fill(1), new Uint8Array(50)])) {
      expect(Math.abs(failed - 0.5)).toBeLessThan(0.015);
      expect(failed + others).toBeCloseTo(1, 9);
    }
  });

  it('draws which of the N + 1 outcomes is the candidate with a window', () => {
    const [loneFailure, loneSuccess] = shares([bytes(1, 1), bytes(0, 0), bytes(0, 1)]);
    expect(Math.abs(loneFailure.failed - 1 / 3)).toBeLessThan(0.015);
    expect(loneFailure.failed + loneFailure.others).toBeCloseTo(1, 9);
    expect(Math.abs(loneSuccess.fixed - 1 / 3)).toBeLessThan(0.015);
    expect(loneSuccess.failed + loneSuccess.others).toBe(0);
  });

  it('has no pairs of images that go together', () => {
    const observed = discordance([new Uint8Array(40).fill(1), new Uint8Array(40)]);
    const random = stream('pairs');
    const drawn = new Int8Array(40);
    let together = 0;
    for (let draw = 0; draw < 20_000; draw++) {
      drawSigns(observed, random, drawn);
      together += drawn[0] === drawn[24] ? 1 : 0;
      together += drawn[7] === drawn[8] ? 1 : 0;
    }
    expect(Math.abs(together / 40_000 - 0.5)).toBeLessThan(0.012);
  });
});

describe('shuffleSigns', () => {
  it('keeps how many there are and lets every place have every sign', () => {
    const observed = discordance([bytes(1, 1, 0, 0, 0), bytes(0, 0, 1, 1, 1)]);
    const random = stream('shuffle');
    const drawn = new Int8Array(5);
    const sums = new Float64Array(5);
    for (let draw = 0; draw < 20_000; draw++) {
      shuffleSigns(observed, random, drawn);
      expect(drawn.reduce((sum, each) => sum + each, 0)).toBe(-1);
      for (const [at, each] of drawn.entries()) sums[at] += each === sign.newlyFailed ? 1 / 20_000 : 0;
    }
    for (const share of sums) expect(Math.abs(share - 0.4)).toBeLessThan(0.015);
  });

  it('never moves a sign to an image that cannot bear it', () => {
    const observed = discordance([bytes(1, 0, 0, 0), bytes(0, 1, 1, 1), bytes(0, 0, 1, 1)]);
    const random = stream('kinds');
    const drawn = new Int8Array(observed.signs.length);
    for (let draw = 0; draw < 200; draw++) {
      shuffleSigns(observed, random, drawn);
      for (const [at, each] of drawn.entries()) {
        const bearable: number[] =
          observed.lone[at] === 1 ? [sign.newlyFailed, sign.other] : [sign.newlyFixed, sign.neither];
        expect(bearable).toContain(each);
      }
    }
  });
});

describe('leastPValue', () => {
  it('is the probability of the best case', () => {
    expect(leastPValue(discordance([bytes(1, 0, 1, 0, 1, 1), bytes(0, 1, 0, 1, 0, 1)]), 5)).toBeCloseTo(1 / 32, 15);
    // Two alone fail (1/3 each to be the candidate), one alone is right (2/3 not to be).
    expect(leastPValue(discordance([bytes(1, 0, 0), bytes(0, 1, 1), bytes(0, 0, 1)]), 2)).toBeCloseTo(2 / 27, 15);
  });

  it('is 1 where too few images could newly fail', () => {
    expect(leastPValue(discordance([bytes(1, 0, 1, 0), bytes(0, 1, 0, 1)]), 5)).toBe(1);
    expect(leastPValue(discordance([bytes(0, 0), bytes(0, 0)]), 5)).toBe(1);
  });
});
