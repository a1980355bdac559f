import { closest, distance } from 'fastest-levenshtein';

/** The word of `words` that `word` is most likely a slip for (case aside), or null where none is near. */
export function nearestWord(word: string, words: readonly string[]): string | null {
  if (words.length === 0) return null;
  const lower = word.toLowerCase();
  const index = words.map((candidate) => candidate.toLowerCase());
  const best = closest(lower, index);
  // A third of the letters may be wrong, two at least: "chekcs" is near "checks", "foo" is near nothing.
  const near = distance(lower, best) <= Math.max(2, Math.floor(Math.max(lower.length, best.length) / 3));
  return near && distance(lower, best) < best.length ? (words[index.indexOf(best)] ?? null) : null;
}

/** The `count` of `names` nearest to `wanted`: those that contain it (or it them) first, then by edit distance. */
export function nearestNames(wanted: string, names: readonly string[], count: number): string[] {
  const key = wanted.toLowerCase();
  const rank = (name: string) => {
    const other = name.toLowerCase();
    return distance(key, other) - (other.includes(key) || key.includes(other) ? 1000 : 0);
  };
  return names
    .map((name, index) => ({ name, index, rank: rank(name) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, count)
    .map(({ name }) => name);
}
