import { describe, expect, it } from 'vitest';
import { mutualInformation } from '../../src/analysis/mutualInformation.ts';
import { CUTS, cutting, type Quantised, quantise } from '../../src/analysis/quantised.ts';
import { stream } from '../../src/statistics/random.ts';

/** Columns of many kinds: ties, constants, values that the jitter of mutual information exchanges. */
function awkward(rows: number) {
  const { uint32 } = stream('quantiles');
  const kinds: ((u: number, row: number) => number)[] = [
    (u) => u,
    (u) => Math.max(0, u - 0.6),
    () => 3.7,
    (u) => Number(u < 0.3),
    (u) => Math.round(8 * u) / 4 + 100,
    (u) => u * 1e6,
    (u) => u * 1e-9,
    (u) => -u,
    (u) => (u < 0.9 ? 0 : u),
    (u) => (u < 0.5 ? -0 : 0),
    // Apart by more than a tree can part, and by less than the jitter beside the large value of row 0.
    (u, row) => (row === 0 ? 1e12 : u * 2e-6),
  ];
  const values = new Float32Array(rows * kinds.length);
  for (const [j, kind] of kinds.entries())
    for (let row = 0; row < rows; row++) values[j * rows + row] = kind(uint32() / 2 ** 32, row);
  return { rows, from: 0, to: kinds.length, values };
}

describe('quantiles of columns', () => {
  it('lie where sorted values say, the next place where a tree could cut', () => {
    const rows = 160;
    const columns = awkward(rows);
    const { members, stride, ends, below, cuts } = quantise(columns);
    const places = [1, 2, 4, 8, 12, 16, 20, 24, 28, 30, 31].map((part) => (part * rows) / 32);
    for (let j = 0; j < columns.to; j++) {
      const column = columns.values.slice(j * rows, (j + 1) * rows);
      const sorted = column.toSorted();
      const isCut = (at: number) => sorted[at] > Math.fround(sorted[at - 1] + Math.fround(1e-7));
      const next = (place: number) => {
        for (let at = place; at < rows; at++) if (isCut(at)) return [at];
        return [];
      };
      const expected = [...new Set(places.flatMap(next))];
      expect([...below.subarray(j * CUTS, j * CUTS + cuts[j])]).toEqual(expected);
      for (const [cut, at] of expected.entries()) {
        const listed = members.subarray(j * stride, j * stride + ends[j * CUTS + cut]).filter((member) => member > 0);
        expect([...listed.map((member) => member - 1)].sort((a, b) => a - b)).toEqual(
          [...column.keys()].filter((row) => column[row] < sorted[at]),
        );
      }
    }
  });

  it('are the same where mutual information has sorted the columns', () => {
    const columns = awkward(700);
    const failed = Uint8Array.from({ length: columns.rows }, (_, row) => Number(row % 7 === 0));
    const { cut, quantised } = cutting(columns);
    const plain = mutualInformation(columns, columns.to, failed, 3);
    expect(mutualInformation(columns, columns.to, failed, 3, undefined, cut)).toEqual(plain);
    const below = ({ members, stride, ends, cuts, ...rest }: Quantised) => ({
      ...{ ...rest, ends },
      rows: Array.from(ends, (end, place) =>
        [...members.slice(stride * Math.floor(place / CUTS)).subarray(0, end)].sort(),
      ),
    });
    // Which of equal values comes first is open.
    expect(below(quantised)).toEqual(below(quantise(columns)));
  });
});
