import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.ts';
import { nearestWord } from './nearestWord.ts';

/** Why a path cannot be read, without the path, which is told beside it. */
export function reasonUnread(cause: unknown): string {
  return codeOf(cause) === 'ENOENT' ? 'there is none of that name' : messageOf(cause);
}

/** The name in a path's folder that was most likely meant, as the beginning of what to do; empty where none is near. */
export async function meantPath(path: string): Promise<string> {
  const near = nearestWord(basename(path), await readdir(dirname(path)).catch((): string[] => []));
  return near === null || near === basename(path) ? '' : `Did you mean ${JSON.stringify(near)}? `;
}

/**
 * Refuses what is no file with something in it, before it is opened: a pipe, a device or a file of /proc can be waited on for ever.
 *
 * @param what it is for, in a message: "the model"
 * @throws UserError where there is none, it is a folder, pipe, socket or device, or it is empty
 */
export async function refuseSpecialFile(file: string, what: string, fix: string): Promise<void> {
  const found = await stat(file).catch(async (cause: unknown) => {
    const way = `${await meantPath(file)}${fix}`;
    throw new UserError({ what: `${what} cannot be read (${reasonUnread(cause)})`, where: file, fix: way, cause });
  });
  if (!found.isFile())
    throw new UserError({ what: `${what} is a folder, a pipe or a device, not a file`, where: file, fix });
  if (found.size === 0) throw new UserError({ what: `${what} is empty`, where: file, fix });
}
