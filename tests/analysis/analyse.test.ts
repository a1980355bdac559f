import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPool, type Pool } from '../../src/adapters/threadPool.ts';
import { analyseGroups } from '../../src/analysis/analyseGroups.ts';
import type { AnalysisSetting } from '../../src/analysis/analysisSetting.ts';
import { packed } from '../../src/analysis/columns.ts';
import { drawnRows } from '../../src/analysis/drawnRows.ts';
import { evaluate } from '../../src/analysis/evaluate.ts';
import { mutualInformation, selectFeatures } from '../../src/analysis/mutualInformation.ts';
import { presort } from '../../src/analysis/presort.ts';
import { growTree } from '../../src/analysis/tree.ts';
import { analyse } from '../../src/pipeline/analyse.ts';
import { defaultAnalysisOptions } from '../../src/pipeline/defaults.ts';
import type { Group } from '../../src/records/analysis.ts';
import type { ReadColumns } from '../../src/records/features.ts';
import type { RunTask } from '../../src/records/threads.ts';
import { stream } from '../../src/statistics/random.ts';
import { dimensions, golden, imagesOf } from './cifar10.ts';

/** Reads from arrays into shared memory, as a feature store does. */
function reader(features: Float32Array, width: number): ReadColumns {
  return async (rows, from, to) => {
    const values = new Float32Array(new SharedArrayBuffer(4 * rows.length * (to - from)));
    for (let at = 0, j = from; j < to; j++) for (const row of rows) values[at++] = features[row * width + j];
    return { rows: rows.length, from, to, values };
  };
}

/** Groups of one hundred images of real features, in two sizes. */
function realGroups() {
  const { features, labels, predictions } = imagesOf('automobile');
  const group = (id: string, from: number, to: number): Group => ({
    id,
    grouping: 'column',
    value: id,
    rows: Uint32Array.from({ length: to - from }, (_, i) => from + i),
    failed: Uint8Array.from({ length: to - from }, (_, i) => Number(labels[from + i] !== predictions[from + i])),
  });
  const groups = [group('a', 0, 300), group('b', 300, 500), group('tiny', 500, 505), group('c', 400, 1000)];
  return { groups, readColumns: reader(features, dimensions) };
}

const options = { ...defaultAnalysisOptions, shuffles: 49 };

