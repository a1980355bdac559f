import { describe, expect, it } from 'vitest';
import { knownClusters } from '../../src/gate/knownClusters.ts';
import { matchLeaves } from '../../src/gate/matchLeaves.ts';
import type { Condition, GroupAnalysis, Leaf } from '../../src/records/analysis.ts';
import type { BaselineGroup } from '../../src/records/baseline.ts';
import { pairedGroup, readerOf, type Sample } from './paired.ts';

const options = { significance: 0.01, minErrorRateIncrease: 0.1 };
const failureMode = { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 };

/** 100 images with one feature: their own number. */
const values = Float32Array.from({ length: 100 }, (_, row) => row);
const sample: Sample = { columns: { rows: 100, from: 0, to: 1, values }, at: (row) => row };
const rows = [...values.keys()];
const images = rows.map((row) => `${row}.png`);

function leaf(id: string, rule: readonly Condition[], change: Partial<Leaf> = {}): Leaf {
  const figures = { size: 0, failures: 0, errorRate: 0, errorCoverage: 0, importanceValue: 0.25 };
  return { id, node: 1, rule, ...figures, failureMode: true, ...change };
}

const firstForty: Condition = { feature: 0, op: '<=', threshold: 39.5 };

function outcome(fails: (row: number) => boolean): Uint8Array {
  return Uint8Array.from(rows, (row) => Number(fails(row)));
}

/** The one failure mode, rows 0 to 39, under a candidate and a baseline. */
async function reevaluated(
  candidate: Uint8Array,
  baseline: Uint8Array,
  leaves: readonly Leaf[] = [leaf('label:a#1', [firstForty])],
  now: readonly Leaf[] = [],
) {
  const recorded: BaselineGroup = { id: 'label:a', size: 100, failures: 1, baseErrorRate: 0.01, aler: 0.1, leaves };
  const analysed: GroupAnalysis = {
    ...{ id: 'label:a', grouping: 'label', value: 'a', size: 100, failures: 1, baseErrorRate: 0.01, skipped: null },
    ...{ aler: 0.1, precision: 0, recall: 0, pValue: null, adjustedPValue: null, tree: null, selectedFeatures: [] },
    leaves: now,
  };
  return knownClusters({
    groups: [pairedGroup('a', rows, [candidate, baseline])],
    candidate: [analysed],
    baseline: [recorded],
    ...{ options, failureMode, images },
    readColumns: readerOf(sample),
  });
}

