import * as Plot from '@observablehq/plot';
import { drawingDocument } from './linkedom.ts';

/** Colours are the page's own, so that a drawing follows light and dark. */
const BEFORE = 'var(--before)';
const AFTER = 'var(--fail)';
const CALM = 'var(--calm)';
const FAINT = 'var(--line)';

/** Keeps text readable where lines cross it. */
const HALO = { stroke: 'var(--sheet)', strokeWidth: 4 } as const;

/**
 * SVG text of a plot. It holds no style element or attribute, which a page's security policy would refuse; texts from data
 * stand in text nodes only, never in attributes.
 */
function svg(options: Plot.PlotOptions, label: string): string {
  const plot = Plot.plot({ ...options, document: drawingDocument, className: 'plot' });
  for (const style of plot.querySelectorAll('style')) style.remove();
  for (const element of plot.querySelectorAll('[aria-label]')) element.removeAttribute('aria-label');
  plot.setAttribute('role', 'img');
  const title = drawingDocument.createElementNS('http://www.w3.org/2000/svg', 'title');
  title.textContent = label;
  plot.prepend(title);
  return plot.outerHTML;
}

const percentTick = (rate: number) => `${Math.round(rate * 1000) / 10} %`;

/** An error rate before and after, on a scale that starts at nothing. */
export function changePlot(before: number, after: number, label: string): string {
  const most = Math.min(1, Math.max(before, after, 0.05) * 1.15);
  return svg(
    {
      width: 320,
      height: 62,
      marginLeft: 14,
      marginRight: 14,
      marginTop: 14,
      marginBottom: 26,
      x: { domain: [0, most], label: null, ticks: 4, tickSize: 0, tickFormat: percentTick },
      marks: [
        Plot.ruleY([0], { x1: 0, x2: most, stroke: FAINT }),
        Plot.arrow([0], {
          x1: before,
          x2: after,
          y1: 0,
          y2: 0,
          stroke: AFTER,
          strokeWidth: 3,
          insetStart: 8,
          insetEnd: 9,
        }),
        Plot.dot([before], { x: (rate: number) => rate, y: () => 0, r: 6, fill: BEFORE }),
        Plot.dot([after], { x: (rate: number) => rate, y: () => 0, r: 7.5, fill: AFTER }),
      ],
      y: { axis: null, domain: [-1, 1] },
    },
    label,
  );
}

/** A group in the scatter. */
export interface ScatterPoint {
  readonly name: string;
  readonly baseErrorRate: number;
  readonly aler: number;
  readonly failureMode: boolean;
}

/** ALER against base error rate (Barlow, figures 8 and 16 to 19): the higher above the line, the better failures are told by features. */
export function scatterPlot(points: readonly ScatterPoint[], label: string): string {
  const most = Math.min(1, Math.max(0.05, ...points.map((point) => Math.max(point.aler, point.baseErrorRate))) * 1.08);
  const farthest = [...points].sort((a, b) => b.aler - b.baseErrorRate - (a.aler - a.baseErrorRate)).slice(0, 3);
  const at = { x: 'baseErrorRate', y: 'aler' } as const;
  const title = (point: ScatterPoint) =>
    `${point.name}: error rate ${percentTick(point.baseErrorRate)}, ALER ${percentTick(point.aler)}`;
  return svg(
    {
      width: 440,
      height: 400,
      marginLeft: 48,
      marginBottom: 42,
      marginRight: 20,
      x: { domain: [0, most], label: 'error rate of the group', tickFormat: percentTick, ticks: 5 },
      y: { domain: [0, most], label: 'ALER of its tree', tickFormat: percentTick, ticks: 5, grid: true },
      marks: [
        Plot.line(
          [
            [0, 0],
            [most, most],
          ],
          { stroke: FAINT, strokeWidth: 1.5, strokeDasharray: '4 4' },
        ),
        Plot.dot(
          points.filter((point) => !point.failureMode),
          { ...at, r: 4, stroke: CALM, fill: CALM, fillOpacity: 0.25, title },
        ),
        Plot.dot(
          points.filter((point) => point.failureMode),
          { ...at, r: 5, stroke: AFTER, fill: AFTER, fillOpacity: 0.55, title },
        ),
        Plot.text(farthest, {
          ...at,
          text: (point: ScatterPoint) => shortened(point.name),
          dy: -12,
          fontSize: 11,
          fill: 'currentColor',
        }),
      ],
    },
    label,
  );
}

function shortened(name: string): string {
  return name.length > 30 ? `${name.slice(0, 29)}…` : name;
}

