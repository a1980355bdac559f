import type { Difficulty, PairedGroup } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import { groupOfId } from '../records/groupKinds.ts';
import type { Hardness } from '../records/hardness.ts';
import { marginOf } from './hardness.ts';

/**
 * How hard a group's images are, by how sure the classifier of `hardness` is: of the label against the best other class; in a
 * group of predictions of class k, of k, which images of k cannot be wrongly taken for; in a union, of the label's side.
 *
 * @param rowOf row of the eval set that `hardness` was computed on, of each row of the group.
 */
export function difficultyOf(
  hardness: Hardness,
  { id, value, rows }: PairedGroup,
  { labels, classes }: { readonly labels: Int32Array; readonly classes: readonly string[] },
  rowOf: (row: number) => number,
): Difficulty {
  const images = Uint32Array.from(rows, rowOf);
  const { mistake } = groupOfId(id).kind;
  const k = mistake === 'other class' ? -1 : classes.indexOf(value);
  const labelOf = (image: number) => entry(labels, image);
  const marginFor = (image: number, ofClass: number) => marginOf(hardness, image, labelOf(image), ofClass);
  const harder = Float64Array.from(images, (image) => {
    if (k < 0) return -marginFor(image, labelOf(image));
    return labelOf(image) === k ? -marginFor(image, k) : marginFor(image, k);
  });
  const never = Uint8Array.from(images, (image) => Number(mistake === 'taken for it' && labelOf(image) === k));
  return { harder, never };
}
