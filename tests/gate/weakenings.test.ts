import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { type WeakeningsInput, weakenings } from '../../src/gate/weakenings.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, pairedGroup, readerOf, sampleOf } from './paired.ts';

const ROWS = 400;
const sample = sampleOf('weakenings', ROWS, 6);
const rows = Array.from({ length: ROWS }, (_, row) => row);

/** Two checkpoints alike but for noise in their log-odds; `shift` is added to the candidate's. */
function input(seed: string, shift: (row: number) => number): WeakeningsInput {
  const random = stream(seed);
  const sure = (odds: number) => 1 / (1 + Math.exp(-odds));
  const noise = () => (random.uint32() / 2 ** 32 - 0.5) * 2;
  const ease = rows.map(() => 1 + 2 * (random.uint32() / 2 ** 32));
  const accepted = Float64Array.from(rows, (row) => sure(ease[row] + noise()));
  const candidate = Float64Array.from(rows, (row) => sure(ease[row] + noise() + shift(row)));
  const failed = () => Uint8Array.from(rows, () => Number(chance(random, 0.03)));
  return {
    groups: [pairedGroup('a', rows, [failed(), failed()])],
    images: rows.map((row) => `${row}.png`),
    ...{ dimensions: 6, readColumns: readerOf(sample), run: openPool(0).run, difficultyOf: () => null },
    ...{ significance: 0.01, confidences: [candidate, accepted] },
  };
}

const inside = (row: number) => sample.at(row, 2) > 0.8;

describe('weakenings', () => {
  it('finds where right answers became less sure, and says by how much', async () => {
    const weaker = input('planted', (row) => (inside(row) ? -1.5 : 0));
    const [found, ...others] = await weakenings(weaker);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ group: 'label:a', rule: [{ feature: 2, op: '>' }] });
    expect(found.rule[0].threshold).toBeGreaterThan(0.7);
    expect(found.pValue).toBeLessThan(0.001);
    const [group] = weaker.groups;
    const steady = rows.filter(
      (row) => sample.at(row, 2) > found.rule[0].threshold && group.outcomes.every((failed) => failed[row] === 0),
    );
    expect(found.size).toBe(steady.length);
    const mean = (side: number) =>
      steady.reduce((sum, row) => sum + (weaker.confidences?.[side][row] ?? 0), 0) / steady.length;
    expect(found.after).toBeCloseTo(mean(0), 12);
    expect(found.before).toBeCloseTo(mean(1), 12);
    expect(found.after).toBeLessThan(found.before);
  });

  it('finds nothing where the candidate is as sure, surer there, or less sure everywhere', async () => {
    for (const shift of [() => 0, (row: number) => (inside(row) ? 1.5 : 0), () => -1]) {
      expect(await weakenings(input('no weakening', shift))).toEqual([]);
    }
  });

  it('is no more frequent than its level where nothing changed', async () => {
    let found = 0;
    for (let run = 0; run < 60; run++) {
      found += (await weakenings({ ...input(`null ${run}`, () => 0), significance: 0.1 })).length;
    }
    // 6 at most, on average: falls that are not worth words have no score. 13 or more would happen once in a hundred times.
    expect(found).toBeLessThan(13);
  });

  it('says nothing where a confidence is not known', async () => {
    expect(await weakenings({ ...input('planted', () => -1), confidences: null })).toEqual([]);
  });

  it('comes out the same for any number of workers', async () => {
    const weaker = input('planted', (row) => (inside(row) ? -1.5 : 0));
    const alone = await weakenings(weaker);
    for (const threads of [1, 2]) {
      const pool = openPool(threads);
      expect(await weakenings({ ...weaker, run: pool.run })).toEqual(alone);
      await pool.close();
    }
  });
});
