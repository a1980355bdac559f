import type { AnalysisOptions } from '../records/analysis.ts';
import { logLikelihoodRatio, xLogX } from '../statistics/logLikelihoodRatio.ts';
import { monteCarlo } from '../statistics/monteCarlo.ts';
import { stream } from '../statistics/random.ts';
import type { Presorted } from './presort.ts';
import { distinct, growTree } from './tree.ts';

/** Shuffles as good as the group itself after which the count is clear enough (Besag and Clifford, 1991). */
const STOP_AFTER = 10;

/**
 * Monte Carlo p-value of a group's best leaf. Statistic: the greatest one-sided log likelihood ratio of a leaf against
 * the rest of the group, over the leaves of the tree grown on the `select` features with the most mutual information at
 * their best split (which stands in for the nearest-neighbour estimator, some hundred times slower). Null hypothesis:
 * which images of the group failed is independent of the features. Each shuffle of `failed` goes through selection and growing again,
 * as the group itself does here, so the p-value is exact. `seed` names the random numbers.
 */
export function significance(
  data: Presorted,
  failed: Uint8Array,
  options: Pick<AnalysisOptions, 'features' | 'tree' | 'shuffles'>,
  seed: string,
): number {
  const { rows } = data;
  const failures = failed.reduce((sum, value) => sum + value, 0);
  const informations = bestSplitInformation(data, failures);
  const statistic = (outcome: Uint8Array): number => {
    const columns = mostInformative(informations(outcome), options.features.select);
    const nodes = growTree(data, columns, outcome, options.tree.maxDepth);
    return nodes.reduce(
      (best, node) =>
        node.column === null ? Math.max(best, logLikelihoodRatio(node.failures, node.size, failures, rows)) : best,
      0,
    );
  };
  const draw = (index: number) => statistic(shuffled(rows, failures, `${seed}:${index}`));
  return monteCarlo(statistic(failed), draw, { draws: options.shuffles, stopAfter: STOP_AFTER }).pValue;
}

/** `failures` failures among `rows` rows, every choice as likely. */
function shuffled(rows: number, failures: number, seed: string): Uint8Array {
  const { below } = stream(seed);
  const outcome = new Uint8Array(rows);
  // Floyd's sampling: a row already chosen gives way to the newest of the range.
  for (let last = rows - failures; last < rows; last++) {
    const row = below(last + 1);
    outcome[outcome[row] === 1 ? last : row] = 1;
  }
  return outcome;
}

/** The columns, ascending, of the `count` greatest values; equal values by the smaller column. */
function mostInformative(information: Float64Array, count: number): readonly number[] {
  const columns = Array.from(information.keys());
  if (columns.length <= count) return columns;
  const least = information.toSorted()[information.length - count];
  let ties = count - columns.filter((column) => information[column] > least).length;
  return columns.filter((column) => information[column] > least || (information[column] === least && ties-- > 0));
}

/**
 * A function from outcomes with so many failures to the mutual information, times the rows, between them and each
 * column's best split. The array is reused.
 */
function bestSplitInformation(data: Presorted, failures: number): (outcome: Uint8Array) => Float64Array {
  const { rows } = data;
  const { startOf, endOf } = blocksOf(data);
  const dimensions = startOf.length / rows;
  const information = new Float64Array(dimensions);
  // Information is the same for failures and rights; only the rarer, the marked rows, are walked.
  const marks = Math.min(failures, rows - failures);
  const rare = failures === marks ? 1 : 0;
  const marked = new Uint32Array(marks);
  const counts = new Uint16Array(rows);
  const found = new Uint32Array((rows + 31) >> 5);
  const informationOf = splitInformation(rows, marks);
  const bound = chiSquareFactors(rows, marks);

  return (outcome) => {
    for (let row = 0, at = 0; row < rows; row++) if (outcome[row] === rare) marked[at++] = row;
    for (let column = 0; column < dimensions; column++) {
      const base = column * rows;
      for (let i = 0; i < marks; i++) {
        const start = startOf[base + marked[i]];
        counts[start]++;
        found[start >> 5] |= 1 << (start & 31);
      }
      let best = 0;
      let inside = 0;
      for (let word = 0; word < found.length; word++) {
        for (let bits = found[word]; bits !== 0; bits &= bits - 1) {
          // Information peaks just before marked rows where fewer than their share lie below, just after where more do.
          const start = 32 * word + 31 - Math.clz32(bits & -bits);
          const fewer = start * marks - inside * rows;
          if (fewer > 0 && fewer * fewer * bound[start] > best) best = Math.max(best, informationOf(start, inside));
          inside += counts[start];
          counts[start] = 0;
          const end = endOf[base + start];
          const more = inside * rows - end * marks;
          if (more > 0 && more * more * bound[end] > best) best = Math.max(best, informationOf(end, inside));
        }
        found[word] = 0;
      }
      information[column] = best;
    }
    return information;
  };
}

/** Mutual information, times the rows, of a split with so many rows and marked rows below. */
function splitInformation(rows: number, marks: number): (size: number, inside: number) => number {
  const logs = Float64Array.from({ length: rows + 1 }, (_, n) => xLogX(n));
  const all = logs[rows] - logs[marks] - logs[rows - marks];
  return (size, inside) =>
    all +
    (logs[inside] + logs[size - inside] - logs[size]) +
    (logs[marks - inside] + logs[rows - size - marks + inside] - logs[rows - size]);
}

/**
 * Times (inside x rows - size x marks)^2: Pearson's chi-square of a split of each size, never less than its
 * information times the rows (a divergence is at most its chi-square), and much cheaper. Widened for rounding.
 */
function chiSquareFactors(rows: number, marks: number): Float64Array {
  return Float64Array.from({ length: rows + 1 }, (_, size) =>
    size === 0 || size === rows ? 0 : ((1 + 1e-9) * rows) / (size * (rows - size) * marks * (rows - marks)),
  );
}

/** Column by column, runs of rows that no split can part: where the run of each row starts, and where the run at each start ends. */
function blocksOf({ rows, values, order }: Presorted): { startOf: Uint16Array; endOf: Uint16Array } {
  const startOf = new Uint16Array(order.length);
  const endOf = new Uint16Array(order.length);
  for (let base = 0; base < order.length; base += rows) {
    let start = 0;
    for (let i = 0; i < rows; i++) {
      const row = order[base + i];
      startOf[base + row] = start;
      if (i + 1 < rows && !distinct(values[base + row], values[base + order[base + i + 1]])) continue;
      endOf[base + start] = i + 1;
      start = i + 1;
    }
  }
  return { startOf, endOf };
}
