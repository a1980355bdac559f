import { UserError } from '../errors.ts';
import type { BaselineRecord, Checkpoint, CheckpointResult, EvalSet, Result } from '../records.ts';

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
): BaselineRecord {
  const { suite, commit, createdAt, tool, featureModel } = result;
  if (commit === null) {
    throw new UserError({
      what: 'a baseline is recorded for a commit, and this is not in a git repository with one',
      where: 'baseline',
      fix: 'Give --commit with a name for the state of the model',
    });
  }
  return {
    schemaVersion: 1,
    ...{ suite, commit, createdAt, tool },
    checkpoint: checkpoint.name,
    featureModel: { fingerprint: featureModel.fingerprint, dimensions: featureModel.dimensions },
    evalSet: {
      fingerprint: evalSet.fingerprint,
      classes: evalSet.classes,
      images: evalSet.images,
      labels: [...evalSet.labels],
    },
    predictions: checkpoint.predictions && [...checkpoint.predictions],
    failed: [...checkpoint.failed],
    groups: analysed.groups.map(({ id, size, failures, baseErrorRate, aler, leaves }) => ({
      ...{ id, size, failures, baseErrorRate, aler, leaves },
    })),
  };
}

/** The recorded checkpoint on some rows of its record, in the order given. */
export function baselineCheckpoint(record: BaselineRecord, rows: Uint32Array): Checkpoint {
  const { predictions, failed } = record;
  return {
    name: record.checkpoint,
    predictions: predictions && Int32Array.from(rows, (row) => predictions[row]),
    failed: Uint8Array.from(rows, (row) => failed[row]),
    confidence: null,
  };
}
