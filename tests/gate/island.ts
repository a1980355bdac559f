import { stream } from '../../src/statistics/random.ts';
import { chance, type Sample, sampleOf } from './paired.ts';

/** Images of which a fifteenth lie a little to one side in every feature: no two features tell them, all together do. */
export interface Island extends Sample {
  readonly images: number;
  readonly dimensions: number;
  readonly isInside: (row: number) => boolean;
  /** Failures: one in twenty by chance, and of the island most in the candidate. */
  readonly candidate: Uint8Array;
  readonly baseline: Uint8Array;
}

export function islandSample(): Island {
  const [images, dimensions] = [500, 80];
  const { columns, at } = sampleOf('ball', images, dimensions);
  const isInside = (row: number) => row % 15 === 0;
  for (let feature = 0; feature < dimensions; feature++) {
    for (let row = 0; row < images; row++) if (isInside(row)) columns.values[feature * images + row] += 0.14;
  }
  const outcomes = stream('ball outcomes');
  const baseline = Uint8Array.from({ length: images }, () => Number(chance(outcomes, 0.05)));
  const candidate = Uint8Array.from({ length: images }, (_, row) =>
    Number(chance(outcomes, 0.05) || (isInside(row) && chance(outcomes, 0.7))),
  );
  return { columns, at, images, dimensions, isInside, candidate, baseline };
}
