import type {
  ChangedImage,
  Cluster,
  EventImage,
  FailureEvent,
  ImageChange,
  ImageList,
  PairedGroup,
} from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { ReadColumns } from '../records/features.ts';
import type { Slice, SliceResult } from '../records/slices.ts';
import { spread } from '../records/spread.ts';
import { positionsOfCluster } from './rowsInside.ts';

/** Images of a list, and of all lists of a checkpoint: about 3 MB of result.json. */
const MOST_OF_LIST = 2000;
const MOST_OF_ALL = 20_000;

/** The images that are compared, with what is known of each by itself. */
export interface ImagesToList {
  readonly images: readonly string[];
  /** Failures of the candidate, then of the accepted checkpoints; the candidate's alone where nothing is compared. */
  readonly outcomes: readonly Uint8Array[];
  readonly faceOf: (row: number) => Omit<EventImage, 'name' | 'typical'>;
}

/** Cuts lists as they come, so that all of them together stay within bounds. */
export function listCutter(): (images: readonly ChangedImage[]) => ImageList {
  let room = MOST_OF_ALL;
  return (images) => {
    const kept = Math.min(images.length, MOST_OF_LIST, room);
    room -= kept;
    return {
      images: spread(images, kept),
      leftOut: images.length - kept,
    };
  };
}

/** Tells each event the other images that lie in its clusters. */
export async function withOthers(
  events: readonly FailureEvent[],
  clusters: readonly Cluster[],
  groups: readonly PairedGroup[],
  { images, faceOf }: ImagesToList,
  read: ReadColumns,
  cut: ReturnType<typeof listCutter>,
): Promise<FailureEvent[]> {
  const told: FailureEvent[] = [];
  for (const event of events) {
    const own = new Set(event.images.map(({ name }) => name));
    const found = new Map<number, ChangedImage>();
    for (const cluster of clusters.filter(({ id }) => event.clusters.includes(id))) {
      const group = groups.find(({ id }) => id === cluster.group);
      if (group === undefined) throw new Error(`no group ${cluster.group}`);
      for (const at of await positionsOfCluster(cluster, group.rows, images, read)) {
        const row = entry(group.rows, at);
        const name = entry(images, row);
        if (own.has(name) || found.has(row)) continue;
        found.set(row, { name, ...faceOf(row), change: changeAt(group.outcomes, at) });
      }
    }
    const others = [...found].toSorted(([a], [b]) => a - b).map(([, image]) => image);
    told.push({ ...event, others: cut(others) });
  }
  return told;
}

/** Tells each slice its images. */
export function withMembers(
  results: readonly Omit<SliceResult, 'members'>[],
  slices: readonly Slice[],
  { images, outcomes, faceOf }: ImagesToList,
  cut: ReturnType<typeof listCutter>,
): SliceResult[] {
  return results.map((result, index) => {
    const members = Array.from(entry(slices, index).rows, (row) => ({
      name: entry(images, row),
      ...faceOf(row),
      change: changeAt(outcomes, row),
    }));
    return { ...result, members: cut(members) };
  });
}

/** @param outcomes of the candidate, then of the accepted checkpoints, newest first. */
function changeAt([candidate, ...accepted]: readonly Uint8Array[], at: number): ImageChange {
  const fails = candidate?.[at] === 1;
  if (accepted.length === 0) return fails ? 'fails' : 'right';
  if (fails) return accepted.every((each) => each[at] === 0) ? 'newly failed' : 'failed before';
  return accepted[0]?.[at] === 0 ? 'still right' : 'newly right';
}
