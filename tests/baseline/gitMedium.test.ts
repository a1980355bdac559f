import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openGitMedium } from '../../src/baseline/gitMedium.ts';
import type { Change } from '../../src/baseline/medium.ts';
import { openStore } from '../../src/baseline/openStore.ts';
import { currentCommit, findRepository, localRef, placeOf } from '../../src/baseline/repository.ts';
import { commit, git, temporaryFolder, withRemote } from './realGit.ts';

const root = temporaryFolder();
let made = 0;

/** A repository without a remote, and a medium in its branch `b`. */
async function local(keep = 50) {
  const folder = join(root, `local ${made++}`);
  git(root, ['init', '--quiet', '-b', 'main', folder]);
  const repository = await findRepository(folder);
  if (repository === null) throw new Error('it was made');
  const open = (branch = 'b', remote = 'origin') =>
    openGitMedium(repository, { branch, remote, keep, folder: 'suite' });
  return { folder, repository, open, medium: await open() };
}

const nothing = async () => ({ files: new Map<string, Uint8Array>(), remove: [] });
function putting(files: Readonly<Record<string, string>>, remove: readonly string[] = []): Change {
  const bytes = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  return { message: 'a change', files: async () => bytes, tidy: async () => ({ files: new Map(), remove }) };
}
const shown = (folder: string, path: string) => git(folder, ['cat-file', 'blob', `b:${path}`]);
const paths = (folder: string) => git(folder, ['ls-tree', '-r', '--name-only', 'b']).split('\n');

