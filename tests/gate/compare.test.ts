import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { type CompareInput, compare } from '../../src/gate/compare.ts';
import { compareGroups } from '../../src/gate/compareGroups.ts';
import type { GroupAnalysis, Region } from '../../src/records/analysis.ts';
import type { PairedGroup } from '../../src/records/comparison.ts';
import { mcnemar } from '../../src/statistics/mcnemar.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, pairedGroup, readerOf, sampleOf } from './paired.ts';

function analysis(id: string, aler: number | null): GroupAnalysis {
  return {
    ...{ id, grouping: 'label', value: id, size: 100, failures: 5, baseErrorRate: 0.05, skipped: null },
    ...{ aler, precision: null, recall: null, pValue: null, adjustedPValue: null, tree: null },
    ...{ selectedFeatures: [], leaves: [] },
  };
}

const fails = (rows: number, which: (row: number) => boolean) =>
  Uint8Array.from({ length: rows }, (_, row) => Number(which(row)));
const count = (rows: number) => Array.from({ length: rows }, (_, row) => row);
const wholeOf = (group: PairedGroup): PairedGroup => ({ ...group, id: 'all', grouping: 'all', value: 'all' });

describe('compareGroups', () => {
  const a = pairedGroup('a', count(40), [fails(40, (row) => row < 12), fails(40, (row) => row >= 38)]);
  const b = pairedGroup('b', count(40), [fails(40, (row) => row < 9), fails(40, () => false)]);
  const all = wholeOf(a);

  it('puts the whole set first and sets both sides beside one another', () => {
    const recorded = [{ id: 'label:a', size: 40, failures: 2, baseErrorRate: 0.05, aler: 0.2, leaves: [] }];
    const rows = compareGroups(all, [a, b], [analysis('label:a', 0.4), analysis('label:b', 0.3)], recorded);
    expect(rows.map(({ id }) => id)).toEqual(['all', 'label:a', 'label:b']);
    expect(rows[1]).toEqual({
      ...{ id: 'label:a', size: 40, baselineErrorRate: 0.05, errorRate: 0.3, baselineAler: 0.2, aler: 0.4 },
      ...{ newlyFailed: 12, newlyFixed: 2, pValue: mcnemar(12, 2), adjustedPValue: mcnemar(12, 2) },
    });
    // The smaller p-value counts twice; the greater is raised to it: 0.0078 and 0.0129.
    expect(rows[2].adjustedPValue).toBe(2 * mcnemar(9, 0));
    expect(rows[2]).toMatchObject({ baselineAler: null, aler: 0.3 });
    expect(rows[0]).toMatchObject({ baselineAler: null, aler: null, adjustedPValue: mcnemar(12, 2) });
  });

  it('lists the whole set once though it is a group of the run too', () => {
    expect(compareGroups(all, [all, a], [], []).map(({ id }) => id)).toEqual(['all', 'label:a']);
  });

  it('takes the newest of a window', () => {
    const window = pairedGroup('a', count(10), [
      fails(10, (row) => row < 3),
      fails(10, () => false),
      fails(10, () => true),
    ]);
    expect(compareGroups(wholeOf(window), [], [], [])[0]).toMatchObject({ newlyFailed: 3, newlyFixed: 0 });
  });
});

