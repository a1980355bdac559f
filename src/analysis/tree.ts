import { xLogX } from '../statistics/logLikelihoodRatio.ts';
import { total } from '../statistics/sums.ts';
import type { Presorted } from './presort.ts';

/** scikit-learn's FEATURE_THRESHOLD: values no further apart are not split. */
const INDISTINCT = Math.fround(1e-7);

/** A node of a grown tree. Leaves have `column`, `threshold`, `left` and `right` null. */
export interface GrownNode {
  /** Position of the feature's column in the matrix. */
  readonly column: number | null;
  /** Rows with `value <= threshold` go left; the value is a float32 widened to float64. */
  readonly threshold: number | null;
  readonly left: number | null;
  readonly right: number | null;
  readonly size: number;
  readonly failures: number;
}

/** Whether a split may lie between two neighbours in a column's order (float32 arithmetic, as scikit-learn's). */
export function distinct(lower: number, upper: number): boolean {
  return upper > Math.fround(lower + INDISTINCT);
}

/**
 * Grows the tree of `DecisionTreeClassifier(criterion='entropy', max_depth, class_weight={right: 1, failed:
 * rights / failures})` of scikit-learn 1.2.1 on the given columns, ascending, of a presorted matrix. Where splits gain
 * exactly the same, which scikit-learn settles by a random number, the smallest column wins and in it the lowest threshold. A node without
 * failures stays whole, where scikit-learn may part it by a rounding. `failed` is aligned with the rows and has both
 * outcomes. Nodes in depth-first order, left before right; node 0 is the root.
 */
export function growTree(
  data: Presorted,
  columns: readonly number[],
  failed: Uint8Array,
  maxDepth: number,
): readonly GrownNode[] {
  const { rows, values } = data;
  const order = new Uint32Array(columns.length * rows);
  for (const [c, column] of columns.entries())
    order.set(data.order.subarray(column * rows, (column + 1) * rows), c * rows);
  const search: Search = { data, columns, order, failed, purities: puritiesOf(failed) };
  const isLeft = new Uint8Array(rows);
  const spare = new Uint32Array(rows);
  const nodes: GrownNode[] = [];

  const grow = (start: number, end: number, failures: number, depth: number): number => {
    const id = nodes.length;
    const size = end - start;
    nodes.push({ column: null, threshold: null, left: null, right: null, size, failures });
    if (depth === maxDepth || failures === 0 || failures === size) return id;
    const split = bestSplit(search, { start, end, failures });
    if (split === null) return id;
    const { column, threshold } = split;
    if (depth + 1 < maxDepth) {
      for (let i = start; i < end; i++) {
        const row = order[i];
        isLeft[row] = values[column * rows + row] <= threshold ? 1 : 0;
      }
      for (let at = 0; at < order.length; at += rows) partition(order, at + start, at + end, isLeft, spare);
    }
    const middle = start + split.size;
    const left = grow(start, middle, split.failures, depth + 1);
    const right = grow(middle, end, failures - split.failures, depth + 1);
    nodes[id] = { column, threshold, left, right, size, failures };
    return id;
  };
  grow(0, rows, search.purities.failures, 0);
  return nodes;
}

/** What the search for splits walks. */
interface Search {
  readonly data: Presorted;
  readonly columns: readonly number[];
  /** Rows node by node, c-th column by c-th column, ascending by value inside each node. */
  readonly order: Uint32Array;
  readonly failed: Uint8Array;
  readonly purities: Purities;
}

/** The rows of a node: `start`..`end` of each column's order. */
interface Segment {
  readonly start: number;
  readonly end: number;
  readonly failures: number;
}

interface Split {
  readonly column: number;
  readonly threshold: number;
  /** Of the left side. */
  readonly size: number;
  readonly failures: number;
}

/**
 * Class weights, both scaled by the failures so that weighted counts stay whole and equal splits gain exactly the
 * same: a right weighs `failures`, a failure `rights`. And x ln x of every weighted count of one class.
 */
