import { describe, expect, it } from 'vitest';
import { significanceRows } from '../../src/analysis/groupTask.ts';
import { presort } from '../../src/analysis/presort.ts';
import { quantise } from '../../src/analysis/quantised.ts';
import { shuffled, significance } from '../../src/analysis/significance.ts';
import { growTree } from '../../src/analysis/tree.ts';
import { stream } from '../../src/statistics/random.ts';

/** Uniform features and failures that have nothing to do with them. */
function noise(seed: string, rows: number, dimensions: number, errorRate: number) {
  const { uint32 } = stream(seed);
  const values = Float32Array.from({ length: rows * dimensions }, () => uint32() / 2 ** 32);
  const failed = Uint8Array.from({ length: rows }, () => Number(uint32() / 2 ** 32 < errorRate));
  if (!failed.includes(1)) failed[0] = 1;
  return { columns: { rows, from: 0, to: dimensions, values }, failed };
}

/** n log likelihood of a share, from the definition. */
const likelihood = (failures: number, size: number) =>
  [failures, size - failures].reduce((sum, count) => sum + (count === 0 ? 0 : count * Math.log(count / size)), 0);

/** A set of rows in which more fail than elsewhere, and by how much. */
interface Side {
  readonly members: ReadonlySet<number>;
  readonly chiSquare: number;
}

/** Statistic of one outcome, every step by definition. */
function naiveStatistic(values: Float32Array, failed: Uint8Array): number {
  const rows = failed.length;
  const all = [...failed.keys()];
  const failing = (members: Iterable<number>) => [...members].filter((row) => failed[row] === 1).length;
  const failures = failing(all);
  const sides = (column: number): Side[] => {
    const own = values.subarray(column * rows, (column + 1) * rows);
    const sorted = own.toSorted();
    const wanted = [1, 2, 4, 8, 12, 16, 20, 24, 28, 30, 31].map((part) => Math.ceil((part / 32) * rows));
    const ends = wanted.map((place) => sorted.findIndex((value, i) => i >= place && i > 0 && value > sorted[i - 1]));
    return [...new Set(ends.filter((end) => end > 0))].map((end) => {
      const below = new Set(all.filter((row) => own[row] <= sorted[end - 1]));
      const above = new Set(all.filter((row) => !below.has(row)));
      const expected = (members: ReadonlySet<number>) => (members.size * failures) / rows;
      const chiSquare = [below, above].reduce((sum, members) => {
        const difference = (failing(members) - expected(members)) ** 2;
        return sum + difference / expected(members) + difference / (members.size - expected(members));
      }, 0);
      return { members: failing(below) > expected(below) ? below : above, chiSquare };
    });
  };
  const best = Array.from({ length: values.length / rows }, (_, column) => sides(column))
    .flatMap((cuts) => (cuts.length === 0 ? [] : [cuts.reduce((a, b) => (b.chiSquare > a.chiSquare + 1e-9 ? b : a))]))
    .filter(({ chiSquare }) => chiSquare > 1e-9)
    .toSorted((a, b) => (Math.abs(a.chiSquare - b.chiSquare) < 1e-9 ? 0 : b.chiSquare - a.chiSquare))
    .slice(0, 12);
  const ratio = (members: ReadonlySet<number>) => {
    const inside = failing(members);
    if (inside * rows <= failures * members.size) return 0;
    return (
      likelihood(inside, members.size) + likelihood(failures - inside, rows - members.size) - likelihood(failures, rows)
    );
  };
  const boxes = best.flatMap((a) => best.map((b) => a.members.intersection(b.members)));
  return Math.max(0, ...boxes.map(ratio));
}

/** Every way in which `failures` of `rows` can fail. */
function arrangements(rows: number, failures: number): Uint8Array[] {
  if (failures > rows) return [];
  if (rows === 0) return [new Uint8Array(0)];
  const withFirst = (value: number) => (rest: Uint8Array) => Uint8Array.of(value, ...rest);
  return [
    ...arrangements(rows - 1, failures).map(withFirst(0)),
    ...(failures > 0 ? arrangements(rows - 1, failures - 1).map(withFirst(1)) : []),
  ];
}

