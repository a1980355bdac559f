import { closest, distance } from 'fastest-levenshtein';

/** The word of `words` that `word` is most likely a slip for (case aside), or null where none is near. */
export function nearest(word: string, words: readonly string[]): string | null {
  if (words.length === 0) return null;
  const lower = word.toLowerCase();
  const index = words.map((candidate) => candidate.toLowerCase());
  const best = closest(lower, index);
  // A third of the letters may be wrong, two at least: "chekcs" is near "checks", "foo" is near nothing.
  const near = distance(lower, best) <= Math.max(2, Math.floor(Math.max(lower.length, best.length) / 3));
  return near && distance(lower, best) < best.length ? (words[index.indexOf(best)] ?? null) : null;
}
