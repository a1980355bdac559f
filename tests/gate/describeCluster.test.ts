import { describe, expect, it } from 'vitest';
import describeCluster from '../../src/gate/describeCluster.ts';
import { positionsIn } from '../../src/gate/region.ts';
import type { Region } from '../../src/records/analysis.ts';
import { sampleOf } from './paired.ts';

const rows = 300;
const { columns, at } = sampleOf('describe', rows, 4);
const where = (holds: (row: number) => boolean) =>
  Uint32Array.from([...Array(rows).keys()].filter((row) => holds(row)));
const found: Region = [{ feature: 0, op: '>', threshold: 0.5 }];
const inFound = (row: number) => at(row, 0) > 0.5;
const told = (newlyFailed: Uint32Array, unclaimed: Uint32Array) =>
  describeCluster({ columns, rule: found, neighbours: null, newlyFailed, unclaimed });

describe('a region that was found is told', () => {
  it('by the rule that best tells all images that newly fail and that no earlier cluster has', () => {
    const newly = where((row) => at(row, 0) > 0.5 && at(row, 1) > 0.6);
    const { rule, positions, newlyFailed } = told(newly, newly);
    expect(rule.map(({ feature, op }) => `${feature}${op}`)).toEqual(['0>', '1>']);
    expect([...positions]).toEqual([...newly]);
    expect([...newlyFailed]).toEqual([...newly]);
  });

  it('by its own newly failed images where the others would make it tell of something else', () => {
    // Most that newly fail lie elsewhere: the rule for all of them holds few of those that were found.
    const newly = where((row) => inFound(row) && at(row, 1) > 0.8);
    const all = where((row) => (inFound(row) && at(row, 1) > 0.8) || (!inFound(row) && at(row, 2) > 0.3));
    const { rule, newlyFailed } = told(newly, all);
    const inside = new Set(positionsIn(rule, columns));
    expect([...newly].every((row) => inside.has(row))).toBe(true);
    expect([...newlyFailed]).toEqual([...all].filter((row) => inside.has(row)));
    expect(inside.size).toBeLessThan(where(inFound).length);
  });

  it('by another rule that is just as narrow', () => {
    // Five images each; three of those that newly fail are in both.
    const [first, second] = [Uint32Array.of(0, 1, 2, 3, 4), Uint32Array.of(2, 3, 4, 5, 6)];
    const values = new Float32Array(20);
    for (const row of first) values[row] = 1;
    for (const row of second) values[10 + row] = 1;
    const rule: Region = [{ feature: 0, op: '>', threshold: 0.5 }];
    const told = describeCluster({
      ...{ columns: { rows: 10, from: 0, to: 2, values }, rule, neighbours: null },
      ...{ newlyFailed: Uint32Array.of(2, 3, 4), unclaimed: second },
    });
    expect(told.rule).toEqual([{ feature: 1, op: '>', threshold: 0.5 }]);
    expect(told.positions).toEqual(second);
  });

  it('by its own rule where no other is as narrow', () => {
    // All of the region and as much again beside it newly fail: a better rule is larger than the region.
    const newly = where(inFound);
    const all = where((row) => at(row, 0) > 0.2);
    expect(told(newly, all).rule).toEqual(found);
  });
});
