import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureTree } from '../../src/analysis/metrics.ts';
import { presort } from '../../src/analysis/presort.ts';
import { growTree } from '../../src/analysis/tree.ts';
import type { Region } from '../../src/records/analysis.ts';

interface Case {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  readonly failed: Uint8Array;
  readonly depth: number;
}

/** Both outcomes occur. `levels`: how many different values a column may have; few make ties. */
function cases(levels: number): fc.Arbitrary<Case> {
  return fc
    .record({
      rows: fc.integer({ min: 2, max: 40 }),
      columns: fc.integer({ min: 1, max: 6 }),
      depth: fc.integer({ min: 1, max: 5 }),
    })
    .chain(({ rows, columns, depth }) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        depth: fc.constant(depth),
        values: fc
          .array(fc.integer({ min: -levels, max: levels }), { minLength: rows * columns, maxLength: rows * columns })
          .map((integers) => Float32Array.from(integers, (value) => value / 8)),
        failed: fc
          .array(fc.integer({ min: 0, max: 1 }), { minLength: rows, maxLength: rows })
          .filter((outcomes) => outcomes.includes(0) && outcomes.includes(1))
          .map((outcomes) => Uint8Array.from(outcomes)),
      }),
    );
}

const failureMode = { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 };

function grow({ rows, columns, values, failed, depth }: Case) {
  return growTree(presort({ rows, from: 0, to: columns, values }), [...Array(columns).keys()], failed, depth);
}

function measured(one: Case) {
  return measureTree('g', grow(one), [...Array(one.columns).keys()], failureMode);
}

const inside = (one: Case, row: number) => (feature: number) => one.values[feature * one.rows + row];

/** Entropy of weighted counts times their weight, from the definition. */
function impurity(rights: number, failures: number, weight: number): number {
  const total = rights + failures * weight;
  const part = (count: number) => (count === 0 ? 0 : -count * Math.log2(count / total));
  return part(rights) + part(failures * weight);
}

describe('growTree', () => {
  it('takes at every node a split that no other beats, the smallest column among equal counts, and stops only where it must', () => {
    fc.assert(
      fc.property(fc.constantFrom(3, 1000).chain(cases), (one) => {
        const { rows, columns, values, failed, depth } = one;
        const nodes = grow(one);
        const failures = failed.reduce((sum, value) => sum + value, 0);
        const weight = (rows - failures) / failures;
        const visit = (id: number, at: readonly number[], left: number) => {
          const { column, threshold } = nodes[id];
          const failing = (some: readonly number[]) => some.filter((row) => failed[row] === 1).length;
          const cost = (some: readonly number[]) => impurity(some.length - failing(some), failing(some), weight);
          const splits = Array.from({ length: columns }, (_, c) => c).flatMap((c) => {
            const levels = [...new Set(at.map((row) => values[c * rows + row]))].sort((a, b) => a - b);
            return levels.slice(1).map((upper, i) => {
              const lower = at.filter((row) => values[c * rows + row] < upper);
              const rest = at.filter((row) => values[c * rows + row] >= upper);
              const counts = `${failing(lower)}/${lower.length}`;
              return { c, threshold: (levels[i] + upper) / 2, cost: cost(lower) + cost(rest), counts };
            });
          });
          expect(nodes[id]).toMatchObject({ size: at.length, failures: failing(at) });
          const pure = failing(at) === 0 || failing(at) === at.length;
          if (column === null || threshold === null) {
            expect(left === 0 || pure || splits.length === 0).toBe(true);
            return;
          }
          expect(left > 0 && !pure).toBe(true);
          const chosen = splits.find((split) => split.c === column && split.threshold === threshold);
          if (chosen === undefined) throw new Error('no such split');
          expect(chosen.cost).toBeLessThanOrEqual(Math.min(...splits.map((split) => split.cost)) + 1e-9);
          expect(splits.find((split) => split.counts === chosen.counts)).toBe(chosen);
          const goesLeft = (row: number) => values[column * rows + row] <= threshold;
          visit(nodes[id].left ?? -1, at.filter(goesLeft), left - 1);
          visit(
            nodes[id].right ?? -1,
            at.filter((row) => !goesLeft(row)),
            left - 1,
          );
        };
        visit(0, [...Array(rows).keys()], depth);
      }),
      { numRuns: 300 },
    );
  });

  it('does not split values within 1e-7, and puts float32 neighbours apart by their midpoint', () => {
    // Node counts and thresholds by scikit-learn 1.2.1.
    const tree = (values: number[], failed: number[]) => {
      const matrix = { rows: 4, from: 0, to: 1, values: Float32Array.from(values) };
      return growTree(presort(matrix), [0], Uint8Array.from(failed), 3);
    };
    const values = [0, 5e-8, 3, 3.000000238418579];
    expect(tree(values, [0, 1, 0, 1])).toHaveLength(5);
    expect(tree(values, [0, 1, 1, 1])[0]).toMatchObject({ threshold: 1.5000000250000003, left: 1, right: 2 });
    expect(tree(values, [0, 0, 0, 1])[0]).toMatchObject({ threshold: 3.0000001192092896, left: 1, right: 2 });
    expect(tree([0, 5e-8, 1.5, 1.5000001192092896], [0, 0, 0, 1])).toHaveLength(3);
  });
});

