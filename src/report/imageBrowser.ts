import type { EventImage } from '../records/comparison.ts';
import { nameText, oneLine } from '../records/names.ts';
import { count } from '../records/words.ts';
import type { Strip } from './strip.ts';

/** All images of an event or a failure mode, to be filtered by text. */
export interface ImageBrowser {
  readonly anchor: string;
  /** "All 38 images that newly fail". */
  readonly summary: string;
  /** With pictures, the most typical first; null where there are none. */
  readonly pictures: Strip | null;
  /** What is known of images that have no picture here, one line each. */
  readonly names: readonly string[];
  /** How many stand in result.json, or nowhere in the report; null where none does. */
  readonly more: string | null;
  /** Images that others are compared with, which show where one is opened. */
  readonly neighbours: Strip | null;
}

/** An image with its label and what it is and was taken for; null where that is not known. */
export type NamedImage = Pick<EventImage, 'name' | 'label' | 'before' | 'after'>;

/** Images that are named in a browser. */
export const MOST_NAMED = 200;

/** The failing images of a failure mode: the first by name, and how many there are. */
export interface ModeImages {
  readonly images: readonly NamedImage[];
  readonly total: number;
}

/** A browser of a failure mode's failing images; null where they are not known. */
export function modeBrowser(known: ModeImages | undefined, anchor: string): ImageBrowser | null {
  if (known === undefined || known.images.length === 0) return null;
  const { images, total } = known;
  const shown = images.slice(0, MOST_NAMED);
  return {
    anchor: `${anchor}-all`,
    summary: total === 1 ? 'The image that fails, by name' : `All ${count(total)} images that fail, by name`,
    ...{ pictures: null, names: shown.map(nameLine), neighbours: null },
    more: total > shown.length ? `${count(total - shown.length)} more.` : null,
  };
}

/** "images/00006.png: automobile, before automobile, now truck". */
export function nameLine({ name, label, before, after }: NamedImage): string {
  const then = before === null ? '' : `, before ${nameText(before)}`;
  const now = after === null ? '' : `, now ${nameText(after)}`;
  return `${oneLine(name)}: ${nameText(label)}${then}${now}`;
}
