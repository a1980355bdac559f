import type { ChangedImage, EventImage } from '../records/comparison.ts';
import type { CheckpointResult, Result } from '../records/result.ts';

/** An image of an event or a slice, as labelling tools and tables want it. */
export interface ExportedImage extends Omit<ChangedImage, 'change'> {
  /** Name of the checkpoint that was judged. */
  readonly checkpoint: string;
  /** Why it is in: what became of it. */
  readonly why: ChangedImage['change'];
}

/** The images of an event or a slice. */
export interface Exported {
  /** Id of the event, or name of the slice. */
  readonly id: string;
  readonly title: string;
  /** All that the eval set has. */
  readonly classes: readonly string[];
  /** Those that newly fail first, the most typical of them first; others in manifest order. */
  readonly images: readonly ExportedImage[];
  /** Images of the region or slice that the result does not hold. */
  readonly leftOut: number;
  /** What the judged checkpoint was compared with; null where nothing was. */
  readonly accepted: string | null;
}

/** The images of an event, or else of a watched slice, from all checkpoints of a run; null where it has neither of this name. */
export function exportedOf(result: Result, id: string): Exported | null {
  const parts = result.checkpoints.flatMap((checkpoint) => eventParts(checkpoint, id));
  const found = parts.length > 0 ? parts : result.checkpoints.flatMap((checkpoint) => sliceParts(checkpoint, id));
  const [first] = found;
  if (first === undefined) return null;
  return {
    id,
    title: first.title,
    classes: result.evalSet.classes,
    images: found.flatMap(({ images }) => images),
    leftOut: found.reduce((sum, part) => sum + part.leftOut, 0),
    accepted: result.checkpoints.find(({ comparison }) => comparison)?.comparison?.baseline.checkpoint ?? null,
  };
}

/** What a run has to export: ids of events, then names of slices. */
export function exportable({ checkpoints }: Result): string[] {
  const events = checkpoints.flatMap((checkpoint) => checkpoint.events.map(({ id }) => id));
  return [...new Set([...events, ...checkpoints.flatMap(({ slices }) => slices.map(({ name }) => name))])];
}

function eventParts({ name: checkpoint, events }: CheckpointResult, id: string) {
  return events
    .filter((event) => event.id === id)
    .map(({ title, images, others }) => ({
      title,
      images: [
        ...images.map((image) => ({ ...known(image), checkpoint, why: 'newly failed' as const })),
        ...others.images.map(({ change: why, ...image }) => ({ ...known(image), checkpoint, why })),
      ],
      leftOut: others.leftOut,
    }));
}

function sliceParts({ name: checkpoint, slices }: CheckpointResult, id: string) {
  return slices
    .filter(({ name }) => name === id)
    .map(({ name, members }) => ({
      title: name,
      images: members.images.map(({ change: why, ...image }) => ({ ...known(image), checkpoint, why })),
      leftOut: members.leftOut,
    }));
}

function known({ name, label, before, after, confidence, confidenceBefore }: Omit<EventImage, 'typical'>) {
  return { name, label, before, after, confidence, confidenceBefore };
}
