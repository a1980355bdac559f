import { crc32 } from 'node:zlib';
import { fromBufferPromise } from 'yauzl';

/** Thrown where bytes are no whole ZIP archive; the message is a clause without the file's name. */
export class BadZip extends Error {}

/**
 * The files of a ZIP archive by name, unpacked and checked against their checksums.
 *
 * @param maxBytes of all that is unpacked
 * @throws BadZip where the archive is damaged, encrypted or packed in another way than Deflate, or unpacks to more
 */
export async function unzip(bytes: Buffer, maxBytes: number): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let room = maxBytes;
  try {
    const archive = await fromBufferPromise(bytes, { lazyEntries: true });
    for await (const file of archive.eachEntry()) {
      room -= file.uncompressedSize;
      if (room < 0) throw new BadZip(`unpacks to more than ${maxBytes} bytes`);
      const parts: Buffer[] = [];
      for await (const part of await archive.openReadStreamPromise(file)) parts.push(Buffer.from(part));
      const whole = Buffer.concat(parts);
      if (crc32(whole) !== file.crc32) throw new BadZip(`is damaged (the checksum of ${file.fileName} is another)`);
      files.set(file.fileName, whole);
    }
  } catch (thrown) {
    if (thrown instanceof BadZip) throw thrown;
    throw new BadZip(`is damaged (${thrown instanceof Error ? thrown.message : String(thrown)})`);
  }
  return files;
}
