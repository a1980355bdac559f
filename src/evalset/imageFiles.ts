import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { meantPath, reasonUnread } from '../adapters/regularFile.ts';
import { messageOf, UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import { listed } from './imageNames.ts';
import type { Table } from './table.ts';

/**
 * Checks that every image of a manifest is a file below the folder. Each folder is listed once, so a million images
 * cost no million look-ups. Symbolic links are followed as long as they stay inside the folder: one that leads out could
 * put a file of the machine into a report.
 *
 * @throws UserError where the folder cannot be read, images are missing (how many, and the first of them), an image is
 *   no file, or a link leads out of the folder
 */
export async function refuseMissingImages(folder: string, names: readonly string[], table: Table): Promise<void> {
  const root = await realpath(folder).catch(async (cause: unknown) => {
    const what = `the folder of the images cannot be read (${reasonUnread(cause)})`;
    throw new UserError({
      what,
      where: folder,
      fix: `${await meantPath(folder)}Check \`evalSet.images\` (in a config relative to it) or --images`,
      cause,
    });
  });
  if (!(await stat(root)).isDirectory()) {
    throw new UserError({
      what: 'this is not a folder',
      where: folder,
      fix: 'Make `evalSet.images` the folder of the images',
    });
  }
  const folders = new Map<string, ReadonlyMap<string, Dirent>>();
  const missing: number[] = [];
  for (const [row, name] of names.entries()) {
    const parent = dirname(name);
    const entries = folders.get(parent) ?? (await entriesOf(root, parent, table.where(row)));
    folders.set(parent, entries);
    const entry = entries.get(name.slice(name.lastIndexOf('/') + 1));
    if (entry === undefined) missing.push(row);
    else if (!entry.isFile()) await refuseNoFile(root, name, table.where(row));
  }
  const [first] = missing;
  if (first === undefined) return;
  const below = `${basename(folder)}/`;
  const isAbove = missing.length === names.length && names.every((name) => name.startsWith(below));
  throw new UserError({
    what: `${missing.length} of ${names.length} images are not in ${folder}: ${listed(missing.map((row) => entry(names, row)))}`,
    where: table.where(first),
    fix: isAbove
      ? `Make \`evalSet.images\` (--images) the folder above it: the names begin with ${JSON.stringify(below)}`
      : 'Add the files, remove the rows, or mend `evalSet.images` (--images); names are case-sensitive',
  });
}

/** What a folder below the root holds, by name; nothing where there is no such folder. */
async function entriesOf(root: string, below: string, where: string): Promise<ReadonlyMap<string, Dirent>> {
  try {
    const folder = await realpath(join(root, below));
    if (!isInside(root, folder)) throw leadsOut(below, where);
    const entries = await readdir(folder, { withFileTypes: true });
    return new Map(entries.map((entry) => [entry.name, entry]));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    if (isAbsent(cause)) return new Map();
    const what = `the folder ${JSON.stringify(below)} cannot be read (${messageOf(cause)})`;
    throw new UserError({ what, where, fix: 'Check its permissions', cause });
  }
}

async function refuseNoFile(root: string, name: string, where: string): Promise<void> {
  const target = await realpath(join(root, name)).catch((cause: unknown) => {
    const what = `image ${JSON.stringify(name)} is a link that leads nowhere (${messageOf(cause)})`;
    throw new UserError({ what, where, fix: 'Fetch the file it stands for', cause });
  });
  if (!isInside(root, target)) throw leadsOut(name, where);
  if ((await stat(target)).isFile()) return;
  throw new UserError({ what: `image ${JSON.stringify(name)} is not a file`, where, fix: 'Name the image file' });
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function leadsOut(name: string, where: string): UserError {
  return new UserError({
    what: `${JSON.stringify(name)} is a symbolic link that leads out of the folder of the images`,
    where,
    fix: 'Copy or hard-link the files there (DVC: `dvc config cache.type copy`), or make `evalSet.images` the folder they lie in',
  });
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
