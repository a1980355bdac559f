import { describe, expect, it } from 'vitest';
import { positionsIn } from '../../src/gate/region.ts';
import { tighten } from '../../src/gate/tighten.ts';
import type { Condition, Region } from '../../src/records/analysis.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, sampleOf } from './paired.ts';

const rows = 200;
const features = 4;

/** F1 by its definition. */
function f1(rule: Region, columns: ReturnType<typeof sampleOf>['columns'], target: Uint8Array): number {
  const inside = [...positionsIn(rule, columns)];
  const hits = inside.filter((at) => target[at] === 1).length;
  const wanted = target.filter((each) => each === 1).length;
  return hits === 0 ? 0 : (2 * hits) / (inside.length + wanted);
}

/** Every condition that parts the images in a way of its own. */
function allConditions(columns: ReturnType<typeof sampleOf>['columns']): Condition[] {
  return Array.from({ length: features }, (_, feature) => {
    const own = [...new Set(columns.values.subarray(feature * rows, (feature + 1) * rows))].toSorted((a, b) => a - b);
    const halves = own.slice(1).map((value, at) => (value + own[at]) / 2);
    return halves.flatMap((threshold) => [
      { feature, op: '<=' as const, threshold },
      { feature, op: '>' as const, threshold },
    ]);
  }).flat();
}

describe('a rule that is tightened', () => {
  it.each([1, 2, 3, 4, 5, 6])('cannot be bettered by one step more (case %i)', (seed) => {
    // Few values a feature: there are ties, and every threshold can be tried.
    const { columns, at } = sampleOf(`tighten ${seed}`, rows, features, 12);
    const random = stream(`tighten target ${seed}`);
    const target = Uint8Array.from({ length: rows }, (_, row) =>
      Number((at(row, 0) > 0.55 && at(row, 1) <= 0.5 && chance(random, 0.9)) || chance(random, 0.03)),
    );
    const first: Region = [{ feature: seed % features, op: '>', threshold: 0.3 }];
    const rule = tighten(first, columns, target);
    const score = f1(rule, columns, target);
    expect(rule.length).toBeLessThanOrEqual(3);
    expect(score).toBeGreaterThanOrEqual(f1(first, columns, target));
    const sides = rule.map(({ feature, op }) => `${feature}${op}`);
    expect(new Set(sides).size).toBe(sides.length);
    for (const [place, own] of rule.entries()) {
      const others = rule.toSpliced(place, 1);
      // Not by leaving a condition out: it is worth 0.02 each.
      expect(f1(others, columns, target) + 0.02).toBeLessThanOrEqual(score + 1e-9);
      // Nor by another threshold or feature in its place.
      for (const condition of allConditions(columns)) {
        if (others.some(({ feature, op }) => feature === condition.feature && op === condition.op)) continue;
        expect(f1([...others, condition], columns, target), JSON.stringify([own, condition])).toBeLessThanOrEqual(
          score + 1e-9,
        );
      }
    }
    if (rule.length === 3) return;
    // Nor by one more, unless that adds less than it is worth.
    for (const condition of allConditions(columns)) {
      if (sides.includes(`${condition.feature}${condition.op}`)) continue;
      expect(f1([...rule, condition], columns, target)).toBeLessThan(score + 0.02 + 1e-9);
    }
  });

  it('finds a box of three conditions exactly, halfway between values', () => {
    const { columns, at } = sampleOf('tighten box', rows, features, 10);
    const target = Uint8Array.from({ length: rows }, (_, row) =>
      Number(at(row, 0) > 0.45 && at(row, 1) < 0.65 && at(row, 3) > 0.15),
    );
    const rule = tighten([{ feature: 0, op: '>', threshold: 0.3 }], columns, target);
    expect(f1(rule, columns, target)).toBe(1);
    expect(rule.map(({ feature, op, threshold }) => [feature, op, Math.round(100 * threshold)])).toEqual([
      [0, '>', 45],
      [1, '<=', 65],
      [3, '>', 15],
    ]);
  });

  it('tells one image, be it the first, and one feature from its neighbour of the same worth', () => {
    const values = Float32Array.of(1, 5, 6, 7, 1, 8, 5, 9);
    const columns = { rows: 4, from: 0, to: 2, values };
    const rule = tighten([], columns, Uint8Array.of(1, 0, 0, 0));
    expect(rule).toEqual([{ feature: 0, op: '<=', threshold: 3 }]);
  });

  it('loses a condition that all images meet', () => {
    const { columns, at } = sampleOf('tighten spare', rows, features, 10);
    const target = Uint8Array.from({ length: rows }, (_, row) => Number(at(row, 0) > 0.45));
    const own = { feature: 0, op: '>', threshold: 0.45 } as const;
    expect(tighten([own, { feature: 1, op: '>', threshold: -1 }], columns, target)).toEqual([own]);
  });

  it('reads columns that begin later by their numbers', () => {
    const values = Float32Array.from({ length: 2 * rows }, (_, place) =>
      place < rows ? (place * 7) % rows : place % rows,
    );
    const target = Uint8Array.from({ length: rows }, (_, row) => Number(row >= 150));
    const rule = tighten([{ feature: 9, op: '>', threshold: 20 }], { rows, from: 8, to: 10, values }, target);
    expect(rule).toEqual([{ feature: 9, op: '>', threshold: 149.5 }]);
  });
});
