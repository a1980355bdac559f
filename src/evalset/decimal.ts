/** With a decimal point, or a comma, as spreadsheets of many countries write it. */
const decimal = /^\s*[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?\s*$/i;

/** The number that a cell of a table holds; NaN where it holds none. */
export function decimalIn(cell: string): number {
  return decimal.test(cell) ? Number(cell.replace(',', '.')) : Number.NaN;
}
