import { openStore } from '../../src/baseline/openStore.ts';
import type { BaselineStore, Recorded } from '../../src/baseline/store.ts';
import { sampleRecord } from './sampleRecord.ts';

/** The branch of the tests' stores. */
export const branch = 'barlow-baselines';

/** Opens the git store of a repository with the product's defaults. */
export function openGit(
  folder: string,
  part: { branch?: string; remote?: string; keep?: number; window?: number; suite?: string } = {},
): Promise<BaselineStore> {
  const { suite = 'cifar10', ...rest } = part;
  const options = { store: 'git', branch, remote: 'origin', keep: 50, window: 1, onMissing: 'pass', ...rest } as const;
  return openStore(options, { folder, suite });
}

let minutes = 0;

/** Records a sample at a commit, a minute later than the one before. */
export function record(store: BaselineStore, commit: string, checkpoint = 'candidate'): Promise<Recorded> {
  minutes += 1;
  const createdAt = new Date(Date.UTC(2026, 5, 1, 0, minutes)).toISOString();
  return store.record(sampleRecord({ commit, checkpoint, createdAt }));
}

/** Commits of the baselines that are found. */
export async function foundAt(store: BaselineStore, head: string, base: string | null = null): Promise<string[]> {
  return (await store.find({ head, base })).records.map((found) => found.commit);
}
