import type { BaselineRecord, Baselines, Found } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';

/** What a checkpoint does on an eval set; lists are aligned with `images`. */
export interface CheckpointOutcomes {
  readonly classes: readonly string[];
  readonly images: readonly string[];
  readonly labels: ArrayLike<number>;
  readonly predictions: ArrayLike<number> | null;
  readonly failed: ArrayLike<number>;
}

/** What a record says of its checkpoint. */
export function outcomeOf({ evalSet, predictions, failed }: BaselineRecord): CheckpointOutcomes {
  return { ...evalSet, predictions, failed };
}

/** Whether two checkpoints are one as far as predictions tell: the same of every image, by its name, with the same labels. */
export function isSameOutcome(a: CheckpointOutcomes, b: CheckpointOutcomes): boolean {
  if (a.images.length !== b.images.length) return false;
  const rowOf = new Map(b.images.map((image, row) => [image, row]));
  const name = ({ classes }: CheckpointOutcomes, list: ArrayLike<number> | null, row: number) =>
    list && entry(classes, entry(list, row));
  return a.images.every((image, row) => {
    // Of no image where it lacks it, which neither fails nor passes.
    const other = rowOf.get(image) ?? -1;
    return (
      a.failed[row] === b.failed[other] &&
      name(a, a.labels, row) === name(b, b.labels, other) &&
      name(a, a.predictions, row) === name(b, b.predictions, other)
    );
  });
}

/**
 * What one checkpoint of a run is compared with, of what was found at its commit. The run's own record is left out, and that is
 * one of the same commit and the same predictions: another checkpoint that was accepted at this commit counts like any other.
 */
export function comparedWith(found: Found, evalSet: EvalSet, checkpoint: Checkpoint, window: number): Baselines {
  if (found.kind !== 'found') return found;
  const { predictions, failed } = checkpoint;
  const judged = { ...evalSet, predictions, failed };
  const isOwn = (record: BaselineRecord) => record.commit === found.head && isSameOutcome(outcomeOf(record), judged);
  const [first, ...rest] = found.records.filter((record) => !isOwn(record)).slice(0, window);
  if (first !== undefined) return { kind: 'found', records: [first, ...rest] };
  if (found.head === null) throw new Error('what is of no commit has no record of its own');
  return { kind: 'own', commit: found.head };
}

/**
 * The records, each checkpoint once: one that was recorded again at another commit, the same in every prediction, is no further
 * training. Twice in a window it would pass for two that agree by themselves, and every other training would look worse
 * than both, since the scan takes all checkpoints of a window for exchangeable (docs/method.md).
 */
export function withoutRepeats(baselines: Baselines): Baselines {
  if (baselines.kind !== 'found') return baselines;
  const [first, ...rest] = baselines.records;
  const isRepeat = (record: BaselineRecord, earlier: readonly BaselineRecord[]) =>
    earlier.some((other) => isSameOutcome(outcomeOf(other), outcomeOf(record)));
  return {
    kind: 'found',
    records: [first, ...rest.filter((record, i) => !isRepeat(record, baselines.records.slice(0, i + 1)))],
  };
}