describe('significance', () => {
  it.each([1, 2, 3, 4])(
    'is the share of all arrangements that do at least as well, within Monte Carlo error (case %i)',
    (k) => {
      const rows = 10;
      const dimensions = 14;
      const { below } = stream(`enumerated ${k}`);
      // Few levels, so that there are ties; one column is constant.
      const values = Float32Array.from({ length: rows * dimensions }, (_, at) => (at < rows ? 1 : below(4)));
      const failures = 2 + k;
      const failed = Uint8Array.from({ length: rows }, (_, row) => Number(row < failures));
      const observed = naiveStatistic(values, failed);
      const all = arrangements(rows, failures).map((outcome) => naiveStatistic(values, outcome));
      const exact = all.filter((statistic) => statistic >= observed - 1e-9).length / all.length;
      const data = quantise({ rows, from: 0, to: dimensions, values });
      const seeds = 200;
      const pValues = Array.from({ length: seeds }, (_, seed) => significance(data, failed, 99, `${seed}`));
      // Besag and Clifford's p-value is a little above the exact one on average: by at most a tenth.
      const mean = pValues.reduce((sum, value) => sum + value, 0) / seeds;
      expect(mean).toBeGreaterThan(exact * 0.95 - 0.01);
      expect(mean).toBeLessThan(exact * 1.15 + 0.015);
    },
  );

  it('is calibrated on pure noise, where most best leaves look like failure modes', () => {
    const groups = [
      ...Array.from({ length: 150 }, (_, i) => noise(`small ${i}`, 50, 50, 0.2)),
      ...Array.from({ length: 60 }, (_, i) => noise(`middle ${i}`, 200, 32, 0.1)),
      ...Array.from({ length: 30 }, (_, i) => noise(`large ${i}`, 1300, 8, 0.15)),
    ];
    const pValues = groups.map(({ columns, failed }, i) =>
      significance(quantise(columns), failed, 99, `calibration ${i}`),
    );
    const share = (limit: number) => pValues.filter((value) => value <= limit).length;
    // Three standard deviations above the binomial mean.
    const bound = (limit: number) => groups.length * limit + 3 * Math.sqrt(groups.length * limit * (1 - limit));
    for (const limit of [0.01, 0.05, 0.1, 0.5]) expect(share(limit)).toBeLessThanOrEqual(bound(limit));
    // And not by being blind: the p-values spread over the unit interval.
    expect(share(0.6)).toBeGreaterThan(0.4 * groups.length);
    const plain = groups.slice(0, 150).filter(({ columns, failed }) => {
      const failures = failed.reduce((sum, value) => sum + value, 0);
      const leaves = growTree(presort(columns), [...Array(50).keys()], failed, 1).filter(
        (node) => node.column === null,
      );
      const best = leaves.reduce((a, b) => (b.failures ** 2 / b.size > a.failures ** 2 / a.size ? b : a));
      return best.failures / failures >= 0.2 && best.failures / best.size >= failures / 50 + 0.1;
    });
    expect(plain.length).toBeGreaterThan(75);
  });

  it.each([
    [70, 15, 0.2],
    [70, 15, 0.8],
    [96, 3, 0.1],
    [33, 20, 0.5],
  ])(
    'is that of the shuffles that its seed names, to the last one (%i rows, %i features, %d fail)',
    (rows, dimensions, share) => {
      let unclear = 0;
      for (let k = 0; k < 6; k++) {
        const { columns, failed } = noise(`to the last ${rows} ${share} ${k}`, rows, dimensions, share);
        // A feature that tells a little, and one of few values.
        for (let row = 0; row < rows; row++) {
          if (failed[row] === 1) columns.values[row] += 0.12 * k;
          columns.values[rows + row] = Math.round(3 * columns.values[rows + row]);
        }
        const failures = failed.reduce((sum, value) => sum + value, 0);
        const observed = naiveStatistic(columns.values, failed);
        let [made, asGood] = [0, 0];
        for (; made < 60 && asGood < 10; made++) {
          const drawn = naiveStatistic(columns.values, shuffled(rows, failures, `exact:${made}`));
          asGood += Number(drawn >= observed - 1e-9);
        }
        const expected = asGood === 10 ? 10 / made : (1 + asGood) / 61;
        const found = significance(quantise(columns), failed, 60, 'exact');
        if (asGood === 0) expect(found).toBeLessThanOrEqual(expected);
        else expect(found).toBeCloseTo(expected, 12);
        unclear += Number(asGood > 0);
      }
      expect(unclear).toBeGreaterThan(1);
    },
  );

  it('of a clear case makes no more than 199 shuffles, and of no case stops at the tenth as good', () => {
    const { columns, failed } = noise('few shuffles', 60, 4, 0.3);
    const p = significance(quantise(columns), failed, 1_000_000, 'stops');
    expect(p).toBeGreaterThan(1e-4);
    for (let row = 0; row < 60; row++) columns.values[row] = failed[row] + columns.values[row] / 2;
    expect(significance(quantise(columns), failed, 1_000_000, 'stops')).toBeLessThan(1e-6);
  });

  it('shuffles keep their number of failures, whatever it is', () => {
    for (const failures of [0, 1, 5, 19, 20]) {
      expect(shuffled(20, failures, 'any').reduce((sum, value) => sum + value, 0)).toBe(failures);
    }
    expect(shuffled(20, 5, 'a')).toEqual(shuffled(20, 5, 'a'));
    expect(shuffled(20, 5, 'a')).not.toEqual(shuffled(20, 5, 'b'));
  });

  it('sees a planted cluster, and carries its p-value below one in the shuffles', () => {
    const { columns, failed } = noise('planted', 400, 16, 0.1);
    for (let row = 0; row < 400; row++) if (columns.values[5 * 400 + row] > 0.9) failed[row] = 1;
    expect(significance(quantise(columns), failed, 199, 'planted')).toBeLessThan(1e-4);
  });

  it('sees a cluster that only two features together tell', () => {
    const { columns, failed } = noise('box', 1000, 12, 0);
    const high = (feature: number, row: number) => columns.values[feature * 1000 + row] > 0.75;
    for (let row = 0; row < 1000; row++) failed[row] = Number(high(3, row) && high(7, row) && row % 2 === 0);
    expect(significance(quantise(columns), failed, 199, 'box')).toBeLessThan(1e-6);
  });

  it('shuffles uniformly: each row fails as often, and each pair', () => {
    const draws = 6000;
    const counts = new Map<string, number>();
    for (let i = 0; i < draws; i++) {
      const chosen = shuffled(4, 2, `uniform ${i}`).join('');
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Pearson's chi-square with 5 degrees of freedom: above 20.5 in one run of a thousand.
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - draws / 6) ** 2 / (draws / 6), 0);
    expect(chiSquare).toBeLessThan(20.5);
  });

  it('counts beyond 65,535 rows', () => {
    const rows = 70_000;
    const shuffles = 19;
    const { columns, failed } = noise('many rows 6', rows, 1, 0.1);
    const failures = failed.reduce((sum, value) => sum + value, 0);
    const sorted = columns.values.toSorted();
    const cuts = [1, 2, 4, 8, 12, 16, 20, 24, 28, 30, 31].map((part) => sorted[Math.ceil((part / 32) * rows) - 1]);
    // The one-sided log likelihood ratio of the cut that differs most, from counts in plain numbers.
    const statistic = (outcome: Uint8Array) => {
      const tables = cuts.map((cut) => {
        const below = columns.values.reduce((sum, value) => sum + Number(value <= cut), 0);
        const failing = columns.values.reduce((sum, value, row) => sum + Number(value <= cut && outcome[row] === 1), 0);
        const difference = failing * rows - below * failures;
        return { below, failing, difference, chiSquare: difference ** 2 / (below * (rows - below)) };
      });
      const { below, failing } = tables.reduce((a, b) => (b.chiSquare > a.chiSquare ? b : a));
      const parts = likelihood(failing, below) + likelihood(failures - failing, rows - below);
      return parts - likelihood(failures, rows);
    };
    const observed = statistic(failed);
    const drawn = Array.from({ length: shuffles }, (_, index) => statistic(shuffled(rows, failures, `seed:${index}`)));
    // A noise feature scores little: 245 where counts overflow. Fewer than 10 are as good, so none is left out.
    expect(Math.max(observed, ...drawn)).toBeLessThan(20);
    const asGood = drawn.filter((each) => each >= observed).length;
    expect(asGood).toBeLessThan(10);
    expect(significance(quantise(columns), failed, shuffles, 'seed')).toBe((1 + asGood) / (1 + shuffles));
  });

  it('depends on its seed alone', () => {
    const { columns, failed } = noise('seeded 3', 80, 10, 0.3);
    const p = (seed: string) => significance(quantise(columns), failed, 199, seed);
    expect(p('a')).toBe(p('a'));
    expect(new Set(['a', 'b', 'c', 'd'].map(p)).size).toBeGreaterThan(1);
  });
});

