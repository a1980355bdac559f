import { entry, lookUp } from '../records/entry.ts';
import type { EventPictures, FeaturePictures, ImagePictures, LabelledPicture, Pictures } from './pictures.ts';

/** Characters of all pictures together: with them a page of 1,000 classes stays under 15 MB. */
const MOST_CHARACTERS = 12_000_000;

/** Images that a leaf shows of each kind, failing and right. */
const MOST_OF_LEAF = 6;

/** The pictures that a page has room for. */
export interface BoundedPictures {
  readonly pictures: Pictures;
  /** Images that every leaf may show of each kind; fewer than usual where the page is full. */
  readonly ofLeaf: number;
  /** Whether anything was left out for want of room. */
  readonly full: boolean;
}

/**
 * Keeps pictures within what a page can hold: events first, then clusters, then what features look for, each whole or not at all; then as many
 * images of every leaf as fit, the same for all.
 *
 * @param leaves keys of the leaves that the page shows
 */
export function boundedPictures(
  pictures: Pictures,
  leaves: ReadonlySet<string>,
  most = MOST_CHARACTERS,
): BoundedPictures {
  let left = most;
  const fits = (size: number) => {
    if (size > left) return false;
    left -= size;
    return true;
  };
  const events = boundedEvents(pictures.events, most / 2);
  left -= sizeOfEvents(events);
  const clusters = [...pictures.clusters].filter(([, each]) => fits(sizeOfImages(each, Number.POSITIVE_INFINITY)));
  const features = [...pictures.features].filter(([, each]) => fits(sizeOfFeature(each)));
  const shown = [...pictures.leaves].filter(([id]) => leaves.has(id));
  const sizeAt = (of: number) => shown.reduce((sum, [, each]) => sum + sizeOfImages(each, of), 0);
  let ofLeaf = MOST_OF_LEAF;
  while (ofLeaf > 0 && sizeAt(ofLeaf) > left) ofLeaf--;
  return {
    pictures: {
      events,
      clusters: new Map(clusters),
      features: new Map(features),
      leaves: new Map(shown.map(([id, each]) => [id, firstOf(each, ofLeaf)])),
    },
    ofLeaf,
    full:
      events.size < pictures.events.size ||
      ofLeaf < MOST_OF_LEAF ||
      clusters.length < pictures.clusters.size ||
      features.length < pictures.features.size,
  };
}

/** How many newly failed images of an event are shown: the first of these numbers with which all events fit. With the last, events that do not fit are left out. */
const MOST_OF_EVENT = [120, 60, 24, 12];

function boundedEvents(events: Pictures['events'], most: number): Pictures['events'] {
  for (const of of MOST_OF_EVENT) {
    const shorter = new Map([...events].map(([id, each]) => [id, firstOfEvent(each, of)]));
    if (sizeOfEvents(shorter) <= most) return shorter;
  }
  let left = most;
  const least = entry(MOST_OF_EVENT, MOST_OF_EVENT.length - 1);
  const kept = [...events].flatMap(([id, each]): [string, EventPictures][] => {
    const shorter = { ...firstOfEvent(each, least), neighbours: new Map(), alike: new Map(), unlabelled: [] };
    const size = sizeOfEvent(shorter);
    if (size > left) return [];
    left -= size;
    return [[id, shorter]];
  });
  return new Map(kept);
}

function firstOfEvent({ failing, neighbours, alike, ...rest }: EventPictures, most: number): EventPictures {
  const kept = failing.slice(0, most);
  const near = new Map(kept.map(({ image }) => [image, lookUp(alike, image)]));
  const wanted = new Set([...near.values()].flat());
  return {
    ...rest,
    failing: kept,
    neighbours: new Map([...neighbours].filter(([name]) => wanted.has(name))),
    alike: near,
  };
}

function sizeOfEvents(events: Pictures['events']): number {
  return [...events.values()].reduce((sum, each) => sum + sizeOfEvent(each), 0);
}

/** The first of those that newly fail stand beside the title and among all of them. */
function sizeOfEvent({ failing, right, neighbours, unlabelled }: EventPictures): number {
  return (
    sizeOf(failing) +
    sizeOf(failing.slice(0, 16)) +
    sizeOf(right) +
    sizeOf([...neighbours.values()]) +
    sizeOf(unlabelled)
  );
}

function firstOf({ failing, right }: ImagePictures, most: number): ImagePictures {
  return { failing: failing.slice(0, most), right: right.slice(0, most) };
}

function sizeOfImages({ failing, right }: ImagePictures, most: number): number {
  return sizeOf(failing.slice(0, most)) + sizeOf(right.slice(0, most));
}

function sizeOfFeature({ mostActivating, heatmaps, attacks }: FeaturePictures): number {
  return sizeOf(mostActivating) + sizeOf(heatmaps) + sizeOf(attacks);
}

function sizeOf(pictures: readonly LabelledPicture[]): number {
  return pictures.reduce((sum, { uri }) => sum + uri.length, 0);
}
