import { entry } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import { fingerprintOf } from './evalSet.ts';

/** The eval set of some of its rows, in the order given; classes stay, so that indices of classes keep their meaning. */
export function restrictEvalSet(evalSet: EvalSet, rows: Uint32Array): EvalSet {
  const pick = <Value>(values: readonly Value[]) => Array.from(rows, (row) => entry(values, row));
  const images = pick(evalSet.images);
  const labels = Int32Array.from(rows, (row) => entry(evalSet.labels, row));
  return {
    ...evalSet,
    images,
    labels,
    fingerprint: fingerprintOf(images, labels, evalSet.classes),
    columns: new Map([...evalSet.columns].map(([name, texts]) => [name, pick(texts)])),
  };
}

/** The checkpoint on some rows of its eval set, in the order given. */
export function restrictCheckpoint(checkpoint: Checkpoint, rows: Uint32Array): Checkpoint {
  const { predictions, failed, confidence } = checkpoint;
  return {
    ...checkpoint,
    predictions: predictions && Int32Array.from(rows, (row) => entry(predictions, row)),
    failed: Uint8Array.from(rows, (row) => entry(failed, row)),
    confidence: confidence && Float64Array.from(rows, (row) => entry(confidence, row)),
  };
}
