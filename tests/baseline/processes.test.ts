import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeBaseline } from '../../src/baseline/codec.ts';
import { openStore } from '../../src/baseline/openStore.ts';
import { runAtOnce } from './children.ts';
import { branch } from './gitStoreOf.ts';
import { git, temporaryFolder, withRemote } from './realGit.ts';

const root = temporaryFolder();
const limits = { branch, remote: 'origin', keep: 50, window: 1, onMissing: 'pass' } as const;
const inGit = { store: 'git', ...limits } as const;

async function recorded(folder: string, options: typeof inGit | ({ store: 'folder'; path: string } & typeof limits)) {
  const store = await openStore(options, { folder, suite: 'cifar10' });
  const list = (await store.list()).map((row) => row.commit).toSorted();
  const history = (await store.history()).map((row) => row.commit).toSorted();
  expect(history).toEqual(list);
  return list;
}

describe('processes that record at once all end up recorded', () => {
  test('eight clones of one bare remote', async () => {
    const { remote, hashes } = withRemote(root, 'clones', 8);
    const folders = hashes.map((_, i) => join(root, `clone-${i}`));
    for (const folder of folders) git(root, ['clone', '--quiet', remote, folder]);
    await runAtOnce(
      folders.map((folder, i) => ({
        options: inGit,
        folder,
        commits: [hashes[i] ?? ''],
        checkpoints: [`of ${i}`],
        endless: false,
      })),
    );
    expect(await recorded(folders[0] ?? '', inGit)).toEqual(hashes.toSorted());
    git(remote, ['fsck', '--strict']);
  });

  test('three in one repository with a remote, and three in one without', async () => {
    const { work, hashes } = withRemote(root, 'one', 3);
    const orders = hashes.map((hash) => ({
      options: inGit,
      folder: work,
      commits: [hash],
      checkpoints: ['one'],
      endless: false,
    }));
    await runAtOnce(orders);
    expect(await recorded(work, inGit)).toEqual(hashes.toSorted());
    git(work, ['remote', 'remove', 'origin']);
    expect(await recorded(work, inGit)).toEqual([]);
    await runAtOnce(orders);
    expect(await recorded(work, inGit)).toEqual(hashes.toSorted());
  });

  test('eight in one folder, and eight on one commit of it', async () => {
    const path = join(root, 'folder');
    const options = { store: 'folder', path, ...limits } as const;
    const commits = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(40));
    const order = { options, folder: root, checkpoints: ['one', 'two'], endless: false };
    await runAtOnce(commits.map((commit) => ({ ...order, commits: [commit, 'f'.repeat(40)] })));
    expect(await recorded(root, options)).toEqual([...commits, 'f'.repeat(40)]);
    for (const name of readdirSync(join(path, 'cifar10')).filter((file) => file !== 'history')) {
      expect(name).toMatch(/^[0-9a-f]{40}\.baseline$/);
      decodeBaseline(readFileSync(join(path, 'cifar10', name)), name, '');
    }
  });
});
