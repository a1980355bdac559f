import { expect, it } from 'vitest';
import { distance, typicality, whitening } from '../../src/gate/typicality.ts';
import { sampleOf } from './paired.ts';

/** Solves A x = b by elimination with pivots. */
function solved(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = a.map((row, at) => [...row, b[at]]);
  for (let k = 0; k < rows.length; k++) {
    const pivot = rows.slice(k).reduce((best, row) => (Math.abs(row[k]) > Math.abs(best[k]) ? row : best));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(k, 0, pivot);
    for (const [at, row] of rows.entries()) {
      if (at === k) continue;
      const factor = row[k] / pivot[k];
      for (let j = 0; j < row.length; j++) row[j] -= factor * pivot[j];
    }
  }
  return rows.map((row, k) => row[row.length - 1] / row[k]);
}

const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, each, at) => sum + each * b[at], 0);

/** Distances in standardised features by the inverse of their correlation, a tenth added to its diagonal. */
function naive(columns: readonly (readonly number[])[], positions: readonly number[]): number[] {
  const standard = columns
    .filter((column) => new Set(column).size > 1)
    .map((column) => {
      const centre = mean(column);
      const deviation = Math.sqrt(mean(column.map((each) => (each - centre) ** 2)));
      return column.map((each) => (each - centre) / deviation);
    })
    .toSorted((a, b) => Math.abs(mean(positions.map((at) => b[at]))) - Math.abs(mean(positions.map((at) => a[at]))))
    .slice(0, 64);
  const correlation = standard.map((a, i) => standard.map((b, j) => dot(a, b) / a.length + (i === j ? 0.1 : 0)));
  const centre = standard.map((column) => mean(positions.map((at) => column[at])));
  return positions.map((at) => {
    const offset = standard.map((column, i) => column[at] - centre[i]);
    return Math.sqrt(dot(offset, solved(correlation, offset)) / standard.length);
  });
}

it.each([
  ['a few features', 90, 5],
  ['more than are measured in', 60, 70],
])('the distance from the mean of some images, whitened: %s', (_, rows, features) => {
  const { columns, at } = sampleOf(`typical ${features}`, rows, features, 30);
  const values = columns.values.slice();
  // One feature is constant, two go together, and the images differ from the rest in some.
  const positions = [...Array(rows).keys()].filter((row) => row % 5 === 2);
  for (let row = 0; row < rows; row++) {
    values[row] = 4;
    values[2 * rows + row] = at(row, 1) + 0.1 * at(row, 2);
  }
  for (const row of positions) values[3 * rows + row] += 2;
  const lists = Array.from({ length: features }, (_, f) => [...values.subarray(f * rows, (f + 1) * rows)]);
  const found = typicality({ rows, from: 0, to: features, values }, Uint32Array.from(positions));
  for (const [of, expected] of naive(lists, positions).entries()) expect(found[of]).toBeCloseTo(expected, 6);
});

it('is 0 for all where every feature is constant, and for an image alone', () => {
  const constant = { rows: 5, from: 0, to: 2, values: new Float32Array(10).fill(2) };
  expect([...typicality(constant, Uint32Array.from([1, 3]))]).toEqual([0, 0]);
  const { columns } = sampleOf('alone', 20, 3);
  expect([...typicality(columns, Uint32Array.from([4]))]).toEqual([0]);
});

it('an image from elsewhere is whitened as one of the group is, by its features’ numbers', () => {
  const { columns, at } = sampleOf('elsewhere', 40, 6);
  const later = { ...columns, from: 10, to: 16 };
  const { size, at: own, of } = whitening(later, Uint32Array.from([1, 5, 9]));
  expect(size).toBe(6);
  for (const row of [0, 5, 39]) {
    const whitened = of((feature) => at(row, feature - 10));
    for (const [place, value] of own(row).entries()) expect(whitened[place]).toBeCloseTo(value, 9);
  }
  expect(distance(own(0), own(0))).toBe(0);
});

it('a distance is the root mean square a feature', () => {
  expect(distance(Float64Array.of(1, 2), Float64Array.of(4, 6))).toBeCloseTo(Math.sqrt(25 / 2), 12);
  expect(distance(new Float64Array(0), new Float64Array(0))).toBe(0);
});
