import type { Cluster } from '../records/comparison.ts';
import { neighbourhoodText } from '../records/names.ts';
import { counted, number } from '../records/words.ts';

/** "36 images newly fail". */
export function newlyFail(images: number): string {
  return `${counted(images, 'image')} newly ${images === 1 ? 'fails' : 'fail'}`;
}

/** "where feature 33 > 0.41 and feature 7 <= 0.2", "among the 40 images most like car-17.png", "in the whole group". */
export function whereText(
  { rule, neighbourhood, size }: Pick<Cluster, 'rule' | 'neighbourhood' | 'size'>,
  nameOf: (feature: number) => string = (feature) => `feature ${feature}`,
): string {
  if (neighbourhood !== null) return `among ${neighbourhoodText(neighbourhood, size)}`;
  if (rule.length === 0) return 'in the whole group';
  return `where ${rule.map(({ feature, op, threshold }) => `${nameOf(feature)} ${op} ${number(threshold)}`).join(' and ')}`;
}
