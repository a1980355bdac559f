import { describe, expect, it } from 'vitest';
import { backwardSolve, cholesky, forwardSolve } from '../../src/statistics/cholesky.ts';
import { stream } from '../../src/statistics/random.ts';

/** M M' + 0.1 I of a random M: symmetric and positive definite. */
function positive(size: number): Float64Array {
  const random = stream(`cholesky ${size}`);
  const m = Array.from({ length: size * size }, () => random.uint32() / 2 ** 31 - 1);
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [row, column] = [Math.floor(at / size), at % size];
    const dot = Array.from({ length: size }, (_, k) => m[row * size + k] * m[column * size + k]);
    return dot.reduce((sum, each) => sum + each, row === column ? 0.1 : 0);
  });
}

describe.each([1, 2, 5, 17])('of %i rows', (size) => {
  const matrix = positive(size);
  const lower = cholesky(matrix, size);
  const at = (row: number, column: number) => lower[row * size + column];
  const vector = Float64Array.from({ length: size }, (_, k) => k - 1.5);

  it('L is lower triangular, its diagonal positive, and L L is the matrix', () => {
    for (let row = 0; row < size; row++) {
      expect(at(row, row)).toBeGreaterThan(0);
      for (let column = 0; column < size; column++) {
        if (column > row) expect(at(row, column)).toBe(0);
        let product = 0;
        for (let k = 0; k < size; k++) product += at(row, k) * at(column, k);
        expect(product).toBeCloseTo(matrix[row * size + column], 10);
      }
    }
  });

  it('both solves undo a product, and together give x of A x = b', () => {
    const forward = vector.slice();
    forwardSolve(lower, size, forward);
    const backward = vector.slice();
    backwardSolve(lower, size, backward);
    const x = forward.slice();
    backwardSolve(lower, size, x);
    for (let row = 0; row < size; row++) {
      let [one, two, all] = [0, 0, 0];
      for (let k = 0; k < size; k++) {
        one += at(row, k) * forward[k];
        two += at(k, row) * backward[k];
        all += matrix[row * size + k] * x[k];
      }
      expect(one).toBeCloseTo(vector[row], 9);
      expect(two).toBeCloseTo(vector[row], 9);
      expect(all).toBeCloseTo(vector[row], 8);
    }
  });
});

it.each([
  ['zeros', [0, 0, 0, 0]],
  ['an eigenvalue below zero', [1, 2, 2, 1]],
  ['NaN', [Number.NaN, 0, 0, 1]],
])('refuses a matrix that is not positive definite: %s', (_, values) => {
  expect(() => cholesky(Float64Array.from(values), 2)).toThrow('not positive definite');
});
