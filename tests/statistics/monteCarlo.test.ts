import { describe, expect, it } from 'vitest';
import { fitGumbelTail, gumbelTail } from '../../src/statistics/gumbel.ts';
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

  it('stops early in a clear case only where asked to', () => {
    const uniform = uniforms('clear');
    const draw = () => -Math.log(uniform());
    const options = { draws: 4999, stopAfter: 10 };
    expect(monteCarlo(60, draw, options).draws).toBe(4999);
    const clear = monteCarlo(60, draw, { ...options, clearBelow: 1e-9 });
    expect(clear.draws).toBe(999);
    expect(clear.pValue).toBeLessThan(1e-9);
    expect(monteCarlo(9.5, draw, { ...options, clearBelow: 1e-9 }).draws).toBe(4999);
    // Not before so many draws, nor by any beyond.
    const same = (more: object) => {
      const again = uniforms('as clear');
      let made = 0;
      const drawn = () => {
        made++;
        return -Math.log(again());
      };
      return { result: monteCarlo(60, drawn, { ...options, ...more }), made };
    };
    expect(same({ clearBelow: 1e-9 })).toEqual(same({ draws: 999 }));
    expect(same({ clearBelow: 1e-9, lookAt: 1200 })).toEqual(same({ draws: 1200 }));
    // One draw as good is no clear case, whatever the level.
    const one = monteCarlo(60, (at) => (at === 500 ? 60 : draw()), { ...options, clearBelow: 0.5 });
    expect(one).toEqual({ pValue: 2 / 5000, draws: 4999, asGood: 1, extended: false });
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

describe('fitGumbelTail', () => {
  const gumbel = (uniform: () => number, location: number, scale: number) =>
    location - scale * Math.log(-Math.log(uniform()));
  const trueTail = (x: number, location: number, scale: number) => -Math.expm1(-Math.exp((location - x) / scale));

  it('recovers the tail drawn from, whatever lies below it', () => {
    const uniform = uniforms('fit');
    const drawn = Float64Array.from({ length: 9999 }, () => gumbel(uniform, 7, 2));
    const fit = fitGumbelTail(drawn);
    if (fit === null) throw new Error('no fit');
    expect(Math.abs(fit.scale - 2)).toBeLessThan(0.6);
    for (const x of [18, 22, 26]) {
      expect(gumbelTail(fit, x) / trueTail(x, 7, 2)).toBeGreaterThan(0.2);
      expect(gumbelTail(fit, x) / trueTail(x, 7, 2)).toBeLessThan(5);
    }
    const tenth = drawn.toSorted().reverse()[1000];
    expect(fitGumbelTail(drawn.map((value) => (value < tenth ? 0.001 : value)))).toEqual(fit);
  });

  it('is not misled by values that are far apart: the tail at a value is that of reaching it', () => {
    // Rounded down to multiples of 0.7 with a true scale of 1; a naive fit gives 1.4 and tails ten times too heavy.
    const ratios = Array.from({ length: 40 }, (_, run) => {
      const uniform = uniforms(`rounded ${run}`);
      const drawn = Float64Array.from({ length: 9999 }, () => 0.7 * Math.floor(gumbel(uniform, 7, 1) / 0.7));
      const fit = fitGumbelTail(drawn);
      return fit === null ? 0 : gumbelTail(fit, 18.2) / trueTail(18.2, 7, 1);
    }).sort((a, b) => a - b);
    expect(ratios[20]).toBeGreaterThan(0.6);
    expect(ratios[20]).toBeLessThan(1.7);
  });

  it('fits no zeros, and nothing where too little is left', () => {
    expect(fitGumbelTail(new Float64Array(999))).toBeNull();
    const rising = (most: number) => Float64Array.from({ length: 999 }, (_, at) => (at < most ? at + 1 : 0));
    expect(fitGumbelTail(rising(19))).toBeNull();
    expect(fitGumbelTail(rising(20))).toMatchObject({ from: 1 });
    expect(fitGumbelTail(Float64Array.from({ length: 999 }, (_, at) => (at < 50 ? 5 : 0)))).toBeNull();
    // Two values, 40 and 10 times of 1,000: P(X >= 2) is 1 in 100 in the sample, and so in the fit.
    const two = Float64Array.from({ length: 1000 }, (_, at) => (at < 40 ? 1 : at < 50 ? 2 : 0));
    const fit = fitGumbelTail(two);
    expect(fit === null ? 0 : gumbelTail(fit, 2)).toBeCloseTo(0.01, 6);
    expect(fit === null ? 0 : gumbelTail(fit, 1)).toBeCloseTo(0.05, 12);
  });

  it('reads tails without cancellation', () => {
    expect(gumbelTail({ from: 0, intensity: 1, scale: 1 }, 60) / Math.exp(-60)).toBeCloseTo(1, 12);
  });
});
