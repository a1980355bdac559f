import { describe, expect, it } from 'vitest';
import { significanceRows } from '../../src/analysis/groupTask.ts';
import { presort } from '../../src/analysis/presort.ts';
import { significance } from '../../src/analysis/significance.ts';
import { growTree } from '../../src/analysis/tree.ts';
import { stream } from '../../src/statistics/random.ts';

const options = (shuffles: number, select = 50, maxDepth = 3) => ({
  features: { select, neighbours: 3 },
  tree: { maxDepth },
  shuffles,
});

/** Uniform features and failures that have nothing to do with them. */
function noise(seed: string, rows: number, dimensions: number, errorRate: number) {
  const { uint32 } = stream(seed);
  const values = Float32Array.from({ length: rows * dimensions }, () => uint32() / 2 ** 32);
  const failed = Uint8Array.from({ length: rows }, () => Number(uint32() / 2 ** 32 < errorRate));
  if (!failed.includes(1)) failed[0] = 1;
  return { data: presort({ rows, from: 0, to: dimensions, values }), failed };
}

/** n log likelihood of a share, from the definition. */
const likelihood = (failures: number, size: number) =>
  [failures, size - failures].reduce((sum, count) => sum + (count === 0 ? 0 : count * Math.log(count / size)), 0);

/** Statistic of one outcome, every step by definition but the growing. */
function naiveStatistic(values: Float32Array, failed: Uint8Array, select: number, maxDepth: number): number {
  const rows = failed.length;
  const failures = failed.reduce((sum, value) => sum + value, 0);
  const ratio = (inside: number, size: number) =>
    likelihood(inside, size) + likelihood(failures - inside, rows - size) - likelihood(failures, rows);
  const dimensions = values.length / rows;
  const information = Array.from({ length: dimensions }, (_, column) => {
    const own = values.subarray(column * rows, (column + 1) * rows);
    return Math.max(
      ...Array.from(own, (threshold) => {
        const inside = [...own.keys()].filter((row) => own[row] <= threshold);
        return ratio(inside.filter((row) => failed[row] === 1).length, inside.length);
      }),
    );
  });
  const selected = [...information.keys()]
    .sort((a, b) => (Math.abs(information[a] - information[b]) < 1e-9 ? a - b : information[b] - information[a]))
    .slice(0, select)
    .sort((a, b) => a - b);
  const nodes = growTree(presort({ rows, from: 0, to: dimensions, values }), selected, failed, maxDepth);
  const leaves = nodes.filter((node) => node.column === null && node.failures / node.size > failures / rows);
  return Math.max(0, ...leaves.map((leaf) => ratio(leaf.failures, leaf.size)));
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
      const dimensions = 5;
      const { below } = stream(`enumerated ${k}`);
      // Few levels, so that there are ties.
      const values = Float32Array.from({ length: rows * dimensions }, () => below(4));
      const failures = 2 + k;
      const failed = Uint8Array.from({ length: rows }, (_, row) => Number(row < failures));
      const observed = naiveStatistic(values, failed, 2, 2);
      const all = arrangements(rows, failures).map((outcome) => naiveStatistic(values, outcome, 2, 2));
      const exact = all.filter((statistic) => statistic >= observed - 1e-9).length / all.length;
      const data = presort({ rows, from: 0, to: dimensions, values });
      const seeds = 200;
      const pValues = Array.from({ length: seeds }, (_, seed) =>
        significance(data, failed, options(99, 2, 2), `${seed}`),
      );
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
    const pValues = groups.map(({ data, failed }, i) => significance(data, failed, options(99), `calibration ${i}`));
    const share = (limit: number) => pValues.filter((value) => value <= limit).length;
    // Three standard deviations above the binomial mean.
    const bound = (limit: number) => groups.length * limit + 3 * Math.sqrt(groups.length * limit * (1 - limit));
    for (const limit of [0.01, 0.05, 0.1, 0.5]) expect(share(limit)).toBeLessThanOrEqual(bound(limit));
    // And not by being blind: the p-values spread over the unit interval.
    expect(share(0.6)).toBeGreaterThan(0.4 * groups.length);
    const plain = groups.slice(0, 150).filter(({ data, failed }) => {
      const failures = failed.reduce((sum, value) => sum + value, 0);
      const leaves = growTree(data, [...Array(50).keys()], failed, 1).filter((node) => node.column === null);
      const best = leaves.reduce((a, b) => (b.failures ** 2 / b.size > a.failures ** 2 / a.size ? b : a));
      return best.failures / failures >= 0.2 && best.failures / best.size >= failures / 50 + 0.1;
    });
    expect(plain.length).toBeGreaterThan(75);
  });

  it('sees a planted cluster, and carries its p-value below one in the shuffles', () => {
    const { data, failed } = noise('planted', 400, 16, 0.1);
    for (let row = 0; row < 400; row++) if (data.values[5 * 400 + row] > 0.9) failed[row] = 1;
    expect(significance(data, failed, options(199), 'planted')).toBeLessThan(1e-4);
  });

  it('depends on its seed alone', () => {
    const { data, failed } = noise('seeded', 80, 10, 0.3);
    const p = (seed: string) => significance(data, failed, options(199), seed);
    expect(p('a')).toBe(p('a'));
    expect(new Set(['a', 'b', 'c', 'd'].map(p)).size).toBeGreaterThan(1);
  });
});

describe('significanceRows', () => {
  it('takes all rows where 2^23 values hold them, else a sample named by the group', () => {
    expect([...significanceRows('all', 5, 3)]).toEqual([0, 1, 2, 3, 4]);
    const sample = significanceRows('all', 10_000, 2048);
    expect(sample).toHaveLength(4096);
    expect(sample).toEqual(Uint32Array.from(new Set(sample)).sort());
    expect(sample[4095]).toBeLessThan(10_000);
    expect(significanceRows('all', 10_000, 2048)).toEqual(sample);
    expect(significanceRows('label:a', 10_000, 2048)).not.toEqual(sample);
  });
});
