import { join } from 'node:path';
import { PROPERTIES } from '../images/properties.ts';
import { propertiesWorker } from '../images/propertiesWorker.ts';
import { entry, lookUp } from '../records/entry.ts';
import type { OnProgress, RunTask } from '../records/threads.ts';
import type { ImageFiles } from './extract.ts';
import { PROPERTIES_FOLDER, readSegments } from './featureStore.ts';
import { damageNotice, readRows, SegmentWriter } from './segment.ts';

/** Images a task. */
const CHUNK = 64;
/** Tasks under way. */
const AHEAD = 4;

/** Image properties on disk, beside the features: rows by the hash of an image's bytes. */
export interface PropertyStore {
  /** Keeps the properties of images that were decoded anyway: hashes.length x `PROPERTIES` values. */
  readonly append: (hashes: readonly string[], values: Float32Array) => void;
  /** The properties of all images, n x `PROPERTIES`; those that the store lacks, or no longer holds as written, are decoded for it. */
  readonly read: (
    images: ImageFiles,
    hashes: readonly string[],
    run: RunTask,
    told: { readonly onProgress: OnProgress; readonly onNotice: (line: string) => void },
  ) => Promise<Float32Array>;
}

/** Opens the store in a folder of features; made where it is missing. @throws UserError where it cannot be read or written. */
export function openPropertyStore(storeFolder: string): PropertyStore {
  const folder = join(storeFolder, PROPERTIES_FOLDER);
  let writer: SegmentWriter | null = null;
  const append = (hashes: readonly string[], values: Float32Array) => {
    if (hashes.length === 0) return;
    writer ??= new SegmentWriter(folder, PROPERTIES, 'decoding');
    writer.append(hashes, values);
  };
  const seal = () => {
    writer?.seal(null);
    writer = null;
  };
  return {
    append,
    read: async (images, hashes, run, { onProgress, onNotice }) => {
      seal();
      const { known, damaged } = storedRows(folder, new Set(hashes));
      const missing = [...new Map(hashes.map((hash, at) => [hash, at]))].filter(([hash]) => !known.has(hash));
      const starts = Array.from({ length: Math.ceil(missing.length / CHUNK) }, (_, chunk) => chunk * CHUNK);
      const decode = (from: number) => {
        const names = missing.slice(from, from + CHUNK).map(([, at]) => entry(images.names, at));
        const values = run(propertiesWorker, { folder: images.folder, names });
        values.catch(() => {}); // awaited below
        return values;
      };
      const started = starts.slice(0, AHEAD).map(decode);
      for (const [chunk, from] of starts.entries()) {
        const some = missing.slice(from, from + CHUNK);
        const values = await entry(started, chunk);
        const next = starts[chunk + AHEAD];
        if (next !== undefined) started.push(decode(next));
        for (const [at, [hash]] of some.entries()) {
          known.set(hash, values.slice(at * PROPERTIES, (at + 1) * PROPERTIES));
        }
        append(
          some.map(([hash]) => hash),
          values,
        );
        onProgress('properties', from + some.length, missing.length);
      }
      seal();
      if (damaged > 0) onNotice(damageNotice(folder, damaged));
      const all = new Float32Array(hashes.length * PROPERTIES);
      for (const [at, hash] of hashes.entries()) all.set(lookUp(known, hash), at * PROPERTIES);
      return all;
    },
  };
}

/** The rows of some hashes that are whole, and how many of those hashes have only rows that are not. */
function storedRows(
  folder: string,
  hashes: ReadonlySet<string>,
): { readonly known: Map<string, Float32Array>; readonly damaged: number } {
  const known = new Map<string, Float32Array>();
  const damaged = new Set<string>();
  for (const segment of readSegments(folder)) {
    if (segment.dimensions !== PROPERTIES) continue;
    const rows = [...segment.hashes.keys()].filter((row) => hashes.has(entry(segment.hashes, row)));
    readRows(segment, rows, (row, values) => {
      const hash = entry(segment.hashes, row);
      if (values === null) damaged.add(hash);
      else known.set(hash, values.slice());
    });
  }
  return { known, damaged: damaged.difference(known).size };
}
