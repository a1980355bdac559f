import { fitGumbelTail, gumbelTail } from './gumbel.ts';

export interface MonteCarloOptions {
  /** Most draws to make. */
  readonly draws: number;
  /** Draws as good as the observed value after which to stop. */
  readonly stopAfter: number;
  /**
   * Stop after `lookAt` draws, none as good, whose tail puts the p-value at or below this: with so clear a case more draws
   * change no decision. 0 where left out.
   */
  readonly clearBelow?: number;
  /** 999 where left out. */
  readonly lookAt?: number;
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
  { draws, stopAfter, clearBelow = 0, lookAt = 999 }: MonteCarloOptions,
): MonteCarloResult {
  const drawn = new Float64Array(draws);
  let asGood = 0;
  for (let index = 0; index < draws; index++) {
    const value = draw(index);
    drawn[index] = value;
    if (value >= observed && ++asGood === stopAfter) {
      return { pValue: asGood / (index + 1), draws: index + 1, asGood, extended: false };
    }
    if (index + 1 === lookAt && asGood === 0 && clearBelow > 0) {
      const early = extend(observed, drawn.subarray(0, lookAt));
      if (early.pValue <= clearBelow) return early;
    }
  }
  if (asGood === 0) return extend(observed, drawn);
  return { pValue: (1 + asGood) / (1 + draws), draws, asGood, extended: false };
}

/** The result where no draw was as good. */
function extend(observed: number, drawn: Float64Array): MonteCarloResult {
  const plain = 1 / (1 + drawn.length);
  const fit = fitGumbelTail(drawn);
  const tail = fit === null ? 1 : gumbelTail(fit, observed);
  return { pValue: Math.min(plain, tail), draws: drawn.length, asGood: 0, extended: tail < plain };
}
