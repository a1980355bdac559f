/** A baseline's failure mode and a candidate's that hold the same images, more or less. */
export interface LeafPair {
  /** Indices into the lists given. */
  readonly baseline: number;
  readonly candidate: number;
  readonly jaccard: number;
}

/**
 * Pairs sets of positions (ascending) by their overlap: the pair with the greatest Jaccard index first, then the best
 * of those left, until none share an image. Of equal indices, the earlier baseline's, then the earlier candidate's.
 */
export function matchLeaves(baseline: readonly Uint32Array[], candidate: readonly Uint32Array[]): LeafPair[] {
  const pairs = baseline
    .flatMap((some, i) => candidate.map((others, j) => ({ baseline: i, candidate: j, jaccard: jaccard(some, others) })))
    .filter((pair) => pair.jaccard > 0)
    .sort((a, b) => b.jaccard - a.jaccard);
  const taken = { baseline: new Set<number>(), candidate: new Set<number>() };
  return pairs.filter((pair) => {
    if (taken.baseline.has(pair.baseline) || taken.candidate.has(pair.candidate)) return false;
    taken.baseline.add(pair.baseline);
    taken.candidate.add(pair.candidate);
    return true;
  });
}

/** Images in both over images in either; no number for two empty sets. */
function jaccard(some: Uint32Array, others: Uint32Array): number {
  const inOthers = new Set(others);
  const shared = some.reduce((sum, position) => sum + (inOthers.has(position) ? 1 : 0), 0);
  return shared / (some.length + others.length - shared);
}
