import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compared, reasonIn } from './foundIn.ts';
import { branch, findAt, foundAt, openGit, record } from './gitStoreOf.ts';
import { commit, git, temporaryFolder, withRemote } from './realGit.ts';

const root = temporaryFolder();

describe('record, find, list, show, history', () => {
  let work = '';
  let remote = '';
  let hashes: string[] = [];
  beforeAll(async () => {
    ({ work, remote, hashes } = withRemote(root, 'plain', 6));
    const store = await openGit(work);
    for (const at of [0, 2]) await record(store, hashes[at] ?? '');
  });

  test('no branch yet: nothing found, and said', async () => {
    const store = await openGit(work, { branch: 'none-yet' });
    expect(await findAt(store, hashes[5] ?? '')).toEqual({ kind: 'empty-suite', others: [], notes: [] });
    expect(await store.list()).toEqual([]);
    expect(await store.history()).toEqual([]);
  });

  test('a plain commit is compared with its nearest ancestor, never with itself', async () => {
    const store = await openGit(work);
    const [a = '', b = '', c = '', d = ''] = hashes;
    expect(await foundAt(store, d)).toEqual([c]);
    expect(await foundAt(store, c)).toEqual([a]);
    expect(await foundAt(store, b)).toEqual([a]);
    expect(await foundAt(store, a)).toEqual([]);
    expect(compared(await findAt(store, a), 1)).toEqual({ kind: 'own', commit: a });
    const first = git(work, ['commit-tree', '-m', 'root', `${a}^{tree}`]);
    expect(reasonIn(await findAt(store, first))).toContain('2 baseline(s) of suite "cifar10" are recorded');
    expect(await foundAt(await openGit(work, { window: 5 }), d)).toEqual([c, a]);
    expect(git(remote, ['log', '--format=%an <%ae>', '-1', branch])).toBe('barlow-gate <barlow-gate@localhost>');
  });

  test('list is newest first, history oldest first, show takes hash, start of a hash and name', async () => {
    const store = await openGit(work);
    const [a = '', , c = ''] = hashes;
    expect((await store.list()).map((row) => row.commit)).toEqual([c, a]);
    const history = await store.history();
    expect(history.map((row) => row.commit)).toEqual([a, c]);
    expect(history[0]).toMatchObject({ checkpoint: 'candidate', images: 40, failures: 8, meanAler: 0.3125 });
    expect((await store.show(c)).commit).toBe(c);
    expect((await store.show(c.slice(0, 7))).commit).toBe(c);
    expect((await store.show('main~3')).commit).toBe(c);
    await expect(store.show('main')).rejects.toThrow(`Choose one of: ${c.slice(0, 12)}, ${a.slice(0, 12)}`);
    await expect(store.show('--help')).rejects.toThrow('no baseline of commit "--help"');
  });

  test('recorded again, a commit has the later record, once', async () => {
    const store = await openGit(work);
    const [, , c = ''] = hashes;
    await record(store, c, 'second');
    expect((await store.show(c)).checkpoint).toBe('second');
    expect(await store.list()).toHaveLength(2);
    expect(await store.history()).toHaveLength(2);
  });

  test('the same record twice makes one commit', async () => {
    const store = await openGit(work);
    const again = await store.show(hashes[2] ?? '');
    const before = git(remote, ['rev-parse', branch]);
    expect((await store.record(again)).revision).toBe(before);
    expect(git(remote, ['rev-parse', branch])).toBe(before);
  });
});

test('a branch with the layout of another version is neither read nor written', async () => {
  const { work, remote, hashes } = withRemote(root, 'layout', 2);
  await record(await openGit(work), hashes[0] ?? '');
  const other = join(root, 'layout-edit');
  git(root, ['clone', '--quiet', '-b', branch, remote, other]);
  renameSync(join(other, '.barlow-baselines-1'), join(other, '.barlow-baselines-2'));
  git(other, ['add', '--all']);
  commit(other, 'newer');
  git(other, ['push', '--quiet']);
  const message = 'layout of another barlow-gate (version 2; this one reads version 1)';
  await expect((await openGit(work)).list()).rejects.toThrow(message);
  await expect(record(await openGit(work), hashes[1] ?? '')).rejects.toThrow(message);
  expect(git(remote, ['log', '-1', '--format=%s', branch])).toBe('newer');
});
