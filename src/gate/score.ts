import { xLogX } from '../statistics/logLikelihoodRatio.ts';

/**
 * How surprising it is that so many images are open in a region (nats): the log likelihood ratio of a Poisson count `open`
 * against its expectation. 0 where no more are open than expected.
 */
export function densityScore(open: number, expected: number): number {
  return open > expected ? open * Math.log(open / expected) - (open - expected) : 0;
}

/** What makes a region material, and so what it must have before it counts. */
export interface Material {
  readonly minNewFailures: number;
  readonly minErrorRateIncrease: number;
}

/** Newly failed less newly fixed images that a region of `size` images must have. Compared in counts: 0.1 of 30 is 3. */
export function leastNet(size: number, { minNewFailures, minErrorRateIncrease }: Material): number {
  return Math.max(minNewFailures, Math.ceil(minErrorRateIncrease * size - 1e-9));
}

/**
 * S of the scan for one window: the log likelihood ratio (nats) of b newly failed among m open images, against each of the
 * N + 1 checkpoints being as likely to be the one that fails.
 */
export interface SideScore {
  /** S; 0 where b is no more than its share. */
  readonly of: (newlyFailed: number, open: number) => number;
  /** The most that m open images can give. */
  readonly most: (open: number) => number;
  /** The least b that gives more than `score`; m + 1 where none does. */
  readonly least: (score: number, open: number) => number;
}

/** @param accepted N; @param greatest m that will be asked for. */
export function sideScore(accepted: number, greatest: number): SideScore {
  const entropy = Float64Array.from({ length: greatest + 1 }, (_, count) => xLogX(count));
  const perFailed = Math.log(accepted + 1);
  const perOther = Math.log((accepted + 1) / accepted);
  const of = (b: number, m: number) =>
    b * (accepted + 1) > m ? entropy[b] + entropy[m - b] - entropy[m] + b * perFailed + (m - b) * perOther : 0;
  const most = (m: number) => m * perFailed;
  const least = (score: number, m: number) => {
    let low = Math.floor(m / (accepted + 1));
    let high = m + 1;
    // S rises with b above its share.
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (of(middle, m) > score) high = middle;
      else low = middle;
    }
    return high;
  };
  return { of, most, least };
}
