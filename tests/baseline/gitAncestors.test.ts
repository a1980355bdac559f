import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { foundAt, openGit, record } from './gitStoreOf.ts';
import { commit, git, temporaryFolder, withRemote } from './realGit.ts';

const root = temporaryFolder();

describe('nearest ancestor', () => {
  test('a pull request is compared with the merge base or its nearest ancestor', async () => {
    const { work, hashes } = withRemote(root, 'pull', 4);
    const [a = '', b = '', c = '', d = ''] = hashes;
    const store = await openGit(work);
    await record(store, a);
    await record(store, b);
    await record(store, d);
    git(work, ['checkout', '--quiet', '-b', 'feature', c]);
    const head = commit(work);
    expect(await foundAt(store, head, 'main')).toEqual([b]);
    git(work, ['merge', '--quiet', '--no-edit', b]);
    expect(await foundAt(store, head, 'main')).toEqual([b]);
    await record(store, c);
    expect(await foundAt(store, head, 'main')).toEqual([c]);
    // What the pull request recorded for itself is no baseline for it.
    await record(store, head);
    const next = commit(work);
    expect(await foundAt(store, next, 'main')).toEqual([c]);
    expect(await foundAt(store, next)).toEqual([head]);
    // Nothing of its own yet.
    expect(await foundAt(store, c, 'main')).toEqual([b]);
    expect(await foundAt(store, d, d)).toEqual([c]);
  });

  test('never an ancestor of another that has a record, however short the way to it', async () => {
    const { work, hashes } = withRemote(root, 'graph', 1);
    const [fork = ''] = hashes;
    const store = await openGit(work);
    await record(store, fork);
    const recorded = commit(work);
    await record(store, recorded);
    for (let i = 0; i < 5; i++) commit(work);
    git(work, ['checkout', '--quiet', '-b', 'side', fork]);
    commit(work);
    git(work, ['checkout', '--quiet', 'main']);
    git(work, ['merge', '--quiet', '--no-ff', '--no-edit', 'side']);
    // Over the side branch the fork is two steps away, the other seven.
    expect(await foundAt(store, 'HEAD')).toEqual([recorded]);
    expect(await foundAt(await openGit(work, { window: 2 }), 'HEAD')).toEqual([recorded, fork]);
  });
});

describe('a shallow clone deepens itself', () => {
  test('to find a merge base, from the merge commit a pull request is checked out at', async () => {
    const { remote, work, hashes } = withRemote(root, 'pr', 120);
    await record(await openGit(work), hashes[30] ?? '');
    await record(await openGit(work), hashes[110] ?? '');
    const commits = Array.from({ length: 70 }, (_, i) => {
      const from = i === 0 ? `from ${hashes[60]}\n` : '';
      return `commit refs/heads/feature\ncommitter A <a@example.org> ${2e9 + i} +0000\ndata 4\nwork\n${from}`;
    });
    git(work, ['fast-import', '--quiet'], { input: commits.join('') });
    const head = git(work, ['rev-parse', 'feature']);
    git(work, ['checkout', '--quiet', '--detach', 'main']);
    git(work, ['merge', '--quiet', '--no-ff', '--no-edit', head]);
    git(work, ['push', '--quiet', 'origin', 'HEAD:refs/pull/7/merge', `${head}:refs/pull/7/head`]);
    const runner = join(root, 'runner');
    git(root, ['init', '--quiet', '-b', 'main', runner]);
    git(runner, ['remote', 'add', 'origin', `file://${remote}`]);
    git(runner, ['fetch', '--quiet', '--depth=1', 'origin', '+refs/pull/7/merge:refs/remotes/pull/7/merge']);
    git(runner, ['checkout', '--quiet', '--detach', 'refs/remotes/pull/7/merge']);
    const store = await openGit(runner);
    expect(await foundAt(store, head, hashes[119] ?? '')).toEqual([hashes[30]]);
    // The base by its name on the remote, and the merge commit itself as head.
    expect(await foundAt(store, head, 'main')).toEqual([hashes[30]]);
    expect(git(runner, ['status', '--porcelain'])).toBe('');
  });
});
