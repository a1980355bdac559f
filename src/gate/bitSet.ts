/** Sets of images as bits of 32-bit words. */

/**
 * Where each image of a group stands in a bit set. Images of one weight share words, the open ones first: so counts of open
 * images, of all, and sums of weights come of one pass of popcounts.
 */
export interface BitLayout {
  /** Bit of each image, by its position in the group. */
  readonly bitOf: Uint32Array;
  readonly words: number;
  /** Words that hold open images; all come before the others. */
  readonly openWords: number;
  /** Weight of each image of a word. */
  readonly weight: Float64Array;
}

/** @param weight of each image; @param open 1 where it is open. */
export function bitLayout(weight: Float64Array, open: Uint8Array): BitLayout {
  const order = Uint32Array.from({ length: weight.length }, (_, at) => at).sort(
    (a, b) => open[b] - open[a] || weight[a] - weight[b] || a - b,
  );
  const bitOf = new Uint32Array(weight.length);
  const weights: number[] = [];
  let bit = 0;
  let openWords = 0;
  for (const [at, image] of order.entries()) {
    const before = order[at - 1];
    const startsAnew = before === undefined || open[before] !== open[image] || weight[before] !== weight[image];
    if (startsAnew) bit = weights.length * 32;
    if (bit >= weights.length * 32) weights.push(weight[image]);
    bitOf[image] = bit++;
    if (open[image] === 1) openWords = weights.length;
  }
  return { bitOf, words: weights.length, openWords, weight: Float64Array.from(weights) };
}
