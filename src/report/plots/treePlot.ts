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
  /** "53.9 % of 76 fail". */
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
  const read = [...nodes].sort((a, b) => a.depth - b.depth || a.row - b.row);
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
      width: 190 * (depth + 1) + 80,
      height: 66 * rows + 94,
      marginLeft: 90,
      marginRight: 160,
      marginTop: 58,
      marginBottom: 48,
      r: { type: 'identity' },
      color: { type: 'identity' },
      x: { axis: null, domain: [0, Math.max(1, depth)] },
      y: { axis: null, domain: [0, Math.max(1, rows - 1)], reverse: true },
      marks: [
        Plot.link(links, {
          ...{ x1: (each) => each.from.depth, y1: (each) => each.from.row, x2: 'depth', y2: 'row', curve: 'bump-x' },
          ...{ stroke: FAINT, strokeWidth: (each) => 1 + 9 * each.share, strokeLinecap: 'round' },
        }),
        // One mark, in the order in which one reads: its links are what Tab goes through.
        Plot.dot(read, { ...dot, sort: null, fill: (node: PlacedNode) => (node.failureMode ? AFTER : CALM) }),
        ...textMarks(
          read.filter((node) => node.asks === ''),
          { dx: 22, textAnchor: 'start', lines: [-7, 8] },
        ),
        // A branch leaves to the right and comes from the left, from below or from above: on the other side a text is on neither.
        ...textMarks(
          read.filter((node) => node.asks !== '' && !isBelowParent(node)),
          { dx: 0, textAnchor: 'middle', lines: [-42, -29] },
        ),
        ...textMarks(
          read.filter((node) => node.asks !== '' && isBelowParent(node)),
          { dx: 0, textAnchor: 'middle', lines: [29, 42] },
        ),
      ],
    },
    label,
  );
  // A picture hides its links from a screen reader; this one is worked with.
  return drawn.replace('role="img"', 'role="group"');
}

/** What a node says in two lines: what led to it and its figures, then what it asks. */
function textMarks(
  nodes: readonly PlacedNode[],
  at: { readonly dx: number; readonly textAnchor: 'start' | 'middle'; readonly lines: readonly [number, number] },
) {
  const { dx, textAnchor, lines } = at;
  const place = { x: 'depth', y: 'row', dx, textAnchor } as const;
  const first = (node: PlacedNode) => node.text;
  const second = (node: PlacedNode) => [node.answer, node.asks].filter((part) => part !== '').join(', then ');
  return [
    Plot.text(nodes, {
      ...place,
      text: first,
      dy: lines[0],
      fontSize: 12,
      fontWeight: 600,
      fill: 'currentColor',
      ...HALO,
    }),
    Plot.text(nodes, { ...place, text: second, dy: lines[1], fontSize: 11, fill: 'var(--soft)', ...HALO }),
  ];
}

function isBelowParent({ row, parent }: PlacedNode): boolean {
  return parent !== null && row > parent.row;
}
