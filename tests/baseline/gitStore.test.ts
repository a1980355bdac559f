import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { branch, foundAt, openGit, record } from './gitStoreOf.ts';
import { commit, git, temporaryFolder, withRemote } from './realGit.ts';
import { sampleRecord } from './sampleRecord.ts';

const root = temporaryFolder();

describe('record, find, list, show, history', () => {
  let work = '';
  let remote = '';
  let hashes: string[] = [];
  beforeAll(() => {
    ({ work, remote, hashes } = withRemote(root, 'plain', 6));
  });

  test('no branch yet: nothing found, and said', async () => {
    const store = await openGit(work);
    const { records, note } = await store.find({ head: hashes[5] ?? '', base: null });
    expect(records).toEqual([]);
    expect(note).toContain('No baseline of suite "cifar10" has been recorded yet');
    expect(await store.list()).toEqual([]);
    expect(await store.history()).toEqual([]);
  });

  test('a plain commit is compared with its nearest ancestor, never with itself', async () => {
    const store = await openGit(work);
    const [a = '', b = '', c = '', d = ''] = hashes;
    await record(store, a);
    await record(store, c);
    expect(await foundAt(store, d)).toEqual([c]);
    expect(await foundAt(store, c)).toEqual([a]);
    expect(await foundAt(store, b)).toEqual([a]);
    expect(await foundAt(store, a)).toEqual([]);
    expect((await store.find({ head: a, base: null })).note).toContain('2 baseline(s) are recorded, 0 of them');
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

  test('suites lie side by side, hostile names too', async () => {
    const names = [
      '../../etc',
      'CIFAR10',
      'con',
      '',
      'ä/ö\n\0',
      '-x',
      '.git',
      'a'.repeat(300),
      '.barlow-baselines.json',
    ];
    for (const suite of names) {
      const store = await openGit(work, { suite });
      await store.record(sampleRecord({ suite, commit: hashes[0] ?? '' }));
      expect((await store.show(hashes[0] ?? '')).suite).toBe(suite);
      expect(await store.list()).toHaveLength(1);
    }
    expect(await (await openGit(work)).list()).toHaveLength(2);
    const folders = git(remote, ['ls-tree', '-d', '--name-only', branch]).split('\n');
    expect(folders).toHaveLength(names.length + 1);
    for (const folder of folders) expect(folder).toMatch(/^[a-z0-9-]+$/);
    git(remote, ['fsck', '--strict']);
  });

  test('files lie under the revision that is returned, are pruned with their record, and can be attached without one', async () => {
    const store = await openGit(work, { suite: 'files', keep: 2 });
    const sheet = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 255]);
    const put = (hash: string, at: string) =>
      store.record(sampleRecord({ suite: 'files', commit: hash, createdAt: at }), [
        { name: 'sheet.png', bytes: sheet },
      ]);
    const [a = '', b = '', c = '', d = ''] = hashes;
    const { revision, paths } = await put(a, '2026-01-01T00:00:00Z');
    const [path = ''] = paths;
    expect(git(remote, ['cat-file', '-s', `${revision}:${path}`])).toBe('10');
    expect(git(remote, ['cat-file', 'blob', `${revision}:${path}`], { encoding: 'latin1' })).toContain('PNG\r\n');
    await store.attach(d, '2026-01-01T12:00:00Z', [{ name: 'pull.png', bytes: sheet }]);
    await put(b, '2026-01-02T00:00:00Z');
    await put(c, '2026-01-03T00:00:00Z');
    const left = git(remote, ['ls-tree', '-r', '--name-only', branch, 'files/']).split('\n');
    expect(left.filter((name) => name.endsWith('.png'))).toEqual([
      `files/files/20260101t120000000z-${d}/pull.png`,
      `files/files/20260102t000000000z-${b}/sheet.png`,
      `files/files/20260103t000000000z-${c}/sheet.png`,
    ]);
    expect(left.filter((name) => name.endsWith('.baseline'))).toEqual(
      [b, c].toSorted().map((hash) => `files/${hash}.baseline`),
    );
    expect((await store.history()).map((row) => row.commit)).toEqual([a, b, c]);
    expect((await store.list()).map((row) => row.commit)).toEqual([c, b]);
  });

  test('pruned to keep, and the branch begins anew so that what is pruned can be collected', async () => {
    const repository = withRemote(root, 'pruned', 12);
    const store = await openGit(repository.work, { keep: 3 });
    for (const hash of repository.hashes) await record(store, hash);
    expect((await store.list()).map((row) => row.commit)).toEqual(repository.hashes.slice(-3).toReversed());
    expect(await store.history()).toHaveLength(12);
    expect(Number(git(repository.remote, ['rev-list', '--count', branch]))).toBeLessThanOrEqual(6);
    const blobs = git(repository.remote, ['rev-list', '--objects', branch]).match(/[0-9a-f]{40}\.baseline/g) ?? [];
    expect(new Set(blobs).size).toBeLessThan(12);
    // A second clone that fetched earlier follows the branch over its new beginning.
    const clone = join(root, 'pruned-clone');
    git(root, ['clone', '--quiet', repository.remote, clone]);
    const other = await openGit(clone, { keep: 3 });
    for (let i = 0; i < 8; i++) {
      await record(i % 2 ? store : other, commit(repository.work));
      expect(await other.list()).toEqual(await store.list());
    }
  });

  test('a remote that forbids a new beginning has the branch grow on', async () => {
    const repository = withRemote(root, 'append-only', 6);
    git(repository.remote, ['config', 'receive.denyNonFastForwards', 'true']);
    const store = await openGit(repository.work, { keep: 1 });
    for (const hash of repository.hashes) await record(store, hash);
    expect(git(repository.remote, ['rev-list', '--count', branch])).toBe('6');
    expect((await store.list()).map((row) => row.commit)).toEqual(repository.hashes.slice(-1));
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
