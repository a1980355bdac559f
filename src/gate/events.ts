import type { Cluster, EventConfidence, EventImage, FailureEvent } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import { median } from '../statistics/median.ts';

/** A new cluster with all that an event tells of it. */
export interface EventPart {
  readonly cluster: Cluster;
  /** The images that newly fail. */
  readonly images: readonly EventImage[];
}

/** An event not yet told in words. */
export interface Happening extends Pick<FailureEvent, 'id' | 'clusters' | 'images' | 'confidence'> {
  /** Groups in which it shows, by id; that of its first cluster first. */
  readonly groups: readonly string[];
}

/** Clusters that share this of the newly failed images of the smaller one are one event. */
const SHARED = 0.5;

/**
 * New clusters as events, the first cluster of each leading: it gives the id. An event that shares as much with one of
 * another checkpoint of the run takes its id.
 *
 * @param parts the most surprising first. @param earlier events of the run's other checkpoints.
 */
export function eventsOf(parts: readonly EventPart[], earlier: readonly FailureEvent[]): Happening[] {
  const events: { parts: EventPart[]; names: Set<string> }[] = [];
  for (const part of parts) {
    const names = new Set(part.images.map(({ name }) => name));
    const joined = events.filter((event) => event.parts.some((other) => isShared(names, namesOf(other))));
    const [first, ...others] = joined;
    if (first === undefined) {
      events.push({ parts: [part], names });
      continue;
    }
    // A cluster may bind two events together.
    for (const event of [{ parts: [part], names }, ...others]) {
      first.parts.push(...event.parts);
      for (const name of event.names) first.names.add(name);
    }
    for (const event of others) events.splice(events.indexOf(event), 1);
  }
  return events.map((event) => eventOf(event.parts, earlier));
}

function eventOf(parts: readonly EventPart[], earlier: readonly FailureEvent[]): Happening {
  const images = new Map<string, EventImage>();
  for (const part of parts) for (const image of part.images) if (!images.has(image.name)) images.set(image.name, image);
  const names = new Set(images.keys());
  const same = earlier.find((event) => isShared(names, new Set(event.images.map(({ name }) => name))));
  return {
    id: same?.id ?? entry(parts, 0).cluster.id,
    clusters: parts.map(({ cluster }) => cluster.id),
    images: [...images.values()].toSorted((a, b) => a.typical - b.typical || (a.name < b.name ? -1 : 1)),
    confidence: confidenceOf([...images.values()]),
    groups: [...new Set(parts.map(({ cluster }) => cluster.group))],
  };
}

function confidenceOf(images: readonly EventImage[]): EventConfidence | null {
  const after = median(images.flatMap(({ confidence }) => confidence ?? []));
  if (after === null) return null;
  return { after, before: median(images.flatMap(({ confidenceBefore }) => confidenceBefore ?? [])) };
}

function namesOf({ images }: EventPart): Set<string> {
  return new Set(images.map(({ name }) => name));
}

function isShared(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  const shared = some.intersection(others).size;
  return shared > 0 && shared >= SHARED * Math.min(some.size, others.size);
}
