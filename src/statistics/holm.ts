/**
 * Holm's step-down adjusted p-values, in the order given: rejecting those <= alpha keeps the chance of any false
 * rejection at or below alpha, whatever the dependence (Holm, 1979; R: `p.adjust(p, "holm")`).
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let greatest = 0;
  for (const [rank, index] of order.entries()) {
    greatest = Math.max(greatest, Math.min(1, (pValues.length - rank) * pValues[index]));
    adjusted[index] = greatest;
  }
  return adjusted;
}

/**
 * Which of some discrete hypotheses could become significant at all, by the least p-value each can attain (or a lower
 * bound of it). The others need neither be tested nor counted (Tarone, "A modified Bonferroni method for discrete
 * data", 1990): of all k with at most k hypotheses that attain alpha / k, the smallest.
 */
export function testable(leastPValues: readonly number[], alpha: number): boolean[] {
  const sorted = leastPValues.toSorted((a, b) => a - b);
  let k = 1;
  // sorted[k] <= alpha / k: more than k hypotheses attain alpha / k.
  while (k < sorted.length && sorted[k] <= alpha / k) k++;
  return leastPValues.map((least) => least <= alpha / k);
}

/**
 * Holm over the testable hypotheses alone; the others get 1. Valid because what is testable depends on the margins
 * only, never on the outcome (Hommel and Krummenauer, 1998).
 */
export function holmOverTestable(pValues: readonly number[], leastPValues: readonly number[], alpha: number): number[] {
  const counted = testable(leastPValues, alpha);
  const adjusted = holm(pValues.filter((_, index) => counted[index]));
  let next = 0;
  return counted.map((each) => (each ? adjusted[next++] : 1));
}
