import { fitGumbel, gumbelTail } from './gumbel.ts';

export interface MonteCarloOptions {
  /** Most draws to make. */
  readonly draws: number;
  /** Draws as good as the observed value after which to stop. */
  readonly stopAfter: number;
}

export interface MonteCarloResult {
  readonly pValue: number;
  /** Draws made. */
  readonly draws: number;
  /** Draws at least as great as the observed value. */
  readonly asGood: number;
  /** Whether the p-value is read from the Gumbel fit because no draw was as good. */
  readonly extended: boolean;
}

/**
 * Sequential Monte Carlo p-value of `observed` (greater is more extreme) against draws under the null hypothesis.
 * Stops once `stopAfter` draws are as good: p = asGood / draws; else p = (1 + asGood) / (1 + draws). Both are exact
 * (Besag and Clifford, "Sequential Monte Carlo p-values", 1991). Where no draw is as good, a Gumbel distribution
 * fitted to the draws extends p below 1 / (1 + draws), never above it.
 * `draw` is called with 0, 1, ... in order.
 */
export function monteCarlo(
  observed: number,
  draw: (index: number) => number,
  { draws, stopAfter }: MonteCarloOptions,
): MonteCarloResult {
  const drawn = new Float64Array(draws);
  let asGood = 0;
  for (let index = 0; index < draws; index++) {
    const value = draw(index);
    drawn[index] = value;
    if (value >= observed && ++asGood === stopAfter) {
      return { pValue: asGood / (index + 1), draws: index + 1, asGood, extended: false };
    }
  }
  const plain = (1 + asGood) / (1 + draws);
  const fit = asGood === 0 ? fitGumbel(drawn) : null;
  if (fit === null) return { pValue: plain, draws, asGood, extended: false };
  const tail = gumbelTail(fit, observed);
  return { pValue: Math.min(plain, tail), draws, asGood, extended: tail < plain };
}
