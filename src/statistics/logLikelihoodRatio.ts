/**
 * One-sided binomial log likelihood ratio (nats) of "this part fails more than the rest" against "all fail alike":
 * Kulldorff's scan statistic (1997). 0 where the part's error rate is not above that of the rest.
 */
export function logLikelihoodRatio(failuresIn: number, sizeIn: number, failuresAll: number, sizeAll: number): number {
  const failuresOut = failuresAll - failuresIn;
  const sizeOut = sizeAll - sizeIn;
  if (failuresIn * sizeOut <= failuresOut * sizeIn) return 0;
  return Math.max(
    0,
    logLikelihood(failuresIn, sizeIn) + logLikelihood(failuresOut, sizeOut) - logLikelihood(failuresAll, sizeAll),
  );
}

/**
 * One-sided log likelihood ratio (nats) of b newly failed and c newly fixed images against "as likely to break as to
 * mend": b ln(2b / (b + c)) + c ln(2c / (b + c)) where b > c, else 0.
 */
export function discordanceLogLikelihoodRatio(newlyFailed: number, newlyFixed: number): number {
  if (newlyFailed <= newlyFixed) return 0;
  const changed = newlyFailed + newlyFixed;
  return xLogX(newlyFailed) + xLogX(newlyFixed) - xLogX(changed) + changed * Math.LN2;
}

/** Greatest binomial log likelihood of some failures in so many. */
function logLikelihood(failures: number, size: number): number {
  return xLogX(failures) + xLogX(size - failures) - xLogX(size);
}

/** x ln x, 0 at 0. */
export function xLogX(x: number): number {
  return x === 0 ? 0 : x * Math.log(x);
}
