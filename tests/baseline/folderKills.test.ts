import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../src/baseline/openStore.ts';
import { killAfter } from './children.ts';
import { temporaryFolder } from './realGit.ts';

const root = temporaryFolder();
const limits = { branch: '', remote: '', keep: 50, window: 1, onMissing: 'pass' } as const;
const order = { checkpoints: ['old', 'new'], endless: true };

test('SIGKILL at any moment leaves the old record or the new one in a folder: 16 kills', async () => {
  const options = { store: 'folder', path: join(root, 'folder'), ...limits } as const;
  const commit = 'c'.repeat(40);
  const store = await openStore(options, { folder: root, suite: 'cifar10' });
  const seen = new Set<string>();
  for (let kill = 0; kill < 16; kill++) {
    await killAfter({ ...order, options, folder: root, commits: [commit] }, 1 + 5.3 * kill);
    seen.add((await store.show(commit)).checkpoint);
    expect((await store.history()).map((row) => row.commit)).toEqual([commit]);
  }
  expect([...seen].toSorted()).toEqual(['new', 'old']);
});
