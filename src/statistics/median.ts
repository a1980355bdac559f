/** The middle of some values, the mean of the two middle ones of an even number; null of none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const rising = values.toSorted((a, b) => a - b);
  const half = rising.length >>> 1;
  return (rising[Math.ceil(rising.length / 2) - 1] + rising[half]) / 2;
}
