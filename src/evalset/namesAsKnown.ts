import { basename } from 'node:path';
import { entry } from '../records/entry.ts';
import type { EvalSet } from '../records/evalSet.ts';

/** Names of images as the eval set has them. */
export interface KnownNames {
  readonly names: readonly string[];
  /** How they were told, a clause; null: they are as they were given. */
  readonly told: string | null;
}

/** The eval set's name of an image, by one that was given; null where it has none or several. */
type Way = (name: string) => string | null;

/**
 * Names of images as the eval set has them, where each of those given can be but one of them: written with
 * backslashes or `./`, below the same folder under another path (`/home/me/val/cat/1.png` for `cat/1.png` of a folder
 * `val`), without their folders (`1.png`), or without their ending (`1`). Else as they were given: what is wrong with them is said by
 * who reads them.
 */
export function namesAsKnown(
  given: readonly string[],
  { images, folder }: Pick<EvalSet, 'images' | 'folder'>,
): KnownNames {
  const known = new Set(images);
  if (given.every((name) => known.has(name))) return { names: given, told: null };
  const ways: readonly (readonly [string, () => Way])[] = [
    ['below their folder', () => belowFolder(given, known, folder)],
    ['by file name alone', () => byEnd(images, (name) => name)],
    ['without their endings', () => byEnd(images, withoutEnding)],
  ];
  for (const [told, way] of ways) {
    const nameOf = way();
    const names = given.map((name) => (known.has(name) ? name : nameOf(slashed(name))));
    const found = names.filter((name) => name !== null);
    if (found.length === given.length) return { names: found, told };
  }
  return { names: given, told: null };
}

/** Plain form, as paths are written for Windows and by shells. */
function slashed(name: string): string {
  return name.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
}

/** Names below the folder of the images, wherever that lay: what stands before them ends in its name, or is nothing. */
function belowFolder(given: readonly string[], known: ReadonlySet<string>, folder: string | null): Way {
  const parts = slashed(given.find((name) => !known.has(name)) ?? '').split('/');
  const depth = parts.findIndex((_, at) => known.has(parts.slice(at).join('/')));
  const above = depth < 1 ? '' : entry(parts, depth - 1);
  const isFolder = depth === 0 || (folder !== null && above === basename(folder));
  const before = parts
    .slice(0, Math.max(0, depth))
    .map((part) => `${part}/`)
    .join('');
  return (name) => {
    const rest = name.startsWith(before) ? name.slice(before.length) : '';
    return isFolder && known.has(rest) ? rest : null;
  };
}

/** Names that are the end of one path only. */
function byEnd(images: readonly string[], called: (name: string) => string): Way {
  const pathsOf = new Map<string, string[]>();
  for (const image of images) {
    const last = called(image.slice(image.lastIndexOf('/') + 1));
    const paths = pathsOf.get(last);
    if (paths === undefined) pathsOf.set(last, [image]);
    else paths.push(image);
  }
  return (name) => {
    const all = pathsOf.get(name.slice(name.lastIndexOf('/') + 1)) ?? [];
    const [path, ...more] = all.filter((image) => called(image) === name || called(image).endsWith(`/${name}`));
    return path === undefined || more.length > 0 ? null : path;
  };
}

function withoutEnding(name: string): string {
  return name.replace(/\.[^./]+$/, '');
}
