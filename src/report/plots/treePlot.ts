import * as Plot from './draw.ts';
import { AFTER, CALM, FAINT, svg } from './draw.ts';

/** Keeps text readable where lines cross it. */
const HALO = { stroke: 'var(--sheet)', strokeWidth: 4 } as const;

/** A node of a tree, placed: `depth` counts from the root, `row` from the top. */
export interface PlacedNode {
  readonly depth: number;
  readonly row: number;
  readonly parent: { readonly depth: number; readonly row: number } | null;
  readonly errorRate: number;
  readonly size: number;
  readonly share: number;
  /** A leaf that is a failure mode. */
  readonly failureMode: boolean;
  /** "53.9 % of 76". */
  readonly text: string;
  /** What the split asks; empty in leaves. */
  readonly asks: string;
  /** What led here from the parent ("> 0.41"). */
  readonly answer: string;
  /** Element id, without '#', of what is known of the node; letters, digits and hyphens. */
  readonly target: string;
}

/** A tree from left to right; each node is a link to what is known of it. */
export function treePlot(nodes: readonly PlacedNode[], label: string): string {
  const rows = Math.max(...nodes.map((node) => node.row)) + 1;
  const depth = Math.max(...nodes.map((node) => node.depth));
  const links = nodes.flatMap((node) => (node.parent === null ? [] : [{ ...node, from: node.parent }]));
  const radius = (node: PlacedNode) => 5 + 13 * Math.sqrt(node.share);
  const dot = {
    x: 'depth',
    y: 'row',
    r: radius,
    href: (node: PlacedNode) => `#${node.target}`,
    title: (node: PlacedNode) => node.text,
  } as const;
  const drawn = svg(
    {
      width: 190 * (depth + 1) + 20,
      height: 54 * rows + 30,
      marginLeft: 30,
      marginRight: 160,
      marginTop: 26,
      marginBottom: 22,
      r: { type: 'identity' },
      x: { axis: null, domain: [0, Math.max(1, depth)] },
      y: { axis: null, domain: [0, Math.max(1, rows - 1)], reverse: true },
      marks: [
        Plot.link(links, {
          ...{ x1: (each) => each.from.depth, y1: (each) => each.from.row, x2: 'depth', y2: 'row', curve: 'bump-x' },
          ...{ stroke: FAINT, strokeWidth: (each) => 1 + 9 * each.share, strokeLinecap: 'round' },
        }),
        Plot.dot(
          nodes.filter((node) => !node.failureMode),
          { ...dot, fill: CALM, fillOpacity: 0.85 },
        ),
        Plot.dot(
          nodes.filter((node) => node.failureMode),
          { ...dot, fill: AFTER },
        ),
        Plot.text(nodes, {
          x: 'depth',
          y: 'row',
          text: 'text',
          dx: 22,
          dy: -7,
          textAnchor: 'start',
          fontSize: 12,
          fontWeight: 600,
          fill: 'currentColor',
          ...HALO,
        }),
        Plot.text(
          nodes.filter((node) => node.asks !== ''),
          { x: 'depth', y: 'row', text: 'asks', dx: 22, dy: 8, textAnchor: 'start', fontSize: 11, fill: 'var(--soft)' },
        ),
        Plot.text(links, {
          x: 'depth',
          y: 'row',
          text: 'answer',
          dx: -16,
          dy: -12,
          textAnchor: 'end',
          fontSize: 11,
          fill: 'var(--soft)',
          ...HALO,
        }),
      ],
    },
    label,
  );
  // A picture hides its links from a screen reader; this one is worked with.
  return drawn.replace('role="img"', 'role="group"');
}
