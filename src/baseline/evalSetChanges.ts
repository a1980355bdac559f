import type { BaselineRecord } from '../records/baseline.ts';
import type { EvalSetChanges } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { EvalSet } from '../records/evalSet.ts';

/**
 * What became of a baseline's images: where failing ones are taken out, relabelled or replaced, a worse checkpoint passes.
 *
 * @param hashes SHA-256 (hex) of the bytes of each image of the eval set; null where none was read
 */
export function evalSetChanges(
  evalSet: EvalSet,
  hashes: readonly string[] | null,
  { evalSet: then }: Pick<BaselineRecord, 'evalSet'>,
): EvalSetChanges {
  const rowOf = new Map(evalSet.images.map((image, row) => [image, row]));
  let [lost, relabelled, rewritten] = [0, 0, 0];
  for (const [at, image] of then.images.entries()) {
    const row = rowOf.get(image);
    if (row === undefined) lost += 1;
    else if (entry(evalSet.classes, entry(evalSet.labels, row)) !== entry(then.classes, entry(then.labels, at)))
      relabelled += 1;
    else if (hashes !== null && then.hashes !== null && !entry(hashes, row).startsWith(entry(then.hashes, at)))
      rewritten += 1;
  }
  const added = evalSet.images.length - (then.images.length - lost);
  return { images: then.images.length, lost, relabelled, rewritten, added };
}
