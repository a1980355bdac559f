import { entry } from '../records/entry.ts';
import { LANES } from '../statistics/lanes.ts';
import { logLikelihoodRatio } from '../statistics/logLikelihoodRatio.ts';
import { monteCarlo } from '../statistics/monteCarlo.ts';
import { popcount } from '../statistics/popcount.ts';
import { stream } from '../statistics/random.ts';
import { total } from '../statistics/sums.ts';
import { bestConditions, CONDITIONS } from './bestConditions.ts';
import { CUTS, type Quantised } from './quantised.ts';

/** Shuffles as good as the group itself after which the count is clear enough (Besag and Clifford, 1991). */
const STOP_AFTER = 10;
/**
 * After so many shuffles, none as good, the p-value is read from the Gumbel tail fitted to them. Fifty times as many would say less in
 * most cases, a third to a tenth (`bench/analysis.ts tails`): it errs on the cautious side.
 */
const LOOK_AT = 199;
/**
 * Monte Carlo p-value of the failures of a group hanging together with features. Null hypothesis: which images of the group failed is
 * independent of the features. Statistic: the greatest one-sided log likelihood ratio of a region's error rate against
 * the rest of the group's, over regions of a family that the features fix: half-spaces `feature <= t`, `feature > t` at
 * the features' quantiles, the best cut of the 12 features that differ most by Pearson's chi-square, and the boxes of
 * two of these. Each shuffle of `failed` goes through the same choice, so that the p-value is exact.
 * @param failed aligned with the rows, with both outcomes.
 * @param most most shuffles made, at least 1.
 * @param seed names the random numbers.
 */
export function significance(data: Quantised, failed: Uint8Array, most: number, seed: string): number {
  const { rows } = data;
  const failures = total(failed);
  const statistics = regionStatistics(data, failures);
  const shuffles = (from: number, count: number) =>
    Array.from({ length: Math.min(count, most - from) }, (_, ahead) =>
      shuffled(rows, failures, `${seed}:${from + ahead}`),
    );
  const [observed, ...drawn] = statistics([failed, ...shuffles(0, LANES - 1)]);
  const draw = (index: number) => {
    if (index === drawn.length) drawn.push(...statistics(shuffles(index, LANES)));
    return entry(drawn, index);
  };
  // Just below what the shuffles show without a tail: where none can be fitted, more are made.
  const clearBelow = 1 / (LOOK_AT + 2);
  return monteCarlo(observed, draw, { draws: most, stopAfter: STOP_AFTER, clearBelow, lookAt: LOOK_AT }).pValue;
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

/**
 * A function from up to 32 outcomes, each with so many failures, to the statistic that `significance` tests of each.
 */
export function regionStatistics(
  data: Quantised,
  failures: number,
): (outcomes: readonly Uint8Array[]) => readonly number[] {
  const { rows } = data;
  // Chi-square is the same for failures and rights; only the rarer, the marked rows, are counted.
  const marks = Math.min(failures, rows - failures);
  const rare = failures === marks ? 1 : 0;
  const words = (rows + 32) >> 5;
  const failing = new Uint32Array(words);
  const members = Array.from({ length: CONDITIONS }, () => new Uint32Array(words));
  return (outcomes) => {
    const marked = new Uint32Array(rows + 1);
    for (const [lane, outcome] of outcomes.entries()) {
      for (let row = 0; row < rows; row++) marked[row + 1] |= (1 ^ rare ^ outcome[row]) << lane;
    }
    return bestConditions(data, marked, marks, outcomes.length).map((conditions, lane) => {
      failing.fill(0);
      for (let row = 0; row < rows; row++) failing[(row + 1) >> 5] |= outcomes[lane][row] << ((row + 1) & 31);
      for (const [i, { column, cut, isBelow }] of conditions.entries())
        fillMembers(members[i], data, column * CUTS + cut, isBelow === (rare === 1));
      return bestBox(members.slice(0, conditions.length), failing, failures, rows);
    });
  };
}

/** The greatest log likelihood ratio of a set of rows, or of what two of them share. */
function bestBox(sets: readonly Uint32Array[], failing: Uint32Array, failures: number, rows: number): number {
  let best = 0;
  for (let i = 0; i < sets.length; i++) {
    for (let j = 0; j <= i; j++) {
      let size = 0;
      let inside = 0;
      for (let word = 0; word < failing.length; word++) {
        const both = sets[i][word] & sets[j][word];
        size += popcount(both);
        inside += popcount(both & failing[word]);
      }
      best = Math.max(best, logLikelihoodRatio(inside, size, failures, rows));
    }
  }
  return best;
}

/** The rows, counted from 1, below a cut or above it. */
function fillMembers(
  set: Uint32Array,
  { rows, members, stride, ends }: Quantised,
  place: number,
  below: boolean,
): void {
  const start = Math.floor(place / CUTS) * stride;
  set.fill(0);
  for (let at = start; at < start + ends[place]; at++) set[members[at] >> 5] |= 1 << (members[at] & 31);
  if (!below) {
    for (let word = 0; word < set.length; word++) set[word] = ~set[word];
    set[rows >> 5] &= -1 >>> (31 - (rows & 31));
  }
  // What fills up the lists.
  set[0] &= ~1;
}
