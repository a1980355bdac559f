import { randomInt } from 'node:crypto';
import { type FileHandle, link, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.ts';

/**
 * Writes a file aside, reads it back, syncs it and renames it into place, making its folder: whoever looks sees the old
 * bytes or the new ones, whole, also after a kill or on a full disk. Of a link, the file that it leads to is written.
 *
 * @throws UserError where the disk is full, the folder cannot be made or may not be written, or a device or pipe is there; the old file
 *   stands
 */
export async function writeFileAtomic(file: string, data: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await refuseSpecial(file);
    await put(await target(file), typeof data === 'string' ? Buffer.from(data) : data, rename);
  } catch (cause) {
    throw unwritten(file, cause);
  }
}

/**
 * As `writeFileAtomic`, where there is no file yet; false where there is one, which stands, also where another process made it a moment ago.
 *
 * @throws UserError as `writeFileAtomic`
 */
export async function writeNewFile(file: string, bytes: Uint8Array): Promise<boolean> {
  let isMade = false;
  try {
    await mkdir(dirname(file), { recursive: true });
    await put(file, bytes, async (aside) => {
      isMade = await placeNew(aside, file);
    });
  } catch (cause) {
    throw unwritten(file, cause);
  }
  return isMade;
}

/** A link is refused where its name is taken; a rename would take it. Some file systems have no links: there the last of two wins. */
async function placeNew(aside: string, file: string): Promise<boolean> {
  try {
    await link(aside, file);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(thrown))) throw thrown;
    await rename(aside, file);
    return true;
  } finally {
    await rm(aside, { force: true });
  }
}

function unwritten(file: string, cause: unknown): UserError {
  return new UserError({
    what: `cannot write the file (${messageOf(cause)})`,
    where: file,
    fix: 'Check that the folder exists, that it may be written and that the disk is not full',
    cause,
  });
}

/** Who may, such as root in a container, would have /dev/null or standard output replaced by a file. */
async function refuseSpecial(file: string): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found !== null && !found.isFile() && !found.isDirectory())
    throw new Error('it is a device or a pipe, which a file would replace');
}

async function target(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return file;
    throw thrown;
  }
}

/** Writes aside, and has `place` put that where it belongs. */
async function put(
  file: string,
  bytes: Uint8Array,
  place: (aside: string, file: string) => Promise<void>,
): Promise<void> {
  const mode = await stat(file).then(
    (found) => found.mode,
    () => 0o666,
  );
  const aside = `${file}.${process.pid}${randomInt(2 ** 40)}`;
  try {
    const handle = await open(aside, 'wx+', mode);
    try {
      await writeWhole(handle, bytes);
      // What a full disk or a failing one kept must not take the old file's place.
      if (!(await readsBack(handle, bytes))) throw new Error('it does not read back as it was written');
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(aside, file);
  } catch (thrown) {
    await rm(aside, { force: true });
    throw thrown;
  }
}

/** A write may be short: it then tells how much it wrote, and no error. */
async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, at);
    if (bytesWritten === 0) throw new Error(`only ${at} of ${bytes.length} bytes could be written`);
    at += bytesWritten;
  }
}

/** Bytes that are read back at a time. */
const READ = 2 ** 20;

/** Whether the file holds these bytes, and no more. */
async function readsBack(handle: FileHandle, bytes: Uint8Array): Promise<boolean> {
  const buffer = Buffer.alloc(Math.min(READ, bytes.length + 1));
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return at === bytes.length;
    if (!buffer.subarray(0, bytesRead).equals(bytes.subarray(at, at + bytesRead))) return false;
    at += bytesRead;
  }
}
