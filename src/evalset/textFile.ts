import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../errors.ts';

/** Ten million rows of a hundred bytes. */
const maxBytes = 1024 ** 3;

/**
 * Reads the bytes of a UTF-8 text file.
 *
 * @throws UserError where it is over 1 GiB, or not UTF-8 (with the line of the first such byte)
 */
export async function readUtf8(file: string): Promise<Buffer> {
  const { size } = await stat(file);
  if (size > maxBytes) {
    const what = `the file has ${size} bytes, more than the ${maxBytes} that are read as text`;
    throw new UserError({ what, where: file, fix: 'Leave out columns that are not needed, or convert it to Parquet' });
  }
  const bytes = await readFile(file);
  if (isUtf8(bytes)) return bytes;
  throw new UserError({
    what: 'the file is not UTF-8 text',
    where: `${file}:${badLine(bytes)}`,
    fix: 'Save it as UTF-8',
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
