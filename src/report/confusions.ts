import { entry } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import { groupOfId } from '../records/groupKinds.ts';
import type { Result } from '../records/result.ts';
import type { Confusion } from './actions.ts';
import { keyOf } from './pictures.ts';

/**
 * What each cluster's newly failing images are taken for or, in a group of a prediction, what they are; by `keyOf`,
 * most frequent first. Checkpoints are aligned with the result's.
 */
export function confusionsOf(
  result: Result,
  { images, labels, classes }: EvalSet,
  checkpoints: readonly Checkpoint[],
): ReadonlyMap<string, readonly Confusion[]> {
  const rowOf = new Map(images.map((image, row) => [image, row]));
  return new Map(
    result.checkpoints.flatMap(({ name, comparison }, index) => {
      const { predictions } = entry(checkpoints, index);
      if (predictions === null) return [];
      return (comparison?.clusters ?? []).map((cluster): [string, Confusion[]] => {
        const of = groupOfId(cluster.group).kind.tells === 'label' ? labels : predictions;
        const rows = cluster.images.flatMap((image) => rowOf.get(image) ?? []);
        const counts = Map.groupBy(rows, (row) => entry(classes, entry(of, row)));
        const all = [...counts].map(([className, { length }]) => ({ className, images: length }));
        return [
          keyOf(name, cluster.id),
          all.toSorted((a, b) => b.images - a.images || (a.className < b.className ? -1 : 1)),
        ];
      });
    }),
  );
}
