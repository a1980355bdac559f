/**
 * The lower triangle L of a symmetric positive definite matrix A = L L', both `size` x `size`, row by row.
 * @throws Error where A is not positive definite.
 */
export function cholesky(matrix: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column];
      for (let k = 0; k < column; k++) sum -= lower[row * size + k] * lower[column * size + k];
      if (row !== column) lower[row * size + column] = sum / lower[column * size + column];
      else if (sum > 0) lower[row * size + row] = Math.sqrt(sum);
      else throw new Error('the matrix is not positive definite');
    }
  }
  return lower;
}

/** Solves L y = b in place: `vector` becomes y. */
export function forwardSolve(lower: Float64Array, size: number, vector: Float64Array): void {
  for (let row = 0; row < size; row++) {
    let sum = vector[row];
    for (let k = 0; k < row; k++) sum -= lower[row * size + k] * vector[k];
    vector[row] = sum / lower[row * size + row];
  }
}

/** Solves L' x = y in place: `vector` becomes x. */
export function backwardSolve(lower: Float64Array, size: number, vector: Float64Array): void {
  for (let row = size - 1; row >= 0; row--) {
    let sum = vector[row];
    for (let k = row + 1; k < size; k++) sum -= lower[k * size + row] * vector[k];
    vector[row] = sum / lower[row * size + row];
  }
}
