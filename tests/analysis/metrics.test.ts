import { describe, expect, it } from 'vitest';
import { measureTree } from '../../src/analysis/metrics.ts';
import type { GrownNode } from '../../src/analysis/tree.ts';
import { isFailureMode } from '../../src/records/failureMode.ts';

const failureMode = { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 };

const leaf = (size: number, failures: number): GrownNode => ({
  ...{ column: null, threshold: null, left: null, right: null, size, failures },
});
const split = (left: number, right: number, size: number, failures: number): GrownNode => ({
  ...{ column: 0, threshold: left, left, right, size, failures },
});

/** 100 images, 20 fail: leaves of 10 and 10 with 5 failures each, of 40 with 8, of 40 with 2. The left half has the higher nodes. */
const grown = [
  split(4, 1, 100, 20),
  split(2, 3, 50, 13),
  leaf(10, 5),
  leaf(40, 8),
  split(5, 6, 50, 7),
  leaf(10, 5),
  leaf(40, 2),
];

describe('a tree of four leaves, by hand', () => {
  const tree = measureTree('g', grown, [7], failureMode);

  it('lists leaves of one importance value by their nodes', () => {
    // 5/20 x 5/10 twice, 8/20 x 8/40, 2/20 x 2/40.
    expect(tree.leaves.map(({ node, importanceValue }) => [node, importanceValue])).toEqual([
      [2, 0.125],
      [5, 0.125],
      [3, 0.08000000000000002],
      [6, 0.005000000000000001],
    ]);
  });

  it('predicts failure where failures are more than their share, and not where they are just that', () => {
    // 8 of 40 is the group's own 20 %: not predicted. Caught: 10 of 20 failures, in 20 images.
    expect(tree.precision).toBe(0.5);
    expect(tree.recall).toBe(0.5);
  });

  it('sums importance values, below each node', () => {
    expect(tree.aler).toBeCloseTo(0.335, 12);
    expect(tree.nodes.map(({ subtreeAler }) => Math.round(subtreeAler * 1e6))).toEqual([
      335_000, 205_000, 125_000, 80_000, 130_000, 125_000, 5_000,
    ]);
    expect(tree.nodes[1]).toMatchObject({ errorRate: 0.26, errorCoverage: 0.65, feature: 7 });
  });
});

it('a tree that is a leaf predicts nothing', () => {
  const tree = measureTree('g', [leaf(50, 5)], [], failureMode);
  expect(tree).toMatchObject({ precision: 0, recall: 0, aler: 0.1 });
  expect(tree.leaves).toMatchObject([{ node: 0, rule: [], errorCoverage: 1, failureMode: false }]);
});

describe('a failure mode', () => {
  it.each([
    // In floating point 0.3 - 0.2 and 0.6 - 0.5 fall short of 0.1.
    ['meets the increase exactly', 0.3, 0.5, 0.2, true],
    ['meets the increase exactly, elsewhere', 0.6, 0.5, 0.5, true],
    ['falls short of the increase', 0.2999, 0.5, 0.2, false],
    ['meets the coverage exactly', 0.9, 0.2, 0.1, true],
    ['meets the coverage but for a rounding', 0.9, 0.2 - 1e-16, 0.1, true],
    ['falls short of the coverage', 0.9, 0.1999, 0.1, false],
  ])('%s', (_, errorRate, errorCoverage, baseErrorRate, expected) => {
    expect(isFailureMode({ errorRate, errorCoverage }, baseErrorRate, failureMode)).toBe(expected);
  });
});
