import { describe, expect, it } from 'vitest';
import { DRAWS_A_BLOCK, drawBlock } from '../../src/gate/draws.ts';
import { halfSpaces, holds } from '../../src/gate/halfSpaces.ts';
import { densityScore } from '../../src/gate/score.ts';
import weakening from '../../src/gate/weakeningTask.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, sampleOf } from './paired.ts';

const [rows, features, blocks] = [130, 5, 2];
const { columns } = sampleOf('weakening', rows, features, 9);
const random = stream('weakening of margins');
const open = Uint8Array.from({ length: rows }, () => Number(chance(random, 0.15)));
const expected = Float64Array.from({ length: rows }, () => 0.125);
const steady = Uint32Array.from([...open.keys()].filter((row) => open[row] === 0 && row % 11 !== 0));
const names = Array.from(steady, (row) => `${row}.png`);
const spaces = halfSpaces(columns, { open, expected });

/** Margins of some checkpoints, in which the first is less sure where feature 1 is high. */
function changesOf(accepted: number): Float64Array[] {
  const margins = Array.from({ length: accepted + 1 }, (_, side) =>
    Float64Array.from(
      steady,
      (row) => random.uint32() / 2 ** 32 - (side === 0 && columns.values[rows + row] > 0.6 ? 0.6 : 0),
    ),
  );
  return margins.map((own, side) =>
    own.map((each, at) => {
      const others = margins.filter((_, other) => other !== side);
      return each - others.reduce((sum, of) => sum + of[at], 0) / accepted;
    }),
  );
}

/** Score of a half-space where the images changed so, every step by definition. */
function scoreOf(space: number, change: ArrayLike<number>, changes: readonly Float64Array[]): number {
  const column = columns.values.subarray(spaces.feature[space] * rows);
  const inside = [...steady.keys()].filter((at) =>
    holds(column[steady[at]], spaces.upper[space], spaces.threshold[space]),
  );
  if (inside.length < 10 || 2 * inside.length > steady.length) return 0;
  const sum = (of: readonly number[]) => of.reduce((total, each) => total + each, 0);
  const mean = sum(Array.from(steady, (_, at) => change[at])) / steady.length;
  const squares = sum(inside.map((at) => sum(changes.map((of) => of[at] ** 2)) / changes.length));
  const fall = -sum(inside.map((at) => change[at] - mean)) / Math.sqrt(squares);
  // In root mean square changes an image, a fall of the mean of a quarter.
  if (fall / Math.sqrt(inside.length) < 0.25) return 0;
  return fall ** 2 / 2 + densityScore(spaces.open[space], spaces.expected[space]);
}

const every = [...spaces.feature.keys()];
const bestOf = (of: readonly number[], change: ArrayLike<number>, changes: readonly Float64Array[]) =>
  Math.max(0, ...of.map((space) => scoreOf(space, change, changes)));

describe.each([1, 2])('the half-space where margins fell most (%i accepted)', (accepted) => {
  const changes = changesOf(accepted);
  const task = { columns, open, expected, steady, names, changes, most: features, blocks };
  const found = weakening(task);

  it('is the best of all half-spaces, with its steady images', () => {
    const score = bestOf(every, changes[0], changes);
    expect(score).toBeGreaterThan(3);
    expect(found.best?.score).toBeCloseTo(score, 9);
    const space = every.findIndex((each) => Math.abs(scoreOf(each, changes[0], changes) - score) < 1e-9);
    const op = spaces.upper[space] === 1 ? '>' : '<=';
    const condition = { feature: spaces.feature[space], op, threshold: spaces.threshold[space] };
    expect(found.best?.condition).toEqual(condition);
    const column = columns.values.subarray(condition.feature * rows);
    expect([...(found.best?.positions ?? [])]).toEqual(
      [...steady].filter((at) => column[at] <= condition.threshold === (op === '<=')),
    );
  });

  it('is judged by draws of who the candidate is, image by image', () => {
    expect(found.maxima).toHaveLength(blocks * DRAWS_A_BLOCK);
    for (const [block, draw] of [
      [0, 0],
      [0, 31],
      [0, 32],
      [0, 127],
      [1, 0],
      [1, 70],
    ]) {
      const { bits, words, images } = drawBlock(names, accepted, block);
      const drawn = Array.from(steady, (_, image) => {
        const who = changes.findIndex(
          (__, side) => (bits[(side * words + (draw >>> 5)) * images + image] >>> (draw & 31)) & 1,
        );
        return changes[who][image];
      });
      expect(found.maxima[block * DRAWS_A_BLOCK + draw]).toBeCloseTo(bestOf(every, drawn, changes), 9);
    }
    expect(found.maxima.filter((each) => each > 0).length).toBeGreaterThan(10);
  });

  it.each([1, 2, 4])('is looked for in the features with the densest half-spaces (%i of them)', (most) => {
    const density = (feature: number) =>
      Math.max(
        ...every
          .filter((space) => spaces.feature[space] === feature)
          .map((space) => densityScore(spaces.open[space], spaces.expected[space])),
      );
    const chosen = [...Array(features).keys()].toSorted((a, b) => density(b) - density(a)).slice(0, most);
    const some = every.filter((space) => chosen.includes(spaces.feature[space]));
    const few = weakening({ ...task, most });
    expect(few.best?.score ?? 0).toBeCloseTo(bestOf(some, changes[0], changes), 9);
    expect(few.maxima[0]).toBeLessThanOrEqual(found.maxima[0]);
  });
});

describe('no half-space', () => {
  const changes = changesOf(1);
  const task = { columns, open, expected, steady, names, changes, most: features, blocks: 1 };

  it('where nothing changed, or all alike', () => {
    const none = [new Float64Array(steady.length), new Float64Array(steady.length)];
    expect(weakening({ ...task, changes: none })).toEqual({ best: null, maxima: new Float64Array(DRAWS_A_BLOCK) });
    const alike = none.map((each, side) => each.fill(side === 0 ? -1 : 1));
    expect(weakening({ ...task, changes: alike }).best).toBeNull();
  });

  it('where margins rose', () => {
    const place = columns.values.subarray(rows);
    const rose = [
      Float64Array.from(steady, (row) => (place[row] > 0.6 ? 1 : 0)),
      Float64Array.from(steady, (row) => (place[row] > 0.6 ? -1 : 0)),
    ];
    const { best } = weakening({ ...task, changes: rose });
    expect(best?.condition).not.toMatchObject({ feature: 1, op: '>' });
  });

  it('reads columns that begin later by their numbers', () => {
    const later = weakening({ ...task, columns: { ...columns, from: 20, to: 20 + features } });
    const here = weakening(task);
    expect(later.maxima).toEqual(here.maxima);
    expect(later.best?.condition.feature).toBe(20 + (here.best?.condition.feature ?? 0));
    expect(later.best?.positions).toEqual(here.best?.positions);
  });
});
