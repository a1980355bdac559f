import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { BadNpy } from '../adapters/npyHeader.ts';
import { codeOf, messageOf, UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import { counted } from '../records/words.ts';
import { formatNpyHeader, NPY_HEADER_BYTES, parseNpyHeader } from './npy.ts';

const HASH_BYTES = 32;
const ENTRY_BYTES = HASH_BYTES + 4;

/**
 * Part of the name of a store's folder. Raise it whenever the files change their form, or the pixels that models see change (a
 * mended decoder or resize): rows of before are then not mixed with new ones, but computed again.
 */
const STORE_VERSION = 2;

/** Folder of the rows of one plan below a store. */
export const planFolder = (store: string, fingerprint: string) => join(store, `${fingerprint}-${STORE_VERSION}`);

/** CRC-32 of a row under its image's hash (hex), so that rows that changed places are noticed too. */
const checksumOf = (hash: string, bytes: Uint8Array) => crc32(bytes, crc32(Buffer.from(hash, 'hex')));

/**
 * Rows of features on disk, in two files. `<id>.npy`: float32 rows. The index: for each row the SHA-256 of its image's
 * bytes and the CRC-32 of that and the row; `<id>.<engine>.part` while the run that makes it goes on, `<id>.<engine>.index`
 * once both are synced.
 * Only that run writes to them, rows first and index after, so a run killed at any moment leaves a whole prefix.
 */
export interface Segment {
  readonly npy: string;
  readonly index: string;
  /** Whether its run finished. */
  readonly sealed: boolean;
  /** Which engine computed its rows (the last one, where rows of several were brought together). */
  readonly engine: string;
  readonly dimensions: number;
  /** Hash (hex) of the image of each row. */
  readonly hashes: readonly string[];
  /** CRC-32 of each row. */
  readonly checksums: readonly number[];
  /** When it was last written to, in ms since 1970. */
  readonly touched: number;
}

/**
 * Reads the index `name` in `folder`; null where the segment holds nothing yet, or went away meanwhile.
 * @throws UserError where it cannot be read.
 */
export function readSegment(folder: string, name: string): Segment | null {
  const [id = '', engine = '', ending] = name.split('.');
  const index = join(folder, name);
  const npy = join(folder, `${id}.npy`);
  try {
    const entries = readFileSync(index);
    const { size, mtimeMs } = statSync(npy);
    const header = Buffer.alloc(NPY_HEADER_BYTES);
    withFile(npy, (file) => readSync(file, header, 0, NPY_HEADER_BYTES, 0));
    const { columns: dimensions } = parseNpyHeader(header);
    const written = Math.floor((size - NPY_HEADER_BYTES) / (dimensions * 4));
    const length = Math.min(written, Math.floor(entries.length / ENTRY_BYTES));
    const starts = Array.from({ length }, (_, row) => row * ENTRY_BYTES);
    const hashes = starts.map((start) => entries.toString('hex', start, start + HASH_BYTES));
    const checksums = starts.map((start) => entries.readUInt32LE(start + HASH_BYTES));
    const about = { sealed: ending === 'index', engine, touched: mtimeMs };
    return length === 0 ? null : { npy, index, ...about, dimensions, hashes, checksums };
  } catch (thrown) {
    if (thrown instanceof BadNpy || codeOf(thrown) === 'ENOENT') return null;
    throw storeError(folder, thrown);
  }
}

/**
 * Reads rows of a segment one after the other.
 * @param use given each row's values, or null where its checksum differs: the disk, or power lost while it was written.
 */
export function readRows(
  segment: Segment,
  rows: readonly number[],
  use: (row: number, values: Float32Array | null) => void,
) {
  const bytes = new Uint8Array(segment.dimensions * 4);
  withFile(segment.npy, (file) => {
    for (const row of rows) {
      readSync(file, bytes, 0, bytes.length, NPY_HEADER_BYTES + row * bytes.length);
      const sound = checksumOf(entry(segment.hashes, row), bytes) === segment.checksums[row];
      use(row, sound ? new Float32Array(bytes.buffer) : null);
    }
  });
}

/** Whether the first or the last row is sound. Where neither is, the header may be what is damaged: nothing can be said of the rows. */
export function hasSoundEnd(segment: Segment): boolean {
  const ends = new Set([0, segment.hashes.length - 1]);
  return damagedRows(segment, [...ends]).length < ends.size;
}

/** Those of some rows of a segment whose bytes are not those that were written. */
export function damagedRows(segment: Segment, rows: readonly number[]): number[] {
  const damaged = new Set<number>();
  readRows(segment, rows, (row, values) => {
    if (values === null) damaged.add(row);
  });
  return [...damaged];
}

/** Says that rows were damaged, and are whole again. */
export function damageNotice(folder: string, rows: number): string {
  return computedAgain(`${counted(rows, 'row')} of ${folder}`, rows === 1 ? 'was' : 'were');
}

/** Says that something kept was damaged, and is whole again. */
export function computedAgain(what: string, was: 'was' | 'were' = 'was'): string {
  return `${what} no longer held what was written there (a damaged disk?), and ${was} computed again.`;
}

/** Writes a new segment. State: two open files and what is in them. */
export class SegmentWriter {
  readonly #path: string;
  readonly #folder: string;
  readonly #engine: string;
  readonly #dimensions: number;
  readonly #npy: number;
  readonly #index: number;
  readonly #hashes: string[] = [];
  readonly #checksums: number[] = [];
  #closed = false;

  /** @throws UserError where the folder cannot be written. */
  constructor(folder: string, dimensions: number, engine: string) {
    this.#folder = folder;
    this.#engine = engine;
    this.#path = join(folder, randomUUID());
    this.#dimensions = dimensions;
    try {
      mkdirSync(folder, { recursive: true });
      this.#npy = openSync(`${this.#path}.npy`, 'wx');
      this.#index = openSync(`${this.#path}.${engine}.part`, 'wx');
      writeAll(this.#npy, formatNpyHeader(0, dimensions), 0);
    } catch (thrown) {
      throw storeError(folder, thrown);
    }
  }

  get rows(): number {
    return this.#hashes.length;
  }

  /** Of the images whose rows were appended. */
  get hashes(): readonly string[] {
    return this.#hashes;
  }

  get dimensions(): number {
    return this.#dimensions;
  }

  /**
   * Appends rows; once this returns a kill does not lose them.
   * @param hashes of the images, hex.
   * @param values hashes.length x dimensions.
   * @throws UserError where the disk is full; the rows appended before are kept.
   */
  append(hashes: readonly string[], values: Float32Array): void {
    const rowBytes = this.#dimensions * 4;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, hashes.length * rowBytes);
    const entries = Buffer.alloc(hashes.length * ENTRY_BYTES);
    const checksums = hashes.map((hash, row) => checksumOf(hash, bytes.subarray(row * rowBytes, (row + 1) * rowBytes)));
    for (const [row, hash] of hashes.entries()) {
      entries.write(hash, row * ENTRY_BYTES, 'hex');
      entries.writeUInt32LE(entry(checksums, row), row * ENTRY_BYTES + HASH_BYTES);
    }
    try {
      writeAll(this.#npy, bytes, NPY_HEADER_BYTES + this.rows * rowBytes);
      writeAll(this.#npy, formatNpyHeader(this.rows + hashes.length, this.#dimensions), 0);
      writeAll(this.#index, entries, this.rows * ENTRY_BYTES);
    } catch (thrown) {
      throw storeError(this.#folder, thrown);
    }
    this.#hashes.push(...hashes);
    this.#checksums.push(...checksums);
  }

  /**
   * Syncs both files and marks the segment as whole.
   * @param engine that computed the rows; null: the one named at the start.
   */
  seal(engine: string | null): Segment {
    const about = { engine: engine ?? this.#engine, sealed: true, touched: Date.now() };
    const paths = { npy: `${this.#path}.npy`, index: `${this.#path}.${about.engine}.index` };
    try {
      fsyncSync(this.#npy);
      fsyncSync(this.#index);
      this.close();
      renameSync(`${this.#path}.${this.#engine}.part`, paths.index);
    } catch (thrown) {
      throw storeError(this.#folder, thrown);
    }
    return { ...paths, ...about, hashes: this.#hashes, checksums: this.#checksums, dimensions: this.#dimensions };
  }

  /** Closes the files: what was appended stays, as after a kill. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#npy);
    closeSync(this.#index);
  }
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

function withFile<T>(path: string, use: (file: number) => T): T {
  const file = openSync(path, 'r');
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** The UserError for a failed operation on a feature store. */
export function storeError(folder: string, thrown: unknown): UserError {
  const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(thrown));
  return new UserError({
    what: full ? 'there is no room left for features' : `the feature store cannot be used (${messageOf(thrown)})`,
    where: folder,
    fix: full
      ? 'Free some space and run again: what is already extracted is kept'
      : 'Check that this folder can be written',
    cause: thrown,
  });
}
