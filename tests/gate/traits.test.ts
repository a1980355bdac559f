import { describe, expect, it } from 'vitest';
import { traitsOf } from '../../src/gate/traits.ts';
import { stream } from '../../src/statistics/random.ts';

/** Mann and Whitney's z by its definition: every pair compared, ties halved, the variance with the tie correction. */
function naiveZ(own: readonly number[], others: readonly number[]): number {
  const [n, m] = [own.length, others.length];
  let u = 0;
  for (const a of own) for (const b of others) u += a > b ? 1 : a === b ? 0.5 : 0;
  const counts = new Map<number, number>();
  for (const value of [...own, ...others]) counts.set(value, (counts.get(value) ?? 0) + 1);
  const ties = [...counts.values()].reduce((sum, t) => sum + t ** 3 - t, 0);
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  return variance > 0 ? (u - (n * m) / 2) / Math.sqrt(variance) : 0;
}

function naiveTraits(columns: readonly (readonly number[])[], properties: number, positions: readonly number[]) {
  return columns
    .flatMap((column, feature) => {
      if (feature < properties) return [];
      const own = positions.map((at) => column[at]).toSorted((a, b) => a - b);
      const others = column.filter((_, at) => !positions.includes(at));
      const z = naiveZ(own, others);
      const median = own[Math.floor((own.length - 1) / 2)];
      const beaten = others.filter((value) => (z > 0 ? value < median : value > median)).length;
      const share = beaten / others.length;
      return Math.abs(z) >= 4 && share >= 0.75 ? [{ property: feature - properties, greater: z > 0, share, z }] : [];
    })
    .toSorted((a, b) => Math.abs(b.z) - Math.abs(a.z))
    .map(({ property, greater, share }) => ({ property, greater, share }));
}

describe('in what some images differ from the rest of their group', () => {
  it.each([1, 2, 3, 4, 5, 6])('as by comparing every pair (case %i)', (seed) => {
    const random = stream(`traits ${seed}`);
    const rows = 120 + 10 * seed;
    const positions = [...Array(rows).keys()].filter((at) => at % 4 === 1);
    // Features of few values, so that there are ties; shifts up, down, in spread alone, weak and none.
    const shifts = [0, 0, 12, -12, 3, 0, 7, -7, 9];
    const columns = shifts.map((shift, feature) =>
      Array.from({ length: rows }, (_, at) => {
        const value = random.below(feature === 5 ? 2 : 20);
        return positions.includes(at) ? value + shift : value;
      }),
    );
    const values = Float32Array.from(columns.flat());
    const found = traitsOf({ rows, from: 0, to: shifts.length, values }, 2, Uint32Array.from(positions));
    expect(found).toEqual(naiveTraits(columns, 2, positions));
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found.length).toBeLessThan(shifts.length - 2);
    expect(new Set(found.map(({ greater }) => greater)).size).toBe(2);
  });

  it('numbers properties from the first, also where the columns begin later', () => {
    const rows = 80;
    const values = Float32Array.from({ length: rows }, (_, at) => (at < 20 ? 100 + at : at));
    const positions = Uint32Array.from({ length: 20 }, (_, at) => at);
    expect(traitsOf({ rows, from: 7, to: 8, values }, 5, positions)).toEqual([
      { property: 2, greater: true, share: 1 },
    ]);
  });

  it('nothing where all are alike', () => {
    const values = new Float32Array(60).fill(3);
    expect(traitsOf({ rows: 60, from: 0, to: 1, values }, 0, Uint32Array.from([1, 2, 3, 4]))).toEqual([]);
  });
});
