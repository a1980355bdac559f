/**
 * McNemar's exact test, two-sided: how probable it is that of `newlyFailed + newlyFixed` images whose outcome
 * changed, at least so uneven a share changed one way, if either way is as likely
 * (scipy: `binomtest(newlyFailed, newlyFailed + newlyFixed).pvalue`).
 */
export function mcnemar(newlyFailed: number, newlyFixed: number): number {
  const changed = newlyFailed + newlyFixed;
  const fewer = Math.min(newlyFailed, newlyFixed);
  if (2 * fewer >= changed) return 1;
  return Math.min(1, 2 * lowerTail(fewer, changed));
}

/** The least p-value that `mcnemar` can give for this many changed images. */
export function leastMcnemar(changed: number): number {
  return Math.min(1, 2 * 0.5 ** changed);
}

/** P(X <= k) for X binomial(n, 1/2). Works in logarithms, so that thousands of images do not underflow. */
function lowerTail(k: number, n: number): number {
  let logarithm = -n * Math.LN2;
  for (let i = 1; i <= k; i++) logarithm += Math.log((n - k + i) / i);
  let term = 1;
  let sum = 1;
  for (let i = k; i > 0; i--) {
    term *= i / (n - i + 1);
    sum += term;
  }
  return Math.exp(logarithm) * sum;
}
