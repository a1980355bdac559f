import { UserError } from '../errors.ts';
import type { Table } from './table.ts';

/**
 * The row of each image name of a table, all checked.
 *
 * @throws UserError for a name that is empty, absolute, leads out of the folder, is not in plain form, holds a backslash
 *   or a NUL; and for a name that stands twice, with both lines
 */
export function rowsByName(table: Table, names: readonly string[]): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  for (const [row, name] of names.entries()) {
    const problem = problemOf(name);
    if (problem !== null) throw new UserError({ ...problem, where: table.where(row) });
    const earlier = rows.get(name);
    if (earlier !== undefined) {
      throw new UserError({
        what: `image ${JSON.stringify(name)} stands twice, first at ${table.where(earlier)}`,
        where: table.where(row),
        fix: 'Remove one of the two rows',
      });
    }
    rows.set(name, row);
  }
  return rows;
}

/** An empty, `.` or `..` part, a backslash or a drive letter: what an image's name may not have, besides NUL. */
const suspect = /(^|\/)\.{0,2}(\/|$)|\\|^[A-Za-z]:/;

function problemOf(name: string): { what: string; fix: string } | null {
  if (!suspect.test(name) && !name.includes('\0')) return null;
  const shown = JSON.stringify(name);
  if (name === '') return { what: 'the image has no name', fix: 'Give its path below the folder of the images' };
  if (name.includes('\0')) return { what: `image ${shown} has a NUL in its name`, fix: 'Write the name without it' };
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) {
    const fix = 'Write its path below the folder of the images (`evalSet.images`)';
    return { what: `image ${shown} has an absolute path`, fix };
  }
  if (name.includes('\\')) return { what: `image ${shown} has a backslash in its name`, fix: 'Separate folders by /' };
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(name)) {
    const fix = 'Write its path below the folder of the images (`evalSet.images`), as it is called there';
    return { what: `image ${shown} is an address`, fix };
  }
  const parts = name.split('/');
  if (parts.includes('..')) {
    const fix = 'Make `evalSet.images` the folder that holds all images, and write paths below it';
    return { what: `image ${shown} leads out of its folder by ..`, fix };
  }
  const plain = parts.filter((part) => part !== '' && part !== '.').join('/');
  return { what: `image ${shown} is not in plain form`, fix: `Write ${JSON.stringify(plain)}` };
}

/** The first few names, quoted so that no name does harm on a terminal, and how many there are besides. */
export function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, 3)
    .map((name) => JSON.stringify(name))
    .join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
