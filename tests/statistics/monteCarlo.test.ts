import { describe, expect, it } from 'vitest';
import { fitGumbel, gumbelTail } from '../../src/statistics/gumbel.ts';
import { monteCarlo } from '../../src/statistics/monteCarlo.ts';
import { stream } from '../../src/statistics/random.ts';

function uniforms(seed: string): () => number {
  const random = stream(seed);
  return () => (random.uint32() + 0.5) / 2 ** 32;
}

describe('monteCarlo', () => {
  it('stops after enough draws as good', () => {
    const result = monteCarlo(5, (index) => (index % 3 === 0 ? 5 : 0), { draws: 1000, stopAfter: 4 });
    expect(result).toEqual({ pValue: 4 / 10, draws: 10, asGood: 4, extended: false });
  });

  it('counts the observed value among the draws when it does not stop', () => {
    const result = monteCarlo(5, (index) => (index === 7 ? 6 : 0), { draws: 99, stopAfter: 10 });
    expect(result).toEqual({ pValue: 2 / 100, draws: 99, asGood: 1, extended: false });
  });

  it('extends nothing where the draws do not allow a fit', () => {
    const result = monteCarlo(5, () => 0, { draws: 99, stopAfter: 10 });
    expect(result).toEqual({ pValue: 1 / 100, draws: 99, asGood: 0, extended: false });
  });

  it('is 1 where every draw is as good', () => {
    expect(monteCarlo(0, () => 0, { draws: 99, stopAfter: 10 }).pValue).toBe(1);
  });

  it('is exact under the null: at most a share alpha of p-values is <= alpha', () => {
    const uniform = uniforms('null');
    const pValues = Array.from({ length: 4000 }, () => {
      return monteCarlo(uniform(), uniform, { draws: 199, stopAfter: 5 }).pValue;
    });
    for (const alpha of [0.01, 0.05, 0.2, 0.5]) {
      const share = pValues.filter((p) => p <= alpha).length / pValues.length;
      expect(share).toBeLessThan(alpha + 4 * Math.sqrt((alpha * (1 - alpha)) / pValues.length));
    }
  });

  it('extends the p-value below what draws can show, close to the truth', () => {
    const uniform = uniforms('gumbel');
    // Location 3, scale 0.5; the observed value has P(X >= x) = 1e-6.
    const draw = () => 3 - 0.5 * Math.log(-Math.log(uniform()));
    const result = monteCarlo(3 - 0.5 * Math.log(1e-6), draw, { draws: 9999, stopAfter: 10 });
    expect(result.extended).toBe(true);
    expect(result.pValue).toBeGreaterThan(0.3e-6);
    expect(result.pValue).toBeLessThan(3e-6);
  });
});

describe('fitGumbel', () => {
  it('recovers the distribution drawn from, whatever lies below the median', () => {
    const uniform = uniforms('fit');
    const drawn = Float64Array.from({ length: 20000 }, () => 7 - 2 * Math.log(-Math.log(uniform())));
    const fit = fitGumbel(drawn);
    expect(fit?.location).toBeCloseTo(7, 0);
    expect(fit?.scale).toBeCloseTo(2, 0);
    expect(Math.abs((fit?.scale ?? 0) - 2)).toBeLessThan(0.08);
    const median = drawn.toSorted()[10000];
    // The draws below the median are spoilt; the fit does not see them.
    expect(fitGumbel(drawn.map((value) => (value < median ? value - 100 : value)))).toEqual(fit);
  });

  it('maximises the censored likelihood', () => {
    const uniform = uniforms('likelihood');
    const drawn = Float64Array.from({ length: 400 }, () => Math.max(0, 1 - Math.log(-Math.log(uniform()))));
    const cut = Math.max(0, drawn.toSorted()[200]);
    const likelihood = (location: number, scale: number) =>
      drawn.reduce((sum, value) => {
        const z = (Math.max(value, cut) - location) / scale;
        return sum - Math.exp(-z) - (value > cut ? z + Math.log(scale) : 0);
      }, 0);
    const fit = fitGumbel(drawn);
    if (fit === null) throw new Error('no fit');
    const best = likelihood(fit.location, fit.scale);
    for (const [dl, ds] of [
      [0.01, 0],
      [-0.01, 0],
      [0, 0.01],
      [0, -0.01],
      [0.01, 0.01],
      [-0.01, 0.01],
    ]) {
      expect(likelihood(fit.location + dl, fit.scale + ds)).toBeLessThan(best);
    }
  });

  it('reads tails without cancellation', () => {
    expect(gumbelTail({ location: 0, scale: 1 }, 60) / Math.exp(-60)).toBeCloseTo(1, 12);
    expect(gumbelTail({ location: 0, scale: 1 }, 0)).toBeCloseTo(1 - Math.exp(-1), 14);
  });
});
