import type { Region } from '../records/analysis.ts';

/** "25.3 %". */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Three significant digits, without trailing zeros. */
export function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** "36 images newly fail". */
export function newlyFail(images: number): string {
  return images === 1 ? '1 image newly fails' : `${images} images newly fail`;
}

/** "where feature 33 > 0.41 and feature 7 <= 0.2", "in the whole group". */
export function whereText(rule: Region): string {
  if (rule.length === 0) return 'in the whole group';
  return `where ${rule.map(({ feature, op, threshold }) => `feature ${feature} ${op} ${number(threshold)}`).join(' and ')}`;
}
