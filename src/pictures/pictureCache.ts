import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';

/** Pictures, and what was measured in them, kept from run to run, each under what it was made from. */
export interface PictureCache {
  /** Null where it is not kept, or damaged. */
  readonly find: (key: string) => Promise<Uint8Array | null>;
  readonly keep: (key: string, bytes: Uint8Array) => Promise<void>;
}

const DIGEST_BYTES = 32;

/** The key of a picture: SHA-256 (hex) over everything that it depends on. */
export function pictureKey(madeFrom: Readonly<Record<string, string | number | null>>): string {
  return createHash('sha256').update(JSON.stringify(madeFrom)).digest('hex');
}

/** Pictures in a folder, one file each. SHA-256 of the bytes stands behind them, where viewers of WebP do not look. */
export function pictureCache(folder: string, ending: 'webp' | 'heat' = 'webp'): PictureCache {
  const fileOf = (key: string) => join(folder, key.slice(0, 2), `${key}.${ending}`);
  return {
    find: async (key) => {
      const file = await readFile(fileOf(key)).catch(() => null);
      if (file === null || file.length < DIGEST_BYTES) return null;
      const bytes = file.subarray(0, -DIGEST_BYTES);
      return digestOf(bytes).equals(file.subarray(-DIGEST_BYTES)) ? bytes : null;
    },
    keep: (key, bytes) => writeFileAtomic(fileOf(key), Buffer.concat([bytes, digestOf(bytes)])),
  };
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
