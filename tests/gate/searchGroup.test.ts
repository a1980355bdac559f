import { describe, expect, it } from 'vitest';
import { discordance } from '../../src/gate/discordance.ts';
import searchGroup, { type SearchTask } from '../../src/gate/searchGroup.ts';
import { stream } from '../../src/statistics/random.ts';
import { naiveSearch } from './naiveSearch.ts';
import { chance, type Sample, sampleOf } from './paired.ts';

const options = { significance: 0.01, conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 5 };

function task(
  group: string,
  { columns }: Sample,
  outcomes: readonly Uint8Array[],
  change: Partial<SearchTask['options']> = {},
) {
  return { group, columns, outcomes, tests: 20, options: { ...options, ...change } };
}

/** Candidate and baseline that differ at random in a share of the images. */
function noise(seed: string, rows: number, share: number): [Uint8Array, Uint8Array] {
  const random = stream(seed);
  const candidate = new Uint8Array(rows);
  const baseline = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    if (chance(random, share)) (chance(random, 0.5) ? candidate : baseline)[row] = 1;
  }
  return [candidate, baseline];
}

describe('p-values by sign flips', () => {
  it('agree with all 2^d flips enumerated', () => {
    const sample = sampleOf('enumerated', 30, 3, 12);
    const candidate = new Uint8Array(30);
    const baseline = new Uint8Array(30);
    for (const row of [1, 4, 7, 9, 13, 16, 18, 22, 25]) candidate[row] = 1;
    for (const row of [2, 11]) baseline[row] = 1;
    const chosen = { minNewFailures: 3, significance: 1e-9 };
    const searching = { ...options, ...chosen };
    const signs = Int8Array.from(candidate, (failed, row) => failed - baseline[row]);
    const live = [...signs.keys()].filter((row) => signs[row] !== 0);
    const observed = naiveSearch(sample.columns, signs, 1, searching)?.score ?? 0;
    let asGood = 0;
    for (let flips = 0; flips < 2 ** live.length; flips++) {
      const flipped = new Int8Array(30);
      for (const [bit, row] of live.entries()) flipped[row] = (flips >> bit) & 1 ? 1 : -1;
      // Scores are sums of logarithms: equal ones may differ in the last bit between the two searches.
      if ((naiveSearch(sample.columns, flipped, 1, searching)?.score ?? 0) >= observed - 1e-9) asGood++;
    }
    const exact = asGood / 2 ** live.length;
    const pValues = Array.from({ length: 60 }, (_, run) => {
      return searchGroup(task(`enumerated ${run}`, sample, [candidate, baseline], chosen))[0].pValue;
    });
    const mean = pValues.reduce((sum, p) => sum + p, 0) / pValues.length;
    // Besag-Clifford with 10 as good: relative standard error about 1 / sqrt(10) a run, biased upward by a tenth.
    expect(exact).toBeGreaterThan(0.005);
    expect(mean / exact).toBeGreaterThan(0.85);
    expect(mean / exact).toBeLessThan(1.3);
  });

  it('are as small under the null as chance allows', () => {
    const runs = 300;
    const pValues = Array.from({ length: runs }, (_, run) => {
      const sample = sampleOf(`null ${run}`, 120, 6, 50);
      return searchGroup(task(`null ${run}`, sample, noise(`noise ${run}`, 120, 0.25)))[0]?.pValue ?? 1;
    });
    for (const alpha of [0.05, 0.2, 0.5]) {
      const share = pValues.filter((p) => p <= alpha).length / runs;
      expect(share, `at ${alpha}`).toBeLessThan(alpha + 3.5 * Math.sqrt((alpha * (1 - alpha)) / runs));
    }
    // And no smaller than needed: the test is not idle.
    expect(pValues.filter((p) => p <= 0.5).length / runs).toBeGreaterThan(0.3);
  });

  it('are as small under the null of a window as chance allows', () => {
    const runs = 200;
    const pValues = Array.from({ length: runs }, (_, run) => {
      const sample = sampleOf(`window ${run}`, 150, 5, 50);
      const random = stream(`outcomes ${run}`);
      const difficulty = Array.from({ length: 150 }, () => random.uint32() / 2 ** 32);
      const outcomes = [0, 1, 2].map(() => Uint8Array.from(difficulty, (share) => Number(chance(random, share))));
      return searchGroup(task(`window ${run}`, sample, outcomes))[0]?.pValue ?? 1;
    });
    for (const alpha of [0.05, 0.2, 0.5]) {
      const share = pValues.filter((p) => p <= alpha).length / runs;
      expect(share, `at ${alpha}`).toBeLessThan(alpha + 3.5 * Math.sqrt((alpha * (1 - alpha)) / runs));
    }
  });

  it('are never below what the discordant images allow', () => {
    const sample = sampleOf('few', 40, 4);
    const candidate = Uint8Array.from({ length: 40 }, (_, row) => Number(row < 8));
    const found = searchGroup(task('few', sample, [candidate, new Uint8Array(40)]));
    expect(found[0].pValue).toBeGreaterThanOrEqual(2 ** -8);
  });
});