describe('analyseGroups', () => {
  const pools: Pool[] = [];
  beforeAll(() => {
    pools.push(openPool(0), openPool(1), openPool(2));
  });
  afterAll(async () => {
    for (const pool of pools) await pool.close();
  });
  const setting = (pool: Pool, more: Partial<AnalysisSetting> = {}): AnalysisSetting => ({
    readColumns: realGroups().readColumns,
    dimensions,
    run: pool.run,
    options,
    concurrency: 3,
    ...more,
  });

  it('gives the same for 0, 1 and 2 workers', async () => {
    const { groups } = realGroups();
    const [none, one, two] = await Promise.all(pools.map((pool) => analyseGroups(groups, setting(pool))));
    expect(one).toEqual(none);
    expect(two).toEqual(none);
    expect(JSON.stringify(two)).toBe(JSON.stringify(none));
    expect(none.map(({ id, skipped }) => [id, skipped === null])).toEqual([
      ['a', true],
      ['b', true],
      ['tiny', false],
      ['c', true],
    ]);
  });

  it('reads in blocks with one task at a time, where there are no workers', async () => {
    const { groups } = realGroups();
    const whole = await analyseGroups(groups, setting(pools[0]));
    expect(await analyseGroups(groups, setting(pools[0], { heldValues: 7000, concurrency: 1 }))).toEqual(whole);
  });

  it('holds the jitter of two blocks at a time, and of no more', async () => {
    const { groups } = realGroups();
    let most = 0;
    let held = 0;
    const run: RunTask = async (worker, task) => {
      const isBlock = typeof task === 'object' && task !== null && 'jitter' in task;
      if (isBlock) most = Math.max(most, ++held);
      // A turn of the event loop, for others to begin in.
      await new Promise((resolve) => setTimeout(resolve, 1));
      const outcome = await pools[0].run(worker, task);
      if (isBlock) held--;
      return outcome;
    };
    await analyseGroups(groups, setting(pools[0], { heldValues: 7000, concurrency: 8, run }));
    expect(most).toBe(2);
  });

  it('gives the same where groups are read in blocks of columns', async () => {
    const { groups } = realGroups();
    const whole = await analyseGroups(groups, setting(pools[0]));
    for (const heldValues of [300 * dimensions, 7000, 600]) {
      const reads: number[] = [];
      const { readColumns } = realGroups();
      const counted: ReadColumns = (rows, from, to) => {
        reads.push(rows.length * (to - from));
        return readColumns(rows, from, to);
      };
      const blocks = await analyseGroups(groups, setting(pools[2], { heldValues, readColumns: counted }));
      expect(blocks).toEqual(whole);
      expect(reads.length).toBeGreaterThan(3);
    }
  });

  it('selects the features of a very large group on a part of it, and grows its tree on all of it', async () => {
    const { groups, readColumns } = realGroups();
    const [last] = groups.slice(-1);
    const group = { ...last, failed: last.failed.map((_, row) => Number(row % 3 === 0)) };
    const more = { heldValues: 7000, selectedOn: 300, readColumns };
    const [analysis] = await analyseGroups([group], setting(pools[0], more));
    expect(await analyseGroups([group], setting(pools[2], { ...more, concurrency: 1 }))).toEqual([analysis]);
    // Of 600 rows 300: 100 of the 200 that fail, and half of the others.
    const failing = [...group.failed.keys()].filter((row) => group.failed[row] === 1);
    const right = [...group.failed.keys()].filter((row) => group.failed[row] === 0);
    const drawn = (outcome: number, rows: readonly number[], count: number) =>
      [...drawnRows(`select:c:${outcome}`, rows.length, count)].map((at) => rows[at]);
    const part = [...drawn(1, failing, 100), ...drawn(0, right, 200)].sort((a, b) => a - b);
    const rows = Uint32Array.from(part, (row) => group.rows[row]);
    const failed = Uint8Array.from(part, (row) => group.failed[row]);
    const information = mutualInformation(await readColumns(rows, 0, dimensions), dimensions, failed, 3);
    expect(analysis.selectedFeatures).toEqual(selectFeatures(information, options.features.select));
    const features = analysis.selectedFeatures.map(({ feature }) => feature).sort((a, b) => a - b);
    const columns = await Promise.all(features.map((feature) => readColumns(group.rows, feature, feature + 1)));
    const matrix = packed(
      600,
      columns.map(({ values }) => values),
    );
    const nodes = growTree(presort(matrix), [...features.keys()], group.failed, options.tree.maxDepth);
    expect(analysis.tree?.nodes.map(({ size, failures }) => [size, failures])).toEqual(
      nodes.map(({ size, failures }) => [size, failures]),
    );
    expect(nodes.length).toBeGreaterThan(3);
  });

  it('selects on enough failures where they are rare', async () => {
    const { groups, readColumns } = realGroups();
    const [{ rows, ...group }] = groups.slice(-1);
    // Two fail, and by feature 5 one could tell which.
    const reading: ReadColumns = async (some, from, to) => {
      const columns = await readColumns(some, from, to);
      if (from <= 5 && 5 < to)
        for (const [i, row] of some.entries()) columns.values[(5 - from) * some.length + i] = row < 402 ? 1 : 0;
      return columns;
    };
    const failed = Uint8Array.from(rows, (row) => Number(row < 402));
    const more = { heldValues: 7000, selectedOn: 100, readColumns: reading };
    const [analysis] = await analyseGroups([{ ...group, rows, failed }], setting(pools[0], more));
    expect(analysis.leaves[0]).toMatchObject({ failures: 2, size: 2 });
  });

  it('reports progress group by group', async () => {
    const { groups } = realGroups();
    const seen: string[] = [];
    const onProgress = (stage: string, done: number, total: number) => void seen.push(`${stage} ${done}/${total}`);
    await analyseGroups(groups, setting(pools[0], { onProgress, options: { ...options, shuffles: 0 } }));
    expect(seen).toEqual(['analyse 1/4', 'analyse 2/4', 'analyse 3/4', 'analyse 4/4']);
  });

  it('adjusts p-values over the groups that grew a tree, by Holm', async () => {
    const { groups } = realGroups();
    const analyses = await analyseGroups(groups, setting(pools[0]));
    const pValues = analyses.flatMap(({ pValue }) => pValue ?? []).sort((a, b) => a - b);
    expect(pValues).toHaveLength(3);
    const least = analyses.find(({ pValue }) => pValue === pValues[0]);
    expect(least?.adjustedPValue).toBe(Math.min(1, 3 * pValues[0]));
    expect(analyses[2]).toMatchObject({ pValue: null, adjustedPValue: null, tree: null, leaves: [] });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a feature that is %d, naming image and feature',
    async (bad) => {
      const { groups, readColumns } = realGroups();
      const spoiled: ReadColumns = async (rows, from, to) => {
        const columns = await readColumns(rows, from, to);
        for (const [i, row] of rows.entries())
          if (row === 417 && from <= 9 && 9 < to) columns.values[(9 - from) * rows.length + i] = bad;
        return columns;
      };
      for (const large of [{}, { heldValues: 7000 }, { heldValues: 7000, selectedOn: 20 }]) {
        const more = { readColumns: spoiled, imageName: (row: number) => `car-${row}.png`, ...large };
        await expect(analyseGroups([groups[1]], setting(pools[2], more))).rejects.toMatchObject({
          name: 'UserError',
          what: 'feature 9 of car-417.png is not a finite number',
        });
      }
    },
  );

  it('stops reading once a group has failed', async () => {
    const { groups } = realGroups();
    let reads = 0;
    const failing: ReadColumns = async () => {
      reads++;
      throw new Error('disk gone');
    };
    await expect(analyseGroups(groups, setting(pools[0], { readColumns: failing, concurrency: 1 }))).rejects.toThrow(
      'disk gone',
    );
    expect(reads).toBe(1);
  });
});

describe('analyse', () => {
  const small = { features: Float32Array.of(1, 2, 3, 4), dimensions: 2, labels: ['a', 'b'], predictions: ['a', 'a'] };

  it('analyses arrays in memory', async () => {
    const analyses = await analyse({ ...imagesOf('automobile'), dimensions, groups: ['label:automobile'] });
    const expected = golden().find(({ id }) => id === 'label:automobile');
    expect(analyses).toHaveLength(1);
    expect(analyses[0].aler).toBeCloseTo(expected?.trees[1].aler ?? 0, 12);
    // The groups with the best leaf of the real data stand out of any shuffle.
    expect(analyses[0].pValue).toBeLessThan(1e-3);
    expect(analyses[0].adjustedPValue).toBe(analyses[0].pValue);
  });

  it('says why a group grew no tree', async () => {
    const { uint32 } = stream('skips');
    const n = 90;
    const labels = Array.from({ length: n }, (_, i) => ['few', 'right', 'wrong'][i < 10 ? 0 : i < 50 ? 1 : 2]);
    const predictions = labels.map((label) => (label === 'wrong' ? 'few' : label));
    const features = Float32Array.from({ length: n * 3 }, () => uint32() / 2 ** 32);
    const analyses = await analyse({
      features,
      dimensions: 3,
      labels,
      predictions,
      groups: ['label', 'prediction:wrong'],
    });
    expect(analyses.map(({ id, size, failures, skipped }) => [id, size, failures, skipped])).toEqual([
      ['label:few', 10, 0, 'it has 10 of the 20 images that a tree needs'],
      ['label:right', 40, 0, 'none of its images fails'],
      ['label:wrong', 40, 40, 'all of its images fail'],
      ['prediction:wrong', 0, 0, 'it has no images'],
    ]);
    expect(analyses[3].baseErrorRate).toBe(0);
  });

  it.each([
    [{ ...small, predictions: ['a'] }, 'predictions'],
    [{ ...small, dimensions: 3 }, 'features'],
    [{ ...small, columns: { light: ['day'] } }, 'columns.light'],
  ])('refuses arrays of unequal lengths (%#)', async (input, where) => {
    await expect(analyse(input)).rejects.toMatchObject({ name: 'UserError', where });
  });
});

describe('evaluate', () => {
  it('cuts a deep tree to each depth as if grown at it', async () => {
    const input = { ...imagesOf('horse'), dimensions, groups: ['label:horse'] };
    const at = (maxDepth: number) => analyse({ ...input, options: { tree: { maxDepth }, shuffles: 0 } });
    const { failureMode } = defaultAnalysisOptions;
    const evaluations = evaluate(await at(5), [1, 2, 3, 4, 5], failureMode);
    for (const { depth, groups } of evaluations) {
      const [analysis] = await at(depth);
      expect(groups[0].aler).toBeCloseTo(analysis.aler ?? 0, 12);
      const { errorRate, errorCoverage, failureMode } = analysis.leaves[0];
      expect(groups[0].bestLeaf).toEqual({ errorRate, errorCoverage, failureMode });
    }
  });

  it('distributes over the groups of each grouping', async () => {
    const { groups, readColumns } = realGroups();
    const run: AnalysisSetting['run'] = async (worker, task) => worker.run(task);
    const analyses = await analyseGroups(
      groups.map((group) => ({ ...group, id: `part:${group.id}` })),
      { readColumns, dimensions, run, options: { ...options, shuffles: 0 }, concurrency: 1 },
    );
    const [one, three] = evaluate(analyses, [1, 3], options.failureMode);
    expect(one).toMatchObject({ grouping: 'part', depth: 1, skipped: 1 });
    const increases = three.groups.map(({ alerIncrease }) => alerIncrease).sort((a, b) => a - b);
    expect(increases).toHaveLength(3);
    // numpy.quantile of three values: the middles between neighbours.
    expect(three.alerIncrease?.min).toBe(increases[0]);
    expect(three.alerIncrease?.lowerQuartile).toBeCloseTo((increases[0] + increases[1]) / 2, 14);
    expect(three.alerIncrease?.median).toBe(increases[1]);
    expect(three.alerIncrease?.upperQuartile).toBeCloseTo((increases[1] + increases[2]) / 2, 14);
    expect(three.alerIncrease?.max).toBe(increases[2]);
    expect(three.alerIncrease?.mean).toBeCloseTo((increases[0] + increases[1] + increases[2]) / 3, 14);
    const modes = three.groups.filter(({ bestLeaf }) => bestLeaf.failureMode).length;
    expect(three.failureModeShare).toBe(modes / 3);
    expect(three.alerIncrease?.mean).toBeGreaterThan(one.alerIncrease?.mean ?? 1);
  });

  it('has nothing to say where no group grew a tree', () => {
    expect(evaluate([], [1], options.failureMode)).toEqual([]);
  });
});