describe('knownClusters', () => {
  it('worsened: significant, and up by the minimum or more', async () => {
    const [cluster] = await reevaluated(
      outcome((row) => row < 22),
      outcome((row) => row < 10),
    );
    expect(cluster).toMatchObject({ status: 'worsened', size: 40, newlyFailed: 12, newlyFixed: 0, match: null });
    expect(cluster.baselineErrorRate).toBeCloseTo(0.25, 15);
    expect(cluster.errorRate).toBeCloseTo(0.55, 15);
    expect(cluster.pValue).toBeCloseTo(2 / 2 ** 12, 15);
    expect(cluster.images).toEqual(images.slice(10, 22));
    expect([cluster.specificPValue, cluster.scope]).toEqual([null, null]);
  });

  it('persisting: worse, but not significantly', async () => {
    // 7 newly fail, 0 are newly right: 2 / 2^7 = 0.016.
    const [cluster] = await reevaluated(
      outcome((row) => row < 17),
      outcome((row) => row < 10),
    );
    expect(cluster.status).toBe('persisting');
  });

  it('persisting: significantly worse, but by less than the minimum', async () => {
    const wide = [leaf('label:a#1', [{ feature: 0, op: '<=', threshold: 95.5 }])];
    const [cluster] = await reevaluated(
      outcome((row) => row < 59),
      outcome((row) => row < 50),
      wide,
    );
    expect(cluster.pValue).toBeLessThan(0.01);
    expect(cluster.status).toBe('persisting');
  });

  it('improved: significant, down by the minimum or more, still a failure mode', async () => {
    const [cluster] = await reevaluated(
      outcome((row) => row < 10),
      outcome((row) => row < 30),
    );
    expect(cluster).toMatchObject({ status: 'improved', newlyFailed: 0, newlyFixed: 20 });
  });

  it('resolved: no failure mode any more, and the fall is significant', async () => {
    // 4 of 40 here and 16 of 60 elsewhere fail: under the group's own error rate.
    const candidate = outcome((row) => row < 4 || row >= 84);
    const [cluster] = await reevaluated(
      candidate,
      outcome((row) => row < 30),
    );
    expect(cluster.status).toBe('resolved');
  });

  it('resolved: nothing fails there now, however few did', async () => {
    const candidate = outcome((row) => row === 99);
    const [cluster] = await reevaluated(
      candidate,
      outcome((row) => row < 4),
    );
    expect(cluster).toMatchObject({ status: 'resolved', pValue: 0.125 });
  });

  it('persisting: no image of it is among those compared', async () => {
    const nowhere = [leaf('label:a#1', [{ feature: 0, op: '>', threshold: 1000 }])];
    const [cluster] = await reevaluated(
      outcome((row) => row < 4),
      outcome((row) => row < 4),
      nowhere,
    );
    expect(cluster).toMatchObject({ status: 'persisting', size: 0, pValue: 1, errorRate: 0, baselineErrorRate: 0 });
  });

  it('takes failure modes only, by Holm over those that could be significant', async () => {
    const second: Condition = { feature: 0, op: '>', threshold: 79.5 };
    const leaves = [
      leaf('label:a#1', [firstForty]),
      leaf('label:a#2', [second]),
      leaf('label:a#3', [{ feature: 0, op: '>', threshold: 97.5 }]),
      leaf('label:a#4', [], { failureMode: false }),
    ];
    const candidate = outcome((row) => row < 22 || row >= 90);
    const found = await reevaluated(
      candidate,
      outcome((row) => row < 10),
      leaves,
    );
    expect(found.map(({ id }) => id)).toEqual(['label:a#1', 'label:a#2', 'label:a#3']);
    // 12 and 10 images newly fail; the third, with two, could never be significant and is not counted.
    for (const [at, adjusted] of [2 * 2 ** -11, 2 ** -9, 1].entries()) {
      expect(found[at].adjustedPValue).toBeCloseTo(adjusted, 14);
    }
    expect(found.map(({ status }) => status)).toEqual(['worsened', 'worsened', 'persisting']);
  });

  it("is matched with the candidate's own failure mode", async () => {
    const now = [
      leaf('label:a#7', [{ feature: 0, op: '<=', threshold: 79.5 }], { importanceValue: 0.5 }),
      leaf('label:a#8', [{ feature: 0, op: '<=', threshold: 49.5 }], { importanceValue: 0.75 }),
      leaf('label:a#9', [firstForty], { failureMode: false }),
    ];
    const still = outcome((row) => row < 20);
    const [cluster] = await reevaluated(still, still, [leaf('label:a#1', [firstForty])], now);
    expect(cluster.match).toEqual({
      leaf: 'label:a#8',
      jaccard: 0.8,
      baselineImportanceValue: 0.25,
      importanceValue: 0.75,
    });
  });
});

describe('matchLeaves', () => {
  const set = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, at) => from + at);

  it('pairs the best first, each set once', () => {
    // Overlaps: (0,0) 10 of 30, (0,1) 20 of 30, (1,1) 5 of 25.
    const pairs = matchLeaves([set(0, 20), set(25, 35)], [set(10, 30), set(0, 30)]);
    expect(pairs).toEqual([
      { baseline: 0, candidate: 1, jaccard: 20 / 30 },
      { baseline: 1, candidate: 0, jaccard: 5 / 25 },
    ]);
  });

  it('pairs nothing that shares no image', () => {
    expect(matchLeaves([set(0, 5), set(0, 0)], [set(5, 9), set(0, 0)])).toEqual([]);
  });

  it('takes the earlier of equals', () => {
    const pairs = matchLeaves([set(0, 4), set(0, 4)], [set(0, 4), set(0, 4)]);
    expect(pairs.map(({ baseline, candidate }) => [baseline, candidate])).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});
