/**
 * The upper tail of a Gumbel distribution of maxima: P(X >= x) = 1 - exp(-intensity exp(-(x - from) / scale)) for
 * x >= from.
 */
export interface GumbelTail {
  readonly from: number;
  readonly intensity: number;
  readonly scale: number;
}

/** Greatest maxima that a tail is fitted to: far enough out to lie straight, enough to be sure of the slope. */
const FITTED = 100;
/** Fewest that allow a fit. */
const LEAST_FITTED = 20;

/**
 * Fits a Gumbel tail to the 100 greatest of some maxima: it meets their share of all maxima at the least of them, and its
 * scale is the most likely one. Scan statistics of counts take few values, far apart, and so each value stands for the
 * interval up to the next; read as points of a continuous distribution they would make the tail too heavy by far. Zeros
 * (draws in which nothing qualified) are never fitted. Null where fewer than 20 or only one value remain.
 * Source: Abrams, Kulldorff and Kleinman, "Gumbel based p-value approximations for spatial scan statistics" (2010).
 */
export function fitGumbelTail(maxima: Float64Array): GumbelTail | null {
  const falling = maxima
    .filter((value) => value > 0)
    .sort()
    .reverse();
  if (falling.length < LEAST_FITTED) return null;
  const from = falling[Math.min(FITTED, falling.length) - 1];
  const { values, counts } = distinct(falling.filter((value) => value >= from).reverse());
  const fitted = counts.reduce((sum, count) => sum + count, 0);
  if (values.length < 2 || fitted === maxima.length) return null;
  const intensity = -Math.log1p(-fitted / maxima.length);
  const logLikelihood = (logScale: number) => {
    const tails = [...values.map((x) => gumbelTail({ from, intensity, scale: Math.exp(logScale) }, x)), 0];
    return counts.reduce((sum, count, at) => sum + count * Math.log(tails[at] - tails[at + 1]), 0);
  };
  const range = Math.log(values[values.length - 1] - from);
  return { from, intensity, scale: Math.exp(greatestAt(logLikelihood, range - 5, range + 5)) };
}

/** P(X >= x), precise far out; 1 - exp(-intensity) at and below `from`. */
export function gumbelTail({ from, intensity, scale }: GumbelTail, x: number): number {
  return -Math.expm1(-intensity * Math.exp((from - Math.max(x, from)) / scale));
}

/** The different values of a rising list and how often each occurs; what differs by rounding alone is one value. */
function distinct(rising: Float64Array): { values: number[]; counts: number[] } {
  const values: number[] = [];
  const counts: number[] = [];
  for (const value of rising) {
    const last = values.length - 1;
    if (last >= 0 && value - values[last] <= 1e-9 * value) counts[last]++;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return { values, counts };
}

/** Ternary search for where a function with one peak is greatest. */
function greatestAt(f: (x: number) => number, low: number, high: number): number {
  let [from, to] = [low, high];
  while (to - from > 1e-7) {
    const third = (to - from) / 3;
    // Where both are -Infinity the tail falls too steeply for its farthest value: the peak lies above.
    if (f(from + third) > f(to - third)) to -= third;
    else from += third;
  }
  return (from + to) / 2;
}
