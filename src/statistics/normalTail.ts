/** Below this the series about 0 is the more exact, above it the continued fraction. */
const FAR = 3;

/** P(Z >= z) of a standard normal Z, z >= 0, to about 1e-12 of itself (scipy: `norm.sf`). */
export function normalTail(z: number): number {
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  if (z < FAR) {
    // Abramowitz and Stegun 26.2.11: every term is positive.
    let [term, sum] = [z, z];
    for (let i = 3; term > 1e-18 * sum; i += 2) {
      term *= (z * z) / i;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  // 26.2.14: 1 / (z + 1 / (z + 2 / (z + 3 / ...))), from far within.
  let fraction = z;
  for (let i = 120; i > 0; i--) fraction = z + i / fraction;
  return density / fraction;
}
