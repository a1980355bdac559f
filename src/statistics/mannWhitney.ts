import { normalTail } from './normalTail.ts';

export interface MannWhitney {
  /** The share of pairs of one value of each list in which the first list's is the greater; equal ones count half. U / (n m). */
  readonly superiority: number;
  /** Two-sided. */
  readonly pValue: number;
}

/** The most values in the shorter list, none of them tied, for which the exact distribution is used; as in scipy. */
const EXACT = 8;

/**
 * Mann and Whitney's test of whether the values of one list tend to be greater or less than those of another: exact, or by
 * the normal approximation with ties and continuity taken into account (scipy: `mannwhitneyu(own, others)`).
 *
 * @param own and `others`: rising, neither empty.
 */
export function mannWhitney(own: Float64Array, others: Float64Array): MannWhitney {
  const [n, m] = [own.length, others.length];
  const { u, ties } = counted(own, others);
  const greater = Math.max(u, n * m - u);
  const isExact = Math.min(n, m) <= EXACT && ties === 0;
  const tail = isExact ? exactTail(n * m - greater, n, m) : approximateTail(greater, n, m, ties);
  return { superiority: u / (n * m), pValue: Math.min(1, 2 * tail) };
}

/** U of the first list, and the sum of t^3 - t over values that occur t times. */
function counted(own: Float64Array, others: Float64Array): { u: number; ties: number } {
  let [u, ties, i, j] = [0, 0, 0, 0];
  while (i < own.length || j < others.length) {
    const value = Math.min(own[i] ?? Number.POSITIVE_INFINITY, others[j] ?? Number.POSITIVE_INFINITY);
    const [from, below] = [i, j];
    while (own[i] === value) i++;
    while (others[j] === value) j++;
    const [here, there] = [i - from, j - below];
    u += here * (below + there / 2);
    ties += (here + there) ** 3 - (here + there);
    // A value that is no number would never end this.
    if (here + there === 0) break;
  }
  return { u, ties };
}

function approximateTail(u: number, n: number, m: number, ties: number): number {
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  const z = (u - (n * m) / 2 - 0.5) / Math.sqrt(variance);
  return variance > 0 && z > 0 ? normalTail(z) : 0.5;
}

/** P(U <= u) where no values are alike: the coefficients of the Gaussian binomial (n + m over n), over their sum. */
function exactTail(u: number, n: number, m: number): number {
  const [few, many] = [Math.min(n, m), Math.max(n, m)];
  const ways = new Float64Array(u + 1);
  ways[0] = 1;
  let all = 1;
  for (let i = 1; i <= few; i++) {
    for (let at = u; at >= many + i; at--) ways[at] -= ways[at - many - i];
    for (let at = i; at <= u; at++) ways[at] += ways[at - i];
    all *= (many + i) / i;
  }
  return ways.reduce((sum, each) => sum + each, 0) / all;
}