describe('significanceRows', () => {
  it('takes all rows where 2^23 values hold them, else a sample named by the group', () => {
    expect([...significanceRows('all', 5, 3)]).toEqual([0, 1, 2, 3, 4]);
    expect([...significanceRows('all', 4096, 2048)]).toEqual([...Array(4096).keys()]);
    // One row more than there is room for: one is left out, by the group's name.
    const left = ['a', 'b', 'c'].map((id) => {
      const taken = new Set(significanceRows(id, 4097, 2048));
      return [...Array(4097).keys()].filter((row) => !taken.has(row));
    });
    expect(left.map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(new Set(left.flat()).size).toBeGreaterThan(1);
    const sample = significanceRows('all', 10_000, 2048);
    expect(sample).toHaveLength(4096);
    expect(sample).toEqual(Uint32Array.from(new Set(sample)).sort());
    expect(sample[4095]).toBeLessThan(10_000);
    expect(significanceRows('all', 10_000, 2048)).toEqual(sample);
    expect(significanceRows('label:a', 10_000, 2048)).not.toEqual(sample);
    // Every row as likely: of the first half and of the second as many, within five standard deviations.
    const early = sample.filter((row) => row < 5000).length;
    expect(Math.abs(early - 2048)).toBeLessThan(5 * 25);
  });
});
