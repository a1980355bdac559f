import { describe, expect, it } from 'vitest';
import { discordanceLogLikelihoodRatio, logLikelihoodRatio } from '../../src/statistics/logLikelihoodRatio.ts';
import { hasScipy, numbersFromPython } from './scipy.ts';

describe('logLikelihoodRatio', () => {
  it('agrees with hand-worked values', () => {
    // 4 of 4 inside, 0 of 4 outside, 4 of 8 in all: 0 + 0 - 8 ln(1/2)
    expect(logLikelihoodRatio(4, 4, 4, 8)).toBeCloseTo(8 * Math.LN2, 14);
    const byHand = 3 * Math.log(3 / 4) + Math.log(1 / 4) + Math.log(1 / 6) + 5 * Math.log(5 / 6);
    expect(logLikelihoodRatio(3, 4, 4, 10)).toBeCloseTo(byHand - 4 * Math.log(0.4) - 6 * Math.log(0.6), 14);
  });

  it('is one-sided', () => {
    expect(logLikelihoodRatio(1, 4, 4, 8)).toBe(0);
    expect(logLikelihoodRatio(2, 4, 4, 8)).toBe(0);
    expect(logLikelihoodRatio(4, 8, 4, 8)).toBe(0);
    expect(logLikelihoodRatio(0, 0, 4, 8)).toBe(0);
  });

  it.skipIf(!hasScipy)('agrees with binomial log likelihoods by scipy (needs python3-scipy)', () => {
    const cases = [
      [30, 100, 50, 1000],
      [9, 10, 40, 50],
      [1, 1, 1, 50],
    ];
    const truth = numbersFromPython(`import json; from scipy.stats import binom
def l(k, n): return binom.logpmf(k, n, k / n)
def free(k, n, r): return binom.logpmf(k, n, r)
print(json.dumps([l(a, n) + l(A - a, N - n) - free(a, n, A / N) - free(A - a, N - n, A / N) for a, n, A, N in ${JSON.stringify(cases)}]))`);
    for (const [at, [a, n, all, size]] of cases.entries()) {
      expect(logLikelihoodRatio(a, n, all, size)).toBeCloseTo(truth[at], 9);
    }
  });
});

describe('discordanceLogLikelihoodRatio', () => {
  it('agrees with the formula', () => {
    const ratio = discordanceLogLikelihoodRatio(40);
    expect(ratio(36, 0)).toBeCloseTo(24.953, 3);
    expect(ratio(12, 4)).toBeCloseTo(12 * Math.log(1.5) + 4 * Math.log(0.5), 14);
    // 8 of 12 where a third was to be expected.
    expect(discordanceLogLikelihoodRatio(12, 1 / 3)(8, 4)).toBeCloseTo(8 * Math.log(2) + 4 * Math.log(0.5), 14);
  });

  it('is the binomial one for a share of a half', () => {
    // Against a free rate: a group in which half of very many fail.
    const many = 1e9;
    expect(discordanceLogLikelihoodRatio(20)(15, 5)).toBeCloseTo(logLikelihoodRatio(15, 20, many / 2, many), 4);
  });

  it('is one-sided', () => {
    const ratio = discordanceLogLikelihoodRatio(16);
    expect([ratio(4, 12), ratio(4, 4), ratio(0, 0)]).toEqual([0, 0, 0]);
    const third = discordanceLogLikelihoodRatio(16, 1 / 3);
    expect([third(4, 8), third(3, 8)]).toEqual([0, 0]);
    expect(third(5, 8)).toBeGreaterThan(0);
  });
});
