import { stat } from 'node:fs/promises';
import { messageOf, UserError } from '../errors.ts';

/**
 * Refuses what is no file with something in it, before it is opened: a pipe, a device or a file of /proc can be waited on for ever.
 *
 * @param what it is for, in a message: "the model"
 * @throws UserError where there is none, it is a folder, pipe, socket or device, or it is empty
 */
export async function refuseSpecialFile(file: string, what: string, fix: string): Promise<void> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new UserError({ what: `${what} cannot be read (${messageOf(cause)})`, where: file, fix, cause });
  });
  if (!found.isFile())
    throw new UserError({ what: `${what} is a folder, a pipe or a device, not a file`, where: file, fix });
  if (found.size === 0) throw new UserError({ what: `${what} is empty`, where: file, fix });
}
