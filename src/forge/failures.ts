import { createHash } from 'node:crypto';
import { groupIdText, oneLine } from '../records/names.ts';
import type { CheckpointResult } from '../records/result.ts';

/** A new event or a failure mode that got worse, as a comment remembers it until the next push. */
export interface Failure {
  /** "Automobiles taken for trucks: 37 of 38". */
  readonly title: string;
  /** How many images newly fail. */
  readonly images: number;
  /** Hashes of names of images, 8 hex digits each: the `mostHashes` smallest, so that two samples are of the same images. */
  readonly sample: string;
}

const mostHashes = 16;
const digits = 8;

/** What newly fails for a checkpoint, and what got worse. */
export function failuresOf({ events, comparison }: CheckpointResult): Failure[] {
  const worse = (comparison?.clusters ?? []).filter(({ status }) => status === 'worsened');
  return [
    ...events.map(({ title, images }) =>
      failure(
        title,
        images.map(({ name }) => name),
      ),
    ),
    ...worse.map(({ group, images }) => failure(`a known failure mode of ${groupIdText(group)}`, images)),
  ];
}

function failure(title: string, images: readonly string[]): Failure {
  const hashes = images.map((name) => createHash('sha256').update(name).digest('hex').slice(0, digits));
  return { title: oneLine(title, 100), images: images.length, sample: hashes.sort().slice(0, mostHashes).join('') };
}

/** Whether two are one happening: at least half of the images of the smaller one, as far as both samples reach, are in both. */
export function isSameFailure(a: Failure, b: Failure): boolean {
  const [some, others] = [hashesOf(a), hashesOf(b)];
  // Beyond the end of a full sample there may be more that it does not name.
  const [reach = ''] = [a, b]
    .map(({ images, sample }) => (images * digits > sample.length ? sample.slice(-digits) : 'g'))
    .toSorted();
  const within = (hashes: readonly string[]) => new Set(hashes.filter((hash) => hash <= reach));
  const [mine, theirs] = [within(some), within(others)];
  const shared = mine.intersection(theirs).size;
  return shared > 0 && 2 * shared >= Math.min(mine.size, theirs.size);
}

function hashesOf({ sample }: Failure): string[] {
  return sample.match(/.{8}/g) ?? [];
}
