import type { AnalysisOptions, GroupAnalysis, TreeNode } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { Distribution, Evaluation, GroupEvaluation } from '../records/evaluation.ts';
import { isFailureMode } from '../records/failureMode.ts';
import { total } from '../statistics/sums.ts';

/**
 * Evaluates each grouping at each depth, groupings in the order of their first group. The analyses must have been made with
 * `maxDepth` at least the greatest depth: growing is greedy, so a shallower tree is the top of a deeper one.
 */
export function evaluate(
  analyses: readonly GroupAnalysis[],
  depths: readonly number[],
  failureMode: AnalysisOptions['failureMode'],
): Evaluation[] {
  const groupings = Map.groupBy(analyses, groupingName);
  return [...groupings].flatMap(([grouping, members]) =>
    depths.map((depth) => {
      const groups = members.flatMap((analysis) => evaluateGroup(analysis, depth, failureMode) ?? []);
      const modes = groups.filter(({ bestLeaf }) => bestLeaf.failureMode).length;
      return {
        grouping,
        depth,
        skipped: members.length - groups.length,
        alerIncrease: groups.length === 0 ? null : distribution(groups.map(({ alerIncrease }) => alerIncrease)),
        failureModeShare: groups.length === 0 ? null : modes / groups.length,
        groups,
      };
    }),
  );
}

function groupingName({ id, grouping, value }: GroupAnalysis): string {
  return grouping === 'column' ? id.slice(0, id.length - value.length - 1) : grouping;
}

function evaluateGroup(
  { id, baseErrorRate, tree }: GroupAnalysis,
  depth: number,
  failureMode: AnalysisOptions['failureMode'],
): GroupEvaluation | null {
  if (tree === null) return null;
  const leaves = leavesAt(tree.nodes, entry(tree.nodes, 0), depth);
  const importance = (leaf: TreeNode) => leaf.errorCoverage * leaf.errorRate;
  const aler = total(leaves.map(importance));
  const best = leaves.reduce((a, b) => (importance(b) > importance(a) ? b : a));
  const { errorRate, errorCoverage } = best;
  return {
    id,
    baseErrorRate,
    aler,
    alerIncrease: aler - baseErrorRate,
    bestLeaf: { errorRate, errorCoverage, failureMode: isFailureMode(best, baseErrorRate, failureMode) },
  };
}

/** Leaves of the tree cut off `depth` levels below a node. */
function leavesAt(nodes: readonly TreeNode[], node: TreeNode, depth: number): readonly TreeNode[] {
  if (depth === 0 || node.left === null || node.right === null) return [node];
  return [
    ...leavesAt(nodes, entry(nodes, node.left), depth - 1),
    ...leavesAt(nodes, entry(nodes, node.right), depth - 1),
  ];
}

/** Quartiles by linear interpolation, as NumPy's `quantile`. */
function distribution(values: readonly number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  const quantile = (share: number) => {
    const at = share * (sorted.length - 1);
    const below = Math.floor(at);
    const above = Math.min(below + 1, sorted.length - 1);
    const [low, high] = [entry(sorted, below), entry(sorted, above)];
    return low + (at - below) * (high - low);
  };
  return {
    mean: total(values) / values.length,
    min: entry(sorted, 0),
    lowerQuartile: quantile(0.25),
    median: quantile(0.5),
    upperQuartile: quantile(0.75),
    max: entry(sorted, sorted.length - 1),
  };
}
