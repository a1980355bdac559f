import { count, percent } from '../../records/words.ts';
import * as Plot from './draw.ts';
import { AFTER, CALM, FAINT, svg } from './draw.ts';

/** A group in the scatter. */
export interface ScatterPoint {
  readonly name: string;
  readonly baseErrorRate: number;
  readonly aler: number;
  readonly failureMode: boolean;
}

/** Most points: more are a cloud, and each takes some 200 bytes of the page. */
const MOST = 3000;

/**
 * ALER against base error rate (Barlow, figures 8 and 16 to 19): the higher above the line, the better features explain the failures. Of very many
 * groups those are drawn that lie highest above it, and the label says so.
 */
export function scatterPlot(all: readonly ScatterPoint[], of: string): string {
  const above = ({ aler, baseErrorRate }: ScatterPoint) => aler - baseErrorRate;
  const points = all.length <= MOST ? all : all.toSorted((a, b) => above(b) - above(a)).slice(0, MOST);
  const label = points === all ? of : `${of}, the ${count(MOST)} highest above the line`;
  const most = Math.min(
    1,
    1.08 * points.reduce((greatest, { aler, baseErrorRate }) => Math.max(greatest, aler, baseErrorRate), 0.05),
  );
  const farthest = points.toSorted((a, b) => above(b) - above(a)).slice(0, 3);
  const at = { x: 'baseErrorRate', y: 'aler' } as const;
  const title = (point: ScatterPoint) =>
    `${point.name}: error rate ${percent(point.baseErrorRate)}, ALER ${percent(point.aler)}`;
  return svg(
    {
      width: 440,
      height: 400,
      marginLeft: 48,
      marginBottom: 42,
      marginRight: 20,
      x: { domain: [0, most], label: 'error rate of the group', tickFormat: percent, ticks: 5 },
      y: { domain: [0, most], label: 'ALER of its tree', tickFormat: percent, ticks: 5, grid: true },
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
