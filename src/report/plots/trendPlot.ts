import { entry } from '../../records/entry.ts';
import { percent } from '../../records/words.ts';
import * as Plot from './draw.ts';
import { AFTER, BEFORE, CALM, svg } from './draw.ts';

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
  const title = (row: TrendPoint) => `${row.name}: error rate ${percent(row.errorRate)}`;
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
        tickFormat: (i: number) => entry(rows, i).name,
        label: null,
      },
      y: { domain: [0, most], label: null, tickFormat: percent, ticks: 4, grid: true },
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
