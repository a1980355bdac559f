import { UserError } from '../errors.ts';
import type { BaselineEvent, BaselineRecord, BaselineSlice, FeatureSketch } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { alignWithBaseline, type Candidate } from './compatible.ts';

/** Of a hash's hex digits: 64 bits. */
const hashDigits = 16;

/** What a record holds that neither result nor checkpoint say. */
export interface RecordedWith {
  readonly replica: boolean;
  /** Path of the config in its repository; null outside one. */
  readonly config: string | null;
  /** SHA-256 (hex) of each image's bytes, aligned with the eval set; null where no image was read. */
  readonly hashes: readonly string[] | null;
  readonly sketch: FeatureSketch | null;
  readonly events: readonly BaselineEvent[];
  readonly slices: readonly BaselineSlice[];
}

/**
 * What is recorded of a checkpoint that a run has analysed.
 *
 * @throws UserError where the commit it belongs to is not known
 */
export function baselineRecord(
  result: Result,
  analysed: CheckpointResult,
  checkpoint: Checkpoint,
  evalSet: EvalSet,
  more: RecordedWith,
): BaselineRecord {
  const { suite, commit, createdAt, tool, featureModel } = result;
  if (commit === null) {
    throw new UserError({
      what: 'a baseline is recorded for a commit, and this is not in a git repository with one',
      where: 'baseline',
      fix: 'Commit first, or give --commit with a name for the state of the model',
    });
  }
  return {
    schemaVersion: 2,
    ...{ suite, commit, createdAt, tool },
    checkpoint: checkpoint.name,
    replica: more.replica,
    config: more.config,
    featureModel: { fingerprint: featureModel.fingerprint, dimensions: featureModel.dimensions },
    evalSet: {
      fingerprint: evalSet.fingerprint,
      classes: evalSet.classes,
      images: evalSet.images,
      labels: [...evalSet.labels],
      hashes: more.hashes?.map((hash) => hash.slice(0, hashDigits)) ?? null,
    },
    predictions: checkpoint.predictions && [...checkpoint.predictions],
    // Millionths order images well enough, and pack to a quarter of full precision.
    confidences: checkpoint.confidence && Array.from(checkpoint.confidence, (each) => Math.round(each * 1e6) / 1e6),
    failed: [...checkpoint.failed],
    sketch: more.sketch,
    groups: analysed.groups.map(({ id, size, failures, baseErrorRate, aler, leaves }) => ({
      ...{ id, size, failures, baseErrorRate, aler, leaves },
    })),
    events: more.events,
    slices: more.slices,
  };
}

/** Accepted checkpoints on the images that the candidate and the nearest of them have. */
export interface CommonGround {
  /** Rows of the candidate's eval set, ascending. */
  readonly rows: Uint32Array;
  /** Those that are compared with, nearest first: without those that lack an image of them. */
  readonly records: readonly [BaselineRecord, ...BaselineRecord[]];
  /** Theirs, aligned with `rows`. */
  readonly checkpoints: readonly Checkpoint[];
  /** Which images are not compared, each kind in a sentence. */
  readonly notes: readonly string[];
  /** Which recorded checkpoints are not compared with, each in a sentence. */
  readonly leftOut: readonly string[];
}

/**
 * Puts recorded checkpoints beside the candidate's. The nearest decides on which images: one of before that lacks some of them would
 * hide what goes wrong on these, and is left out.
 *
 * @throws UserError where the nearest of them cannot be compared with it, as `alignWithBaseline`
 */
export function commonGround(
  candidate: Candidate,
  [first, ...earlier]: readonly [BaselineRecord, ...BaselineRecord[]],
): CommonGround {
  const nearest = alignWithBaseline(candidate, first);
  const records: [BaselineRecord, ...BaselineRecord[]] = [first];
  const checkpoints = [checkpointOn(first, nearest.baselineRows)];
  const leftOut: string[] = [];
  for (const record of earlier) {
    const own = rowsIn(record, candidate.evalSet, nearest.rows);
    if (own) {
      records.push(record);
      checkpoints.push(checkpointOn(record, own));
      continue;
    }
    const commit = record.commit.slice(0, 12);
    leftOut.push(`Not compared with ${commit}: it lacks images that a later baseline has, or labels them otherwise.`);
  }
  return { rows: nearest.rows, records, checkpoints, notes: nearest.notes, leftOut };
}

/** Where a record has the images of some rows of an eval set; null where it lacks one, or labels one otherwise. */
function rowsIn({ evalSet: then }: BaselineRecord, now: EvalSet, rows: Uint32Array): Uint32Array | null {
  const rowOf = new Map(then.images.map((image, row) => [image, row]));
  const found: number[] = [];
  for (const row of rows) {
    const own = rowOf.get(entry(now.images, row));
    if (own === undefined) return null;
    if (entry(now.classes, entry(now.labels, row)) !== entry(then.classes, entry(then.labels, own))) return null;
    found.push(own);
  }
  return Uint32Array.from(found);
}

/** The recorded checkpoint on some rows of its record, in the order given. */
function checkpointOn({ checkpoint, predictions, failed, confidences }: BaselineRecord, rows: Uint32Array): Checkpoint {
  return {
    name: checkpoint,
    predictions: predictions && Int32Array.from(rows, (row) => entry(predictions, row)),
    failed: Uint8Array.from(rows, (row) => entry(failed, row)),
    confidence: confidences && Float64Array.from(rows, (row) => entry(confidences, row)),
  };
}
