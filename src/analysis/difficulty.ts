import type { Difficulty, PairedGroup } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { ReadColumns } from '../records/features.ts';
import { groupOfId } from '../records/groupKinds.ts';
import type { Hardness } from '../records/hardness.ts';
import { marginsOf } from './hardness.ts';

/**
 * How hard a group's images are, by how sure the classifier of `hardness` is: of the label against the best other class; in a
 * group of predictions of class k, of k, which images of k cannot be wrongly taken for; in a union, of the label's side.
 *
 * @param labels of the eval set. @param classOf index of a class by its name. @param rowOf row of the eval set that `hardness` was computed on, of each row of the group. @param readColumns reads rows of that eval set.
 */
export async function difficultyOf(
  hardness: Hardness,
  { id, value, rows }: PairedGroup,
  labels: Int32Array,
  classOf: (name: string) => number,
  rowOf: (row: number) => number,
  readColumns: ReadColumns,
): Promise<Difficulty> {
  const { mistake } = groupOfId(id).kind;
  const k = mistake === 'other class' ? -1 : classOf(value);
  const asked = Array.from(rows, (row) => {
    const image = rowOf(row);
    return { image, ofClass: k < 0 ? entry(labels, image) : k };
  });
  const margins = await marginsOf(hardness, asked, labels, readColumns);
  const isOf = ({ image, ofClass }: (typeof asked)[number]) => entry(labels, image) === ofClass;
  const harder = Float64Array.from(asked, (each, at) => (isOf(each) ? -1 : 1) * entry(margins, at));
  const never = Uint8Array.from(asked, (each) => Number(mistake === 'taken for it' && isOf(each)));
  return { harder, never };
}
