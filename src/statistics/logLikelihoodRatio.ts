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
 * One-sided log likelihood ratio (nats) of b newly failed images among b + c against "a share `share` of them fails
 * newly by chance": b ln(b / (share (b + c))) + c ln(c / ((1 - share) (b + c))) where b is above its share, else 0.
 * With one baseline an image is as likely to break as to mend, and share is 1/2.
 *
 * Gives the ratio as a function of b and c, b + c at most `greatest`, from a table of logarithms.
 */
export function discordanceLogLikelihoodRatio(greatest: number, share = 0.5): (b: number, c: number) => number {
  const entropy = Float64Array.from({ length: greatest + 1 }, (_, count) => xLogX(count));
  const surprise = [-Math.log(share), -Math.log1p(-share)];
  const againstOne = 1 / share - 1;
  return (b, c) => {
    if (b * againstOne <= c) return 0;
    return entropy[b] + entropy[c] - entropy[b + c] + b * surprise[0] + c * surprise[1];
  };
}

/** Binomial log likelihood at its maximum, without the binomial coefficient. */
function logLikelihood(failures: number, size: number): number {
  return xLogX(failures) + xLogX(size - failures) - xLogX(size);
}

/** x ln x, 0 at 0. */
export function xLogX(x: number): number {
  return x === 0 ? 0 : x * Math.log(x);
}
