import { hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { codeOf, messageOf } from '../errors.ts';
import { BadImage } from './imageHeader.ts';

/** An image that cannot be used: its place in the task, and a clause that says why. */
export interface Unreadable {
  readonly index: number;
  readonly why: string;
}

/** No image file is larger: what is would not fit in memory beside its pixels. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

/** Files are read into this and copied out: for small images half the time of `readFileSync`. */
let buffer = new Uint8Array(1 << 20);

/**
 * Reads an image file.
 * @throws BadImage where it is too large; the system's error where it cannot be read.
 */
export function readImage(path: string): Uint8Array<ArrayBuffer> {
  const file = openSync(path, 'r');
  try {
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, length);
      length += read;
      if (length < buffer.length) return buffer.slice(0, length); // a short read: the end
      const { size } = fstatSync(file);
      if (size > MAX_FILE_BYTES) throw new BadImage(`has ${size} bytes, more than the limit of ${MAX_FILE_BYTES}`);
      const larger = new Uint8Array(Math.max(size + 1, buffer.length * 2));
      larger.set(buffer);
      buffer = larger;
    }
  } finally {
    closeSync(file);
  }
}

/** SHA-256 (hex) of an image's bytes: its name in the feature store. */
export function hashOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

const ofTheMachine = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/** What is wrong with an image, as a clause; anything but a bad or unreadable file is thrown again. */
export function whyBad(thrown: unknown): string {
  if (thrown instanceof BadImage) return thrown.message;
  if (codeOf(thrown) === 'ENOENT') return 'does not exist';
  // Few open files or little memory say nothing of the image: to skip it for that would judge another eval set.
  if (ofTheMachine.has(codeOf(thrown))) throw thrown;
  if (codeOf(thrown) !== '') return `cannot be read (${messageOf(thrown)})`;
  throw thrown;
}
