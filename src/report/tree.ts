import type { Condition, GroupAnalysis, Leaf, TreeNode } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { FeatureNames } from '../records/features.ts';
import { groupIdText } from '../records/names.ts';
import { count, number, percent } from '../records/words.ts';
import { keyOf, type Pictures } from './pictures.ts';
import { type PlacedNode, treePlot } from './plots/treePlot.ts';
import { featureLabel, ruleView } from './rule.ts';
import { type Caption, failingCaption, type Strip, strip } from './strip.ts';

/** A tree's drawing and what is known of each node. */
export interface TreeView {
  readonly group: string;
  readonly summary: string;
  /** SVG text, safe to place in a page. */
  readonly drawing: string;
  readonly nodes: readonly NodeView[];
}

interface NodeView {
  readonly target: string;
  readonly title: string;
  readonly facts: string;
  /** Of an inner node: the leaves below, which hold its images. */
  readonly leaves: readonly { readonly target: string; readonly name: string }[];
  readonly failing: Strip | null;
  readonly right: Strip | null;
}

/** Where a node is drawn: leaves a row each, in order; a parent midway between its children. */
interface Placed {
  readonly node: TreeNode;
  readonly parent: TreeNode | null;
  readonly depth: number;
  readonly row: number;
  /** Ids of the leaves below it, or its own. */
  readonly leaves: readonly number[];
}

/** A group's tree for a checkpoint; `prefix` makes its element ids unique in the page. Null where it grew none. */
export function treeView(
  group: GroupAnalysis,
  checkpoint: string,
  names: FeatureNames,
  pictures: Pictures | null,
  prefix: string,
): TreeView | null {
  if (group.tree === null || group.tree.nodes.length === 0) return null;
  const { nodes } = group.tree;
  const placed = place(nodes);
  const leafOf = new Map(group.leaves.map((leaf) => [leaf.node, leaf]));
  const target = (node: TreeNode) => `${prefix}-n${node.id}`;
  const drawn = [...placed.values()].map(
    ({ node, depth, row, parent }): PlacedNode => ({
      ...{ depth, row },
      parent: (parent && placed.get(parent.id)) ?? null,
      ...{ errorRate: node.errorRate, size: node.size, share: node.size / group.size },
      failureMode: leafOf.get(node.id)?.failureMode ?? false,
      text: `${percent(node.errorRate)} of ${count(node.size)} fail`,
      asks: node.feature === null ? '' : `${shortened(featureLabel(node.feature, names))} ?`,
      answer: answerText(node, parent),
      target: target(node),
    }),
  );
  const name = groupIdText(group.id);
  const modes = group.leaves.filter((leaf) => leaf.failureMode).length;
  return {
    group: name,
    summary: `${modes === 1 ? '1 failure mode' : `${count(modes)} failure modes`}, error rate ${percent(group.baseErrorRate)}, ALER ${percent(group.aler ?? 0)}`,
    drawing: treePlot(drawn, `Tree of ${name}: each node shows its error rate and how many images it holds`),
    nodes: [...placed.values()].map((each) => ({
      target: target(each.node),
      title: pathText(placed, each, names),
      facts: factsText(each.node, group, leafOf.get(each.node.id)?.importanceValue ?? null),
      leaves: leafLinks(placed, each, target),
      ...picturesOf(leafOf.get(each.node.id), checkpoint, pictures, failingCaption(group.id)),
    })),
  };
}

function place(nodes: readonly TreeNode[]): ReadonlyMap<number, Placed> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const placed = new Map<number, Placed>();
  let rows = 0;
  const walk = (id: number, parent: TreeNode | null, depth: number): Placed => {
    const node = byId.get(id);
    if (node === undefined) throw new Error(`a tree names node ${id}, which it lacks`);
    const children = [node.left, node.right]
      .filter((child) => child !== null)
      .map((child) => walk(child, node, depth + 1));
    const row = children.length === 0 ? rows++ : children.reduce((sum, child) => sum + child.row, 0) / children.length;
    const leaves = children.length === 0 ? [id] : children.flatMap((child) => child.leaves);
    const here = { node, parent, depth, row, leaves };
    placed.set(id, here);
    return here;
  };
  walk(entry(nodes, 0).id, null, 0);
  return placed;
}

function leafLinks(placed: ReadonlyMap<number, Placed>, { node, leaves }: Placed, target: (node: TreeNode) => string) {
  if (node.left === null) return [];
  return leaves
    .flatMap((id) => placed.get(id) ?? [])
    .map((leaf) => ({
      target: target(leaf.node),
      name: `${percent(leaf.node.errorRate)} of ${count(leaf.node.size)}`,
    }));
}

function answerText(node: TreeNode, parent: TreeNode | null): string {
  if (parent === null || parent.threshold === null) return '';
  return `${parent.left === node.id ? '≤' : '>'} ${number(parent.threshold)}`;
}

function pathText(placed: ReadonlyMap<number, Placed>, of: Placed, names: FeatureNames): string {
  const region: Condition[] = [];
  for (let at: Placed | undefined = of; at?.parent; at = placed.get(at.parent.id)) {
    const { id, feature, threshold, left } = at.parent;
    if (feature === null || threshold === null) throw new Error(`node ${id} has children but no split`);
    region.unshift({ feature, threshold, op: left === at.node.id ? '<=' : '>' });
  }
  return ruleView(region, names).text;
}

function factsText(node: TreeNode, group: GroupAnalysis, importance: number | null): string {
  const leaf =
    importance === null ? `ALER of the tree below ${percent(node.subtreeAler)}` : `importance ${number(importance)}`;
  return `${count(node.failures)} of ${count(node.size)} images fail: error rate ${percent(node.errorRate)} (group: ${percent(group.baseErrorRate)}), ${percent(node.errorCoverage)} of the group's failures, ${leaf}.`;
}

/** Pictures stand in leaves only: once each, however deep the tree. */
function picturesOf(
  leaf: Leaf | undefined,
  checkpoint: string,
  pictures: Pictures | null,
  caption: Caption,
): Pick<NodeView, 'failing' | 'right'> {
  const found = leaf && pictures?.leaves.get(keyOf(checkpoint, leaf.id));
  return { failing: strip('Fail', found?.failing ?? [], caption), right: strip('Right', found?.right ?? [], 'none') };
}

function shortened(text: string): string {
  return text.length > 26 ? `${text.slice(0, 25)}…` : text;
}
