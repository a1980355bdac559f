import type { AnalysisOptions, Condition, Leaf, Region, TreeNode } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import { isFailureMode } from '../records/failureMode.ts';
import { regionId } from '../records/regionId.ts';
import { total } from '../statistics/sums.ts';
import type { GrownNode } from './tree.ts';

/** A tree with its metrics (Barlow, Singla et al., CVPR 2021, section 5.1). */
export interface MeasuredTree {
  readonly nodes: readonly TreeNode[];
  /** By importance value, greatest first, then by node. */
  readonly leaves: readonly Leaf[];
  /** Definition 4: the importance values, summed. */
  readonly aler: number;
  readonly precision: number;
  readonly recall: number;
}

/**
 * Measures a grown tree. `features[c]` is the feature of column c. Precision and recall are those of the leaves that
 * predict failure under the tree's class weights, that is, whose failures are more than their share of the group.
 */
export function measureTree(
  group: string,
  grown: readonly GrownNode[],
  features: readonly number[],
  failureMode: AnalysisOptions['failureMode'],
): MeasuredTree {
  const nodes = measureNodes(grown, features);
  const root = entry(nodes, 0);
  const leaves = regionsOfLeaves(nodes)
    .map(({ node, rule }): Leaf => {
      const { size, failures, errorRate, errorCoverage } = entry(nodes, node);
      return {
        id: regionId(group, rule),
        node,
        rule,
        size,
        failures,
        errorRate,
        errorCoverage,
        importanceValue: errorCoverage * errorRate,
        failureMode: isFailureMode({ errorRate, errorCoverage }, root.errorRate, failureMode),
      };
    })
    .sort((a, b) => b.importanceValue - a.importanceValue || a.node - b.node);
  const flagged = leaves.filter(({ size, failures }) => failures * root.size > size * root.failures);
  const caught = total(flagged.map((leaf) => leaf.failures));
  return {
    nodes,
    leaves,
    aler: total(leaves.map((leaf) => leaf.importanceValue)),
    precision: caught / Math.max(1, total(flagged.map((leaf) => leaf.size))),
    recall: caught / root.failures,
  };
}

function measureNodes(grown: readonly GrownNode[], features: readonly number[]): readonly TreeNode[] {
  const all = entry(grown, 0).failures;
  const alers = new Float64Array(grown.length);
  const nodes = grown.map(({ column, threshold, left, right, size, failures }, id) => {
    const feature = column === null ? null : entry(features, column);
    return {
      id,
      feature,
      threshold,
      left,
      right,
      size,
      failures,
      errorRate: failures / size,
      errorCoverage: failures / all,
    };
  });
  // Children come after their parent.
  for (const { id, left, right, errorRate, errorCoverage } of nodes.toReversed())
    alers[id] = left === null || right === null ? errorCoverage * errorRate : entry(alers, left) + entry(alers, right);
  return nodes.map((node) => ({ ...node, subtreeAler: entry(alers, node.id) }));
}

/** Every leaf with the conditions on the path to it, left to right. */
function regionsOfLeaves(nodes: readonly TreeNode[], node = 0, rule: Region = []): { node: number; rule: Region }[] {
  const { feature, threshold, left, right } = entry(nodes, node);
  if (feature === null || threshold === null || left === null || right === null) return [{ node, rule }];
  return [
    ...regionsOfLeaves(nodes, left, narrow(rule, { feature, op: '<=', threshold })),
    ...regionsOfLeaves(nodes, right, narrow(rule, { feature, op: '>', threshold })),
  ];
}

/** The region inside `region` where one more condition holds; of two conditions alike on a feature, the stricter stays. */
function narrow(region: Region, condition: Condition): Region {
  const { feature, op, threshold } = condition;
  const at = region.findIndex((other) => other.feature === feature && other.op === op);
  if (at < 0) return [...region, condition];
  const stricter = op === '<=' ? threshold < entry(region, at).threshold : threshold > entry(region, at).threshold;
  return stricter ? region.with(at, condition) : region;
}
