import { expect, it } from 'vitest';
import { bestConditions, CONDITIONS } from '../../src/analysis/bestConditions.ts';
import { CUTS, quantise } from '../../src/analysis/quantised.ts';
import { shuffled } from '../../src/analysis/significance.ts';
import { stream } from '../../src/statistics/random.ts';

it.each([
  [50, 15, 32],
  [50, 1, 31],
  [64, 32, 1],
  [300, 40, 32],
  [9, 4, 7],
])('are those of each outcome by itself (%i rows, %i of them marked, %i outcomes)', (rows, marks, outcomes) => {
  const dimensions = 60;
  const { uint32, below } = stream(`conditions ${rows}`);
  // Many values, few, one, and twins, which differ alike.
  const kinds = [() => uint32() / 2 ** 32, () => below(3), () => 1, () => Math.max(0, below(10) - 6)];
  const values = Float32Array.from({ length: rows * dimensions }, (_, at) => kinds[Math.floor(at / rows) % 4]());
  for (const twin of [8, 20, 44]) values.copyWithin(twin * rows, 0, rows);
  const data = quantise({ rows, from: 0, to: dimensions, values });
  const marked = Array.from({ length: outcomes }, (_, lane) => shuffled(rows, marks, `outcome ${lane}`));
  const words = new Uint32Array(rows + 1);
  for (const [lane, outcome] of marked.entries())
    for (let row = 0; row < rows; row++) words[row + 1] |= outcome[row] << lane;
  const found = bestConditions(data, words, marks, outcomes);
  expect(found).toHaveLength(outcomes);
  for (const [lane, outcome] of marked.entries()) {
    const cuts = Array.from({ length: dimensions }, (_, column) =>
      Array.from({ length: data.cuts[column] }, (_, cut) => {
        const place = column * CUTS + cut;
        const start = column * data.stride;
        const inside = [...data.members.subarray(start, start + data.ends[place])].filter(
          (member) => member > 0 && outcome[member - 1] === 1,
        ).length;
        const difference = inside * rows - data.below[place] * marks;
        return { column, cut, isBelow: difference > 0, chiSquare: difference * difference * data.weights[place] };
      }),
    );
    // The sort is stable: of equal ones the smaller column comes first.
    const expected = cuts
      .flatMap((own) => (own.length === 0 ? [] : [own.reduce((a, b) => (b.chiSquare > a.chiSquare ? b : a))]))
      .filter(({ chiSquare }) => chiSquare > 0)
      .toSorted((a, b) => b.chiSquare - a.chiSquare)
      .slice(0, CONDITIONS);
    expect(found[lane]).toEqual(expected);
  }
});
