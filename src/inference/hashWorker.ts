import type { WorkerModule } from '../records.ts';
import { hashOf, readImage, type Unreadable, whyBad } from './readImage.ts';

/** Images to hash: names below a folder. */
export interface HashTask {
  readonly folder: string;
  readonly names: readonly string[];
}

/** SHA-256 (hex) of each image's bytes, up to the first that cannot be read. */
export interface Hashed {
  readonly hashes: readonly string[];
  readonly unreadable: Unreadable | null;
}

export default function hashImages({ folder, names }: HashTask): Hashed {
  const hashes: string[] = [];
  for (const [index, name] of names.entries()) {
    try {
      hashes.push(hashOf(readImage(`${folder}/${name}`)));
    } catch (thrown) {
      return { hashes, unreadable: { index, why: whyBad(thrown) } };
    }
  }
  return { hashes, unreadable: null };
}

export const hashWorker: WorkerModule<HashTask, Hashed> = { url: import.meta.url, run: hashImages };