interface Purities {
  readonly rights: number;
  readonly failures: number;
  readonly ofRights: Float64Array;
  readonly ofFailures: Float64Array;
}

function puritiesOf(failed: Uint8Array): Purities {
  const failures = total(failed);
  const rights = failed.length - failures;
  return {
    rights,
    failures,
    ofRights: Float64Array.from({ length: rights + 1 }, (_, count) => xLogX(count * failures)),
    ofFailures: Float64Array.from({ length: failures + 1 }, (_, count) => xLogX(count * rights)),
  };
}

/** Minus the weighted entropy of some rights and failures times their weight: the greater, the purer. */
function purityOf({ rights, failures, ofRights, ofFailures }: Purities, r: number, f: number): number {
  return ofRights[r] + ofFailures[f] - xLogX(r * failures + f * rights);
}

/** The split of a node with the least weighted entropy; null where no column has two distinct values. */
function bestSplit(search: Search, node: Segment): Split | null {
  const { data, columns, order, failed, purities } = search;
  const size = node.end - node.start;
  const rights = size - node.failures;
  const own = purityOf(purities, rights, node.failures);
  const weight = rights * purities.failures + node.failures * purities.rights;
  const failureWeight = node.failures * purities.rights;
  const spread = failureWeight * (weight - failureWeight);
  let best = Number.NEGATIVE_INFINITY;
  // The best gain over no split, less a margin for rounding.
  let needed = Number.NEGATIVE_INFINITY;
  let split: Split | null = null;
  for (let c = 0; c < columns.length; c++) {
    const base = columns[c] * data.rows;
    const at = c * data.rows + node.start;
    let value = data.values[base + order[at]];
    let failures = 0;
    // The current block, a run of rows that no split can part: its start, the failures before it, the last one's outcome.
    let start = 0;
    let before = 0;
    let previous = MIXED;
    for (let i = 1; i <= size; i++) {
      failures += failed[order[at + i - 1]];
      const next = i < size ? data.values[base + order[at + i]] : Number.POSITIVE_INFINITY;
      if (!distinct(value, next)) {
        value = next;
        continue;
      }
      value = next;
      const outcome = failures === before ? RIGHT : failures - before === i - start ? FAILED : MIXED;
      // Between two blocks of one outcome purity has no peak.
      if (start > 0 && (outcome === MIXED || outcome !== previous)) {
        const below = before * purities.rights;
        const left = below + (start - before) * purities.failures;
        // Chi-square is never less than the gain (a divergence is at most its chi-square), and needs no logarithm.
        const skew = below * weight - left * failureWeight;
        if (skew * skew * weight >= needed * left * (weight - left) * spread) {
          const above = node.failures - before;
          const gain = purityOf(purities, start - before, before) + purityOf(purities, size - start - above, above);
          if (gain > best) {
            best = gain;
            needed = (best - own) * (1 - 1e-9);
            const lower = data.values[base + order[at + start - 1]];
            const upper = data.values[base + order[at + start]];
            split = { column: columns[c], threshold: midpoint(lower, upper), size: start, failures: before };
          }
        }
      }
      start = i;
      before = failures;
      previous = outcome;
    }
  }
  return split;
}

/** Outcomes of a block's rows. */
const RIGHT = 0;
const FAILED = 1;
const MIXED = 2;

/** scikit-learn's threshold between two neighbouring values. */
function midpoint(lower: number, upper: number): number {
  const middle = lower / 2 + upper / 2;
  return middle === upper ? lower : middle;
}

/** Moves the rows that go left to the front of a segment; both sides keep their order. */
function partition(order: Uint32Array, from: number, to: number, isLeft: Uint8Array, spare: Uint32Array) {
  let left = from;
  let held = 0;
  for (let i = from; i < to; i++) {
    const row = order[i];
    if (isLeft[row] === 1) order[left++] = row;
    else spare[held++] = row;
  }
  order.set(spare.subarray(0, held), left);
}
