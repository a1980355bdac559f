import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { codeOf, messageOf } from '../errors.ts';
import type { Hardness } from '../records/hardness.ts';
import { computedAgain } from './segment.ts';

/**
 * Where margins are kept, beside the features. Raise the number whenever `hardness` gives other values for the same features and
 * labels, or the files change their form.
 */
export const MARGINS_FOLDER = 'margins-2';
/** Files that are kept: of the eval sets and labels of late. One of ImageNet's validation set takes 4 MB. */
const MOST_KEPT = 3;
const HEADER_BYTES = 32;
const DIGEST_BYTES = 32;

/** What margins are of. */
export interface MarginSource {
  /** `FeatureFile.contents`. */
  readonly contents: string;
  /** Of each row. */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** Margins on disk: a file each, known by the features and labels that they are of. */
export interface MarginStore {
  /** Null where none are kept; where they are not as they were written, that is told. */
  readonly read: (source: MarginSource) => Hardness | null;
  /** Keeps margins; where they cannot be, that is told. */
  readonly keep: (source: MarginSource, margins: Hardness) => Promise<void>;
}

/**
 * The margins of a folder of features. A file is a header (images, classes, width and features, float64), the arrays of `Hardness` one after the
 * other, and the SHA-256 of the file's key and all before.
 */
export function marginStore(storeFolder: string, onNotice: (line: string) => void): MarginStore {
  const folder = join(storeFolder, MARGINS_FOLDER);
  return {
    read: (source) => {
      const key = keyOf(source);
      const file = join(folder, `${key}.margins`);
      const bytes = bytesIn(file);
      if (bytes === 'none') return null;
      const found = bytes && parsed(bytes, key);
      if (found === null) onNotice(computedAgain(file));
      return found;
    },
    keep: async (source, margins) => {
      const key = keyOf(source);
      try {
        await writeFileAtomic(join(folder, `${key}.margins`), formatted(margins, key));
        drop(folder);
      } catch (thrown) {
        onNotice(`How hard images are could not be kept for the next run: ${messageOf(thrown)}.`);
      }
    },
  };
}

function keyOf({ contents, labels, classes }: MarginSource): string {
  return createHash('sha256')
    .update(JSON.stringify([contents, labels.length, classes]))
    .update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength))
    .digest('hex');
}

interface Sizes {
  readonly images: number;
  readonly classes: number;
  readonly width: number;
  readonly features: number;
}

/** Arrays over one buffer, those of 8 bytes a value first. */
function arraysOver(buffer: ArrayBuffer, { images, classes, width, features }: Sizes) {
  let at = HEADER_BYTES;
  const place = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  const doubles = (length: number) => new Float64Array(buffer, place(8 * length), length);
  return {
    ...{ mean: doubles(width), weights: doubles(classes * width), shares: doubles(classes) },
    ...{ leverage: doubles(images), own: doubles(images), best: doubles(images), second: doubles(images) },
    view: {
      ...{ width, featureMean: doubles(features), scale: doubles(features), sign: doubles(features) },
      bucket: new Uint32Array(buffer, place(4 * features), features),
    },
    bestClass: new Int32Array(buffer, place(4 * images), images),
  };
}

function bytesOf({ images, classes, width, features }: Sizes): number {
  const doubles = width + classes * width + classes + 4 * images + 3 * features;
  return HEADER_BYTES + 8 * doubles + 4 * images + 4 * features + DIGEST_BYTES;
}

function formatted(margins: Hardness, key: string): Uint8Array {
  const { images, classes, view } = margins;
  const sizes = { images, classes, width: view.width, features: view.featureMean.length };
  const buffer = new ArrayBuffer(bytesOf(sizes));
  new Float64Array(buffer, 0, 4).set([images, classes, sizes.width, sizes.features]);
  const to = arraysOver(buffer, sizes);
  to.mean.set(margins.mean);
  to.weights.set(margins.weights);
  to.shares.set(margins.shares);
  to.leverage.set(margins.leverage);
  to.own.set(margins.own);
  to.best.set(margins.best);
  to.second.set(margins.second);
  to.bestClass.set(margins.bestClass);
  to.view.featureMean.set(view.featureMean);
  to.view.scale.set(view.scale);
  to.view.sign.set(view.sign);
  to.view.bucket.set(view.bucket);
  const bytes = new Uint8Array(buffer);
  bytes.set(digest(key, bytes), bytes.length - DIGEST_BYTES);
  return bytes;
}

/** `none` where there is no such file; null where it cannot be read. */
function bytesIn(file: string): Uint8Array | 'none' | null {
  try {
    return readFileSync(file);
  } catch (thrown) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOf(thrown)) ? 'none' : null;
  }
}

function parsed(bytes: Uint8Array, key: string): Hardness | null {
  if (bytes.length < HEADER_BYTES + DIGEST_BYTES) return null;
  if (!digest(key, bytes).equals(bytes.subarray(-DIGEST_BYTES))) return null;
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  const [images = 0, classes = 0, width = 0, features = 0] = new Float64Array(buffer, 0, 4);
  return { images, classes, ...arraysOver(buffer, { images, classes, width, features }) };
}

/** Of a file's key and all but its last bytes. */
function digest(key: string, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(key).update(bytes.subarray(0, -DIGEST_BYTES)).digest();
}

/** Deletes all but the files written last. */
function drop(folder: string): void {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.margins'))
    .map((name) => join(folder, name));
  const written = new Map(files.map((file) => [file, statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0]));
  const newestFirst = files.toSorted((a, b) => (written.get(b) ?? 0) - (written.get(a) ?? 0));
  for (const file of newestFirst.slice(MOST_KEPT)) rmSync(file, { force: true });
}
