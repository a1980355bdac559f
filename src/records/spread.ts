import { entry } from './entry.ts';

/** At most `most` of some things, evenly spread over their order: the middle one of each of so many equal parts. */
export function spread<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, part) => entry(items, Math.floor(((part + 0.5) * items.length) / most)));
}

/** At most `most` places of `length`, evenly spread: the first of each of so many equal parts. */
export function spreadPlaces(length: number, most: number): number[] {
  const parts = Math.min(length, most);
  return Array.from({ length: parts }, (_, part) => Math.floor((part * length) / parts));
}
