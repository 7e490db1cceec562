/** Cholesky factor L of a Hermitian positive definite matrix, A = L·Lᴴ with L lower triangular. */

/**
 * Parts of the largest diagonal element below which a pivot counts as zero: rounding of the input.
 */
const SINGULAR = 1e-12;

/**
 * @param matrix [n][n][re, im]; the lower triangle is used
 * @returns [n][n][re, im], row-major; undefined if the matrix is not positive definite
 */
export function cholesky(matrix: readonly (readonly (readonly [number, number])[])[]): Float64Array | undefined {
  const n = matrix.length;
  const factor = new Float64Array(2 * n * n);
  const at = (row: number, column: number): number => 2 * (row * n + column);
  const largest = Math.max(...matrix.map((row, k) => row[k][0]));
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let [re, im] = matrix[row][column];
      for (let k = 0; k < column; k++) {
        const [a, b] = [at(row, k), at(column, k)];
        re -= factor[a] * factor[b] + factor[a + 1] * factor[b + 1];
        im -= factor[a + 1] * factor[b] - factor[a] * factor[b + 1];
      }
      if (row === column) {
        if (!(re > SINGULAR * largest)) return undefined;
        factor[at(row, row)] = Math.sqrt(re);
      } else {
        const pivot = factor[at(column, column)];
        factor[at(row, column)] = re / pivot;
        factor[at(row, column) + 1] = im / pivot;
      }
    }
  }
  return factor;
}
