import type { ClassShare, TrainingEvidence, TrainingFinding } from '../records/causes.ts';
import type { Cluster, FailureEvent } from '../records/comparison.ts';
import { entry, lookUp } from '../records/entry.ts';
import { holm } from '../statistics/holm.ts';
import { hypergeometricCdf } from '../statistics/hypergeometric.ts';

/** A class that makes up less of an event's images is not what the event is about. */
const SHARE_OF_EVENT = 0.2;
/** A region is missing from the training set where at most this part of the eval set's share lies there. */
const MISSING = 0.5;

/** The classes that an event is about: those of a fifth of its images or more, the most frequent first. */
export function classesOfEvent({ images }: Pick<FailureEvent, 'images'>): string[] {
  const counts = new Map<string, number>();
  for (const { label } of images) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= SHARE_OF_EVENT * images.length)
    .toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([name]) => name);
}

/** The cluster of an event that tells of a class: the one in the class's own group, else the first that has a rule. */
export function clusterFor(
  { clusters: ids }: Pick<FailureEvent, 'clusters'>,
  className: string,
  clusters: readonly Cluster[],
): Cluster | null {
  const byId = new Map(clusters.map((cluster) => [cluster.id, cluster]));
  const own = ids.map((id) => lookUp(byId, id)).filter(({ rule }) => rule.length > 0);
  return own.find(({ group }) => group === `label:${className}`) ?? own[0] ?? null;
}

/** A class of an event, counted. */
export type CountedClass = Pick<ClassShare, 'className' | 'cluster' | 'evalSet' | 'trainingSet'>;

/** What was counted of an event. */
export interface CountedEvent {
  readonly classes: readonly CountedClass[];
  readonly untested: string | null;
}

/**
 * Judges counts: Fisher's exact test, one-sided, with Holm over all events and classes of a run. Rules were chosen by who fails in the
 * eval set, never by a training image, so the training set's share is unbiased; the eval set's flatters the rule a little, which
 * is why a share must be halved to be called missing.
 *
 * @returns evidence in the order of `events`
 */
export function trainingEvidence(events: readonly CountedEvent[], significance: number): TrainingEvidence[] {
  const pValues = events.map(({ classes }) => classes.map(pValueOf));
  const adjusted = holm(pValues.flat());
  let next = 0;
  return events.map(({ classes, untested }, event) => ({
    classes: classes.map((each, at) => {
      const pValue = entry(entry(pValues, event), at);
      const adjustedPValue = entry(adjusted, next++);
      return { ...each, pValue, adjustedPValue, finding: findingOf(each, adjustedPValue <= significance) };
    }),
    untested,
  }));
}

function pValueOf({ evalSet, trainingSet }: CountedClass): number {
  const population = evalSet.images + trainingSet.images;
  return hypergeometricCdf(trainingSet.inside, population, evalSet.inside + trainingSet.inside, trainingSet.images);
}

function findingOf({ evalSet, trainingSet }: CountedClass, isSignificant: boolean): TrainingFinding {
  // As counts, so that no rounding decides.
  const isHalved = trainingSet.inside * evalSet.images <= MISSING * evalSet.inside * trainingSet.images;
  if (isSignificant) return isHalved ? 'missing' : 'fewer';
  return isHalved ? 'unclear' : 'present';
}
