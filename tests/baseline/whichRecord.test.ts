import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitNamed } from '../../src/baseline/named.ts';
import { currentCommit } from '../../src/baseline/repository.ts';
import { commitsIn, compared, otherwise, reasonIn } from './foundIn.ts';
import { findAt, foundAt, openGit, record } from './gitStoreOf.ts';
import { commit, git, temporaryFolder, withRemote } from './realGit.ts';
import { sampleRecord } from './sampleRecord.ts';

const root = temporaryFolder();

describe("a run's own record", () => {
  test('is one of the same commit and the same predictions; another accepted at the commit counts', async () => {
    const { work, hashes } = withRemote(root, 'own', 2);
    const [a = '', b = ''] = hashes;
    const store = await openGit(work);
    await record(store, a);
    await record(store, b);
    const found = await findAt(store, b);
    expect(commitsIn(compared(found, 3))).toEqual([a]);
    expect(commitsIn(compared(found, 3, otherwise(1)))).toEqual([b, a]);
    // At its own commit alone: nothing to compare the accepted one with, and something for any other.
    const first = await findAt(store, a);
    expect(compared(first, 3)).toEqual({ kind: 'own', commit: a });
    expect(commitsIn(compared(first, 3, otherwise(1)))).toEqual([a]);
  });
});

describe('the base of a pull request is what the remote has now', () => {
  /** Main has been pushed to since this clone last fetched; a record stands before and after the pull request left it. */
  async function stale(name: string) {
    const { work, remote, hashes } = withRemote(root, name, 3);
    const [a = '', b = '', c = ''] = hashes;
    const store = await openGit(work);
    await record(store, a);
    await record(store, c);
    git(work, ['checkout', '--quiet', '-b', 'feature']);
    const head = commit(work);
    // The workspace was kept from a time when main was at its first commit.
    git(work, ['update-ref', 'refs/remotes/origin/main', a]);
    return { work, remote, store, head, a, b, c };
  }

  test('not the copy of some time ago', async () => {
    const { store, head, c } = await stale('tracking');
    expect(await foundAt(store, head, 'main')).toEqual([c]);
    expect(await foundAt(store, head, 'origin/main')).toEqual([c]);
    expect(await foundAt(store, head, 'refs/heads/main')).toEqual([c]);
  });

  test('not a tag and not a local branch of its name', async () => {
    const { work, store, head, a, c } = await stale('names');
    git(work, ['tag', 'main', a]);
    git(work, ['branch', '--force', 'main', a]);
    git(work, ['push', '--quiet', 'origin', 'refs/tags/main']);
    expect(await foundAt(store, head, 'main')).toEqual([c]);
    git(work, ['tag', 'only-a-tag', c]);
    git(work, ['push', '--quiet', 'origin', 'refs/tags/only-a-tag']);
    await expect(foundAt(store, head, 'only-a-tag')).rejects.toMatchObject({
      what: 'the remote origin has no branch "only-a-tag"',
      where: 'the base branch (--base)',
      fix: 'Name the branch that the change is to be merged into, as the remote calls it',
    });
  });

  test('but for a remote that cannot be asked: the copy, and that is told', async () => {
    const { openStore } = await import('../../src/baseline/openStore.ts');
    const { work, head, a } = await stale('offline');
    const options = { store: 'folder', path: join(root, 'offline-store'), branch: '', remote: '' } as const;
    const folder = await openStore(
      { ...options, keep: 9, window: 1, onMissing: 'pass' },
      { folder: work, suite: 'cifar10' },
    );
    await folder.record(sampleRecord({ commit: a }));
    git(work, ['remote', 'set-url', 'origin', join(root, 'gone.git')]);
    const found = await folder.find({ head, base: 'main' });
    expect(found.notes.join()).toMatch(/cannot be asked for branch main .* its copy here is taken/);
    expect(commitsIn(compared(found, 1))).toEqual([a]);
  });
});

describe('a commit is recorded in full', () => {
  test('one that only the remote has is fetched, and the clone stays complete', async () => {
    const { work, remote } = withRemote(root, 'complete', 2);
    const other = join(root, 'complete elsewhere');
    git(root, ['clone', '--quiet', remote, other]);
    const there = commit(other);
    git(other, ['push', '--quiet', 'origin', `${there}:refs/heads/there`]);
    expect(await commitNamed(work, there)).toBe(there);
    expect(git(work, ['rev-parse', '--is-shallow-repository'])).toBe('false');
    expect(git(work, ['rev-list', '--count', there])).toBe('3');
  });

  test('before the first commit there is none, and baselines that exist cannot be used', async () => {
    const { work } = withRemote(root, 'unborn', 1);
    const store = await openGit(work);
    git(work, ['checkout', '--quiet', '--orphan', 'new']);
    expect(await currentCommit(work)).toBeNull();
    expect(await store.find({ head: null, base: null })).toMatchObject({ kind: 'empty-suite' });
    await record(store, 'main');
    expect(reasonIn(await store.find({ head: null, base: null }))).toContain('the repository has no commit yet');
  });
});

