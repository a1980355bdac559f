import { describe, expect, it } from 'vitest';
import { scatterPlot } from '../../src/report/plots/scatterPlot.ts';

describe('the scatter of groups', () => {
  const points = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      ...{ name: `g${at}`, baseErrorRate: 0.1, failureMode: at % 2 === 0 },
      aler: 0.1 + ((at * 7919) % count) / count / 2,
    }));

  it('has all groups, up to some thousands', () => {
    const plot = scatterPlot(points(400), 'of 400 groups');
    expect(plot.match(/<circle /g)).toHaveLength(400);
    expect(plot).toContain('of 400 groups');
    expect(plot).not.toContain('highest above');
  });

  it('has the highest above the line of very many, says so, and stays small', () => {
    const many = points(200_000);
    const plot = scatterPlot(many, 'of 200,000 groups');
    expect(plot.match(/<circle /g)).toHaveLength(3000);
    expect(plot).toContain('of 200,000 groups, the 3,000 highest above the line');
    const [first, last] = [0, 2999].map((at) => many.toSorted((a, b) => b.aler - a.aler)[at].name);
    const after = many.toSorted((a, b) => b.aler - a.aler)[3000].name;
    for (const name of [first, last]) expect(plot).toContain(`${name}: error rate`);
    expect(plot).not.toContain(`>${after}: error rate`);
    expect(plot.length).toBeLessThan(1e6);
  });
});
