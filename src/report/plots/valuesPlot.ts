import * as Plot from './draw.ts';
import { AFTER, CALM, svg } from './draw.ts';

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