/** Puts a tree of git's own making on the branch: mode, type, object and path of each entry of one folder. */
function planted(
  folder: string,
  entries: readonly (readonly [mode: string, text: string, name: string])[],
  marked = true,
) {
  const blob = (text: string) => git(folder, ['hash-object', '-w', '--stdin'], { input: text });
  const tree = (lines: readonly string[]) =>
    git(folder, ['mktree'], { input: lines.map((each) => `${each}\n`).join('') });
  const inner = tree(entries.map(([mode, text, name]) => `${mode} blob ${blob(text)}\t${name}`));
  const outer = tree([
    ...(marked ? [`100644 blob ${blob('x')}\t.barlow-baselines-1`] : []),
    `040000 tree ${inner}\tsuite`,
  ]);
  const tip = git(folder, ['commit-tree', '-m', 'planted', outer], {
    env: { GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z' },
  });
  git(folder, ['update-ref', 'refs/heads/b', tip]);
  return tip;
}

describe('a branch that keeps baselines', () => {
  test('holds what was put, under a mark and the tool’s name, one commit a change', async () => {
    const { folder, medium } = await local();
    expect((await medium.snapshot()).paths).toEqual([]);
    expect(await medium.suites()).toEqual([]);
    expect(await medium.builtOn(['x', 'y'])).toEqual(new Set(['y']));
    const first = await medium.update(putting({ 'a.baseline': 'one', 'history/a.json': 'two' }));
    expect(first).toBe(git(folder, ['rev-parse', 'b']));
    expect(paths(folder)).toEqual(['.barlow-baselines-1', 'suite/a.baseline', 'suite/history/a.json']);
    expect(shown(folder, '.barlow-baselines-1')).toBe(
      'Baselines of barlow-gate, one folder per suite. Written by the tool; delete the branch to start over.',
    );
    expect(git(folder, ['log', '--format=%an %ae %s', 'b'])).toBe('barlow-gate barlow-gate@localhost a change');
    expect(git(folder, ['reflog', '--format=%gs', 'b'])).toBe('barlow-gate: record');
    // The same again changes nothing.
    expect(await medium.update(putting({ 'a.baseline': 'one' }))).toBe(first);
    const second = await medium.update(
      putting({ 'history/a.json': 'two', 'b.baseline': 'three' }, ['a.baseline', 'none']),
    );
    expect(git(folder, ['rev-parse', 'b', 'b^']).split('\n')).toEqual([second, first]);
    const snapshot = await medium.snapshot();
    expect(snapshot.paths).toEqual(['b.baseline', 'history/a.json']);
    expect((await snapshot.read(['history/a.json', 'b.baseline'])).map(String)).toEqual(['two', 'three']);
    await expect(snapshot.read(['a.baseline'])).rejects.toThrow('not in the branch: a.baseline');
    expect(await medium.suites()).toEqual(['suite']);
  });

  test('gives the change what is there, and its tidying what is there then', async () => {
    const { medium } = await local();
    await medium.update(putting({ old: 'x' }));
    const seen: (readonly string[])[] = [];
    await medium.update({
      message: 'm',
      files: async (before) => {
        seen.push(before.paths);
        return new Map([['new', Buffer.from('y')]]);
      },
      tidy: async (after) => {
        seen.push(after.paths, (await after.read(['new', 'old'])).map(String));
        return { files: new Map([['more', Buffer.from('z')]]), remove: ['old'] };
      },
    });
    expect(seen).toEqual([['old'], ['old', 'new'], ['y', 'x']]);
    expect((await medium.snapshot()).paths.toSorted()).toEqual(['more', 'new']);
  });

  test('takes a change again on top of a writer that came first', async () => {
    const { folder, repository, medium } = await local();
    const other = await openGitMedium(repository, { branch: 'b', remote: 'origin', keep: 50, folder: 'other' });
    let calls = 0;
    await medium.update({
      message: 'm',
      files: async () => {
        calls += 1;
        if (calls < 3) await other.update(putting({ [`${calls}`]: 'x' }));
        return new Map([['mine', Buffer.from('y')]]);
      },
      tidy: nothing,
    });
    expect(calls).toBe(3);
    expect(paths(folder)).toEqual(['.barlow-baselines-1', 'other/1', 'other/2', 'suite/mine']);
    expect(await medium.suites()).toEqual([]);
  });

  test('starts over after twice as many commits as baselines are kept', async () => {
    const { folder, medium } = await local(1);
    const lengths: number[] = [];
    for (let at = 0; at < 5; at++) {
      await medium.update(putting({ [`${at}`]: 'x' }));
      lengths.push(Number(git(folder, ['rev-list', '--count', 'b'])));
    }
    expect(lengths).toEqual([1, 2, 1, 2, 1]);
    expect((await medium.snapshot()).paths).toEqual(['0', '1', '2', '3', '4']);
  });

  test('is told by its name, and that of its remote', async () => {
    const { medium } = await local();
    expect([medium.folder, medium.where('a')]).toEqual(['suite', 'suite/a on branch b']);
    expect(medium.fixDamaged('a')).toBe(
      'Restore the branch from one of its earlier commits, or remove this file from it, then record the baseline again',
    );
    const { work, hashes } = withRemote(root, 'told', 2);
    const repository = await findRepository(work);
    if (repository === null) throw new Error('it was made');
    const options = { branch: 'b', remote: 'origin', keep: 5, folder: 'suite' };
    // A branch here of its name is the user's, checked out or not.
    git(work, ['checkout', '--quiet', '-b', 'b']);
    const remote = await openGitMedium(repository, options);
    expect(remote.where('a')).toBe('suite/a on branch b of origin');
    expect(await remote.resolve('main~1')).toBe(hashes[0]);
    expect(await remote.resolve('none')).toBeNull();
    const revision = await remote.update(putting({ a: 'x' }));
    expect(git(`${work}.git`, ['rev-parse', 'b'])).toBe(revision);
    expect(git(work, ['for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads']).split('\n')).toEqual(
      ['b', 'main'].map((name) => `refs/heads/${name} ${hashes[1]}`),
    );
    // What another clone has pushed is fetched to a ref of our own.
    const clone = join(root, 'told clone');
    git(root, ['clone', '--quiet', '--single-branch', `file://${work}.git`, clone]);
    const second = await findRepository(clone);
    if (second === null) throw new Error('it was made');
    expect((await (await openGitMedium(second, options)).snapshot()).paths).toEqual(['a']);
    expect(git(clone, ['for-each-ref', '--format=%(refname) %(objectname)', 'refs/barlow'])).toBe(
      `refs/barlow/origin/b ${revision}`,
    );
  });
});

describe('a branch that is not written', () => {
  test('is called as none may be, or as an option', async () => {
    const { open } = await local();
    for (const name of ['-x', '--upload-pack=touch x', 'HEAD', 'a b', '', 'x.lock', '@{u}', '*', 'a\n']) {
      await expect(open(name)).rejects.toMatchObject({
        what: `${JSON.stringify(name)} is no name for a branch`,
        ...{ where: 'baseline.branch', fix: 'Choose a name such as barlow-baselines' },
      });
    }
  });

  test('holds something else, or the layout of another version', async () => {
    const { folder, repository, medium } = await local();
    const where = 'branch b';
    planted(folder, [['100644', 'x', 'a']], false);
    const foreign = {
      what: 'the branch exists and holds something else: it has no file .barlow-baselines-1',
      ...{ where, fix: 'Choose a branch that does not exist yet with baseline.branch' },
    };
    await expect(medium.snapshot()).rejects.toMatchObject(foreign);
    await expect(medium.update(putting({ a: 'y' }))).rejects.toMatchObject(foreign);
    const withMark = (name: string) => {
      const tree = git(folder, ['mktree'], {
        input: `100644 blob ${git(folder, ['rev-parse', 'b:suite/a'])}\t${name}\n`,
      });
      const tip = git(folder, ['commit-tree', '-m', 'x', tree]);
      git(folder, ['update-ref', 'refs/heads/c', tip]);
    };
    const other = await openGitMedium(repository, { branch: 'c', remote: '', keep: 1, folder: 'suite' });
    withMark('.barlow-baselines-12');
    await expect(other.snapshot()).rejects.toMatchObject({
      what: 'the branch has the layout of another barlow-gate (version 12; this one reads version 1)',
      ...{ where: 'branch c', fix: 'Use the version of barlow-gate that wrote it, or a newer one' },
    });
    for (const name of ['.barlow-baselines-x', 'x.barlow-baselines-2', '.barlow-baselines-2x', 'xbarlow-baselines-2']) {
      withMark(name);
      await expect(other.snapshot()).rejects.toMatchObject({ what: foreign.what });
    }
  });

  test('is checked out', async () => {
    const { folder, medium } = await local();
    await medium.update(putting({ a: 'x' }));
    git(folder, ['checkout', '--quiet', 'b']);
    await expect(medium.update(putting({ a: 'y' }))).rejects.toMatchObject({
      what: `the branch is checked out in ${git(folder, ['rev-parse', '--show-toplevel'])}, and its files there would be out of step`,
      ...{ where: 'branch b', fix: 'Check out another branch, or choose another with baseline.branch' },
    });
    // It is read all the same.
    expect((await medium.snapshot()).paths).toEqual(['a']);
  });

  test('is damaged', async () => {
    const { folder, medium } = await local();
    await medium.update(putting({ a: 'x' }));
    const tip = git(folder, ['rev-parse', 'b']);
    const tree = git(folder, ['rev-parse', 'b:suite']);
    const file = join(folder, '.git', 'objects', tree.slice(0, 2), tree.slice(2));
    writeFileSync(`${file}.new`, 'garbage');
    renameSync(`${file}.new`, file);
    await expect(medium.snapshot()).rejects.toMatchObject({
      what: `the commit ${tip.slice(0, 12)} of the branch cannot be read: it or a folder of it is damaged or missing`,
      where: 'branch b',
      fix: 'Run git fsck, and restore the branch from another clone, or delete it to start over',
    });
  });
});

test('a lock that a killed git left on the remote is named', async () => {
  const { work, remote } = withRemote(root, 'locked', 1);
  const repository = await findRepository(work);
  if (repository === null) throw new Error('it was made');
  const medium = await openGitMedium(repository, { branch: 'b', remote: 'origin', keep: 5, folder: 'suite' });
  const lock = join(remote, 'refs', 'heads', 'b.lock');
  writeFileSync(lock, '');
  let calls = 0;
  const change = putting({ a: 'x' });
  const counted = {
    ...change,
    files: (before: Parameters<Change['files']>[0]) => {
      calls += 1;
      return change.files(before);
    },
  };
  await expect(medium.update(counted)).rejects.toMatchObject({
    what: expect.stringMatching(/^a lock is in the way \(.*b\.lock.*\), while recording the baseline$/),
    where: 'branch b of origin',
  });
  // Six tries in which nothing moves.
  expect(calls).toBe(6);
  rmSync(lock);
  await medium.update(change);
  expect((await medium.snapshot()).paths).toEqual(['a']);
});

describe('a link in the branch', () => {
  const link = '120000';

  test('leads to a file, over other links, in whatever folder', async () => {
    const { folder, medium } = await local();
    planted(folder, [
      ['100644', 'text', 'file'],
      [link, 'file', 'l0'],
      ...Array.from({ length: 9 }, (_, at) => [link, `../suite/l${at}`, `l${at + 1}`] as const),
      [link, './l9', 'l99'],
    ]);
    const { read } = await medium.snapshot();
    expect((await read(['l0', 'l9'])).map(String)).toEqual(['text', 'text']);
    // Ten links are followed, and no more.
    await expect(read(['l99'])).rejects.toMatchObject({
      what: 'a link leads to no file of the branch',
      ...{ where: 'suite/l0 on branch b', fix: 'Put the file itself in its place' },
    });
  });

  test('that leads nowhere, to itself, to a folder or out of the branch is said', async () => {
    const { folder, medium } = await local();
    planted(folder, [
      [link, 'none', 'nowhere'],
      [link, 'self', 'self'],
      [link, '../suite', 'folder'],
      [link, '../../x', 'out'],
    ]);
    const { read } = await medium.snapshot();
    for (const [
      name,
      at,
    ] of [['nowhere', 'suite/none'], ['self', 'suite/self'], ['folder', 'suite'], ['out', '../x']] as const) // biome-ignore format: a table
      await expect(read([name])).rejects.toMatchObject({
        ...{ what: 'a link leads to no file of the branch', where: `${at} on branch b` },
      });
  });
});

describe('a repository', () => {
  test('is needed for a branch', async () => {
    const options = { store: 'git', branch: 'b', remote: 'origin', keep: 1, window: 1, onMissing: 'pass' } as const;
    await expect(openStore(options, { folder: root, suite: 'x' })).rejects.toMatchObject({
      what: 'baselines are to be kept in a git branch, but this is not in a git repository',
      ...{ where: root, fix: 'Run inside a git repository, or set baseline.store to folder' },
    });
    const none = join(root, 'none');
    await expect(openStore(options, { folder: none, suite: 'x' })).rejects.toMatchObject({
      ...{ what: 'there is no such folder', where: none, fix: 'Check the path' },
    });
  });

  test('has a commit at HEAD, none yet, or one that is damaged', async () => {
    const { folder, repository } = await local();
    expect(await currentCommit(root)).toBeNull();
    expect(await currentCommit(folder)).toBeNull();
    const first = commit(folder);
    expect(await currentCommit(folder)).toBe(first);
    const damaged = {
      what: 'HEAD names a commit that is missing or damaged',
      ...{ where: folder, fix: 'Run git fsck, and fetch what is missing or clone again' },
    };
    writeFileSync(join(folder, '.git', 'HEAD'), `${'1'.repeat(40)}\n`);
    await expect(currentCommit(folder)).rejects.toMatchObject(damaged);
    git(folder, ['symbolic-ref', 'HEAD', 'refs/heads/none']);
    expect(await currentCommit(folder)).toBeNull();
    git(folder, ['symbolic-ref', 'HEAD', 'refs/heads/main']);
    writeFileSync(join(folder, '.git', 'refs', 'heads', 'main'), `${'1'.repeat(40)}\n`);
    await expect(currentCommit(folder)).rejects.toMatchObject(damaged);
    await expect(localRef(repository, 'refs/heads/main')).rejects.toMatchObject({
      what: 'the ref refs/heads/main is damaged, or the commit that it names is missing',
      where: folder,
      fix: 'Restore it from its reflog or another clone, or delete it: git update-ref -d refs/heads/main',
    });
    writeFileSync(join(folder, '.git', 'refs', 'heads', 'main'), '');
    await expect(localRef(repository, 'refs/heads/main')).rejects.toThrow('is damaged');
    // Git cannot tell its branch then.
    await expect(currentCommit(folder)).rejects.toMatchObject(damaged);
  });

  test('whose git folder is gone is no folder outside of any', async () => {
    const folder = join(root, 'gone');
    git(root, ['init', '--quiet', folder]);
    rmSync(join(folder, '.git'), { recursive: true });
    writeFileSync(join(folder, '.git'), 'gitdir: ../nowhere\n');
    await expect(findRepository(folder)).rejects.toMatchObject({
      what: expect.stringMatching(/, while looking for the repository$/),
      where: folder,
    });
    await expect(placeOf(join(folder, 'x'))).rejects.toMatchObject({ where: folder });
  });

  test('says whether it is partial, and what is set up for ssh is kept', async () => {
    const { folder, repository } = await local();
    expect(repository.network).toEqual({ env: { GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' }, limit: 300_000 });
    const of = async (key: string, value: string) => {
      git(folder, ['config', key, value]);
      const found = await findRepository(folder);
      git(folder, ['config', '--unset', key]);
      return [found?.partial, found?.network.env, found?.remotes];
    };
    const asked = { GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' };
    expect(await of('remote.a.b.promisor', 'true')).toEqual([true, asked, []]);
    expect(await of('remote.a.partialclonefilter', 'blob:none')).toEqual([true, asked, []]);
    expect(await of('remote.a.b.url', 'x')).toEqual([false, asked, ['a.b']]);
    expect(await of('remote.a.pushurl', 'x')).toEqual([false, asked, []]);
    expect(await of('core.sshCommand', 'ssh -v')).toEqual([false, {}, []]);
    for (const name of ['GIT_SSH', 'GIT_SSH_COMMAND']) {
      const before = process.env[name];
      process.env[name] = 'my-ssh';
      try {
        expect((await findRepository(folder))?.network.env).toEqual({});
      } finally {
        if (before === undefined) delete process.env[name];
        else process.env[name] = before;
      }
    }
    await expect(repository.must(['cat-file', '-t', '1'.repeat(40)], 'looking')).rejects.toMatchObject({
      ...{ what: expect.stringMatching(/, while looking$/), where: folder },
    });
    expect(await repository.text(['rev-parse', '--is-bare-repository'], 'looking')).toBe('false');
  });
});
