import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { refuseForeign } from '../adapters/foreignFile.ts';
import { codeOf, messageOf, UserError } from '../errors.ts';

/** Ten million rows of a hundred bytes. */
const maxBytes = 1024 ** 3;

/**
 * Reads the bytes of a UTF-8 text file; one whose name ends in `.gz` is unpacked.
 *
 * @throws UserError where it is over 1 GiB, is something else than text (named, where it is known), is not UTF-8 (with the
 *   line of the first such byte), or its gzip is damaged
 */
export async function readUtf8(file: string): Promise<Buffer> {
  const { size } = await stat(file);
  if (size > maxBytes) throw tooLarge(file, `the file has ${size} bytes`);
  const bytes = file.toLowerCase().endsWith('.gz') ? unpacked(await readFile(file), file) : await readFile(file);
  refuseForeign(bytes, file, file.toLowerCase().endsWith('.gz') ? 'what is packed here' : 'the file');
  if (isUtf8(bytes)) return bytes;
  throw new UserError({
    what: 'the file is not UTF-8 text',
    where: `${file}:${badLine(bytes)}`,
    fix: 'Save it as UTF-8',
  });
}

function unpacked(bytes: Buffer, file: string): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    refuseForeign(bytes, file, 'the file');
    const fix = 'Give it the ending without .gz, or pack it';
    throw new UserError({ what: 'the ending says gzip, and the file is not packed', where: file, fix });
  }
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (codeOf(cause) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(file, 'the file unpacks to more');
    const what = `the gzip is damaged (${messageOf(cause)})`;
    throw new UserError({ what, where: file, fix: 'Write or copy it again', cause });
  }
}

function tooLarge(file: string, what: string): UserError {
  return new UserError({
    what: `${what}, and at most ${maxBytes} are read as text`,
    where: file,
    fix: 'Leave out columns that are not needed, or convert it to Parquet',
  });
}

function badLine(bytes: Buffer): number {
  let line = 1;
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    if (!isUtf8(bytes.subarray(start, end))) return line;
    line += 1;
    start = end + 1;
  }
  return line;
}
