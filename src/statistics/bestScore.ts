/** Scores that sum to 1 within this are probabilities already. */
const SUM_ERROR = 1e-5;

/**
 * The place of the greatest score of an image (the first of equals, as `numpy.argmax`) and its probability: the score itself
 * where the scores are probabilities, else its softmax. NaN scores make NaN of both.
 */
export function bestScore(scores: Float32Array | Float64Array): readonly [place: number, probability: number] {
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
  if (least >= 0 && Math.abs(sum - 1) <= SUM_ERROR) return [place, top];
  let total = 0;
  for (const score of scores) total += Math.exp(score - top);
  return [place, 1 / total];
}
