import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reasonIn } from './foundIn.ts';
import { findAt, foundAt, openGit, record } from './gitStoreOf.ts';
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

  test('unrelated histories have no baseline, and a note says so', async () => {
    const { work, hashes } = withRemote(root, 'unrelated', 2);
    const store = await openGit(work);
    await record(store, hashes[0] ?? '');
    git(work, ['checkout', '--quiet', '--orphan', 'island']);
    expect(reasonIn(await findAt(store, commit(work), 'main'))).toContain('have no common ancestor');
  });

  test('a name no one knows, or that looks like an option, is an error', async () => {
    const { work, hashes } = withRemote(root, 'unknown', 1);
    const store = await openGit(work);
    await record(store, hashes[0] ?? '');
    for (const name of ['no-such-branch', '--all']) {
      await expect(foundAt(store, 'HEAD', name)).rejects.toThrow(`the remote origin has no branch "${name}"`);
    }
    await expect(foundAt(store, '0'.repeat(39).concat('1'))).rejects.toThrow(
      'neither the repository nor its remote has this commit',
    );
    await expect(foundAt(store, 'a1b2c3d')).rejects.toThrow('looks like the start of a hash');
  });
});

describe('a shallow clone deepens itself', () => {
  const clone = (remote: string, name: string, ...more: string[]) => {
    const folder = join(root, name);
    git(root, ['clone', '--quiet', '--depth=1', ...more, `file://${remote}`, folder]);
    return folder;
  };
  const depth = (folder: string) => Number(git(folder, ['rev-list', '--count', 'HEAD']));

  test('as far as the nearest record and not to the beginning; refs stay', async () => {
    const { remote, work, hashes } = withRemote(root, 'deep', 400);
    await record(await openGit(work), hashes[340] ?? '');
    await record(await openGit(work), hashes[3] ?? '');
    const shallow = clone(remote, 'deep-clone');
    const refs = git(shallow, ['for-each-ref']);
    expect(depth(shallow)).toBe(1);
    const store = await openGit(shallow);
    expect(await foundAt(store, 'HEAD')).toEqual([hashes[340]]);
    expect(depth(shallow)).toBeGreaterThan(59);
    expect(depth(shallow)).toBeLessThan(300);
    expect(git(shallow, ['for-each-ref', 'refs/heads', 'refs/remotes', 'refs/tags'])).toBe(refs);
    expect(existsSync(join(shallow, '.git', 'FETCH_HEAD'))).toBe(false);
    expect(await foundAt(await openGit(shallow, { window: 2 }), 'HEAD')).toEqual([hashes[340], hashes[3]]);
    await record(store, hashes[399] ?? '');
    expect(await store.list()).toHaveLength(3);
    git(shallow, ['fsck']);
  });

  test('to find a merge base, from the merge commit a pull request is checked out at', async () => {
    const { remote, work, hashes } = withRemote(root, 'pr', 120);
    await record(await openGit(work), hashes[30] ?? '');
    await record(await openGit(work), hashes[110] ?? '');
    git(work, ['checkout', '--quiet', '-b', 'feature', hashes[60] ?? '']);
    for (let i = 0; i < 70; i++) commit(work);
    const head = git(work, ['rev-parse', 'HEAD']);
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

  test('a shallow clone without a record in reach goes to the beginning, or says that it did not', async () => {
    const { remote, work, hashes } = withRemote(root, 'none-in-reach', 300);
    const store = await openGit(work);
    git(work, ['checkout', '--quiet', '-b', 'side', hashes[0] ?? '']);
    await record(store, commit(work));
    const shallow = clone(remote, 'none-clone');
    const found = reasonIn(await findAt(await openGit(shallow), 'HEAD'));
    expect(found).toContain('1 baseline(s) of suite "cifar10" are recorded');
    expect(found).not.toContain('shallow');
    expect(depth(shallow)).toBe(300);
    const cut = clone(remote, 'cut-clone');
    git(cut, ['remote', 'remove', 'origin']);
    const local = await openGit(cut);
    await record(local, hashes[0] ?? '');
    expect(reasonIn(await findAt(local, 'HEAD'))).toContain('The clone is shallow');
  });
});
