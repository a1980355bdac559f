/** The sum of numbers; of outcomes, which are 0 or 1, how many are 1. */
export function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** The mean of the values that are there; null where none is. */
export function mean(values: Iterable<number | null>): number | null {
  const known = [...values].filter((value) => value !== null);
  return known.length === 0 ? null : total(known) / known.length;
}