describe('compare', () => {
  const sample = sampleOf('compare', 400, 6);
  const random = stream('compare outcomes');
  const baseline = fails(400, () => chance(random, 0.04));
  const older = fails(400, (row) => baseline[row] === 1);
  const candidate = fails(400, (row) => chance(random, 0.04) || (sample.at(row, 2) > 0.85 && chance(random, 0.7)));

  const holds = (rule: Region, row: number) =>
    rule.every(({ feature, op, threshold }) =>
      op === '<=' ? sample.at(row, feature) <= threshold : sample.at(row, feature) > threshold,
    );

  function input(outcomes: readonly Uint8Array[]): CompareInput {
    const group = pairedGroup('a', count(400), outcomes);
    return {
      candidate: [analysis('label:a', 0.4)],
      baselines: outcomes.slice(1).map((_, at) => ({ commit: 'abc', checkpoint: `accepted ${at}`, groups: [] })),
      earlier: [],
      confidences: null,
      properties: 6,
      metadata: new Map(),
      featureNames: new Map(),
      difficultyOf: async () => null,
      faceOf: (row) => ({ label: 'a', before: 'a', after: 'b', confidence: row / 400, confidenceBefore: null }),
      wholeSet: wholeOf(group),
      groups: [group],
      images: count(400).map((row) => `${row}.png`),
      dimensions: 6,
      options: { significance: 0.01, conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 5, regions: ['boxes'] },
      failureMode: { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 },
      readColumns: readerOf(sample),
      run: openPool(0).run,
      onProgress: () => {},
    };
  }

  it('reports a new cluster by what its rule selects', async () => {
    const { comparison, events } = await compare(input([candidate, baseline]));
    const { clusters, groups, images, baseline: before } = comparison;
    expect(images).toBe(400);
    expect(before).toEqual({ commit: 'abc', checkpoint: 'accepted 0', baseErrorRate: groups[0].baselineErrorRate });
    const [cluster] = clusters;
    expect(cluster).toMatchObject({ status: 'new', group: 'label:a', match: null });
    expect(cluster.id).toMatch(/^label:a#[0-9a-f]{8}$/);
    const inside = count(400).filter((row) =>
      cluster.rule.every(({ feature, op, threshold }) =>
        op === '<=' ? sample.at(row, feature) <= threshold : sample.at(row, feature) > threshold,
      ),
    );
    const failing = inside.filter((row) => candidate[row] > baseline[row]);
    expect(cluster.size).toBe(inside.length);
    expect(cluster.newlyFailed).toBe(failing.length);
    expect(cluster.newlyFixed).toBe(inside.filter((row) => candidate[row] < baseline[row]).length);
    expect(cluster.images).toEqual(failing.map((row) => `${row}.png`));
    expect(cluster.errorRate).toBeCloseTo(inside.filter((row) => candidate[row]).length / inside.length, 12);
    expect(cluster.newlyFailed - cluster.newlyFixed).toBeGreaterThanOrEqual(0.1 * cluster.size);
    expect(events).toMatchObject([{ id: cluster.id, clusters: [cluster.id], known: null }]);
    expect(events[0].title).toBe(`"a" taken for "b": ${failing.length} of ${failing.length}`);
    // Every image's confidence is its row / 400.
    expect(failing.filter((row) => row / 400 <= (events[0].confidence?.after ?? 0)).length).toBe(
      Math.ceil(failing.length / 2),
    );
    expect(events[0].confidence?.before).toBeNull();
    expect(new Set(events[0].images.map(({ name }) => name))).toEqual(new Set(cluster.images));
  });

  it('counts as newly failing, with a window, what every baseline had right', async () => {
    const window = [candidate, baseline, older, fails(400, (row) => row < 40)];
    const { clusters } = (await compare(input(window))).comparison;
    expect(clusters.length).toBeGreaterThan(0);
    for (const { images } of clusters) {
      expect(images.every((name) => Number.parseInt(name, 10) >= 40)).toBe(true);
    }
  });

  it('counts with a window what all of it had right, or wrong, and not what one of it had', async () => {
    const red = (row: number) => sample.at(row, 2) > 0.8;
    // In the region the candidate fails but on two rows of sixteen; of the accepted, one fails on a quarter of it, both or one on those two.
    const broken = fails(400, (row) => red(row) && row % 16 !== 3 && row % 16 !== 5);
    const one = fails(400, (row) => red(row) && (row % 16 === 3 || row % 16 === 5));
    const two = fails(400, (row) => red(row) && (row % 16 === 3 || row % 4 === 2));
    const { clusters } = (await compare(input([broken, one, two]))).comparison;
    const [cluster] = clusters;
    const inside = count(400).filter((row) =>
      cluster.rule.every(({ feature, op, threshold }) =>
        op === '<=' ? sample.at(row, feature) <= threshold : sample.at(row, feature) > threshold,
      ),
    );
    const newly = inside.filter((row) => broken[row] === 1 && one[row] === 0 && two[row] === 0);
    const mended = inside.filter((row) => broken[row] === 0 && one[row] === 1 && two[row] === 1);
    // The rule holds rows on which the accepted disagree, or nothing would be tested here.
    expect(inside.filter((row) => one[row] !== two[row]).length).toBeGreaterThan(10);
    expect(mended.length).toBeGreaterThan(0);
    expect(cluster.images).toEqual(newly.map((row) => `${row}.png`));
    expect([cluster.newlyFailed, cluster.newlyFixed]).toEqual([newly.length, mended.length]);
    const found = count(400).filter((row) => holds(cluster.found?.rule ?? [], row));
    const foundNewly = found.filter((row) => broken[row] === 1 && one[row] === 0 && two[row] === 0);
    expect(cluster.found).toMatchObject({
      size: found.length,
      newlyFailed: foundNewly.length,
      newlyFixed: found.filter((row) => broken[row] === 0 && one[row] === 1 && two[row] === 1).length,
    });
    expect(cluster.precision).toBe(newly.length / inside.length);
    expect(cluster.recall).toBe(foundNewly.filter((row) => inside.includes(row)).length / foundNewly.length);
  });

  it('sees what the newest accepted checkpoint had mended come back, though an older one had it wrong too', async () => {
    const red = (row: number) => sample.at(row, 2) > 0.85;
    const again = fails(400, (row) => baseline[row] === 1 || red(row));
    const old = fails(400, (row) => older[row] === 1 || red(row));
    const { comparison, events } = await compare(input([again, baseline, old]));
    const newlyFailing = count(400).filter((row) => again[row] > baseline[row]);
    expect(events).toHaveLength(1);
    const held = events[0].images.filter(({ name }) => newlyFailing.includes(Number.parseInt(name, 10)));
    expect(held.length).toBeGreaterThan(0.8 * newlyFailing.length);
    const [cluster] = comparison.clusters;
    expect(cluster.pValue).toBeLessThanOrEqual(0.01);
    // Where both accepted ones had it wrong, nothing is new.
    expect((await compare(input([again, old, old]))).comparison.clusters).toEqual([]);
  });

  it("divides the level between the window and its newest: a p-value of either is the run's", async () => {
    const alone = (await compare(input([candidate, baseline]))).comparison.clusters[0];
    const always = fails(400, () => true);
    // The older one fails everywhere: only the newest tells, with a fifth of the level.
    const returned = (await compare(input([candidate, baseline, always]))).comparison.clusters[0];
    expect(returned.id).toBe(alone.id);
    expect(returned.pValue).toBeCloseTo(5 * alone.pValue, 12);
  });

  it.each([1, 2])('tells what improved as the scan of the sides exchanged does (%i accepted)', async (accepted) => {
    const worse = [candidate, baseline, older].slice(0, accepted + 1);
    const better = worse.map((each) => each.map((failed) => 1 - failed));
    const found = (await compare(input(worse))).comparison;
    const mirrored = (await compare(input(better))).comparison;
    expect(mirrored.improvements.length).toBeGreaterThan(0);
    expect(mirrored.mended[0].title).toMatch(/^"a" no longer taken for "a": /);
    expect(mirrored.mended[0].clusters[0]).toBe(mirrored.improvements[0].id);
    for (const [at, improved] of mirrored.improvements.entries()) {
      const { status, newlyFailed, newlyFixed, baselineErrorRate, errorRate, ...same } = found.clusters[at];
      expect(status).toBe('new');
      expect(improved).toMatchObject({
        ...{ status: 'improved', newlyFailed: newlyFixed, newlyFixed: newlyFailed, rule: same.rule, size: same.size },
        images: same.images,
      });
      expect(improved.errorRate).toBeCloseTo(1 - errorRate, 12);
      expect(improved.baselineErrorRate).toBeCloseTo(1 - baselineErrorRate, 12);
      expect(improved.errorRate).toBeLessThan(improved.baselineErrorRate);
    }
  });

  it('tells nothing improved where only something broke', async () => {
    expect((await compare(input([candidate, baseline]))).comparison.improvements).toEqual([]);
  });

  it('counts what was found, beside one accepted checkpoint too', async () => {
    const [{ found, recall, images }] = (await compare(input([candidate, baseline]))).comparison.clusters;
    const inside = count(400).filter((row) => holds(found?.rule ?? [], row));
    const newly = inside.filter((row) => candidate[row] > baseline[row]);
    expect(found).toMatchObject({
      size: inside.length,
      newlyFailed: newly.length,
      newlyFixed: inside.filter((row) => candidate[row] < baseline[row]).length,
    });
    expect(recall).toBe(newly.filter((row) => images.includes(`${row}.png`)).length / newly.length);
  });

  it('tells besides what newly fails, what could have shown, and where answers became less sure', async () => {
    const sure = (isLow: (row: number) => boolean) =>
      Float64Array.from({ length: 400 }, (_, row) => (isLow(row) ? 0.6 : 0.9) + ((row * 7) % 9) / 100);
    const confidences = [sure((row) => sample.at(row, 4) > 0.8), sure(() => false)];
    const { comparison, events } = await compare({ ...input([candidate, baseline]), confidences });
    const newly = count(400).filter((row) => candidate[row] > baseline[row]);
    // Every image's confidence is its row / 400.
    expect(comparison.newlyFailed.map(({ name }) => name)).toEqual(newly.toReversed().map((row) => `${row}.png`));
    const inEvent = new Set(events[0].images.map(({ name }) => name));
    for (const { name, event } of comparison.newlyFailed) expect(event).toBe(inEvent.has(name) ? events[0].id : null);
    expect(comparison.newlyFailed.some(({ event }) => event === null)).toBe(true);
    // The whole set was no group of the scan.
    expect(comparison.groups.map(({ id, smallestVisible }) => [id, smallestVisible === null])).toEqual([
      ['all', true],
      ['label:a', false],
    ]);
    expect(comparison.weakenings).toMatchObject([{ group: 'label:a', rule: [{ feature: 4, op: '>' }] }]);
    expect(comparison.mended).toEqual([]);
    expect(comparison.baselines).toEqual([{ commit: 'abc', checkpoint: 'accepted 0' }]);
  });

  it('finds nothing between a checkpoint and itself', async () => {
    const { clusters, groups } = (await compare(input([baseline, baseline]))).comparison;
    expect(clusters).toEqual([]);
    expect(groups.map(({ pValue, newlyFailed }) => [pValue, newlyFailed])).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });
});
