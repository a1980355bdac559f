import { expect, it } from 'vitest';
import { evaluate } from '../../src/analysis/evaluate.ts';
import { measureTree } from '../../src/analysis/metrics.ts';
import type { GrownNode } from '../../src/analysis/tree.ts';
import type { GroupAnalysis } from '../../src/records/analysis.ts';

const failureMode = { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 };

/** A group's tree of one split, by hand: sizes and failures of left and right. */
function analysed(id: string, left: readonly [number, number], right: readonly [number, number]): GroupAnalysis {
  const ends = { left: null, right: null, column: null, threshold: null };
  const [size, failures] = [left[0] + right[0], left[1] + right[1]];
  const grown: GrownNode[] = [
    { column: 0, threshold: 0.5, left: 1, right: 2, size, failures },
    { ...ends, size: left[0], failures: left[1] },
    { ...ends, size: right[0], failures: right[1] },
  ];
  const tree = measureTree(id, grown, [0], failureMode);
  return {
    ...{ id, grouping: 'label', value: id.slice('label:'.length), size, failures, baseErrorRate: failures / size },
    ...{ skipped: null, pValue: null, adjustedPValue: null, selectedFeatures: [], aler: tree.aler },
    ...{ precision: tree.precision, recall: tree.recall, tree: { nodes: tree.nodes }, leaves: tree.leaves },
  };
}

it('takes the leaf of the greatest importance value, of equal ones the first, as scikit-learn orders leaves', () => {
  // Importance values 0.5 x 0.25 (5 of 20) and 0.5 x 0.25: the same, and of one size; then a clear one.
  const [one] = evaluate([analysed('label:a', [20, 5], [20, 5])], [1], failureMode);
  expect(one.groups[0]).toEqual({
    ...{ id: 'label:a', baseErrorRate: 0.25, aler: 0.25, alerIncrease: 0 },
    bestLeaf: { errorRate: 0.25, errorCoverage: 0.5, failureMode: false },
  });
  // 2 of 2 fail on the left (0.2 x 1), 8 of 16 on the right (0.8 x 0.5): the right is best, though its error rate is lower.
  const [two] = evaluate([analysed('label:b', [2, 2], [16, 8])], [1], failureMode);
  expect(two.groups[0]?.bestLeaf).toEqual({ errorRate: 0.5, errorCoverage: 0.8, failureMode: false });
  expect(two.groups[0]?.alerIncrease).toBeCloseTo(0.6 - 10 / 18, 12);
  // An error rate of 0.5 is no failure mode above a base error rate of 0.56.
  expect(two.failureModeShare).toBe(0);
});

it('keeps the first of two leaves that weigh the same', () => {
  // 0.5 x 0.5 (4 of 8) on the left; 0.5 x 0.5 would need 4 of 8 again: told apart by size instead, 1/3 x 3/4 and 2/3 x 3/8.
  const [evaluation] = evaluate([analysed('label:c', [4, 3], [16, 6])], [1], failureMode);
  expect(evaluation.groups[0]?.bestLeaf).toMatchObject({ errorRate: 0.75 });
});

it('is cut at the depth asked for, and counts groups without a tree as skipped', () => {
  const skipped = { ...analysed('label:d', [20, 5], [20, 5]), tree: null };
  const [whole, split] = evaluate([analysed('label:a', [10, 8], [30, 0]), skipped], [0, 1], failureMode);
  expect(whole).toMatchObject({ depth: 0, skipped: 1, failureModeShare: 0 });
  expect(whole.alerIncrease).toMatchObject({ mean: 0, median: 0 });
  expect(split).toMatchObject({ depth: 1, skipped: 1, failureModeShare: 1 });
  expect(split.alerIncrease?.mean).toBeCloseTo(0.8 - 0.2, 12);
});

it('distributes as NumPy does', () => {
  // ALER - BER of 0, 0.6 and, on the right alone, 0.8 x 0.5 + 0.2 x 1 - 10 / 18.
  const groups = [
    analysed('label:a', [20, 5], [20, 5]),
    analysed('label:b', [10, 8], [30, 0]),
    analysed('label:c', [2, 2], [16, 8]),
  ];
  const [{ alerIncrease }] = evaluate(groups, [1], failureMode);
  const middle = 0.6 - 10 / 18;
  expect(alerIncrease?.min).toBe(0);
  expect(alerIncrease?.max).toBeCloseTo(0.6, 12);
  expect(alerIncrease?.median).toBeCloseTo(middle, 12);
  expect(alerIncrease?.lowerQuartile).toBeCloseTo(middle / 2, 12);
  expect(alerIncrease?.upperQuartile).toBeCloseTo((middle + 0.6) / 2, 12);
  expect(alerIncrease?.mean).toBeCloseTo((middle + 0.6) / 3, 12);
});