/** What a plot of a feature's values marks. */
export interface MarkedValues {
  /** Of images that are shown. */
  readonly images: readonly number[];
  /** Of rules. */
  readonly thresholds: readonly number[];
}

/** How many images have which value, those shown as dots and thresholds as dashed lines; `values` are finite, one at least. */
export function valuesPlot(values: readonly number[], marked: MarkedValues, label: string): string {
  const shown = [...values, ...marked.thresholds];
  const [least, most] = shown.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [0, 0]);
  const end = most === least ? least + 1 : most + 0.03 * (most - least);
  const bars: Plot.BinXInputs<Plot.RectYOptions> = {
    ...{ x: (value: number) => value, thresholds: 40, domain: [least, end] },
    ...{ fill: CALM, fillOpacity: 0.6, insetLeft: 0.5, insetRight: 0.5 },
  };
  return svg(
    {
      width: 440,
      height: 230,
      marginLeft: 44,
      marginRight: 20,
      marginTop: 26,
      marginBottom: 40,
      x: { domain: [least, end], label: 'value of the feature', ticks: 6, nice: true },
      // Most images do not show a feature at all: on an even scale they would hide those that do.
      y: {
        type: 'sqrt',
        label: 'images (square-root scale)',
        ticks: 4,
        grid: true,
        tickFormat: (n: number) => String(n),
      },
      marks: [
        Plot.rectY(values, Plot.binX<Plot.RectYOptions>({ y: 'count' }, bars)),
        Plot.ruleY([0], { stroke: 'currentColor' }),
        Plot.ruleX(marked.thresholds, { stroke: AFTER, strokeWidth: 1.5, strokeDasharray: '5 4' }),
        Plot.text(marked.thresholds.slice(0, 1), {
          x: (value: number) => value,
          frameAnchor: 'top',
          text: () => (marked.thresholds.length === 1 ? 'threshold' : 'thresholds'),
          dy: -10,
          fontSize: 11,
          fill: AFTER,
        }),
        Plot.dot(marked.images, {
          x: (value: number) => value,
          frameAnchor: 'bottom',
          dy: -1,
          r: 5,
          fill: 'var(--ink)',
          stroke: 'var(--paper)',
          strokeWidth: 1.5,
        }),
      ],
    },
    label,
  );
}

/** A checkpoint in the trend, oldest first. */
export interface TrendPoint {
  readonly name: string;
  readonly errorRate: number;
  readonly aler: number | null;
  /** The checkpoint that this report judges. */
  readonly judged: boolean;
}

/** Error rate and mean ALER over checkpoints. */
export function trendPlot(points: readonly TrendPoint[], label: string): string {
  const rows = points.map((point, index) => ({ ...point, index }));
  const aler = rows.filter((row) => row.aler !== null);
  const most = Math.min(1, Math.max(0.05, ...points.map((point) => Math.max(point.errorRate, point.aler ?? 0))) * 1.15);
  const every = Math.ceil(rows.length / 6);
  const named = rows.filter((row) => (rows.length - 1 - row.index) % every === 0);
  const title = (row: TrendPoint) => `${row.name}: error rate ${percentTick(row.errorRate)}`;
  const last = rows.slice(-1);
  return svg(
    {
      width: 560,
      height: 250,
      marginLeft: 48,
      marginRight: 84,
      marginBottom: 34,
      x: {
        domain: [0, Math.max(1, rows.length - 1)],
        ticks: named.map((row) => row.index),
        tickFormat: (i: number) => rows[i].name,
        label: null,
      },
      y: { domain: [0, most], label: null, tickFormat: percentTick, ticks: 4, grid: true },
      marks: [
        Plot.line(aler, { x: 'index', y: 'aler', stroke: BEFORE, strokeWidth: 2, strokeDasharray: '5 4' }),
        Plot.line(rows, { x: 'index', y: 'errorRate', stroke: CALM, strokeWidth: 2.5 }),
        Plot.dot(rows, { x: 'index', y: 'errorRate', r: 4, fill: CALM, title }),
        Plot.dot(
          rows.filter((row) => row.judged),
          { x: 'index', y: 'errorRate', r: 6, fill: AFTER, title },
        ),
        Plot.text(last, {
          x: 'index',
          y: 'errorRate',
          text: () => 'error rate',
          dx: 10,
          textAnchor: 'start',
          fill: 'currentColor',
        }),
        Plot.text(aler.slice(-1), {
          x: 'index',
          y: 'aler',
          text: () => 'mean ALER',
          dx: 10,
          textAnchor: 'start',
          fill: 'currentColor',
        }),
      ],
    },
    label,
  );
}

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
