import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import { damagedRows, hasSoundEnd, readRows, readSegment, type Segment, SegmentWriter, storeError } from './segment.ts';

/*
 * A store is a folder of segments. No two runs write to one file, so two at once do no harm: at worst both extract the
 * same images. A run whose images are spread over several segments copies their rows into its own first, so that
 * one file has all it needs; segments that a finished one makes superfluous are deleted once nobody can be using them.
 */

/** Where image properties are kept, beside the features; another set of them, or another way to compute one, is another folder. */
export const PROPERTIES_FOLDER = 'properties-1';
/** A segment that nobody wrote to for this long belongs to no run. */
const ABANDONED_MS = 60 * 60 * 1000;
/** Rows are copied in blocks of about this many bytes. */
const BLOCK_BYTES = 4 * 1024 * 1024;

/** Reads the segments of a store, whole ones first, then what killed runs left; a missing folder is an empty store. */
export function readSegments(folder: string): Segment[] {
  const names = listFolder(folder);
  return ['.index', '.part'].flatMap((ending) =>
    names.filter((name) => name.endsWith(ending)).flatMap((name) => readSegment(folder, name) ?? []),
  );
}

/**
 * A whole segment that has sound rows for all `hashes`; null where none does. Every row is checked: a disk may damage what was written
 * well.
 *
 * @param damaged takes the hashes of damaged rows in segments that would be whole but for them
 */
export function findWhole(
  segments: readonly Segment[],
  hashes: ReadonlySet<string>,
  damaged: Set<string>,
): Segment | null {
  const whole = segments.filter(({ sealed, hashes: stored }) => sealed && hashes.isSubsetOf(new Set(stored)));
  for (const segment of whole) {
    const rows = segment.hashes.flatMap((hash, row) => (hashes.has(hash) ? [row] : []));
    const bad = damagedRows(segment, rows);
    if (bad.length === 0) return segment;
    for (const row of bad) damaged.add(entry(segment.hashes, row));
  }
  return null;
}

/**
 * Copies the stored rows of `hashes` into `writer`, each once.
 * @returns the hashes copied: all but those that no segment has, or whose row is damaged everywhere.
 */
export function copyRows(
  segments: readonly Segment[],
  hashes: ReadonlySet<string>,
  writer: SegmentWriter,
): Set<string> {
  const copied = new Set<string>();
  for (const segment of segments) {
    const block = blockWriter(segment.dimensions, writer);
    const rows = segment.hashes.flatMap((hash, row) => (hashes.has(hash) && !copied.has(hash) ? [row] : []));
    readRows(segment, rows, (row, values) => {
      const hash = entry(segment.hashes, row);
      if (values === null || copied.has(hash)) return;
      copied.add(hash);
      block.add(hash, values);
    });
    block.flush();
  }
  return copied;
}

function blockWriter(dimensions: number, writer: SegmentWriter) {
  const capacity = Math.max(1, Math.floor(BLOCK_BYTES / (dimensions * 4)));
  const values = new Float32Array(capacity * dimensions);
  let hashes: string[] = [];
  const flush = () => {
    if (hashes.length > 0) writer.append(hashes, values);
    hashes = [];
  };
  const add = (hash: string, row: Float32Array) => {
    values.set(row, hashes.length * dimensions);
    hashes.push(hash);
    if (hashes.length === capacity) flush();
  };
  return { add, flush };
}

/** Deletes segments that no run can be using and whose every image `kept` has too. */
export function dropSuperseded(segments: readonly Segment[], kept: Segment): void {
  const have = new Set(kept.hashes);
  const now = Date.now();
  for (const { npy, index, hashes, touched } of segments) {
    if (npy === kept.npy || now - touched < ABANDONED_MS || !hashes.every((hash) => have.has(hash))) continue;
    for (const file of [index, npy]) rmSync(file, { force: true });
  }
}

/**
 * Brings feature stores together, as from a matrix of runners: each row of `folders` that `into` lacks is copied.
 * @returns how many rows of features were copied; image properties come along.
 * @throws UserError where a folder is no feature store, or the disk is full.
 */
export function mergeStores(folders: readonly string[], into: string): number {
  const stores = folders.flatMap((folder) => {
    const found = listFolder(folder).map((name) => ({ name, segments: readSegments(join(folder, name)) }));
    if (found.some(({ segments }) => segments.length > 0)) return found;
    throw new UserError({
      what: 'it is not a feature store, or an empty one',
      where: folder,
      fix: 'Name the folder that `barlow extract` filled (.barlow/features beside the config)',
    });
  });
  return stores.reduce((copied, { name, segments }) => {
    const merged = mergeSegments(segments, join(into, name));
    return name === PROPERTIES_FOLDER ? copied : copied + merged;
  }, 0);
}

function mergeSegments(all: readonly Segment[], folder: string): number {
  const segments = all.filter(hasSoundEnd);
  const [first] = segments;
  const missing = new Set(segments.flatMap(({ hashes }) => hashes)).difference(
    new Set(readSegments(folder).flatMap(({ hashes }) => hashes)),
  );
  if (missing.size === 0 || first === undefined) return 0;
  const writer = new SegmentWriter(folder, first.dimensions, first.engine);
  const copied = copyRows(segments, missing, writer);
  writer.seal(null);
  return copied.size;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return [];
    throw storeError(folder, thrown);
  }
}
