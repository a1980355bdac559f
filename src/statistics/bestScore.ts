/** Scores that sum to 1 within this are probabilities already. */
const SUM_ERROR = 1e-5;
/** Where those of every image do, they may be rounded: to four decimals, or to float16. */
const ROUNDED_SUM_ERROR = 1e-2;

/** Whether scores (`width` an image) are probabilities, perhaps rounded: of every image none below 0, their sum 1. */
export function areProbabilities(scores: Float32Array | Float64Array, width: number): boolean {
  for (let from = 0; from < scores.length; from += width) {
    let sum = 0;
    for (let at = from; at < from + width; at++) {
      const score = scores[at] ?? Number.NaN;
      if (!(score >= 0)) return false;
      sum += score;
    }
    if (Math.abs(sum - 1) > ROUNDED_SUM_ERROR) return false;
  }
  return true;
}

/**
 * The place of the greatest score of an image (the first of equals, as `numpy.argmax`) and its probability: the score itself
 * where the scores are probabilities, else its softmax. NaN scores make NaN of both.
 *
 * @param known whether they are probabilities; null: told by their sum
 */
export function bestScore(
  scores: Float32Array | Float64Array,
  known: boolean | null = null,
): readonly [place: number, probability: number] {
  let place = 0;
  let top = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let least = 0;
  for (const [index, score] of scores.entries()) {
    if (score > top) [place, top] = [index, score];
    sum += score;
    least = Math.min(least, score);
  }
  if (Number.isNaN(sum) && scores.some(Number.isNaN)) return [Number.NaN, Number.NaN];
  if (known ?? (least >= 0 && Math.abs(sum - 1) <= SUM_ERROR)) return [place, top];
  let total = 0;
  for (const score of scores) total += Math.exp(score - top);
  return [place, 1 / total];
}
