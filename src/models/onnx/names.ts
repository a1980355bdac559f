/** The `count` of `names` nearest to `wanted`: those that contain it (or it them) first, then by edit distance. */
export function nearest(wanted: string, names: readonly string[], count: number): string[] {
  const key = wanted.toLowerCase();
  const distance = (name: string) => {
    const other = name.toLowerCase();
    return editDistance(key, other) - (other.includes(key) || key.includes(other) ? 1000 : 0);
  };
  return names
    .map((name, index) => ({ name, index, distance: distance(name) }))
    .sort((a, b) => a.distance - b.distance || a.index - b.index)
    .slice(0, count)
    .map(({ name }) => name);
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}
