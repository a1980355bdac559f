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
    expect(discordanceLogLikelihoodRatio(36, 0)).toBeCloseTo(24.953, 3);
    expect(discordanceLogLikelihoodRatio(12, 4)).toBeCloseTo(12 * Math.log(1.5) + 4 * Math.log(0.5), 14);
  });

  it('is one-sided', () => {
    expect(discordanceLogLikelihoodRatio(4, 12)).toBe(0);
    expect(discordanceLogLikelihoodRatio(4, 4)).toBe(0);
    expect(discordanceLogLikelihoodRatio(0, 0)).toBe(0);
  });
});
