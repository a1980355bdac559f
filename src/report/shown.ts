import type { GroupAnalysis, Leaf } from '../records/analysis.ts';
import type { Cluster } from '../records/comparison.ts';
import type { CheckpointResult } from '../records/result.ts';

/** How much a page shows with pictures: it stays light with any number of classes. */
export const MOST_SHOWN = { cards: 20, trees: 24 };

/** Clusters that have a card, new ones first. */
export function shownClusters({ comparison }: CheckpointResult): readonly Cluster[] {
  const of = (status: Cluster['status']) =>
    (comparison?.clusters ?? []).filter((cluster) => cluster.status === status).slice(0, MOST_SHOWN.cards);
  return [...of('new'), ...of('worsened')];
}

/** Failure modes of a checkpoint, most important first. */
export function failureModesOf(
  groups: readonly GroupAnalysis[],
): readonly { readonly group: GroupAnalysis; readonly leaf: Leaf }[] {
  return groups
    .flatMap((group) => group.leaves.filter((leaf) => leaf.failureMode).map((leaf) => ({ group, leaf })))
    .sort((a, b) => b.leaf.importanceValue - a.leaf.importanceValue || (a.leaf.id < b.leaf.id ? -1 : 1));
}

/** Groups with a tree, in the order of being drawn: those in which something is new or worse, then by importance. */
export function rankedTrees({ groups, comparison }: CheckpointResult): readonly GroupAnalysis[] {
  const worse = (comparison?.clusters ?? []).filter(({ status }) => status === 'new' || status === 'worsened');
  const found = new Set(worse.map(({ group }) => group));
  const importance = ({ id, leaves }: GroupAnalysis) =>
    (found.has(id) ? 1 : 0) + Math.max(0, ...leaves.map((leaf) => leaf.importanceValue));
  return groups
    .filter((group) => group.tree !== null)
    .map((group) => ({ group, importance: importance(group) }))
    .sort((a, b) => b.importance - a.importance || (a.group.id < b.group.id ? -1 : 1))
    .map(({ group }) => group);
}
