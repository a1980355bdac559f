import { entry } from '../records/entry.ts';
import type { Checkpoint } from '../records/evalSet.ts';

/** Records keep confidences to a millionth. */
const ROUNDING = 1e-6;

/**
 * What is said of a candidate that answers as the accepted checkpoint does on every image: where only code has changed that is as it
 * should be, and where a model was trained its answers were not written again. Null where an answer differs, or where two models may
 * well agree: both right everywhere, and their confidences not known. Both are of the same images in the same order.
 */
export function unchanged(candidate: Checkpoint, accepted: Checkpoint): string | null {
  const { name, predictions, failed, confidence } = candidate;
  const knowsHowSurely = confidence !== null && accepted.confidence !== null;
  if (!knowsHowSurely && !failed.includes(1)) return null;
  if (!isSame(failed, accepted.failed) || !isSame(predictions, accepted.predictions)) return null;
  if (knowsHowSurely && !isSame(confidence, accepted.confidence)) return null;
  const does = predictions === null ? 'fails on the very images that' : 'answers as';
  const fails = predictions === null ? ' fails on' : '';
  return `${name} ${does} the accepted checkpoint ${accepted.name}${fails}, on all ${failed.length} images: it is the same model, or its predictions were not written again`;
}

/** Whether two lists are the same, image by image; where one is not there, whether neither is. */
function isSame(now: ArrayLike<number> | null, then: ArrayLike<number> | null): boolean {
  if (now === null || then === null) return now === then;
  return Array.from(now).every((value, row) => Math.abs(value - entry(then, row)) <= ROUNDING);
}
