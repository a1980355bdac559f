import { openPool } from '../../src/adapters/threadPool.ts';
import type { WeakeningsInput } from '../../src/gate/weakenings.ts';
import { stream } from '../../src/statistics/random.ts';
import { chance, pairedGroup, readerOf, sampleOf } from './paired.ts';

export const ROWS = 400;
export const sample = sampleOf('weakenings', ROWS, 6);
export const rows = Array.from({ length: ROWS }, (_, row) => row);

/** Two checkpoints alike but for noise in their log-odds; `shift` is added to the candidate's. */
export function input(seed: string, shift: (row: number) => number): WeakeningsInput {
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
    ...{ dimensions: 6, readColumns: readerOf(sample), run: openPool(0).run, difficultyOf: async () => null },
    ...{ significance: 0.01, confidences: [candidate, accepted] },
  };
}

export const inside = (row: number) => sample.at(row, 2) > 0.8;
