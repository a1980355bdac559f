import { difficultyOf } from '../analysis/difficulty.ts';
import { hardness } from '../analysis/hardness.ts';
import type { Difficulty, PairedGroup } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { Features } from './read.ts';
import type { Run } from './request.ts';

/**
 * How hard images are, for groups of some rows of the eval set. It depends on features and labels alone.
 *
 * @param rows row of the eval set of each row that groups hold.
 */
export async function difficultyIn(
  { request, pool }: Run,
  { evalSet, file, read }: Features,
  rows: Uint32Array,
): Promise<(group: PairedGroup) => Difficulty | null> {
  const { labels, classes } = evalSet;
  const found = await hardness({
    ...{ labels, classes: classes.length, dimensions: file.dimensions, readColumns: read, run: pool.run },
  });
  if (found !== null) return (group) => difficultyOf(found, group, evalSet, (row) => entry(rows, row));
  request.onNotice('All images have one label: nothing tells hard images from easy ones, and all count as alike.');
  return () => null;
}
