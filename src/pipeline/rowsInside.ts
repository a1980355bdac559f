import { positionsIn } from '../gate/region.ts';
import type { Region } from '../records/analysis.ts';
import type { Cluster } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { ReadColumns } from '../records/features.ts';

/** Positions, ascending, of the rows that a region holds. One column is in memory at a time, and only of rows that are left. */
export async function positionsInside(rule: Region, rows: Uint32Array, read: ReadColumns): Promise<number[]> {
  let positions = [...rows.keys()];
  for (const condition of rule) {
    const some = Uint32Array.from(positions, (at) => entry(rows, at));
    const columns = await read(some, condition.feature, condition.feature + 1);
    positions = Array.from(positionsIn([condition], columns), (at) => entry(positions, at));
  }
  return positions;
}

/** The same of a cluster, which may be a neighbourhood: its images are then known by name. @param images names by row */
export async function positionsOfCluster(
  { rule, neighbourhood }: Pick<Cluster, 'rule' | 'neighbourhood'>,
  rows: Uint32Array,
  images: readonly string[],
  read: ReadColumns,
): Promise<number[]> {
  if (neighbourhood === null) return positionsInside(rule, rows, read);
  const names = new Set(neighbourhood.images);
  return [...rows.keys()].filter((at) => names.has(entry(images, entry(rows, at))));
}
