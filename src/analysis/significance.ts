import { logLikelihoodRatio } from '../statistics/logLikelihoodRatio.ts';
import { monteCarlo } from '../statistics/monteCarlo.ts';
import { popcount } from '../statistics/popcount.ts';
import { stream } from '../statistics/random.ts';
import { total } from '../statistics/sums.ts';
import { BUCKETS, type Quantised } from './quantised.ts';

/** Shuffles as good as the group itself after which the count is clear enough (Besag and Clifford, 1991). */
const STOP_AFTER = 10;
/**
 * After so many shuffles, none as good, the p-value is read from the Gumbel tail fitted to them. Fifty times as many would say less in
 * most cases, a third to a tenth (`bench/analysis.ts tails`): it errs on the cautious side.
 */
const LOOK_AT = 199;
/** Conditions, the best of as many features, of which pairs are made. */
const CONDITIONS = 12;

/**
 * Monte Carlo p-value of the failures of a group hanging together with features. Null hypothesis: which images of the group failed is
 * independent of the features. Statistic: the greatest one-sided log likelihood ratio of a region's error rate against
 * the rest of the group's, over regions of a family that the features fix: half-spaces `feature <= t`, `feature > t` at
 * the features' quantiles, the best cut of the 12 features that differ most by Pearson's chi-square, and the boxes of
 * two of these. Each shuffle of `failed` goes through the same choice, so that the p-value is exact.
 * @param failed aligned with the rows, with both outcomes.
 * @param shuffles most shuffles made, at least 1.
 * @param seed names the random numbers.
 */
export function significance(data: Quantised, failed: Uint8Array, shuffles: number, seed: string): number {
  const { rows } = data;
  const failures = total(failed);
  const statistic = regionStatistic(data, failures);
  const draw = (index: number) => statistic(shuffled(rows, failures, `${seed}:${index}`));
  // Just below what the shuffles show without a tail: where none can be fitted, more are made.
  const clearBelow = 1 / (LOOK_AT + 2);
  return monteCarlo(statistic(failed), draw, { draws: shuffles, stopAfter: STOP_AFTER, clearBelow, lookAt: LOOK_AT })
    .pValue;
}

/** `failures` failures among `rows` rows, every choice as likely. */
export function shuffled(rows: number, failures: number, seed: string): Uint8Array {
  const { below } = stream(seed);
  const outcome = new Uint8Array(rows);
  // Floyd's sampling: a row already chosen gives way to the newest of the range.
  for (let last = rows - failures; last < rows; last++) {
    const row = below(last + 1);
    outcome[outcome[row] === 1 ? last : row] = 1;
  }
  return outcome;
}

/** The best cut of a column. */
interface Condition {
  readonly column: number;
  /** Buckets up to this one lie below. */
  readonly bucket: number;
  /** Whether more than their share of failures lie below. */
  readonly failsBelow: boolean;
  /** Pearson's chi-square but for a factor that all have. */
  readonly chiSquare: number;
}

/** A function from outcomes with so many failures to the statistic that `significance` tests. */
export function regionStatistic(data: Quantised, failures: number): (outcome: Uint8Array) => number {
  const { rows } = data;
  // Chi-square is the same for failures and rights; only the rarer, the marked rows, are counted.
  const marks = Math.min(failures, rows - failures);
  const rare = failures === marks ? 1 : 0;
  const marked = new Uint32Array(marks + 1);
  const words = (rows + 31) >> 5;
  const failing = new Uint32Array(words);
  const members = Array.from({ length: CONDITIONS }, () => new Uint32Array(words));
  return (outcome) => {
    for (let row = 0, at = 0; row < rows; row++) {
      marked[at] = row;
      at += 1 - (outcome[row] ^ rare);
    }
    const conditions = bestConditions(data, marked.subarray(0, marks), rare === 1);
    failing.fill(0);
    for (let row = 0; row < rows; row++) failing[row >> 5] |= outcome[row] << (row & 31);
    for (const [i, condition] of conditions.entries()) fillMembers(members[i], data, condition);
    let best = 0;
    for (let i = 0; i < conditions.length; i++) {
      for (let j = 0; j <= i; j++) {
        let size = 0;
        let inside = 0;
        for (let word = 0; word < words; word++) {
          const both = members[i][word] & members[j][word];
          size += popcount(both);
          inside += popcount(both & failing[word]);
        }
        best = Math.max(best, logLikelihoodRatio(inside, size, failures, rows));
      }
    }
    return best;
  };
}

/** The best cut of each of the columns that differ most, best first; equal ones by the smaller column. */
function bestConditions(data: Quantised, marked: Uint32Array, marksFail: boolean): readonly Condition[] {
  const { rows, dimensions, buckets, below, weights, cuts } = data;
  const marks = marked.length;
  const counts = new Uint32Array(BUCKETS);
  const best: Condition[] = [];
  let least = 0;
  for (let column = 0; column < dimensions; column++) {
    const base = column * rows;
    for (let i = 0; i < marks; i++) counts[buckets[base + marked[i]]]++;
    let greatest = least;
    let at = -1;
    let excess = 0;
    for (let bucket = 0, inside = 0; bucket < cuts[column]; bucket++) {
      inside += counts[bucket];
      counts[bucket] = 0;
      const difference = inside * rows - below[column * BUCKETS + bucket] * marks;
      const chiSquare = difference * difference * weights[column * BUCKETS + bucket];
      if (chiSquare <= greatest) continue;
      greatest = chiSquare;
      at = bucket;
      excess = difference;
    }
    counts[cuts[column]] = 0;
    if (at < 0) continue;
    const place = best.findIndex(({ chiSquare }) => chiSquare < greatest);
    const condition = { column, bucket: at, failsBelow: excess > 0 === marksFail, chiSquare: greatest };
    best.splice(place < 0 ? best.length : place, 0, condition);
    if (best.length <= CONDITIONS) continue;
    best.pop();
    least = best[CONDITIONS - 1].chiSquare;
  }
  return best;
}

/** The rows on the side of a condition where more fail. */
function fillMembers(members: Uint32Array, data: Quantised, { column, bucket, failsBelow }: Condition): void {
  const { rows, buckets } = data;
  const base = column * rows;
  members.fill(0);
  const flip = failsBelow ? 0 : 1;
  // The sign bit of the difference, without a branch: a processor could not foresee it.
  for (let row = 0; row < rows; row++) {
    members[row >> 5] |= (((buckets[base + row] - bucket - 1) >>> 31) ^ flip) << (row & 31);
  }
}
