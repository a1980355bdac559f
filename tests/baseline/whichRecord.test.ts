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
  test('whatever it is called by: short, upper case, branch, tag, HEAD, a branch that only the remote has', async () => {
    const { work, hashes } = withRemote(root, 'called', 3);
    const [, b = '', c = ''] = hashes;
    git(work, ['tag', '-a', 'v1', '-m', 'one', b]);
    git(work, ['push', '--quiet', 'origin', `${b}:refs/heads/elsewhere`]);
    for (const name of [b, b.slice(0, 8), b.toUpperCase(), 'v1', 'HEAD~1', 'elsewhere']) {
      expect(await commitNamed(work, name)).toBe(b);
    }
    expect(await commitNamed(work, 'HEAD')).toBe(c);
    expect(await commitNamed(work, 'main')).toBe(c);
    expect(await commitNamed(work, 'Model v1/final')).toBe('Model v1/final');
    await expect(commitNamed(work, '0'.repeat(40))).rejects.toThrow(
      'neither the repository nor its remote has this commit',
    );
  });

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

  test('names that are no commits follow each other as they were recorded', async () => {
    const { work } = withRemote(root, 'labels', 1);
    const store = await openGit(work);
    for (const name of ['model 2', 'model 1']) await record(store, name);
    expect(await foundAt(store, 'model 3')).toEqual(['model 1']);
    expect((await findAt(store, 'model 3')).notes.join()).toContain('"model 3" is no commit of the repository');
    expect(reasonIn(await findAt(store, 'HEAD'))).toMatch(
      /2 of them are of names that are no commits here \("model 2", "model 1"\)/,
    );
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
  test('the newest by the order of recording, whatever the clock said', async () => {
    const { work, hashes } = withRemote(root, 'clock', 5);
    const store = await openGit(work, { keep: 2 });
    const years = ['2099', '2026', '2001', '2031', '2026'];
    for (const [i, hash] of hashes.entries()) {
      await store.record(sampleRecord({ commit: hash, createdAt: `${years[i]}-01-01T00:00:00Z` }));
      expect((await store.list())[0]?.commit).toBe(hash);
    }
    expect((await store.list()).map((row) => row.commit)).toEqual([hashes[4], hashes[3]]);
    expect((await store.history()).map((row) => [row.sequence, row.pruned])).toEqual([
      ...[1, 2, 3].map((at) => [at, true]),
      ...[4, 5].map((at) => [at, false]),
    ]);
  });

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

describe('another checkpoint at a commit that has one', () => {
  test('is refused unless told to replace; a replica goes beside it', async () => {
    const { work, hashes } = withRemote(root, 'replace', 2);
    const [a = '', b = ''] = hashes;
    const store = await openGit(work, { window: 3 });
    const replica = (checkpoint: string, count: number, replaced = {}) =>
      store.record(otherwise(count, { commit: a, checkpoint, replica: true }), replaced);
    await expect(replica('seed 1', 1)).rejects.toThrow('goes beside the accepted checkpoint of its commit');
    await record(store, a);
    await expect(store.record(otherwise(1, { commit: a, checkpoint: 'other' }))).rejects.toThrow(
      /"candidate" is recorded at .* already, and "other" predicts otherwise.*--replace.*--replica/,
    );
    await replica('seed 1', 1);
    await replica('seed 2', 2);
    await replica('seed 2', 2);
    await expect(replica('seed 2', 3)).rejects.toThrow('predicts otherwise');
    await replica('seed 2', 3, { replace: true });
    const [row] = await store.list();
    expect(row?.replicas).toHaveLength(2);
    const found = compared(await findAt(store, b), 3);
    expect(found.kind === 'found' && found.records.map(({ checkpoint, replica: is }) => [checkpoint, is])).toEqual([
      ['candidate', false],
      ['seed 1', true],
      ['seed 2', true],
    ]);
    await store.record(otherwise(1, { commit: a, checkpoint: 'other' }), { replace: true });
    expect((await store.show(a)).checkpoint).toBe('other');
  });

  test('of another config is another suite of the same name, and never recorded', async () => {
    const { work, hashes } = withRemote(root, 'twins', 1);
    const [a = ''] = hashes;
    const store = await openGit(work);
    await store.record(sampleRecord({ commit: a, config: 'a/barlow.yml' }));
    const twin = otherwise(5, { commit: a, config: 'b/barlow.yml' });
    for (const replace of [false, true]) {
      await expect(store.record(twin, { replace })).rejects.toThrow('two suites have the name "cifar10"');
    }
    expect((await store.show(a)).config).toBe('a/barlow.yml');
  });
});
