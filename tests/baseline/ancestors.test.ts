import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nearestAncestors, obtain, recordsBuiltOn } from '../../src/baseline/ancestors.ts';
import { ancestorsIn, builtOnIn, commitNamed, hasCommit } from '../../src/baseline/named.ts';
import { findRepository } from '../../src/baseline/repository.ts';
import { commit, git, temporaryFolder, withRemote } from './realGit.ts';

const root = temporaryFolder();
let made = 0;

async function repositoryOf(folder: string) {
  const found = await findRepository(folder);
  if (found === null) throw new Error('it was made');
  return found;
}

/** A line of commits on main, oldest first, and a branch that left it at the third with one commit of its own. */
const line = withRemote(root, 'line', 420);
const { work, hashes } = line;
git(work, ['checkout', '--quiet', '-b', 'side', hashes[2]]);
const side = commit(work);
git(work, ['push', '--quiet', 'origin', 'side']);
git(work, ['checkout', '--quiet', 'main']);
const tip = hashes[419];

function cloned(...args: readonly string[]): string {
  const folder = join(root, `clone ${made++}`);
  git(root, ['clone', '--quiet', ...args, `file://${line.remote}`, folder]);
  return folder;
}
const depth = (folder: string, of = 'HEAD') => Number(git(folder, ['rev-list', '--count', of]));

async function near(
  folder: string,
  at: { head: string; base?: string | null },
  recorded: readonly string[],
  { count = 1, remote = 'origin' }: { count?: number; remote?: string | null } = {},
) {
  const repository = await repositoryOf(folder);
  return nearestAncestors(repository, remote, { base: null, ...at }, new Set(recorded), count);
}

describe('the nearest recorded ancestors', () => {
  test('as many as are asked for, nearest first, the commit itself included', async () => {
    const recorded = [hashes[1], hashes[4], hashes[9], hashes[20], side];
    const of = async (count: number) => near(work, { head: hashes[9] }, recorded, { count });
    expect(await of(1)).toEqual({ commits: [hashes[9]], notes: [], reasons: [] });
    expect((await of(2)).commits).toEqual([hashes[9], hashes[4]]);
    expect((await of(9)).commits).toEqual([hashes[9], hashes[4], hashes[1]]);
    // For a pull request, of where it left its branch.
    const pull = await near(work, { head: side, base: 'main' }, recorded, { count: 9 });
    expect(pull).toEqual({ commits: [hashes[1]], notes: [], reasons: [] });
  });

  test('or why there is none', async () => {
    const short = (hash: string) => hash.slice(0, 12);
    expect(await near(work, { head: hashes[9] }, [hashes[20]])).toEqual({
      ...{ commits: [], notes: [], reasons: [`none of them is of ${short(hashes[9])} or an ancestor of it`] },
    });
    expect((await near(work, { head: side, base: 'main' }, [side])).reasons).toEqual([
      `none of them is of where ${short(side)} left main, or before`,
    ]);
    expect((await near(work, { head: 'side', base: tip }, [side])).reasons).toEqual([
      `none of them is of where side left ${tip}, or before`,
    ]);
    const island = git(work, ['commit-tree', '-m', 'x', `${tip}^{tree}`]);
    expect(await near(work, { head: island, base: 'main' }, [island])).toEqual({
      ...{ commits: [], notes: [], reasons: [`${island} and main have no common ancestor`] },
    });
  });

  test('or that git failed to look, which is not that there is none', async () => {
    const repository = await repositoryOf(work);
    const failing = {
      ...repository,
      git: async (args: readonly string[]) =>
        args[0] === 'merge-base'
          ? { code: 128, stdout: Buffer.alloc(0), stderr: 'fatal: it failed', timedOut: false }
          : repository.git(args),
    };
    const near = nearestAncestors(failing, 'origin', { head: side, base: tip }, new Set([side]), 1);
    await expect(near).rejects.toMatchObject({
      ...{ what: 'git failed (fatal: it failed), while looking for the merge base', where: work },
    });
  });

  test('in a shallow clone, deepened by 50, then by 200 and so on, as far as the answer needs', async () => {
    const folder = cloned('--depth=1');
    const refs = git(folder, ['for-each-ref']);
    const steps: readonly (readonly [number, number])[] = [[419, 1], [410, 51], [369, 51], [368, 101], [218, 351], [0, 420]]; // biome-ignore format: a table
    for (const [at, reached] of steps) {
      expect(await near(folder, { head: tip }, [hashes[at]])).toEqual({
        commits: [hashes[at]],
        notes: [],
        reasons: [],
      });
      expect([at, depth(folder)]).toEqual([at, reached]);
    }
    expect(git(folder, ['for-each-ref'])).toBe(refs);
    expect(existsSync(join(folder, '.git', 'FETCH_HEAD'))).toBe(false);
    git(folder, ['fsck']);
    // To be sure of a second one that is none, all of it is needed.
    const other = cloned('--depth=1');
    expect(await near(other, { head: tip }, [hashes[410], side], { count: 2 })).toMatchObject({
      commits: [hashes[410]],
    });
    expect(depth(other)).toBe(420);
  });

  test('in a shallow clone where a pull request left its branch, both deepened until they meet', async () => {
    const folder = cloned('--depth=1', '--no-single-branch');
    const pull = await near(folder, { head: side, base: 'main' }, [hashes[1], hashes[9]], { count: 2 });
    expect(pull).toEqual({ commits: [hashes[1]], notes: [], reasons: [] });
  });

  test('in a shallow clone that has no remote, as far as it goes', async () => {
    const folder = cloned('--depth=5');
    const cut = 'The clone is shallow, and older commits were not searched';
    const alone = { remote: null };
    expect(await near(folder, { head: tip }, [hashes[416]], alone)).toEqual({
      commits: [hashes[416]],
      notes: [],
      reasons: [],
    });
    expect(await near(folder, { head: tip }, [hashes[416], hashes[9]], { ...alone, count: 2 })).toEqual({
      ...{ commits: [hashes[416]], notes: [`${cut}.`], reasons: [] },
    });
    expect(await near(folder, { head: tip }, [hashes[9]], alone)).toEqual({
      commits: [],
      notes: [`${cut}.`],
      reasons: [`none of them is of ${tip.slice(0, 12)} or an ancestor of it`, cut],
    });
  });
});

