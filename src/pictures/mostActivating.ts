import { entry } from '../records/entry.ts';
import type { ReadColumns } from '../records/features.ts';

/**
 * The images in which a feature is strongest.
 * @param rows eval-set rows to choose from.
 * @returns at most `count` of them, the most activating first; of equal ones the smaller row first.
 */
export async function mostActivating(
  readColumns: ReadColumns,
  rows: Uint32Array,
  feature: number,
  count: number,
): Promise<number[]> {
  const { values } = await readColumns(rows, feature, feature + 1);
  const order = Array.from(rows, (_, i) => i).sort(
    (a, b) => entry(values, b) - entry(values, a) || entry(rows, a) - entry(rows, b),
  );
  return order.slice(0, count).map((i) => entry(rows, i));
}
