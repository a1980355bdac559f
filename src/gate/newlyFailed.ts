import type { FailureEvent, NewlyFailed, PairedGroup } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { NewClustersInput } from './newClusters.ts';

/** The images that the newest baseline had right and the candidate has not: the most confident first where that is known. */
export function newlyFailedImages(
  { rows, outcomes }: PairedGroup,
  events: readonly Pick<FailureEvent, 'id' | 'images'>[],
  { images, faceOf }: Pick<NewClustersInput, 'images' | 'faceOf'>,
): NewlyFailed[] {
  const [candidate, newest] = [entry(outcomes, 0), entry(outcomes, 1)];
  const eventOf = new Map(events.flatMap(({ id, images: inEvent }) => inEvent.map(({ name }) => [name, id])));
  return Array.from(rows, (row, at) => ({ row, at }))
    .filter(({ at }) => candidate[at] === 1 && newest[at] === 0)
    .map(({ row }) => {
      const name = entry(images, row);
      return { name, ...faceOf(row), event: eventOf.get(name) ?? null };
    })
    .toSorted((a, b) => (b.confidence ?? -1) - (a.confidence ?? -1));
}