describe('a commit that the repository lacks', () => {
  const fix = 'Push it first, or fetch it (actions/checkout: fetch-depth: 0)';
  const what = 'neither the repository nor its remote has this commit';

  test('comes from the remote, alone into a shallow clone and with its history into a complete one', async () => {
    const shallow = cloned('--depth=1');
    expect(await obtain(await repositoryOf(shallow), 'origin', hashes[9])).toBe(hashes[9]);
    expect([depth(shallow, hashes[9]), depth(shallow)]).toEqual([1, 1]);
    const complete = cloned('--single-branch');
    expect(await obtain(await repositoryOf(complete), 'origin', side)).toBe(side);
    expect(git(complete, ['rev-parse', '--is-shallow-repository'])).toBe('false');
    expect(await hasCommit(cloned('--single-branch'), side)).toBe(true);
  });

  test('and its remote, too, is said', async () => {
    const repository = await repositoryOf(work);
    for (const name of ['1'.repeat(40), 'no-branch', '-x'])
      await expect(obtain(repository, 'origin', name)).rejects.toMatchObject({
        ...{ what, where: `commit ${JSON.stringify(name)}`, fix },
      });
    await expect(obtain(await repositoryOf(cloned('--single-branch')), null, side)).rejects.toMatchObject({ what });
    expect(await hasCommit(work, '1'.repeat(40))).toBe(false);
    expect(await hasCommit(work, tip)).toBe(true);
  });

  test('where its remote cannot be asked, that is said', async () => {
    const folder = cloned('--single-branch');
    git(folder, ['remote', 'set-url', 'origin', join(root, 'gone.git')]);
    await expect(obtain(await repositoryOf(folder), 'origin', side)).rejects.toMatchObject({
      what: expect.stringMatching(
        new RegExp(`^the remote cannot be reached \\(.+\\), while fetching the commit "${side}"$`),
      ),
      where: 'remote origin',
    });
  });

  test('by a name of the user’s', async () => {
    const folder = cloned('--single-branch');
    git(work, ['tag', '-a', 'v1', '-m', 'x', side]);
    git(work, ['push', '--quiet', 'origin', 'v1']);
    for (const name of ['side', 'v1', side, side.toUpperCase()]) expect(await commitNamed(folder, name)).toBe(side);
    for (const name of [hashes[418].slice(0, 8), 'HEAD~1', 'main^'])
      expect(await commitNamed(work, name)).toBe(hashes[418]);
    for (const name of ['sides', 'a1b2c3', 'abcdefa', '1234567', 'Model v1/final'])
      expect(await commitNamed(folder, name)).toBe(name);
    for (const name of ['a1b2c3d', 'A1B2C3D4']) {
      await expect(commitNamed(folder, name)).rejects.toMatchObject({
        what: `${JSON.stringify(name)} looks like the start of a hash, and the repository has no such commit`,
        where: '--commit',
        fix: 'Give the whole hash, or fetch the commit first (actions/checkout: fetch-depth: 0)',
      });
    }
    // Where nobody can be asked a name is a name, and a hash is none.
    git(folder, ['remote', 'set-url', 'origin', join(root, 'gone.git')]);
    expect(await commitNamed(folder, 'elsewhere')).toBe('elsewhere');
    expect(await hasCommit(folder, '1'.repeat(40))).toBe(false);
    git(folder, ['remote', 'remove', 'origin']);
    expect(await commitNamed(folder, 'elsewhere')).toBe('elsewhere');
    await expect(commitNamed(folder, '1'.repeat(40))).rejects.toMatchObject({ what });
  });
});

