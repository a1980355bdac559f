import type { WorkerModule } from '../records/threads.ts';
import { hashOf, readImage, type Unreadable, whyBad } from './readImage.ts';

/** Images to hash: names below a folder. */
export interface HashTask {
  readonly folder: string;
  readonly names: readonly string[];
}

/** SHA-256 (hex) of each image's bytes; empty for those that cannot be read. */
export interface Hashed {
  readonly hashes: readonly string[];
  readonly unreadable: readonly Unreadable[];
}

export default function hashImages({ folder, names }: HashTask): Hashed {
  const unreadable: Unreadable[] = [];
  const hashes = names.map((name, index) => {
    try {
      return hashOf(readImage(`${folder}/${name}`));
    } catch (thrown) {
      unreadable.push({ index, why: whyBad(thrown) });
      return '';
    }
  });
  return { hashes, unreadable };
}

export const hashWorker: WorkerModule<HashTask, Hashed> = { url: import.meta.url, run: hashImages };
