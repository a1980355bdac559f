import { describe, expect, it } from 'vitest';
import { mannWhitney } from '../../src/statistics/mannWhitney.ts';
import { normalTail } from '../../src/statistics/normalTail.ts';
import { stream } from '../../src/statistics/random.ts';
import { hasScipy, numbersFromPython } from './scipy.ts';

const rising = (values: Iterable<number>) => Float64Array.from(values).sort();

/** Two lists of whole numbers on so many levels, the first moved up by a share of them. */
function lists(seed: string, n: number, m: number, levels: number, shift: number) {
  const random = stream(seed);
  const drawn = (length: number, by: number) =>
    rising(Array.from({ length }, () => random.below(levels) + Math.round(by * levels)));
  return [drawn(n, shift), drawn(m, 0)] as const;
}

describe('mannWhitney', () => {
  it('agrees with hand-worked cases', () => {
    // All above: 1 of the 10 ways to choose 2 of 5 places, both sides.
    expect(mannWhitney(rising([4, 5]), rising([1, 2, 3]))).toEqual({ superiority: 1, pValue: 0.2 });
    // U = 1 of 6: 0 or 1 come in 2 of the 10 ways.
    expect(mannWhitney(rising([1, 3]), rising([2, 4, 5]))).toEqual({ superiority: 1 / 6, pValue: 0.4 });
    // Mirrored: the same p, the other side.
    expect(mannWhitney(rising([2, 4, 5]), rising([1, 3]))).toEqual({ superiority: 5 / 6, pValue: 0.4 });
    // Equal values count half, and all alike tell nothing.
    expect(mannWhitney(rising([1, 1]), rising([1, 1, 1]))).toEqual({ superiority: 0.5, pValue: 1 });
    expect(mannWhitney(rising([1]), rising([1, 2])).superiority).toBe(0.25);
    // Two alike: a variance of 1 * 2 / 12 * (4 - 6 / (3 * 2)) = 1/2, and 2 - 1 - 1/2 of it: P(Z > 0.7071) = 0.23975.
    for (const tied of [mannWhitney(rising([1]), rising([2, 2])), mannWhitney(rising([2, 2]), rising([1]))])
      expect(tied.pValue).toBeCloseTo(2 * 0.23975006, 7);
    expect(mannWhitney(rising([3]), rising([2, 2])).pValue).toBeCloseTo(2 * 0.23975006, 7);
  });

  it('counts every order of a small case', () => {
    // By enumeration: the 3 of 7 places that the first list takes.
    const places = [0, 1, 2, 3, 4, 5, 6];
    const all = places.flatMap((a) =>
      places.flatMap((b) => places.filter((c) => a < b && b < c).map((c) => [a, b, c])),
    );
    const uOf = (own: readonly number[]) => own.reduce((sum, place, at) => sum + place - at, 0);
    for (const own of all) {
      const far = Math.abs(uOf(own) - 6);
      const asFar = all.filter((each) => Math.abs(uOf(each) - 6) >= far).length / all.length;
      const others = places.filter((place) => !own.includes(place));
      expect(mannWhitney(rising(own), rising(others)).pValue).toBeCloseTo(Math.min(1, asFar), 12);
    }
  });

  it('ends where values are no numbers', () => {
    expect(mannWhitney(rising([Number.NaN, 1]), rising([0, Number.NaN])).pValue).toBeLessThanOrEqual(1);
  });

  it.skipIf(!hasScipy)(
    'agrees with scipy.stats.mannwhitneyu, exact and approximate, with ties (needs python3-scipy)',
    () => {
      const cases = [
        lists('a', 5, 995, 1 << 20, 0.4),
        lists('b', 8, 40, 1 << 20, 0.2),
        lists('c', 8, 2000, 1 << 24, 0.9),
        lists('d', 38, 962, 1 << 20, 0.1),
        lists('e', 38, 962, 7, 0),
        lists('f', 5, 60, 4, 0.25),
        lists('g', 200, 800, 1 << 20, 0.7),
        lists('h', 900, 100, 30, -0.3),
        lists('i', 1, 1, 1 << 20, 0),
      ];
      const data = JSON.stringify(cases.map((each) => each.map((values) => [...values])));
      const truth = numbersFromPython(`
import json
from scipy.stats import mannwhitneyu
out = []
for x, y in json.loads('${data}'):
    r = mannwhitneyu(x, y, alternative='two-sided')
    out += [r.statistic / (len(x) * len(y)), r.pvalue]
print(json.dumps(out))`);
      for (const [at, [own, others]] of cases.entries()) {
        const { superiority, pValue } = mannWhitney(own, others);
        expect(superiority).toBeCloseTo(truth[2 * at], 12);
        expect(Math.abs(pValue / truth[2 * at + 1] - 1), `case ${at}: ${pValue}`).toBeLessThan(1e-8);
      }
    },
  );
});

describe('normalTail', () => {
  it('agrees with tables', () => {
    expect(normalTail(0)).toBe(0.5);
    expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 14);
    expect(normalTail(3) / 0.0013498980316300933).toBeCloseTo(1, 11);
    expect(normalTail(10) / 7.61985302416047e-24).toBeCloseTo(1, 10);
    expect(normalTail(50)).toBe(0);
  });

  it('is continuous where its two ways meet', () => {
    expect(normalTail(3 - 1e-12) / normalTail(3 + 1e-12)).toBeCloseTo(1, 10);
  });
});
