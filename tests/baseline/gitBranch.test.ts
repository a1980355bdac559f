import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { branch, openGit, record } from './gitStoreOf.ts';
import { commit, git, temporaryFolder, withRemote } from './realGit.ts';
import { sampleRecord } from './sampleRecord.ts';

const root = temporaryFolder();

describe('what the branch holds', () => {
  let work = '';
  let remote = '';
  let hashes: string[] = [];
  beforeAll(() => {
    ({ work, remote, hashes } = withRemote(root, 'plain', 4));
  });

  test('suites lie side by side, hostile names too', async () => {
    const names = ['../../etc', 'CIFAR10', '', 'ä/ö\n\0', '-x', 'a'.repeat(300)];
    for (const suite of names) {
      const store = await openGit(work, { suite });
      await store.record(sampleRecord({ suite, commit: hashes[0] ?? '' }));
      expect((await store.show(hashes[0] ?? '')).suite).toBe(suite);
      expect(await store.list()).toHaveLength(1);
    }
    const folders = git(remote, ['ls-tree', '-d', '--name-only', branch]).split('\n');
    expect(folders).toHaveLength(names.length);
    for (const folder of folders) expect(folder).toMatch(/^[a-z0-9-]+$/);
    git(remote, ['fsck', '--strict']);
  });

  test('files lie under the revision that is returned, are pruned with their record, and can be attached without one', async () => {
    const store = await openGit(work, { suite: 'files', keep: 2 });
    const sheet = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 255]);
    const put = (hash: string, at: string) =>
      store.record(sampleRecord({ suite: 'files', commit: hash, createdAt: at }), {
        files: [{ name: 'sheet.png', bytes: sheet }],
      });
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

  test('pruned to keep, and the branch starts over so that what is pruned can be collected', async () => {
    const repository = withRemote(root, 'pruned', 6);
    const store = await openGit(repository.work, { keep: 2 });
    for (const hash of repository.hashes) await record(store, hash);
    expect((await store.list()).map((row) => row.commit)).toEqual(repository.hashes.slice(-2).toReversed());
    expect(await store.history()).toHaveLength(6);
    expect(Number(git(repository.remote, ['rev-list', '--count', branch]))).toBeLessThanOrEqual(4);
    const blobs = git(repository.remote, ['rev-list', '--objects', branch]).match(/[0-9a-f]{40}\.baseline/g) ?? [];
    expect(new Set(blobs).size).toBeLessThan(6);
    // A second clone that fetched earlier follows the branch over its new beginning.
    const clone = join(root, 'pruned-clone');
    git(root, ['clone', '--quiet', repository.remote, clone]);
    const other = await openGit(clone, { keep: 2 });
    for (let i = 0; i < 5; i++) {
      await record(i % 2 ? store : other, commit(repository.work));
      expect(await other.list()).toEqual(await store.list());
    }
  });

  test('a remote that forbids a new beginning has the branch grow on', async () => {
    const repository = withRemote(root, 'append-only', 4);
    git(repository.remote, ['config', 'receive.denyNonFastForwards', 'true']);
    const store = await openGit(repository.work, { keep: 1 });
    for (const hash of repository.hashes) await record(store, hash);
    expect(git(repository.remote, ['rev-list', '--count', branch])).toBe('4');
    expect((await store.list()).map((row) => row.commit)).toEqual(repository.hashes.slice(-1));
  });
});
