import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { refuseForeign } from '../adapters/foreignFile.ts';
import { codeOf, messageOf, UserError } from '../errors.ts';

/** Ten million rows of a hundred bytes. */
const maxBytes = 1024 ** 3;

/** A line without its end. */
export interface TextLine {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** Bytes that are looked at together. */
const BLOCK_BYTES = 1 << 18;
/** Bytes at the start by which what a file is shows. */
const START = 512;
/** No line is longer: more makes no text. */
const MOST_OF_LINE = 1 << 28;

/**
 * The lines of a UTF-8 text file of any size, some at a time, without a byte order mark; one whose name ends in `.gz` is unpacked. Of
 * the file no more than a block and a line are in memory.
 *
 * @throws UserError as `readUtf8`, but for the size; where a line has more than 256 MB
 */
export async function* utf8Lines(file: string): AsyncGenerator<readonly TextLine[]> {
  let line = 1;
  const linesOf = (bytes: Buffer): TextLine[] => {
    if (!isUtf8(bytes)) throw noUtf8(file, line - 1 + badLine(bytes));
    const texts = bytes.toString('utf8').split('\n');
    // What follows the last line end.
    if (texts.at(-1) === '') texts.pop();
    line += texts.length;
    return texts.map((text, at) => ({ text, line: line - texts.length + at }));
  };
  let rest: Buffer[] = [];
  for await (const block of blocksOf(file)) {
    const end = block.lastIndexOf(10) + 1;
    if (end > 0) yield linesOf(Buffer.concat([...rest, block.subarray(0, end)]));
    rest = end > 0 ? [block.subarray(end)] : [...rest, block];
    if (rest.reduce((sum, { length }) => sum + length, 0) > MOST_OF_LINE) {
      const what = `the line has more than ${MOST_OF_LINE} bytes`;
      throw new UserError({
        what,
        where: `${file}:${line}`,
        fix: 'Write one line per image, without the images themselves',
      });
    }
  }
  const last = Buffer.concat(rest);
  if (last.length > 0) yield linesOf(last);
}

/** The bytes of a file, unpacked, without a byte order mark, in blocks of some size. */
async function* blocksOf(file: string): AsyncGenerator<Buffer> {
  const isPacked = file.toLowerCase().endsWith('.gz');
  if (isPacked) await refuseUnpacked(file);
  let parts: Buffer[] = [];
  let isFirst = true;
  const gathered = () => {
    const block = Buffer.concat(parts);
    parts = [];
    if (!isFirst) return block;
    isFirst = false;
    refuseForeign(block, file, isPacked ? 'what is packed here' : 'the file');
    return block.subarray(0, 3).equals(Buffer.from('\uFEFF')) ? block.subarray(3) : block;
  };
  try {
    let bytes = 0;
    for await (const part of streamOf(file, isPacked)) {
      parts.push(part);
      bytes += part.length;
      if (bytes < BLOCK_BYTES) continue;
      bytes = 0;
      yield gathered();
    }
  } catch (cause) {
    if (isPacked && codeOf(cause).startsWith('Z_')) throw damagedGzip(file, cause);
    throw cause;
  }
  if (parts.length > 0) yield gathered();
}

async function refuseUnpacked(file: string): Promise<void> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(START), 0, START, 0);
  refuseNoGzip(buffer.subarray(0, bytesRead), file);
}

function streamOf(file: string, isPacked: boolean): AsyncIterable<Buffer> {
  const bytes = createReadStream(file, { highWaterMark: BLOCK_BYTES });
  // An error of either ends both, and shows where the outcome is read.
  return isPacked ? pipeline(bytes, createGunzip(), () => {}) : bytes;
}

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
  throw noUtf8(file, badLine(bytes));
}

function noUtf8(file: string, line: number): UserError {
  return new UserError({ what: 'the file is not UTF-8 text', where: `${file}:${line}`, fix: 'Save it as UTF-8' });
}

function unpacked(bytes: Buffer, file: string): Buffer {
  refuseNoGzip(bytes, file);
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (codeOf(cause) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(file, 'the file unpacks to more');
    throw damagedGzip(file, cause);
  }
}

function refuseNoGzip(bytes: Buffer, file: string): void {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return;
  refuseForeign(bytes, file, 'the file');
  const fix = 'Give it the ending without .gz, or pack it';
  throw new UserError({ what: 'the ending says gzip, and the file is not packed', where: file, fix });
}

function damagedGzip(file: string, cause: unknown): UserError {
  const what = `the gzip is damaged (${messageOf(cause)})`;
  return new UserError({ what, where: file, fix: 'Write or copy it again', cause });
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
