import { describe, expect, it } from 'vitest';
import { knownClusters } from '../../src/gate/knownClusters.ts';
import type { Condition, Leaf } from '../../src/records/analysis.ts';
import { sampleGroup } from '../report/sampleResult.ts';
import { pairedGroup } from './paired.ts';

const rows = Array.from({ length: 100 }, (_, row) => row);
/** Features are 100 f + row. */
async function readColumns(which: Uint32Array, from: number, to: number) {
  const values = Float32Array.from({ length: which.length * (to - from) }, (_, at) => {
    return 100 * (from + Math.floor(at / which.length)) + which[at % which.length];
  });
  return { rows: which.length, from, to, values };
}
const [sample] = sampleGroup().leaves;
const leaf = (rule: readonly Condition[], change: Partial<Leaf> = {}): Leaf => ({
  ...sample,
  ...{ id: 'label:a#1', rule, failureMode: true, importanceValue: 0.25 },
  ...change,
});
const below = (row: number, feature = 0): Condition => ({ feature, op: '<=', threshold: 100 * feature + row - 0.5 });
const fails = (...which: (readonly [number, number])[]) =>
  Uint8Array.from(rows, (row) => Number(which.some(([from, to]) => from <= row && row < to)));

interface Change {
  readonly significance?: number;
  readonly minErrorRateIncrease?: number;
  readonly minErrorCoverage?: number;
  readonly leaves?: readonly Leaf[];
  readonly now?: readonly Leaf[];
}

/** The one failure mode, rows 0 to 79 unless others are given, under a candidate and a baseline. */
async function judged(candidate: Uint8Array, baseline: Uint8Array, change: Change = {}) {
  const { significance = 0.01, minErrorRateIncrease = 0.1, minErrorCoverage = 0.2, now = [] } = change;
  const group = sampleGroup({ id: 'label:a', value: 'a' });
  return knownClusters({
    groups: [pairedGroup('a', rows, [candidate, baseline])],
    candidate: [sampleGroup({ id: 'label:b' }), { ...group, leaves: now }],
    baseline: [
      { ...group, id: 'label:b' },
      { ...group, leaves: change.leaves ?? [leaf([below(80)])] },
    ],
    options: { significance, minErrorRateIncrease },
    failureMode: { minErrorCoverage, minErrorRateIncrease: 0.1 },
    images: rows.map((row) => `${row}.png`),
    readColumns,
  });
}
const statusOf = async (...given: Parameters<typeof judged>) => (await judged(...given))[0].status;

describe('the status of a known cluster, at its limits', () => {
  const [above, under] = [1 + 1e-12, 1 - 1e-9];

  it('worsened by just the minimum, at just the level', async () => {
    // 8 of 80 newly fail: a rise of 0.1, p = 2 / 2^8.
    const [worse, before] = [fails([0, 28]), fails([0, 20])];
    expect(await statusOf(worse, before)).toBe('worsened');
    expect(await statusOf(worse, before, { minErrorRateIncrease: 0.1001 })).toBe('persisting');
    expect(await statusOf(worse, before, { significance: (2 / 2 ** 8) * above })).toBe('worsened');
    const [{ adjustedPValue }] = await judged(worse, before);
    expect(await statusOf(worse, before, { significance: adjustedPValue })).toBe('worsened');
    expect(await statusOf(worse, before, { significance: (2 / 2 ** 8) * under })).toBe('persisting');
  });

  it('improved by just the minimum, at just the level', async () => {
    // 4 of 40 are mended, p = 2 / 2^4; half of it still fails, of the group a fifth.
    const leaves = [leaf([below(40)])];
    const of = (change: Change) => statusOf(fails([0, 20]), fails([0, 24]), { leaves, significance: 0.2, ...change });
    expect(await of({})).toBe('improved');
    expect(await of({ minErrorRateIncrease: 0.1001 })).toBe('persisting');
    expect(await of({ significance: (2 / 2 ** 4) * above })).toBe('improved');
    expect(await of({ significance: (2 / 2 ** 4) * under })).toBe('persisting');
  });

  it('resolved where it is no failure mode any more, by its coverage or by its error rate', async () => {
    // 3 of 10 still fail, of 15 failures in all: a fifth. Of 16 they are less.
    const few = { leaves: [leaf([below(10)])], significance: 0.05 };
    expect(await statusOf(fails([0, 3], [80, 92]), fails([0, 9]), few)).toBe('improved');
    expect(await statusOf(fails([0, 3], [80, 93]), fails([0, 9]), few)).toBe('resolved');
    // 12 of 50 still fail, by 0.1 more than 14 of 100; than 15 of 100 they are less.
    const half = { leaves: [leaf([below(50)])] };
    expect(await statusOf(fails([0, 12], [90, 92]), fails([0, 40]), half)).toBe('improved');
    expect(await statusOf(fails([0, 12], [90, 93]), fails([0, 40]), half)).toBe('resolved');
  });

  it('not resolved where the fall may be chance, or there is none', async () => {
    const leaves = [leaf([below(10)])];
    // 3 fail less, 1 still does, and it is no failure mode.
    expect(await statusOf(fails([0, 1], [80, 99]), fails([0, 4]), { leaves })).toBe('persisting');
    expect(await statusOf(fails([80, 99]), fails([0, 4]), { leaves })).toBe('resolved');
    // Nothing fails there, then and now.
    expect(await statusOf(fails([80, 99]), fails([80, 99]), { leaves })).toBe('persisting');
  });
});