describe('the branch that a pull request is to be merged into', () => {
  const fix = 'Name the branch that the change is to be merged into, as the remote calls it';
  const where = 'the base branch (--base)';
  const from = (folder: string, base: string, remote: string | null = 'origin') =>
    near(folder, { head: tip, base }, hashes, { remote });

  test('is the remote’s, by its name, with the remote’s before it, or in full', async () => {
    for (const base of ['side', 'origin/side', 'refs/heads/side', side])
      expect(await from(work, base)).toEqual({ commits: [hashes[2]], notes: [], reasons: [] });
    git(work, ['push', '--quiet', 'origin', `${hashes[7]}:refs/heads/origin/side`]);
    // A branch that is called so in full comes first.
    expect((await from(work, 'origin/side')).commits).toEqual([hashes[7]]);
    git(work, ['push', '--quiet', 'origin', ':refs/heads/origin/side']);
    for (const base of ['none', '--all', 'refs/tags/side', 'upstream/side'])
      await expect(from(work, base)).rejects.toMatchObject({
        ...{ what: `the remote origin has no branch "${base}"`, where, fix },
      });
  });

  test('is the repository’s own where it has no remote', async () => {
    expect((await from(work, 'side', null)).commits).toEqual([hashes[2]]);
    await expect(from(work, 'none', null)).rejects.toMatchObject({
      ...{ what: 'the repository has no branch "none"', where, fix },
    });
  });

  test('is its copy where the remote cannot be asked, and that is noted', async () => {
    const folder = cloned();
    git(folder, ['remote', 'set-url', 'origin', join(root, 'gone.git')]);
    for (const base of ['side', 'origin/side']) {
      const { commits, notes } = await from(folder, base);
      expect(commits).toEqual([hashes[2]]);
      expect(notes).toEqual([
        expect.stringMatching(
          new RegExp(
            `^The remote cannot be asked for branch ${base} \\(the remote cannot be reached .+\\): its copy here is taken, ${side.slice(0, 12)}, which may be old\\.$`,
          ),
        ),
      ]);
    }
    expect((await from(folder, 'main')).commits).toEqual([tip]);
    await expect(from(folder, 'none')).rejects.toMatchObject({ where: 'remote origin' });
    git(folder, ['branch', 'mine', hashes[5]]);
    expect((await from(folder, 'mine')).commits).toEqual([hashes[5]]);
  });
});

