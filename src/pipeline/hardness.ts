import { difficultyOf } from '../analysis/difficulty.ts';
import { areWorthKeeping, hardness } from '../analysis/hardness.ts';
import { marginStore } from '../features/marginStore.ts';
import type { Difficulty, PairedGroup } from '../records/comparison.ts';
import { entry, lookUp } from '../records/entry.ts';
import type { Hardness } from '../records/hardness.ts';
import type { Features } from './read.ts';
import { type Run, storeFolder } from './request.ts';

/**
 * How hard images are, for groups of some rows of the eval set. It depends on features and labels alone.
 *
 * @param rows row of the eval set of each row that groups hold.
 */
export async function difficultyIn(
  run: Run,
  features: Features,
  rows: Uint32Array,
): Promise<(group: PairedGroup) => Promise<Difficulty | null>> {
  const { evalSet, read } = features;
  const found = await margins(run, features);
  const indexOf = new Map(evalSet.classes.map((name, index) => [name, index]));
  const classOf = (name: string) => lookUp(indexOf, name);
  const rowOf = (row: number) => entry(rows, row);
  if (found !== null) return (group) => difficultyOf(found, group, evalSet.labels, classOf, rowOf, read);
  run.request.onNotice('All images have one label: nothing tells hard images from easy ones, and all count as alike.');
  return async () => null;
}

/** The margins of the eval set: those kept with the features by an earlier run, where they take long. */
async function margins({ config, request, pool }: Run, { evalSet, file, read }: Features): Promise<Hardness | null> {
  const { labels } = evalSet;
  const [classes, { dimensions, contents }] = [evalSet.classes.length, file];
  const compute = () => hardness({ labels, classes, dimensions, readColumns: read, run: pool.run });
  if (!areWorthKeeping(labels.length, classes, dimensions)) return compute();
  const store = marginStore(storeFolder(config, 'features'), request.onNotice);
  const source = { contents, labels, classes };
  const kept = store.read(source);
  if (kept !== null) return kept;
  const found = await compute();
  if (found !== null) await store.keep(source, found);
  return found;
}
