import { comparedWith } from '../../src/baseline/compared.ts';
import type { BaselineRecord, Baselines, Found } from '../../src/records/baseline.ts';
import { sampleRecord } from './sampleRecord.ts';

/** What a checkpoint is compared with that predicts as a record does: by default as the sample, as all records of the tests do. */
export function compared(found: Found, window: number, judged: BaselineRecord = sampleRecord()): Baselines {
  const { evalSet, predictions, failed } = judged;
  const set = { ...evalSet, labels: Int32Array.from(evalSet.labels), folder: null, columns: new Map() };
  const checkpoint = {
    ...{ name: judged.checkpoint, failed: Uint8Array.from(failed), confidence: null },
    predictions: predictions && Int32Array.from(predictions),
  };
  return comparedWith(found, set, checkpoint, window);
}

/** Commits of what it is compared with. */
export function commitsIn(baselines: Baselines): string[] {
  return baselines.kind === 'found' ? baselines.records.map(({ commit }) => commit) : [];
}

/** Why nothing can be used; what was found otherwise. */
export function reasonIn(found: Found): string {
  return found.kind === 'unusable' ? `${found.reasons.join('; ')}. ${found.fix}` : found.kind;
}
/** A record that predicts otherwise than the sample on its first `count` images. */
export function otherwise(count: number, part: Partial<BaselineRecord> = {}): BaselineRecord {
  const sample = sampleRecord();
  const predictions = sample.predictions?.map((index, i) => (i < count ? 1 - index : index)) ?? null;
  const failed = sample.evalSet.labels.map((label, i) => Number(predictions?.[i] !== label));
  return sampleRecord({ predictions, failed, ...part });
}
