/**
 * P(X <= k), X hypergeometric: of `population` things `marked` are marked, and `drawn` are drawn; Fisher's exact test, one-sided
 * (`scipy.stats.hypergeom.cdf(k, population, marked, drawn)`). Weights are worked out from the likeliest count on, so that
 * millions of things neither overflow nor cancel; never below the least positive double.
 */
export function hypergeometricCdf(k: number, population: number, marked: number, drawn: number): number {
  const [least, most] = [Math.max(0, drawn + marked - population), Math.min(drawn, marked)];
  if (k >= most) return 1;
  if (k < least) return 0;
  // Of the weight at x + 1 to that at x.
  const ratio = (x: number) => ((marked - x) * (drawn - x)) / ((x + 1) * (population - marked - drawn + x + 1));
  const mode = Math.min(most, Math.max(least, Math.floor(((drawn + 1) * (marked + 1)) / (population + 2))));
  let [lower, all] = [0, 0];
  const add = (x: number, weight: number) => {
    all += weight;
    if (x <= k) lower += weight;
  };
  // Counts that cannot be have the weight 0.
  for (let x = mode, weight = 1; weight > 0; weight *= ratio(x), x++) add(x, weight);
  for (let x = mode - 1, weight = 1 / ratio(x); weight > 0; x--, weight /= ratio(x)) add(x, weight);
  return Math.max(Number.MIN_VALUE, lower / all);
}
