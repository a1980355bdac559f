import { csvCell } from './exportFormats.ts';

/** An image of a pool that lies where an event is. */
export interface FoundImage {
  /** Its path below the pool. */
  readonly image: string;
  /** Distance to the mean of the event's newly failed images in whitened features, as `typical` of result.json: the smaller, the more typical. */
  readonly distance: number;
  /** The class of most of the most alike images of the eval set, and how many of `neighbours` these are. */
  readonly looksLike: string;
  readonly votes: number;
  readonly neighbours: number;
}

/** What was found as CSV (RFC 4180), the most typical first; a cell that a spreadsheet would run gets an apostrophe in front. */
export function foundCsv(found: readonly FoundImage[]): string {
  const rows = found.map(({ image, distance, looksLike, votes, neighbours }) =>
    [image, distance, looksLike, `${votes} of ${neighbours}`].map((value) => csvCell(value)).join(','),
  );
  return ['image,distance,looks_like,neighbours', ...rows].map((line) => `${line}\n`).join('');
}
