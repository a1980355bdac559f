import type { BaselineStore } from '../baseline/store.ts';
import { entry } from '../records/entry.ts';
import type { Result } from '../records/result.ts';
import { imagesOfTrails, type PastOutcome } from '../report/trails.ts';

/** Accepted checkpoints that trails go back. */
const MOST = 8;

/** What the last accepted checkpoints did on the images of a result's events and slices, the oldest first. */
export async function pastOutcomes(store: BaselineStore | null, { checkpoints }: Result): Promise<PastOutcome[]> {
  const wanted = imagesOfTrails(checkpoints);
  if (store === null || wanted.size === 0) return [];
  const commits = [...new Set((await store.list()).map(({ commit }) => commit))].slice(0, MOST);
  const past: PastOutcome[] = [];
  for (const commit of commits.toReversed()) {
    const { evalSet, failed, slices } = await store.show(commit);
    past.push({
      commit,
      failed: new Map(
        evalSet.images.flatMap((name, row) => (wanted.has(name) ? [[name, entry(failed, row) === 1] as const] : [])),
      ),
      slices: new Map(slices.map(({ name, failures, images }) => [name, { failures, images: images.length }])),
    });
  }
  return past;
}
