import { UserError } from '../errors.ts';
import type { BaselineRecord } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import type { EvalSet } from '../records/evalSet.ts';
import type { FeatureModelInfo } from '../records/features.ts';

/** Candidate and baseline are judged on the images that both have: at least this share of the larger of the two sets. */
const minOverlap = 0.5;

/** What a candidate is judged on. */
export interface Candidate {
  readonly evalSet: EvalSet;
  readonly featureModel: FeatureModelInfo;
}

/** The images that candidate and baseline have in common, with one label: image i is row `rows[i]` of one and `baselineRows[i]` of the other. */
export interface Alignment {
  /** Rows of the candidate's eval set, ascending. */
  readonly rows: Uint32Array;
  /** Rows of the baseline's lists, aligned with `rows`. */
  readonly baselineRows: Uint32Array;
  /** Which images are not compared, each kind in a sentence; `evalSetChanges` has the figures for reports. */
  readonly notes: readonly string[];
}

/**
 * Pairs the candidate's images with the baseline's by name.
 *
 * @throws UserError where less than half of either eval set is in common, with the same labels
 */
export function alignWithBaseline(candidate: Candidate, baseline: BaselineRecord): Alignment {
  const { evalSet } = candidate;
  const then = baseline.evalSet;
  const rowOf = new Map(then.images.map((image, row) => [image, row]));
  const common = evalSet.images.flatMap((image, row) => {
    const baselineRow = rowOf.get(image);
    return baselineRow === undefined ? [] : [{ image, row, baselineRow }];
  });
  const isSame = ({ row, baselineRow }: { row: number; baselineRow: number }) =>
    entry(evalSet.classes, entry(evalSet.labels, row)) === entry(then.classes, entry(then.labels, baselineRow));
  const pairs = common.filter(isSame);
  const relabelled = common.filter((each) => !isSame(each)).map(({ image }) => image);
  const counts = { candidate: evalSet.images.length, baseline: then.images.length, common: pairs.length };
  if (counts.common === 0 || counts.common < minOverlap * Math.max(counts.candidate, counts.baseline)) {
    throw new UserError({
      what: `too few images in common: ${counts.common} with the same label, of the ${counts.candidate} evaluated now and of the baseline's ${counts.baseline} (half of both is needed)`,
      where: `baseline ${baseline.commit.slice(0, 12)} of suite ${JSON.stringify(baseline.suite)}`,
      fix: 'Evaluate the images the baseline was recorded on, or accept a checkpoint on the eval set as it is: barlow baseline record',
    });
  }
  return {
    rows: Uint32Array.from(pairs, ({ row }) => row),
    baselineRows: Uint32Array.from(pairs, ({ baselineRow }) => baselineRow),
    notes: notesOf(counts, relabelled),
  };
}

/** In what a baseline differs from the candidate so far that it has to be put in the candidate's terms first; null where in nothing. */
export function differencesFrom(
  { evalSet, featureModel }: Candidate,
  baseline: BaselineRecord,
): { readonly classes: string | null; readonly features: string | null } {
  return {
    classes: classesIn(evalSet.classes, baseline.evalSet.classes),
    features: featuresIn(featureModel, baseline.featureModel),
  };
}

/**
 * A baseline with the candidate's classes: images whose label, or whose prediction, is of a class that there is no more are left out
 * (no checkpoint can newly fail on an image that the baseline got wrong).
 */
export function withClasses(record: BaselineRecord, classes: readonly string[]): BaselineRecord {
  const { evalSet, predictions, confidences, failed } = record;
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const index = evalSet.classes.map((name) => indexOf.get(name));
  const known = (list: readonly number[] | null, row: number) => list === null || index[entry(list, row)] !== undefined;
  const rows = [...evalSet.images.keys()].filter((row) => known(evalSet.labels, row) && known(predictions, row));
  const pick = <T>(list: readonly T[]) => rows.flatMap((row) => list.slice(row, row + 1));
  const mapped = (list: readonly number[]) => pick(list).flatMap((each) => index[each] ?? []);
  const { images, labels, hashes, fingerprint } = evalSet;
  return {
    ...record,
    evalSet: { fingerprint, classes, images: pick(images), labels: mapped(labels), hashes: hashes && pick(hashes) },
    predictions: predictions && mapped(predictions),
    confidences: confidences && pick(confidences),
    failed: pick(failed),
  };
}

function featuresIn(now: FeatureModelInfo, then: BaselineRecord['featureModel']): string | null {
  if (now.dimensions !== then.dimensions) return `${then.dimensions} features then, ${now.dimensions} now`;
  if (now.fingerprint === then.fingerprint) return null;
  return `fingerprint ${then.fingerprint.slice(0, 12)} then, ${now.fingerprint.slice(0, 12)} now`;
}

function classesIn(now: readonly string[], then: readonly string[]): string | null {
  if (now.length === then.length && now.every((name, index) => name === then[index])) return null;
  const was = new Set(then);
  const is = new Set(now);
  const parts = [
    some(
      'only now',
      now.filter((name) => !was.has(name)),
    ),
    some(
      'only then',
      then.filter((name) => !is.has(name)),
    ),
  ].filter((part) => part !== '');
  return `${then.length} then, ${now.length} now; ${parts.join('; ') || 'the same names in another order'}`;
}

function some(title: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name));
  return `${title}: ${shown.join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
}

function notesOf(
  counts: { candidate: number; baseline: number; common: number },
  relabelled: readonly string[],
): string[] {
  const both = counts.common + relabelled.length;
  const [added, lost] = [counts.candidate - both, counts.baseline - both];
  const notes = [];
  if (added > 0 || lost > 0) {
    notes.push(
      `Compared on the ${counts.common} images that both have: the baseline lacks ${added} of the images evaluated now, and ${lost} of its images are not evaluated now.`,
    );
  }
  if (relabelled.length > 0) {
    const first = some('first', relabelled);
    notes.push(`Not compared, as their label is another now: ${relabelled.length} images (${first}).`);
  }
  return notes;
}
