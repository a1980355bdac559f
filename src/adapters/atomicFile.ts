import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeAtomic from 'write-file-atomic';
import { messageOf, UserError } from '../errors.ts';

/**
 * Writes a file aside, syncs it and renames it into place, making its folder: whoever looks sees the old
 * bytes or the new ones, also after a kill.
 *
 * @throws UserError where the disk is full, the folder cannot be made or may not be written
 */
export async function writeFileAtomic(file: string, data: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeAtomic(
      file,
      typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    );
  } catch (cause) {
    throw new UserError({
      what: `cannot write the file (${messageOf(cause)})`,
      where: file,
      fix: 'Check that the folder exists, that it may be written and that the disk is not full',
      cause,
    });
  }
}