describe('what is re-evaluated', () => {
  it('by the features that the rules name, wherever they lie', async () => {
    const reads: string[] = [];
    const group = sampleGroup({ id: 'label:a', leaves: [leaf([below(60, 7), { ...below(20, 3), op: '>' }])] });
    const [found] = await knownClusters({
      groups: [pairedGroup('a', rows, [fails([10, 30]), fails([50, 70])])],
      candidate: [{ ...group, leaves: [leaf([below(40, 5)], { id: 'label:a#now', importanceValue: 0.5 })] }],
      baseline: [group],
      options: { significance: 0.01, minErrorRateIncrease: 0.1 },
      failureMode: { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 },
      images: rows.map((row) => `${row}.png`),
      readColumns: (which, from, to) => {
        reads.push(`${from}-${to}`);
        return readColumns(which, from, to);
      },
    });
    expect(reads).toEqual(['3-8']);
    // Rows 20 to 59: 10 newly fail, 10 are newly right.
    expect(found).toMatchObject({
      size: 40,
      newlyFailed: 10,
      newlyFixed: 10,
      images: rows.slice(20, 30).map((row) => `${row}.png`),
    });
    // Of rows 20 to 59 and 0 to 39 they share 20 of 60.
    expect(found.match).toMatchObject({
      leaf: 'label:a#now',
      jaccard: 20 / 60,
      importanceValue: 0.5,
      baselineImportanceValue: 0.25,
    });
  });

  it('without a condition all of the group, and nothing is read for it', async () => {
    const [found] = await judged(fails([0, 5]), fails([3, 9]), { leaves: [leaf([])] });
    expect(found).toMatchObject({ size: 100, newlyFailed: 3, newlyFixed: 4, rule: [], match: null });
    expect(found).toMatchObject({ group: 'label:a', found: null, precision: null, recall: null });
  });

  it('each with its own match, or none', async () => {
    const leaves = [leaf([below(10)]), leaf([{ ...below(50), op: '>' }], { id: 'label:a#2' })];
    const now = [leaf([{ ...below(60), op: '>' }], { id: 'label:a#now' })];
    const found = await judged(fails([0, 9]), fails([0, 9]), { leaves, now });
    expect(found.map(({ id, match }) => [id, match?.leaf ?? null])).toEqual([
      ['label:a#1', null],
      ['label:a#2', 'label:a#now'],
    ]);
  });

  it('failure modes alone, on either side', async () => {
    const now = [leaf([below(80)], { failureMode: false })];
    const [found] = await judged(fails([0, 9]), fails([0, 9]), { now });
    expect(found.match).toBeNull();
    const leaves = [leaf([below(80)], { failureMode: false })];
    expect(await judged(fails([0, 9]), fails([0, 9]), { leaves })).toEqual([]);
  });

  it('in the groups that are compared', async () => {
    const found = await knownClusters({
      groups: [pairedGroup('c', rows, [fails(), fails()])],
      candidate: [],
      baseline: [sampleGroup({ id: 'label:a', leaves: [leaf([below(80)])] })],
      options: { significance: 0.01, minErrorRateIncrease: 0.1 },
      failureMode: { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 },
      images: rows.map(String),
      readColumns,
    });
    expect(found).toEqual([]);
  });
});