describe('planted clusters', () => {
  const rows = 1000;

  /** 12 features; of the 5 % of images with feature 3 > 0.9 and feature 8 <= 0.5 half newly fail. */
  function planted(seed: string) {
    const sample = sampleOf(seed, rows, 12);
    const [candidate, baseline] = noise(`${seed} noise`, rows, 0.04);
    const random = stream(`${seed} planted`);
    const inside = (row: number) => sample.at(row, 3) > 0.9 && sample.at(row, 8) <= 0.5;
    for (let row = 0; row < rows; row++) if (inside(row) && chance(random, 0.5)) candidate[row] = 1;
    return { sample, outcomes: [candidate, baseline], inside };
  }

  it('are found where they were planted, and as specific', () => {
    for (const seed of ['one', 'two', 'three', 'four', 'five']) {
      const { sample, outcomes, inside } = planted(seed);
      const [best] = searchGroup(task(seed, sample, outcomes));
      expect(best.pValue).toBeLessThan(0.0005);
      expect(best.scope).toBe('specific');
      expect(best.rule.map(({ feature, op }) => `${feature} ${op}`)).toContain('3 >');
      const failing = [...outcomes[0].keys()].filter((row) => inside(row) && outcomes[0][row] > outcomes[1][row]);
      const found = new Set(best.positions);
      expect(failing.filter((row) => found.has(row)).length / failing.length).toBeGreaterThan(0.8);
    }
  });

  it('do not depend on the order of images, on the scale of features, nor on what stands beside them', () => {
    const { sample, outcomes } = planted('order');
    const { columns } = sample;
    const [best] = searchGroup(task('order', sample, outcomes));
    const row = (position: number) => (position * 7) % rows;
    const values = new Float32Array(columns.values.length);
    for (let at = 0; at < values.length; at++) {
      values[at] = 2 * columns.values[Math.floor(at / rows) * rows + row(at % rows)];
    }
    const moved = outcomes.map((each) => Uint8Array.from({ length: rows }, (_, position) => each[row(position)]));
    const [again] = searchGroup(task('other', { ...sample, columns: { ...columns, values } }, moved));
    expect(again.positions.map(row).toSorted()).toEqual(best.positions);
    expect(again.rule).toEqual(best.rule.map((condition) => ({ ...condition, threshold: 2 * condition.threshold })));
    expect(again.pValue).toBeLessThan(0.0005);
    const later = { rows, from: 100, to: 112, values: columns.values };
    const [shifted] = searchGroup(task('order', { ...sample, columns: later }, outcomes));
    expect(shifted.rule).toEqual(best.rule.map((condition) => ({ ...condition, feature: 100 + condition.feature })));
    expect(shifted.pValue).toBe(best.pValue);
  });

  it('do not hide one another', () => {
    const sample = sampleOf('two clusters', rows, 10);
    const [candidate, baseline] = noise('two clusters noise', rows, 0.02);
    const random = stream('two clusters planted');
    for (let row = 0; row < rows; row++) {
      if ((sample.at(row, 1) > 0.94 || sample.at(row, 1) < 0.06) && chance(random, 0.6)) candidate[row] = 1;
    }
    const found = searchGroup(task('two clusters', sample, [candidate, baseline]));
    const significant = found.filter(({ pValue }) => pValue <= 0.0005);
    const features = significant.map(({ rule }) => rule.map(({ feature, op }) => `${feature} ${op}`));
    expect(features.some((each) => each.includes('1 >'))).toBe(true);
    expect(features.some((each) => each.includes('1 <='))).toBe(true);
    // What follows the last significant one is at most one more try.
    expect(found.slice(0, -1).every(({ pValue }) => pValue <= 0.01)).toBe(true);
  });
});

describe('specific or general', () => {
  it('a decline all over a group is general', () => {
    const sample = sampleOf('general', 400, 8);
    const random = stream('general outcomes');
    const candidate = Uint8Array.from({ length: 400 }, () => Number(chance(random, 0.3)));
    const baseline = Uint8Array.from({ length: 400 }, () => Number(chance(random, 0.08)));
    const [best] = searchGroup(task('general', sample, [candidate, baseline]));
    expect(best.pValue).toBeLessThan(0.0005);
    expect(best.scope).toBe('general');
    expect(best.specificPValue).toBeGreaterThan(0.01);
  });

  it('where every changed image newly fails, it depends on whether the rest got materially worse', () => {
    const sample = sampleOf('alike', 300, 5);
    const baseline = new Uint8Array(300);
    const inside = (row: number) => sample.at(row, 2) > 0.85;
    const clean = Uint8Array.from({ length: 300 }, (_, row) => Number(inside(row) && row % 2 === 0));
    expect(searchGroup(task('alike', sample, [clean, baseline]))[0].scope).toBe('specific');
    const random = stream('alike outcomes');
    const everywhere = Uint8Array.from({ length: 300 }, (_, row) => Number(inside(row) || chance(random, 0.3)));
    expect(searchGroup(task('alike', sample, [everywhere, baseline]))[0].scope).toBe('general');
  });
});

describe('a window of baselines', () => {
  it('makes nothing of a cluster that the baselines themselves gain and lose', () => {
    const sample = sampleOf('unstable', 300, 6);
    const inside = (row: number) => sample.at(row, 0) > 0.8;
    const fails = (share: number, seed: string) => {
      const random = stream(seed);
      return Uint8Array.from({ length: 300 }, (_, row) =>
        Number(inside(row) ? chance(random, share) : chance(random, 0.03)),
      );
    };
    const candidate = fails(0.6, 'candidate');
    const good = fails(0.1, 'good');
    const bad = fails(0.6, 'bad');
    expect(searchGroup(task('unstable', sample, [candidate, good]))[0].pValue).toBeLessThan(0.0005);
    expect(searchGroup(task('unstable', sample, [candidate, good, bad]))[0]?.pValue ?? 1).toBeGreaterThan(0.0005);
    expect(discordance([candidate, good, bad]).signs.filter((sign) => sign > 0).length).toBeLessThan(
      discordance([candidate, good]).signs.filter((sign) => sign > 0).length,
    );
  });
});
