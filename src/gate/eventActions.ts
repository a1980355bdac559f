import type { DoubtfulLabel, Heat, UnwordedAction } from '../records/actions.ts';
import { isClear } from '../records/causes.ts';
import type { FailureEvent } from '../records/comparison.ts';
import type { Check } from '../records/verdict.ts';
import { classesOfEvent } from './trainingShare.ts';

/** What was found out about an event, besides what it says itself. */
export interface Evidence {
  /** Null where no labels were looked at. */
  readonly labels: { readonly images: readonly DoubtfulLabel[]; readonly of: number } | null;
  /** Null where what the rule names has no place in a picture, or it was not looked for. */
  readonly heat: Heat | null;
  /** Whether a training set is configured. */
  readonly hasTrainingSet: boolean;
  /** Of the event's checkpoint. */
  readonly checks: readonly Check[];
}

/** The p-value up to which heat outside the middle is told. */
const CLEAR = 0.01;
/** The share of pictures in which heat must lie outside the middle. */
const MOSTLY = 0.7;

/** What somebody could do about an event, what its evidence speaks for first. */
export function eventActions(
  event: FailureEvent,
  { labels, heat, hasTrainingSet, checks }: Evidence,
): UnwordedAction[] {
  const actions: UnwordedAction[] = [];
  for (const { className, finding } of event.trainingSet?.classes ?? []) {
    if (finding === 'missing' || finding === 'fewer') actions.push({ kind: 'collect', className });
  }
  if (labels !== null && labels.images.length > 0) actions.push({ kind: 'check-labels', ...labels });
  if (heat !== null && isOutside(heat)) actions.push({ kind: 'background', ...heat });
  if (event.counterfactual?.mend && isClear(event.counterfactual.mend)) {
    actions.push({ kind: 'mask', features: event.counterfactual.features });
  }
  if (!actions.some(({ kind }) => kind === 'collect')) actions.push(...fromPool(event));
  if (!hasTrainingSet) actions.push({ kind: 'name-training-set' });
  const failed = checks.find(({ subject, passed, severity }) => subject === event.id && !passed && severity !== 'off');
  if (failed !== undefined) actions.push({ kind: 'accept', check: failed.id });
  else if (event.known === null) actions.push({ kind: 'watch' });
  return actions;
}

/** The classes of an event of which the pool has such images and the training set is not known to have them. */
function fromPool(event: FailureEvent): UnwordedAction[] {
  const { pool, trainingSet } = event;
  if (pool === null) return [];
  const present = new Set(
    (trainingSet?.classes ?? []).flatMap(({ className, finding }) => (finding === 'present' ? [className] : [])),
  );
  const inPool = new Set(pool.looksLike.map(({ className }) => className));
  return classesOfEvent(event)
    .filter((className) => inPool.has(className) && !present.has(className))
    .map((className) => ({ kind: 'label-pool', className }));
}

function isOutside({ images, outside, pValue }: Heat): boolean {
  return outside >= MOSTLY * images && pValue <= CLEAR;
}
