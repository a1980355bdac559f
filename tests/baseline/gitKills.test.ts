import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/baseline/openStore.ts';
import { killAfter, runAtOnce } from './children.ts';
import { branch } from './gitStoreOf.ts';
import { git, temporaryFolder, withRemote } from './realGit.ts';

const root = temporaryFolder();
const limits = { branch, remote: 'origin', keep: 50, window: 1, onMissing: 'pass' } as const;
const order = { checkpoints: ['old', 'new'], endless: true };

/** Locks that a killed git leaves are git's own; its advice is to remove them. Objects half written it never reads. */
function removeLocks(gitFolder: string): void {
  for (const entry of readdirSync(gitFolder, { recursive: true, withFileTypes: true })) {
    if (entry.name.endsWith('.lock')) rmSync(join(entry.parentPath, entry.name));
  }
}

describe('SIGKILL at any moment leaves the old record or the new one', () => {
  test.each<[string, boolean]>([
    ['a branch of the repository: 4 kills of the process and all its git', false],
    ['a remote: 4 kills of the process, its git and the receiving git', true],
  ])(
    'in %s',
    async (_, pushed) => {
      const { work, remote, hashes } = withRemote(root, pushed ? 'remote' : 'local', 1);
      if (!pushed) git(work, ['remote', 'remove', 'origin']);
      const holder = pushed ? remote : work;
      const options = { store: 'git', ...limits } as const;
      const before = git(work, ['status', '--porcelain', '--branch']);
      const tips = new Set<string>();
      for (let kill = 0; kill < 4; kill++) {
        await killAfter({ ...order, options, folder: work, commits: hashes }, 40 + 331 * kill);
        git(holder, ['fsck', '--strict', '--connectivity-only']);
        const store = await openStore(options, { folder: work, suite: 'cifar10' });
        expect(['old', 'new']).toContain((await store.show(hashes[0] ?? '')).checkpoint);
        tips.add(git(holder, ['rev-parse', branch]));
        for (const folder of [remote, join(work, '.git')]) removeLocks(folder);
      }
      expect(tips.size).toBeGreaterThan(1);
      await runAtOnce([{ ...order, options, folder: work, commits: hashes, endless: false }]);
      expect(await (await openStore(options, { folder: work, suite: 'cifar10' })).list()).toHaveLength(1);
      expect(git(work, ['status', '--porcelain', '--branch'])).toBe(before);
    },
    300_000,
  );
});
