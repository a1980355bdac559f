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
  describeCluster({ columns, rule: found, neighbours: null, alikeBy: 0, newlyFailed, unclaimed });

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
      ...{ columns: { rows: 10, from: 0, to: 2, values }, rule, neighbours: null, alikeBy: 0 },
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

/** F1 of some images against those to tell. */
function f1Of(positions: Iterable<number>, wanted: ReadonlySet<number>): number {
  const inside = [...positions];
  return (2 * inside.filter((row) => wanted.has(row)).length) / (inside.length + wanted.size);
}

describe('a region that lies around an image', () => {
  const [images, features] = [400, 20];
  const near = sampleOf('describe a ball', images, features);
  const every = [...Array(images).keys()];
  const means = Array.from(
    { length: features },
    (_, feature) => every.reduce((sum, row) => sum + near.at(row, feature), 0) / images,
  );
  const deviations = means.map((mean, feature) =>
    Math.sqrt(every.reduce((sum, row) => sum + (near.at(row, feature) - mean) ** 2, 0) / images),
  );
  const apart = (a: number, b: number) =>
    means.reduce(
      (sum, _, feature) => sum + ((near.at(a, feature) - near.at(b, feature)) / deviations[feature]) ** 2,
      0,
    );
  const dot = (a: number, b: number) =>
    means.reduce((sum, _, feature) => sum + near.at(a, feature) * near.at(b, feature), 0);
  const angle = (a: number, b: number) => -dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const nearest = (centre: number, by: typeof apart, size: number) =>
    every.toSorted((a, b) => by(a, centre) - by(b, centre) || a - b).slice(0, size);
  const rule: Region = [{ feature: 0, op: '<=', threshold: 0.9 }];
  const size = every.filter((row) => near.at(row, 0) <= 0.9).length;
  const describedBy = (newlyFailed: Uint32Array, alikeBy: number, unclaimed = newlyFailed) =>
    describeCluster({ columns: near.columns, rule, neighbours: null, alikeBy, newlyFailed, unclaimed });
  const failing = (region: readonly number[]) =>
    Uint32Array.from(region.filter((row) => row % 2 === 0 && near.at(row, 0) <= 0.9).toSorted((a, b) => a - b));

  it.each([
    ['in standardised features', apart],
    ['by angle', angle],
  ])('is told by the ball that tells it best, %s, where no rule does as well', (_, by) => {
    const failed = failing(nearest(8, by, 40));
    const wanted = new Set(failed);
    const byRule = describedBy(failed, 0);
    const { rule: told, neighbourhood, positions, newlyFailed } = describedBy(failed, features);
    if (neighbourhood === null) throw new Error('a rule');
    expect([told, neighbourhood.shape]).toEqual([[], 'ball']);
    expect(positions).toEqual(neighbourhood.positions.toSorted());
    expect(wanted.has(neighbourhood.around)).toBe(true);
    expect([...newlyFailed]).toEqual([...positions].filter((row) => wanted.has(row)));
    // By trying every ball.
    const balls = [...failed].flatMap((centre) =>
      [apart, angle].flatMap((of) => {
        const order = nearest(centre, of, size);
        return order
          .map((_, last) => order.slice(0, last + 1))
          .filter((ball) => 2 * ball.filter((row) => wanted.has(row)).length >= failed.length);
      }),
    );
    const best = balls.reduce((most, ball) => Math.max(most, f1Of(ball, wanted)), 0);
    expect(f1Of(positions, wanted)).toBeCloseTo(best, 9);
    expect(best).toBeGreaterThan(f1Of(byRule.positions, wanted));
  });

  it('is told by a rule where one does as well, or where not all features are at hand', () => {
    const box = Uint32Array.from(every.filter((row) => near.at(row, 0) <= 0.3 && near.at(row, 1) > 0.5));
    const ball = failing(nearest(8, apart, 40));
    for (const shown of [describedBy(box, features), describedBy(ball, 0)]) {
      expect(shown.neighbourhood).toBeNull();
      expect(positionsIn(shown.rule, near.columns)).toEqual(shown.positions);
    }
  });
});
