import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { maximaWorker, type ScoredGroup } from '../../src/gate/maxima.ts';
import { type NewClustersInput, newClusters } from '../../src/gate/newClusters.ts';
import { runTest } from '../../src/gate/runTest.ts';
import { prepareGroups, scanPrepared } from '../../src/gate/scan.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, pairedGroup, readerOf, sampleOf } from './paired.ts';

const ROWS = 400;
const rows = Array.from({ length: ROWS }, (_, row) => row);
const fails = (which: (row: number) => boolean) => Uint8Array.from(rows, (row) => Number(which(row)));
const { run } = openPool(0);

/** One feature: 1 for the rows from 200 on, 0 for those before. */
const halves = {
  columns: { rows: ROWS, from: 0, to: 1, values: Float32Array.from(rows, (row) => Number(row >= 200)) },
  at: () => 0,
};

const boxes = { conditions: 2, regions: ['boxes'] } as const;

function input(outcomes: readonly Uint8Array[], change: Partial<NewClustersInput> = {}): NewClustersInput {
  return {
    ...{
      groups: [pairedGroup('a', rows, outcomes)],
      images: rows.map((row) => `${row}.png`),
      draws: 999,
      properties: 1,
    },
    options: { ...boxes, significance: 0.01, minErrorRateIncrease: 0.1, minNewFailures: 5 },
    faceOf: () => ({ label: 'a', before: 'a', after: 'b', confidence: null, confidenceBefore: null }),
    ...{ dimensions: 1, readColumns: readerOf(halves), difficultyOf: async () => null, run, onProgress: () => {} },
    ...change,
  };
}
const none = fails(() => false);

describe('the scope of a new cluster', () => {
  const first = async (candidate: Uint8Array, baseline = none) => {
    const { parts } = await newClusters(input([candidate, baseline]));
    return parts[0].cluster;
  };

  it('where all open images newly fail hangs on the rest of the group: a tenth of it makes a general decline', async () => {
    const half = [{ feature: 0, op: '>', threshold: 0.5 }];
    const specific = await first(fails((row) => row >= 200 || row < 19));
    expect(specific).toMatchObject({ rule: half, size: 200, newlyFailed: 200, scope: 'specific' });
    const general = await first(fails((row) => row >= 200 || row < 20));
    expect(general).toMatchObject({ rule: half, size: 200, newlyFailed: 200, scope: 'general' });
  });

  it('of a whole group is general', async () => {
    expect(await first(fails((row) => row % 2 === 0))).toMatchObject({ rule: [], size: 400, scope: 'general' });
  });

  it('else is told by shuffles inside the group', async () => {
    const random = stream('scope');
    const baseline = fails(() => chance(random, 0.1));
    const broken = await first(
      fails((row) => chance(random, 0.1) || (row >= 200 && chance(random, 0.4))),
      baseline,
    );
    expect(broken.specificPValue).toBeLessThanOrEqual(0.01);
    expect(broken.scope).toBe('specific');
    const declined = await first(
      fails((row) => chance(random, row >= 200 ? 0.36 : 0.32)),
      baseline,
    );
    expect(declined.specificPValue).toBeGreaterThan(0.01);
    expect(declined.scope).toBe('general');
  });
});