describe('records that exist and cannot be used are no empty suite', () => {
  test('squashed or force-pushed history: how many there are, why none serves, and the way out', async () => {
    const { work, hashes } = withRemote(root, 'rewritten', 3);
    const store = await openGit(work);
    await record(store, hashes[2] ?? '');
    git(work, ['checkout', '--quiet', '--orphan', 'squashed']);
    const found = await findAt(store, commit(work));
    expect(reasonIn(found)).toMatch(
      new RegExp(
        `1 baseline\\(s\\) of suite "cifar10" are recorded \\(the last of ${hashes[2]?.slice(0, 12)}\\); none of them is of .* barlow baseline record`,
      ),
    );
  });

  test('a suite without any, where others have some: these are named', async () => {
    const { work, hashes } = withRemote(root, 'suites', 1);
    await record(await openGit(work), hashes[0] ?? '');
    const other = await openGit(work, { suite: 'cifar-10' });
    expect(await findAt(other, 'HEAD')).toEqual({ kind: 'empty-suite', others: ['cifar10'], notes: [] });
  });

  test('7,000 commits behind a clone of depth 1', async () => {
    const { remote, work, hashes } = withRemote(root, 'long', 7_000);
    await record(await openGit(work), hashes[0] ?? '');
    const shallow = join(root, 'long-clone');
    git(root, ['clone', '--quiet', '--depth=1', `file://${remote}`, shallow]);
    expect(await foundAt(await openGit(shallow), 'HEAD')).toEqual([hashes[0]]);
  }, 120_000);

  test('the keys of a config that git refuses to read are no repository without remotes', async () => {
    const { work } = withRemote(root, 'config', 1);
    const bin = join(root, 'bin');
    mkdirSync(bin);
    const real = git(root, ['--exec-path']);
    const shim = `#!/bin/sh\nfor a; do [ "$a" = config ] && kill -9 $$; done\nexec ${real}/git "$@"\n`;
    writeFileSync(join(bin, 'git'), shim, { mode: 0o755 });
    const path = process.env.PATH;
    process.env.PATH = `${bin}:${path}`;
    try {
      await expect(openGit(work)).rejects.toThrow('reading the configuration of git');
    } finally {
      process.env.PATH = path;
    }
  });
});

describe('what is kept', () => {
  test('what a branch would still be compared with, also where that has no record of its own', async () => {
    const { work, hashes } = withRemote(root, 'lines', 8);
    const [a = '', b = '', ...later] = hashes;
    const store = await openGit(work, { keep: 2 });
    git(work, ['checkout', '--quiet', '-b', 'release', a]);
    const released = commit(work);
    git(work, ['checkout', '--quiet', '-b', 'old-work', b]);
    const old = commit(work);
    git(work, ['push', '--quiet', 'origin', 'release', 'old-work']);
    for (const each of [a, released, b, ...later]) await record(store, each);
    const kept = (await store.list()).map((row) => row.commit);
    expect(kept).toEqual([later.at(-1), b, released]);
    expect(await foundAt(store, old)).toEqual([b]);
    // The branch goes, and with it the need.
    git(work, ['push', '--quiet', 'origin', ':old-work']);
    git(work, ['checkout', '--quiet', 'main']);
    git(work, ['branch', '--quiet', '-D', 'old-work']);
    const next = commit(work);
    git(work, ['push', '--quiet', 'origin', 'main']);
    await record(store, next);
    expect((await store.list()).map((row) => row.commit)).toEqual([next, released]);
    expect(reasonIn(await findAt(store, old))).toMatch(
      /that of .* was removed to keep no more than 2 \(baseline.keep\)/,
    );
  });

  test('in a clone of depth 1, too', async () => {
    const { remote, work, hashes } = withRemote(root, 'lines-shallow', 90);
    const full = await openGit(work, { keep: 2 });
    git(work, ['push', '--quiet', 'origin', `${hashes[3]}:refs/heads/release`]);
    for (const at of [2, 40, 80]) await record(full, hashes[at] ?? '');
    const shallow = join(root, 'lines-shallow-clone');
    git(root, ['clone', '--quiet', '--depth=1', `file://${remote}`, shallow]);
    await record(await openGit(shallow, { keep: 2 }), hashes[89] ?? '');
    expect((await full.list()).map((row) => row.commit)).toEqual([hashes[89], hashes[2]]);
  });
});
