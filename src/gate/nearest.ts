import type { Columns } from '../records/features.ts';

/**
 * Squared distances of some images to others, in features that are standardised over the others. Features are added a block at a
 * time, so that they need not be in memory at once; constant ones count for nothing.
 */
export interface Distances {
  /** Images x others. */
  readonly values: Float32Array;
  readonly others: number;
}

/** No features yet. */
export function noDistances(images: number, others: number): Distances {
  return { values: new Float32Array(images * others), others };
}

/**
 * Adds features.
 * @param columns rows are the others, in order
 * @param positions of the images among them
 */
export function addFeatures({ values, others }: Distances, columns: Columns, positions: readonly number[]): void {
  for (let feature = 0; feature < columns.to - columns.from; feature++) {
    const column = columns.values.subarray(feature * others, (feature + 1) * others);
    const mean = column.reduce((sum, each) => sum + each, 0) / others;
    const variance = column.reduce((sum, each) => sum + (each - mean) ** 2, 0) / others;
    if (!(Math.sqrt(variance) > 1e-9 * Math.abs(mean))) continue;
    for (const [image, position] of positions.entries()) {
      const own = column[position];
      const distances = values.subarray(image * others, (image + 1) * others);
      for (let other = 0; other < others; other++) {
        const difference = column[other] - own;
        distances[other] += (difference * difference) / variance;
      }
    }
  }
}

/** The nearest others of an image, nearest first, of equally near ones the first. @param leftOut positions that do not count */
export function nearestOf(
  { values, others }: Distances,
  image: number,
  leftOut: ReadonlySet<number>,
  count: number,
): number[] {
  const own = values.subarray(image * others, (image + 1) * others);
  const nearest: number[] = [];
  for (let other = 0; other < others; other++) {
    const distance = own[other];
    const isFar = nearest.length === count && distance >= own[nearest[count - 1]];
    if (isFar || leftOut.has(other)) continue;
    let at = nearest.length;
    while (at > 0 && distance < own[nearest[at - 1]]) at -= 1;
    nearest.splice(at, 0, other);
    if (nearest.length > count) nearest.pop();
  }
  return nearest;
}
