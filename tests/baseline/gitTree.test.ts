import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { completeTree, listTree, readBlobs, writeBlob, writeTree } from '../../src/baseline/gitTree.ts';
import {
  commitOf,
  findRepository,
  localRef,
  remoteRef,
  remoteRefs,
  shallowBoundary,
} from '../../src/baseline/repository.ts';
import { git, temporaryFolder, withRemote } from './realGit.ts';

const root = temporaryFolder();
const { work, hashes } = withRemote(root, 'trees', 2);

async function repository() {
  const found = await findRepository(work);
  if (found === null) throw new Error('it was made');
  return found;
}

describe('trees without an index', () => {
  /** What git says of a tree: paths with the texts of their files. */
  const texts = (tree: string) =>
    Object.fromEntries(
      git(work, ['ls-tree', '-r', '--name-only', tree])
        .split('\n')
        .filter((path) => path !== '')
        .map((path) => [path, git(work, ['cat-file', 'blob', `${tree}:${path}`])]),
    );
  const listing = async (tree: string) => {
    const commit = git(work, ['commit-tree', '-m', 'x', tree], { env: { GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z' } });
    const listed = await listTree(await repository(), commit);
    if (listed === null) throw new Error('it is there');
    return listed;
  };

  test('files are put and removed at any depth, and empty folders go', async () => {
    const here = await repository();
    const blob = async (text: string) => writeBlob(here, Buffer.from(text));
    const first = await writeTree(
      here,
      new Map(),
      new Map([
        ['a', await blob('one')],
        ['b/c', await blob('two')],
        ['b/d/e', await blob('three')],
        ['b/d/f/g', await blob('four')],
        ['h/i', await blob('five')],
      ]),
    );
    expect(texts(first)).toEqual({ a: 'one', 'b/c': 'two', 'b/d/e': 'three', 'b/d/f/g': 'four', 'h/i': 'five' });
    const second = await writeTree(
      here,
      await listing(first),
      new Map([
        ['b/d/e', null],
        ['b/d/f/g', null],
        ['b/c', await blob('other')],
        ['none', null],
      ]),
    );
    expect(texts(second)).toEqual({ a: 'one', 'b/c': 'other', 'h/i': 'five' });
    // As git itself would write it: no empty folder is left in it.
    expect(git(work, ['ls-tree', '-r', '-t', '--name-only', second]).split('\n')).toEqual([
      'a',
      'b',
      'b/c',
      'h',
      'h/i',
    ]);
    expect(git(work, ['rev-parse', `${second}:h`])).toBe(git(work, ['rev-parse', `${first}:h`]));
    const all = new Map([...(await listing(second)).keys()].map((path) => [path, null]));
    expect(texts(await writeTree(here, await listing(second), all))).toEqual({});
  });

  test('names keep their bytes, and what is no file keeps its mode', async () => {
    const here = await repository();
    const oid = await writeBlob(here, Buffer.from('x'));
    const link = { mode: '120000', type: 'blob', oid };
    const tree = await writeTree(
      here,
      new Map([['link', link]]),
      new Map([
        ['tab\there', oid],
        ['ü "q"', oid],
      ]),
    );
    const list = await listing(tree);
    expect([...list.keys()].toSorted()).toEqual(['link', 'tab\there', 'ü "q"'].toSorted());
    expect(list.get('link')).toEqual(link);
    expect(list.get('tab\there')).toEqual({ mode: '100644', type: 'blob', oid });
    expect(await listTree(here, '1'.repeat(40))).toBeNull();
  });
});

describe('blobs', () => {
  test('come in the order asked for, bytes as they are', async () => {
    const here = await repository();
    const contents = [
      Buffer.from('\n\n'),
      Buffer.alloc(0),
      Buffer.from([0, 255, 10, 13]),
      Buffer.from('long '.repeat(9999)),
    ];
    const oids: string[] = [];
    for (const each of contents) oids.push(await writeBlob(here, each));
    const order = [3, 0, 1, 2, 0];
    const read = await readBlobs(
      here,
      order.map((at) => oids[at]),
    );
    for (const [place, at] of order.entries()) expect(read[place].equals(contents[at])).toBe(true);
    expect(await readBlobs(here, [])).toEqual([]);
  });

  test('that are missing, or no blobs, are said', async () => {
    const here = await repository();
    const good = await writeBlob(here, Buffer.from('good'));
    const fix =
      'Run git fsck to see what else is, and restore it from another clone, or delete the branch of baselines to start over';
    const missing = '1'.repeat(40);
    await expect(readBlobs(here, [good, missing])).rejects.toMatchObject({
      what: 'an object of the baselines is damaged or missing: git cat-file says "missing" of it',
      ...{ where: `git object ${missing}`, fix },
    });
    await expect(readBlobs(here, [hashes[0]])).rejects.toMatchObject({
      what: 'an object of the baselines is damaged or missing: git cat-file says "commit" of it',
      where: `git object ${hashes[0]}`,
    });
  });

  test('that end too early are said', async () => {
    const here = await repository();
    const oid = await writeBlob(here, Buffer.from('four'));
    const cut = { ...here, must: async () => Buffer.from(`${oid} blob 4\nfou`) };
    await expect(readBlobs(cut, [oid])).rejects.toThrow('damaged or missing: it ends too early');
    // One byte more, its own last, and only the line's end is missing.
    const other = { ...here, must: async () => Buffer.from(`${hashes[0]} blob 4\nfour\n`) };
    await expect(readBlobs(other, [oid])).rejects.toThrow('git cat-file says "blob" of it');
    const almost = { ...here, must: async () => Buffer.from(`${oid} blob 4\nfour`) };
    await expect(readBlobs(almost, [oid])).rejects.toThrow('it ends too early');
  });
});

describe('a partial clone', () => {
  test('has its remote send what it lacks of a commit at once', async () => {
    const { remote, work: full } = withRemote(root, 'full', 1);
    git(remote, ['config', 'uploadpack.allowFilter', 'true']);
    const blobs = ['one', 'two'].map((input) => git(full, ['hash-object', '-w', '--stdin'], { input }));
    const tree = git(full, ['mktree'], { input: blobs.map((oid, at) => `100644 blob ${oid}\t${at}\n`).join('') });
    git(full, ['push', '--quiet', 'origin', `${git(full, ['commit-tree', '-m', 'x', tree])}:refs/heads/b`]);
    const clone = join(root, 'partial');
    git(root, ['clone', '--quiet', '--filter=blob:none', '--no-checkout', `file://${remote}`, clone]);
    const found = await findRepository(clone);
    if (found === null) throw new Error('it was made');
    const asked: (readonly string[])[] = [];
    const here = {
      ...found,
      git: (args: readonly string[], call: Parameters<typeof found.git>[1]) => {
        asked.push(args);
        return found.git(args, call);
      },
    };
    const lacking = () =>
      git(clone, ['rev-list', '--objects', '--missing=print', 'origin/b']).match(/^\?/gm)?.length ?? 0;
    expect([found.partial, lacking()]).toEqual([true, 2]);
    await completeTree({ ...here, partial: false }, 'origin', 'origin/b');
    expect([asked.length, lacking()]).toEqual([0, 2]);
    git(clone, ['config', 'remote.origin.url', join(root, 'gone.git')]);
    await expect(completeTree(here, 'origin', 'origin/b')).rejects.toMatchObject({
      what: expect.stringMatching(/, while fetching the baselines$/),
      where: 'remote origin',
    });
    git(clone, ['config', 'remote.origin.url', `file://${remote}`]);
    await completeTree(here, 'origin', 'origin/b');
    expect([asked.length, lacking()]).toEqual([2, 0]);
    // Nothing is asked for where nothing is lacking.
    await completeTree(here, 'origin', 'origin/b');
    expect(asked.length).toBe(2);
    expect(String((await readBlobs(found, blobs)).join())).toBe('one,two');
  });
});

describe('refs', () => {
  test('of a remote by their whole names, or by how they begin', async () => {
    const here = await repository();
    git(work, ['push', '--quiet', 'origin', `${hashes[0]}:refs/heads/x/main`, `${hashes[0]}:refs/tags/main`]);
    expect(await remoteRef(here, 'origin', 'refs/heads/main')).toBe(hashes[1]);
    expect(await remoteRef(here, 'origin', 'refs/heads/none')).toBeNull();
    expect(await remoteRefs(here, 'origin', ['main'])).toEqual(new Map());
    expect(await remoteRefs(here, 'origin', ['refs/heads/*'])).toEqual(
      new Map([
        ['refs/heads/main', hashes[1]],
        ['refs/heads/x/main', hashes[0]],
      ]),
    );
    expect(await remoteRefs(here, 'origin', ['refs/tags/main', 'refs/heads/x/main'])).toEqual(
      new Map([
        ['refs/heads/x/main', hashes[0]],
        ['refs/tags/main', hashes[0]],
      ]),
    );
    await expect(remoteRefs(here, 'nowhere', ['refs/heads/*'])).rejects.toMatchObject({
      ...{ what: expect.stringMatching(/, while asking the remote for its branches$/), where: 'remote nowhere' },
    });
  });

  test('of the repository', async () => {
    const here = await repository();
    expect(await localRef(here, 'refs/heads/main')).toBe(hashes[1]);
    expect(await localRef(here, 'refs/heads/none')).toBeNull();
    expect(await commitOf(here, 'main~1')).toBe(hashes[0]);
    expect(await commitOf(here, 'main:')).toBeNull();
    expect(await commitOf(here, '--all')).toBeNull();
    expect(await shallowBoundary(here)).toEqual(new Set());
    await expect(shallowBoundary({ ...here, text: async () => '.' })).rejects.toMatchObject({
      what: expect.stringMatching(/^cannot tell how deep the clone is \(EISDIR.+\)$/),
      ...{ where: '.', fix: 'Check that the repository may be read' },
    });
  });
});
