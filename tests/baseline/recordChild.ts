import { openStore } from '../../src/baseline/openStore.ts';
import type { BaselineOptions } from '../../src/records/baseline.ts';
import { sampleRecord } from './sampleRecord.ts';

/** What a child process of these tests is told to do, as JSON in its first argument. */
export interface Order {
  readonly options: Exclude<BaselineOptions, { store: 'none' }>;
  readonly folder: string;
  /** Recorded in turn, each with the names as checkpoints in turn. */
  readonly commits: readonly string[];
  readonly checkpoints: readonly string[];
  /** Goes on until it is killed. */
  readonly endless: boolean;
}

/** What the child says once it has recorded all in turn: an endless one is then in the midst of doing it again. */
export const ready = 'ready\n';

/** Records as ordered. */
async function obey({ options, folder, commits, checkpoints, endless }: Order): Promise<void> {
  const store = await openStore(options, { folder, suite: 'cifar10' });
  let rounds = 0;
  do {
    for (const commit of commits) {
      for (const checkpoint of checkpoints) await store.record(sampleRecord({ commit, checkpoint }));
    }
    if (rounds++ === 0) process.stdout.write(ready);
  } while (endless);
}

if (import.meta.main) await obey(JSON.parse(process.argv[2] ?? ''));
