import type { Region } from '../records/analysis.ts';
import { counted, number } from '../records/words.ts';

/** "36 images newly fail". */
export function newlyFail(images: number): string {
  return `${counted(images, 'image')} newly ${images === 1 ? 'fails' : 'fail'}`;
}

/** "where feature 33 > 0.41 and feature 7 <= 0.2", "in the whole group". */
export function whereText(
  rule: Region,
  nameOf: (feature: number) => string = (feature) => `feature ${feature}`,
): string {
  if (rule.length === 0) return 'in the whole group';
  return `where ${rule.map(({ feature, op, threshold }) => `${nameOf(feature)} ${op} ${number(threshold)}`).join(' and ')}`;
}