describe('measureTree', () => {
  it('keeps ALER at or above BER, coverages that sum to 1, and a leaf whose error rate is at least ALER', () => {
    fc.assert(
      fc.property(cases(20), (one) => {
        const { aler, leaves, nodes, recall, precision } = measured(one);
        expect(aler).toBeGreaterThanOrEqual(nodes[0].errorRate - 1e-12);
        expect(leaves.reduce((sum, leaf) => sum + leaf.errorCoverage, 0)).toBeCloseTo(1, 12);
        expect(Math.max(...leaves.map((leaf) => leaf.errorRate))).toBeGreaterThanOrEqual(aler - 1e-12);
        expect(nodes[0].subtreeAler).toBeCloseTo(aler, 12);
        expect(leaves.map((leaf) => leaf.importanceValue)).toEqual(
          leaves.map((leaf) => leaf.importanceValue).sort((a, b) => b - a),
        );
        expect(recall <= 1 && precision <= 1 && recall >= 0 && precision >= 0).toBe(true);
      }),
    );
  });

  it('puts every image in exactly one leaf, by the rules alone', () => {
    fc.assert(
      fc.property(cases(20), (one) => {
        const { leaves } = measured(one);
        const sizes = leaves.map(() => 0);
        const failures = leaves.map(() => 0);
        for (let row = 0; row < one.rows; row++) {
          const homes = [...leaves.keys()].filter((leaf) => contains(leaves[leaf].rule, inside(one, row)));
          expect(homes).toHaveLength(1);
          sizes[homes[0]]++;
          failures[homes[0]] += one.failed[row];
        }
        expect(sizes).toEqual(leaves.map((leaf) => leaf.size));
        expect(failures).toEqual(leaves.map((leaf) => leaf.failures));
      }),
    );
  });

  it('names one condition of each kind a feature, and every leaf by its own id', () => {
    fc.assert(
      fc.property(cases(20), (one) => {
        const { leaves } = measured(one);
        for (const { rule } of leaves)
          expect(new Set(rule.map(({ feature, op }) => `${feature}${op}`)).size).toBe(rule.length);
        expect(new Set(leaves.map(({ id }) => id)).size).toBe(leaves.length);
        expect(leaves.every(({ id }) => /^g#[0-9a-f]{8}$/.test(id))).toBe(true);
      }),
    );
  });

  it('does not depend on the order of the images', () => {
    fc.assert(
      fc.property(cases(1000), fc.infiniteStream(fc.nat()), (one, keys) => {
        const order = [...Array(one.rows).keys()]
          .map((row) => ({ row, key: keys.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row);
        const values = Float32Array.from(one.values, (_, at) => {
          const column = Math.floor(at / one.rows);
          return one.values[column * one.rows + order[at % one.rows]];
        });
        const failed = Uint8Array.from(order, (row) => one.failed[row]);
        expect(measured({ ...one, values, failed })).toEqual(measured(one));
      }),
    );
  });

  it('does not depend on the names of the features: columns moved apart by constant ones give the same leaves', () => {
    fc.assert(
      fc.property(cases(20), (one) => {
        const columns = 2 * one.columns;
        const values = new Float32Array(columns * one.rows);
        for (let c = 0; c < one.columns; c++)
          values.set(one.values.subarray(c * one.rows, (c + 1) * one.rows), (2 * c + 1) * one.rows);
        const renamed = measured({ ...one, columns, values });
        const { nodes, aler } = measured(one);
        expect(renamed.aler).toBe(aler);
        expect(renamed.nodes).toEqual(
          nodes.map((node) => ({ ...node, feature: node.feature === null ? null : 2 * node.feature + 1 })),
        );
      }),
    );
  });

  it('counts a cluster exactly on the limits as a failure mode', () => {
    // 50 images, 10 failures: BER 0.2; the leaf x > 0.5 has 20 images, 6 failures: ER 0.3, EC 0.6.
    const values = Float32Array.from({ length: 50 }, (_, row) => (row < 20 ? 1 : 0));
    const failed = Uint8Array.from({ length: 50 }, (_, row) => Number(row < 6 || row >= 46));
    const { leaves } = measured({ rows: 50, columns: 1, values, failed, depth: 1 });
    expect(leaves.map(({ size, failures, failureMode: mode }) => [size, failures, mode])).toEqual([
      [20, 6, true],
      [30, 4, false],
    ]);
    expect(leaves[0]).toMatchObject({ rule: [{ feature: 0, op: '>', threshold: 0.5 }], importanceValue: 0.6 * 0.3 });
  });
});

/** Whether an image lies in a region, by the definition of a condition. */
function contains(region: Region, featureOf: (feature: number) => number): boolean {
  return region.every(({ feature, op, threshold }) =>
    op === '<=' ? featureOf(feature) <= threshold : featureOf(feature) > threshold,
  );
}
