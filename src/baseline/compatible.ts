import { UserError } from '../errors.ts';
import type { BaselineRecord } from '../records/baseline.ts';
import type { EvalSet } from '../records/evalSet.ts';
import type { FeatureModelInfo } from '../records/features.ts';

/** Candidate and baseline are judged on the images that both have: at least this share of the larger of the two sets. */
const minOverlap = 0.5;

/** What of a candidate must agree with a baseline. */
export interface Candidate {
  readonly evalSet: EvalSet;
  readonly featureModel: FeatureModelInfo;
}

/** The images that candidate and baseline have in common: image i is row `rows[i]` of one and `baselineRows[i]` of the other. */
export interface Alignment {
  /** Rows of the candidate's eval set, ascending. */
  readonly rows: Uint32Array;
  /** Rows of the baseline's lists, aligned with `rows`. */
  readonly baselineRows: Uint32Array;
  /** How many images only one of the two has, in words; null where none. */
  readonly note: string | null;
}

/**
 * Pairs the candidate's images with the baseline's by name.
 *
 * @throws UserError where the two cannot be compared: another feature model, other classes, less than half of
 *   either eval set in common, or other labels on common images
 */
export function alignWithBaseline(candidate: Candidate, baseline: BaselineRecord): Alignment {
  const where = `baseline ${baseline.commit.slice(0, 12)} of suite ${JSON.stringify(baseline.suite)}`;
  const differs = (what: string, fix: string) => new UserError({ what, where, fix });
  const { evalSet } = candidate;
  checkFeatureModel(candidate.featureModel, baseline.featureModel, differs);
  checkClasses(evalSet.classes, baseline.evalSet.classes, differs);

  const rowOf = new Map(baseline.evalSet.images.map((image, row) => [image, row]));
  const pairs = evalSet.images.flatMap((image, row) => {
    const baselineRow = rowOf.get(image);
    return baselineRow === undefined ? [] : [{ row, baselineRow }];
  });
  const counts = { candidate: evalSet.images.length, baseline: baseline.evalSet.images.length, common: pairs.length };
  if (counts.common === 0 || counts.common < minOverlap * Math.max(counts.candidate, counts.baseline)) {
    throw differs(
      `too few images in common: ${counts.common} of the ${counts.candidate} evaluated now and of the baseline's ${counts.baseline} (half of both is needed)`,
      `Evaluate the images the baseline was recorded on, ${recordAnew}`,
    );
  }
  const relabelled = pairs.filter(
    ({ row, baselineRow }) => evalSet.labels[row] !== baseline.evalSet.labels[baselineRow],
  );
  const first = relabelled[0];
  if (first) {
    const name = (label: number | undefined) => JSON.stringify(evalSet.classes[label ?? -1] ?? null);
    throw differs(
      `${relabelled.length} of the ${counts.common} common images have another label: ${JSON.stringify(evalSet.images[first.row])} is ${name(evalSet.labels[first.row])} now and was ${name(baseline.evalSet.labels[first.baselineRow])}`,
      `Restore the labels, ${recordAnew}`,
    );
  }
  return {
    rows: Uint32Array.from(pairs, ({ row }) => row),
    baselineRows: Uint32Array.from(pairs, ({ baselineRow }) => baselineRow),
    note: noteOf(counts),
  };
}

type Differs = (what: string, fix: string) => UserError;

const recordAnew = 'or record a new baseline with the eval set as it is';

function checkFeatureModel(now: FeatureModelInfo, then: BaselineRecord['featureModel'], differs: Differs): void {
  const fix = 'Use the feature model, layer and preprocessing the baseline was recorded with, or record a new baseline';
  if (now.dimensions !== then.dimensions) {
    throw differs(`another feature model: ${now.dimensions} features now, ${then.dimensions} in the baseline`, fix);
  }
  if (now.fingerprint !== then.fingerprint) {
    throw differs(
      `another feature model, layer or preprocessing: fingerprint ${now.fingerprint.slice(0, 12)} now, ${then.fingerprint.slice(0, 12)} in the baseline`,
      fix,
    );
  }
}

function checkClasses(now: readonly string[], then: readonly string[], differs: Differs): void {
  if (now.length === then.length && now.every((name, index) => name === then[index])) return;
  const was = new Set(then);
  const is = new Set(now);
  const parts = [
    some(
      'only now',
      now.filter((name) => !was.has(name)),
    ),
    some(
      'only in the baseline',
      then.filter((name) => !is.has(name)),
    ),
  ].filter((part) => part !== '');
  throw differs(
    `other classes: ${now.length} now, ${then.length} in the baseline; ${parts.join('; ') || 'the same names in another order'}`,
    `Use the same classes (list those without images under evalSet.classes), ${recordAnew}`,
  );
}

function some(title: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name));
  return `${title}: ${shown.join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
}

function noteOf(counts: { candidate: number; baseline: number; common: number }): string | null {
  const unknown = counts.candidate - counts.common;
  const missing = counts.baseline - counts.common;
  if (unknown === 0 && missing === 0) return null;
  return `Compared on the ${counts.common} images that both have: the baseline lacks ${unknown} of the images evaluated now, and ${missing} of its images are not evaluated now.`;
}
