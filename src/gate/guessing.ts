import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import { total } from '../statistics/sums.ts';

/** Fewer images say nothing. */
const LEAST = 100;
/** 1 % of the standard normal distribution lies above. */
const Z = 2.326;

/**
 * What is said of a checkpoint that is right no more often than guessing would be (one-sided, 1 %, by the normal approximation of
 * the binomial distribution): mostly its classes are in another order, or its images were prepared otherwise. Of two such
 * checkpoints every comparison passes. Null where it is not so, or not known what it predicts.
 */
export function guessing(
  { name, predictions, failed }: Pick<Checkpoint, 'name' | 'predictions' | 'failed'>,
  { classes }: Pick<EvalSet, 'classes'>,
): string | null {
  const images = failed.length;
  if (predictions === null || classes.length < 2 || images < LEAST) return null;
  const right = images - total(failed);
  const share = 1 / classes.length;
  if (right > images * share + Z * Math.sqrt(images * share * (1 - share))) return null;
  return `${name} is right on ${right} of ${images} images, no more than by guessing among ${classes.length} classes: check the order of its classes (evalSet.classes, --classes) and, of a model, its preprocessing`;
}
