import { commitNamed } from '../../src/baseline/named.ts';
import { openStore } from '../../src/baseline/openStore.ts';
import type { BaselineStore, Recorded, RecordOptions } from '../../src/baseline/store.ts';
import type { Found } from '../../src/records/baseline.ts';
import { commitsIn, compared } from './foundIn.ts';
import { sampleRecord } from './sampleRecord.ts';

/** The branch of the tests' stores. */
export const branch = 'barlow-baselines';

const opened = new WeakMap<BaselineStore, { readonly folder: string; readonly window: number }>();

/** Opens the git store of a repository with the product's defaults, but for a window of 1. */
export async function openGit(
  folder: string,
  part: { branch?: string; remote?: string; keep?: number; window?: number; suite?: string } = {},
): Promise<BaselineStore> {
  const { suite = 'cifar10', ...rest } = part;
  const options = { store: 'git', branch, remote: 'origin', keep: 50, window: 1, onMissing: 'pass', ...rest } as const;
  const store = await openStore(options, { folder, suite });
  opened.set(store, { folder, window: options.window });
  return store;
}

let minutes = 0;

/** Records a sample at a commit, a minute later than the one before. */
export function record(
  store: BaselineStore,
  commit: string,
  checkpoint = 'candidate',
  options: RecordOptions = {},
): Promise<Recorded> {
  minutes += 1;
  const createdAt = new Date(Date.UTC(2026, 5, 1, 0, minutes)).toISOString();
  return store.record(sampleRecord({ commit, checkpoint, createdAt }), options);
}

/** Commits of the baselines that a checkpoint which predicts as the sample is compared with; `head` is named as by `--commit`. */
export async function foundAt(store: BaselineStore, head: string, base: string | null = null): Promise<string[]> {
  return commitsIn(compared(await findAt(store, head, base), opened.get(store)?.window ?? 1));
}

/** What a store finds, its own record included. */
export async function findAt(store: BaselineStore, head: string, base: string | null = null): Promise<Found> {
  return store.find({ head: await commitNamed(opened.get(store)?.folder ?? '', head), base });
}
