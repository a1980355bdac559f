/**
 * Isotonic regression by pooling adjacent violators: the non-decreasing values nearest in squares to `outcomes`, taken in
 * rising order of `by`. Equal `by` share a value. The fitted values sum to the outcomes' sum.
 * Agrees with scikit-learn's `IsotonicRegression` (Barlow, Bartholomew, Bremner and Brunk 1972).
 *
 * @param by one number per image, finite.
 * @param outcomes one number per image.
 * @returns the fitted value of each image, in the order given.
 */
export function isotonic(by: ArrayLike<number>, outcomes: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: by.length }, (_, at) => at).sort((a, b) => by[a] - by[b] || a - b);
  const sums: number[] = [];
  const counts: number[] = [];
  for (let at = 0; at < order.length; ) {
    let sum = 0;
    const from = at;
    for (; at < order.length && by[order[at]] === by[order[from]]; at++) sum += outcomes[order[at]];
    sums.push(sum);
    counts.push(at - from);
    // Compared as products: a block falls below the one before it.
    for (let last = sums.length - 1; last > 0; last--) {
      if (sums[last - 1] * counts[last] < sums[last] * counts[last - 1]) break;
      sums[last - 1] += sums[last];
      counts[last - 1] += counts[last];
      sums.length = last;
      counts.length = last;
    }
  }
  const fitted = new Float64Array(by.length);
  let at = 0;
  for (const [block, count] of counts.entries()) {
    for (let end = at + count; at < end; at++) fitted[order[at]] = sums[block] / count;
  }
  return fitted;
}