describe('the scan', () => {
  const sample = sampleOf('several', ROWS, 4);
  const shared = { dimensions: 4, properties: 4, readColumns: readerOf(sample) };
  const random = stream('several clusters');
  const baseline = fails(() => chance(random, 0.03));
  const two = fails((row) => chance(random, 0.03) || sample.at(row, 0) > 0.87 || sample.at(row, 1) < 0.13);

  it('finds a second cluster beside the first, the higher score first, neither with an image of the other', async () => {
    const { clusters, test } = await scanPrepared(
      await prepareGroups(input([two, baseline], shared)),
      input([two, baseline], shared),
    );
    expect(clusters.length).toBeGreaterThanOrEqual(2);
    const features = clusters.slice(0, 2).map(({ rule }) => rule.map(({ feature }) => feature));
    expect(features.flat()).toEqual(expect.arrayContaining([0, 1]));
    for (const [at, { score, pValue }] of clusters.entries()) {
      if (at > 0) expect(score).toBeLessThanOrEqual(clusters[at - 1].score);
      expect(pValue).toBeGreaterThanOrEqual(test.pValue);
      expect(pValue).toBeLessThanOrEqual(0.01);
    }
    const brought = clusters.flatMap(({ newlyFailed }) => [...newlyFailed]);
    expect(new Set(brought).size).toBe(brought.length);
    for (const { newlyFailed, unclaimed } of clusters) for (const at of newlyFailed) expect(unclaimed).toContain(at);
    const newly = rows.filter((row) => two[row] > baseline[row]);
    expect([...clusters[0].unclaimed]).toEqual(newly);
    expect([...clusters[1].unclaimed]).toEqual(newly.filter((row) => !clusters[0].newlyFailed.includes(row)));
  });

  it('tells how far it is, group by group and by its draws', async () => {
    const told: string[] = [];
    const onProgress = (stage: string, done: number, total: number) => void told.push(`${stage} ${done}/${total}`);
    const groups = ['a', 'b'].map((name) => pairedGroup(name, rows, [two, baseline]));
    const { test } = await newClusters(input([two, baseline], { ...shared, groups, onProgress }));
    expect(told).toEqual(['scan 1/2', 'scan 2/2', `draws ${test.draws}/999`]);
  });

  it('makes those groups ready that have enough open images', async () => {
    const open = (count: number) => pairedGroup(`${count}`, rows, [fails((row) => row < count), none]);
    const least = (minNewFailures: number) => ({
      ...{ ...boxes, significance: 0.01, minErrorRateIncrease: 0, minNewFailures },
    });
    const five = { ...shared, options: least(5), groups: [open(4), open(5), open(0)] };
    const ready = await prepareGroups(input([two, baseline], five));
    expect(ready.map(({ group }) => group.value)).toEqual(['5']);
    const every = { ...shared, options: least(0), groups: [open(0), open(1)] };
    const any = await prepareGroups(input([two, baseline], every));
    expect(any.map(({ group }) => group.value)).toEqual(['1']);
  });

  it('draws one choice for all copies of an image', async () => {
    // Ten copies of one image newly fail: one coin, and no wonder; ten images that have nothing to do with each other are ten coins.
    const candidate = fails((row) => row >= 390);
    const copies = rows.map((row) => (row >= 390 ? 'the first of them.png' : `${row}.png`));
    const options = { ...boxes, significance: 0.01, minErrorRateIncrease: 0.05, minNewFailures: 5 };
    const change = { options };
    const apart = await newClusters(input([candidate, none], change));
    const alike = await newClusters(input([candidate, none], { ...change, drawnAs: copies }));
    expect(apart.test.pValue).toBeLessThan(0.01);
    expect(apart.parts).toHaveLength(1);
    expect(alike.test.pValue).toBeGreaterThan(0.3);
    expect(alike.parts).toEqual([]);
    // Images are told by their own names all the same.
    expect(apart.parts[0].cluster.images).toEqual(rows.slice(390).map((row) => `${row}.png`));
  });

  it('says nothing of no groups', async () => {
    const { parts, test } = await newClusters(input([two, baseline], { groups: [] }));
    expect([parts, test.pValue, test.critical]).toEqual([[], 1, null]);
  });
});

describe('the test of a run that is no clear case', () => {
  const sample = sampleOf('unclear', ROWS, 3);
  const random = stream('unclear outcomes');
  const outcomes = [fails(() => chance(random, 0.1)), fails(() => chance(random, 0.1))];
  const names = rows.map((row) => `${row}.png`);
  const ready = async (): Promise<ScoredGroup> => {
    const [{ scored }] = await prepareGroups(
      input(outcomes, { dimensions: 3, properties: 3, readColumns: readerOf(sample) }),
    );
    return scored;
  };
  const tested = async (scored: ScoredGroup, observed: number, significance = 0.01, draws = 2500) => {
    const told: string[] = [];
    const onProgress = (done: number, total: number) => void told.push(`${done}/${total}`);
    const test = await runTest({
      groups: [scored],
      names,
      accepted: 1,
      observed,
      significance,
      draws,
      run,
      onProgress,
    });
    return { ...test, told };
  };

  it('goes on in portions until ten draws are as good, or all are made', async () => {
    const scored = await ready();
    const drawn: number[] = [];
    for (let block = 0; block < 20; block++)
      drawn.push(...(await run(maximaWorker, { groups: [scored], names, accepted: 1, block })));
    const falling = drawn.slice(0, 999).toSorted((a, b) => b - a);
    let goneOn = 0;
    for (const observed of [falling[0], falling[2], falling[6], falling[8], falling[9], falling[30]]) {
      const { pValue, draws, told } = await tested(scored, observed);
      const asGood = (made: number) => drawn.slice(0, made).filter((each) => each >= observed).length;
      const portions = [999, 1999, 2500];
      const made = portions.find((each) => asGood(each) >= 10) ?? 2500;
      expect(draws).toBe(made);
      expect(told).toEqual(portions.filter((each) => each <= made).map((each) => `${each}/2500`));
      const tenth = drawn.findIndex((_, at) => asGood(at + 1) === 10);
      const isStopped = tenth >= 0 && tenth < made;
      expect(pValue).toBeCloseTo(isStopped ? 10 / (tenth + 1) : (1 + asGood(2500)) / 2501, 12);
      goneOn += Number(made > 999);
    }
    expect(goneOn).toBeGreaterThan(2);
  });

  it('cannot be significant at a level below one in its draws', async () => {
    const scored = await ready();
    expect((await tested(scored, 1e-9, 0.0005)).critical).toBeNull();
    expect((await tested(scored, 1e-9, 0.001)).critical).toBeGreaterThan(0);
    const { pValueOf } = await tested(scored, 1e-9);
    expect([pValueOf(0), pValueOf(-1)]).toEqual([1, 1]);
  });

  it('has no critical value where draws are rarely material', async () => {
    const scored = await ready();
    const { family } = scored;
    const rare = { ...scored, family: { ...family, least: family.least.map(() => 1000) } };
    const { critical, pValue, pValueOf } = await tested(rare, 0);
    expect([critical, pValue, pValueOf(1)]).toEqual([null, 1, 1 / 1000]);
  });
});
