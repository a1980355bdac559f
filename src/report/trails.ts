import { nameText, oneLine, sentence } from '../records/names.ts';
import type { CheckpointResult } from '../records/result.ts';
import { count, percent } from '../records/words.ts';

/** What an accepted checkpoint did on the images that trails are of. */
export interface PastOutcome {
  readonly commit: string;
  /** By the image's name, of those that it was judged on. */
  readonly failed: ReadonlyMap<string, boolean>;
  /** The slices that were watched then. */
  readonly slices: ReadonlyMap<string, { readonly failures: number; readonly images: number }>;
}

/** How the images of an event or a watched slice fared over accepted checkpoints, the oldest first, and now. */
export interface Trail {
  readonly title: string;
  readonly points: readonly TrailPoint[];
}

interface TrailPoint {
  /** "1a2b3c4d5e6f", "now". */
  readonly when: string;
  /** "2 of 37"; null where it had none of the images. */
  readonly failures: string | null;
  /** "5.4 %". */
  readonly share: string | null;
  readonly isNow: boolean;
}

/** Events and slices that are followed, each. */
const MOST = 20;

/** The names of the images that trails need. */
export function imagesOfTrails(checkpoints: readonly CheckpointResult[]): ReadonlySet<string> {
  return new Set(
    checkpoints.flatMap(({ events, slices }) => [
      ...events.slice(0, MOST).flatMap(({ images }) => images.map(({ name }) => name)),
      ...slices.slice(0, MOST).flatMap(({ members }) => members.images.map(({ name }) => name)),
    ]),
  );
}

/** Of each event and watched slice of a checkpoint, the first few. @param past the oldest first */
export function trailsOf({ events, slices }: CheckpointResult, past: readonly PastOutcome[]): Trail[] {
  const ofEvents = events.slice(0, MOST).map(({ title, images }) => {
    const names = images.map(({ name }) => name);
    const before = past.map(({ commit, failed }) => point(oneLine(commit).slice(0, 12), ...failedAmong(names, failed)));
    return { title: sentence(title, 400), points: [...before, now(images.length, images.length)] };
  });
  const ofSlices = slices.slice(0, MOST).map(({ name, size, failures, members }) => {
    const names = members.leftOut === 0 ? members.images.map((each) => each.name) : null;
    const before = past.map(({ commit, failed, slices: watched }) => {
      const known = watched.get(name);
      const [part, whole] = names === null ? [known?.failures ?? 0, known?.images ?? 0] : failedAmong(names, failed);
      return point(oneLine(commit).slice(0, 12), part, whole);
    });
    return { title: `Watched: ${nameText(name)}`, points: [...before, now(failures, size)] };
  });
  return [...ofEvents, ...ofSlices];
}

function failedAmong(names: readonly string[], failed: ReadonlyMap<string, boolean>): [number, number] {
  const known = names.filter((name) => failed.has(name));
  return [known.filter((name) => failed.get(name) === true).length, known.length];
}

function point(when: string, failures: number, images: number): TrailPoint {
  const isKnown = images > 0;
  return {
    when,
    failures: isKnown ? `${count(failures)} of ${count(images)}` : null,
    share: isKnown ? percent(failures / images) : null,
    isNow: false,
  };
}

function now(failures: number, images: number): TrailPoint {
  return { ...point('now', failures, images), isNow: true };
}
