import { percent } from '../../records/words.ts';
import * as Plot from './draw.ts';
import { AFTER, BEFORE, FAINT, svg } from './draw.ts';

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
      x: { domain: [0, most], label: null, ticks: 4, tickSize: 0, tickFormat: percent },
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