describe('what some branch would be compared with', () => {
  const built = async (folder: string, recorded: readonly string[], remote: string | null = 'origin') => {
    const found = await recordsBuiltOn(await repositoryOf(folder), remote, new Set(recorded));
    return found && [...found].toSorted();
  };

  test('is the first record on every way back from a tip', async () => {
    const recorded = [hashes[1], hashes[2], hashes[3], hashes[9]];
    expect(await built(work, recorded)).toEqual([hashes[2], hashes[9]].toSorted());
    expect(await built(work, [side, hashes[1]])).toEqual([side, hashes[1]].toSorted());
    expect(await built(work, ['1'.repeat(40)])).toEqual([]);
    // Of the branches here where there is no remote, copies of a remote's among them.
    expect(await built(work, recorded, null)).toEqual([hashes[2], hashes[9]].toSorted());
    const copies = cloned();
    expect(await built(copies, recorded, null)).toEqual([hashes[2], hashes[9]].toSorted());
    const empty = join(root, 'empty');
    git(root, ['init', '--quiet', empty]);
    expect(await built(empty, recorded, null)).toEqual([]);
  });

  test('is looked for in what a shallow clone lacks, as far as 1,250 commits', async () => {
    const folder = cloned('--depth=1', '--single-branch');
    expect(await built(folder, [hashes[410], hashes[2]])).toEqual([hashes[2], hashes[410]].toSorted());
    // The other branch came with 50 commits at most, and main with 50 more than one.
    expect(depth(folder)).toBe(51);
    expect(await built(cloned('--depth=1'), [hashes[410]], null)).toBeNull();
    expect(await built(cloned('--depth=20'), [hashes[410]], null)).toEqual([hashes[410]]);
    expect(await built(folder, [hashes[0]])).toEqual([hashes[0]]);
  });

  test('is not known where the remote cannot be asked', async () => {
    const folder = cloned('--single-branch');
    git(folder, ['remote', 'set-url', 'origin', join(root, 'gone.git')]);
    await expect(built(folder, [hashes[2]])).rejects.toMatchObject({ where: 'remote origin' });
    rmSync(folder, { recursive: true });
  });
});

describe('names and commits beside one another', () => {
  test('those that are no commits are said where none of the commits serves', async () => {
    const repository = await repositoryOf(work);
    const of = (head: string | null, recorded: readonly string[], count = 1) =>
      ancestorsIn(repository, 'origin', { head, base: null }, recorded, count);
    const names = ['a', 'b', 'c', 'd'];
    const why = '4 of them are of names that are no commits here ("b", "c", "d")';
    expect(await of(tip, names)).toEqual({ commits: [], reasons: [why], notes: [] });
    expect(await of(hashes[1], [...names, side])).toEqual({
      ...{
        commits: [],
        notes: [],
        reasons: [`none of them is of ${hashes[1].slice(0, 12)} or an ancestor of it`, why],
      },
    });
    expect(await of(tip, ['a', hashes[4]])).toEqual({ commits: [hashes[4]], reasons: [], notes: [] });
    expect(await of(null, names)).toEqual({ commits: [], reasons: ['the repository has no commit yet'], notes: [] });
    expect(await of('x', ['a', hashes[4], 'b'], 2)).toEqual({
      ...{ commits: ['b', hashes[4]], reasons: [] },
      notes: ['"x" is no commit of the repository: it is compared with what was recorded last.'],
    });
    expect(await of('a', ['a', 'b'], 9)).toEqual({ commits: ['a', 'b'], reasons: [], notes: [] });
  });

  test('the last name and what branches need of the commits is kept', async () => {
    const repository = await repositoryOf(work);
    expect(await builtOnIn(repository, 'origin', ['a', hashes[2], 'b', hashes[1]])).toEqual(new Set([hashes[2], 'b']));
    expect(await builtOnIn(repository, 'origin', ['a', 'b'])).toEqual(new Set(['b']));
    const shallow = await repositoryOf(cloned('--depth=1'));
    expect(await builtOnIn(shallow, null, ['a', hashes[2]])).toBeNull();
  });
});
