/** A Gumbel distribution of maxima: P(X <= x) = exp(-exp(-(x - location) / scale)). */
export interface Gumbel {
  readonly location: number;
  readonly scale: number;
}

/** Draws above the censoring point that a fit must have. */
const MIN_EXCEEDANCES = 20;

/**
 * Maximum-likelihood fit to the upper half of some maxima; the lower half, and all zeros (draws in which nothing
 * qualified), count only as "not above". The tail is what p-values are read from, and so the fit answers to it alone.
 * Null where fewer than 20 maxima remain or they do not differ. Source: Abrams, Kulldorff and Kleinman, "Gumbel
 * based p-value approximations for spatial scan statistics" (2010), with left censoring.
 */
export function fitGumbel(maxima: Float64Array): Gumbel | null {
  const sorted = maxima.toSorted();
  const cut = Math.max(0, sorted[Math.floor(sorted.length / 2)] ?? 0);
  const first = sorted.findLastIndex((value) => value <= cut) + 1;
  const above = sorted.subarray(first);
  if (above.length < MIN_EXCEEDANCES || above[0] === above[above.length - 1]) return null;
  const mean = above.reduce((sum, value) => sum + value, 0) / above.length;
  // The likelihood equation of the scale, location profiled out; it falls in the scale, so bisect.
  let low = 0;
  let high = mean - cut;
  for (let step = 0; step < 200 && low < high; step++) {
    const scale = (low + high) / 2;
    if (scale === low || scale === high) break;
    const { weighted, weight } = tilt(above, cut, first, scale);
    if (mean - weighted / weight > scale) low = scale;
    else high = scale;
  }
  const scale = (low + high) / 2;
  const { weight } = tilt(above, cut, first, scale);
  return { location: cut + scale * Math.log(above.length / weight), scale };
}

/** Sums of exp(-(x - cut) / scale), plain and times x, over the values above and `censored` copies of the cut. */
function tilt(above: Float64Array, cut: number, censored: number, scale: number) {
  let weight = censored;
  let weighted = censored * cut;
  for (const value of above) {
    const each = Math.exp((cut - value) / scale);
    weight += each;
    weighted += each * value;
  }
  return { weight, weighted };
}

/** P(X >= x), precise far out in the tail. */
export function gumbelTail({ location, scale }: Gumbel, x: number): number {
  return -Math.expm1(-Math.exp((location - x) / scale));
}
