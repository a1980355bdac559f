import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasCommit } from '../../src/baseline/named.ts';
import { openStore } from '../../src/baseline/openStore.ts';
import type { BaselineStore } from '../../src/baseline/store.ts';
import { commitsIn, compared } from './foundIn.ts';
import { commit, git, temporaryFolder, withRemote } from './realGit.ts';
import { sampleRecord } from './sampleRecord.ts';

const root = temporaryFolder();
const plain = join(root, 'no-repository');
mkdirSync(plain);

let made = 0;
function open(part: { path?: string; folder?: string; suite?: string; keep?: number; window?: number } = {}) {
  const { path = join(root, `baselines-${made++}`), folder = plain, suite = 'cifar10', keep = 50, window = 1 } = part;
  const options = { store: 'folder', path, branch: '', remote: '', keep, window, onMissing: 'pass' } as const;
  return openStore(options, { folder, suite });
}

const hash = (i: number) => i.toString(16).padStart(40, '0');
const at = (i: number) => new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString();
const put = (store: BaselineStore, i: number) => store.record(sampleRecord({ commit: hash(i), createdAt: at(i) }));
async function foundAt(store: BaselineStore, head: string | null, base: string | null, window = 1) {
  return commitsIn(compared(await store.find({ head, base }), window));
}
const commitsOf = (rows: readonly { commit: string }[]) => rows.map((row) => row.commit);

describe('a folder of baselines', () => {
  test('that does not exist yet holds none', async () => {
    const store = await open();
    expect(await store.find({ head: null, base: null })).toEqual({ kind: 'empty-suite', others: [], notes: [] });
    expect(await store.list()).toEqual([]);
    await expect(store.show(hash(1))).rejects.toThrow('Record one first');
  });

  test('outside a repository: what was recorded last of another commit, pruned to keep, history stays', async () => {
    const path = join(root, 'newest');
    const store = await open({ path, keep: 3 });
    for (const i of [1, 2, 5, 4, 3]) await put(store, i);
    expect(commitsOf(await store.list())).toEqual([hash(3), hash(4), hash(5)]);
    expect(commitsOf(await store.history())).toEqual([1, 2, 5, 4, 3].map(hash));
    expect(await foundAt(store, null, null)).toEqual([hash(3)]);
    expect(await foundAt(store, hash(3), null)).toEqual([hash(4)]);
    const several = await open({ path, window: 9 });
    expect(await foundAt(several, hash(4), null, 9)).toEqual([hash(3), hash(5)]);
    expect(readdirSync(join(path, 'cifar10')).toSorted()).toEqual([
      ...[3, 4, 5].map((i) => `${hash(i)}.baseline`),
      'history',
    ]);
  });

  test('files come and go with their record', async () => {
    const path = join(root, 'files');
    const store = await open({ path, keep: 1 });
    const bytes = Buffer.from([0, 255, 10]);
    const { revision, paths } = await store.record(sampleRecord({ commit: hash(1), createdAt: at(1) }), {
      files: [{ name: 'a.png', bytes }],
    });
    expect(revision).toBeNull();
    expect(readFileSync(join(path, paths[0] ?? ''))).toEqual(bytes);
    await put(store, 2);
    expect(readdirSync(join(path, 'cifar10', 'files'))).toEqual([]);
    await expect(store.attach(hash(3), at(3), [{ name: '../x', bytes }])).rejects.toThrow('not a name');
  });

  test('in a repository: the nearest ancestor, as in git', async () => {
    const { work, hashes } = withRemote(root, 'work', 4);
    const store = await open({ folder: work });
    const [a = '', b = '', c = '', d = ''] = hashes;
    for (const [i, hash] of [a, c].entries()) await store.record(sampleRecord({ commit: hash, createdAt: at(i) }));
    expect(await foundAt(store, d, null)).toEqual([c]);
    // A baseline is shown by any name that git has for its commit.
    git(work, ['tag', 'v1', c]);
    expect((await store.show('v1')).commit).toBe(c);
    expect((await store.show('main~3')).commit).toBe(a);
    expect([await hasCommit(work, b), await hasCommit(work, '0'.repeat(40))]).toEqual([true, false]);
    git(work, ['checkout', '--quiet', '-b', 'side', b]);
    expect(await foundAt(store, commit(work), 'main')).toEqual([a]);
  });

  test('commits and suites that are no hashes or file names', async () => {
    const path = join(root, 'odd');
    for (const suite of ['../up', 'UP', 'up']) {
      const store = await open({ path, suite });
      await store.record(sampleRecord({ suite, commit: 'Model v1/final' }));
      expect((await store.show('Model v1/final')).suite).toBe(suite);
      expect(await foundAt(store, 'v2', null)).toEqual(['Model v1/final']);
    }
    expect(readdirSync(path)).toHaveLength(3);
    expect(readdirSync(root)).not.toContain('up');
  });
});

describe('damage', () => {
  const file = (path: string, i: number) => join(path, 'cifar10', `${hash(i)}.baseline`);

  test.each<[string, (bytes: Buffer) => Buffer, string]>([
    ['empty', () => Buffer.alloc(0), 'the baseline is empty'],
    ['truncated', (bytes) => bytes.subarray(0, 300), 'cut off or garbled'],
    ['garbled', (bytes) => Buffer.from(bytes).fill(7, 200, 210), 'cut off or garbled'],
    ['newer', () => Buffer.from(`barlow-baseline 3 sha256:${'0'.repeat(64)}\n`), 'schema version 3'],
  ])('%s: an error that names the file, nothing overwritten', async (name, change, expected) => {
    const path = join(root, `damaged-${name}`);
    const store = await open({ path });
    await put(store, 1);
    const damaged = change(readFileSync(file(path, 1)));
    writeFileSync(file(path, 1), damaged);
    await expect(store.find({ head: null, base: null })).rejects.toThrow(expected);
    await expect(store.find({ head: null, base: null })).rejects.toThrow(file(path, 1));
    await expect(put(store, 1)).rejects.toThrow(expected);
    expect(readFileSync(file(path, 1)).equals(damaged)).toBe(true);
  });

  test('a row that is none is an error; a row that was lost is read from its record', async () => {
    const path = join(root, 'rows');
    const store = await open({ path });
    await put(store, 1);
    const rows = await store.history();
    const row = join(path, 'cifar10', 'history', `${hash(1)}.json`);
    writeFileSync(row, '{"commit":1}');
    await expect(store.history()).rejects.toThrow('this is no row of the history');
    await expect(store.history()).rejects.toThrow(row);
    const other = await open({ path: join(root, 'rows-2') });
    await put(other, 1);
    rmSync(join(root, 'rows-2', 'cifar10', 'history'), { recursive: true });
    expect(await other.history()).toEqual(rows);
    expect(await other.list()).toEqual(rows.map((each) => ({ ...each, replicas: [] })));
  });

  test('what a killed writer left aside is not read, and goes after an hour', async () => {
    const path = join(root, 'aside');
    const store = await open({ path });
    await put(store, 1);
    const [young, old] = [`${file(path, 2)}.123`, `${file(path, 3)}.456`];
    for (const left of [young, old]) writeFileSync(left, 'half');
    utimesSync(old, new Date(0), new Date(0));
    expect(await store.list()).toHaveLength(1);
    await put(store, 4);
    const names = readdirSync(join(path, 'cifar10'));
    expect(names).toContain(`${hash(2)}.baseline.123`);
    expect(names).not.toContain(`${hash(3)}.baseline.456`);
  });

  test('a path that is a file', async () => {
    const path = join(root, 'a-file');
    writeFileSync(path, '');
    const store = await open({ path });
    await expect(store.list()).rejects.toThrow('cannot read the baselines');
    await expect(put(store, 1)).rejects.toThrow(path);
  });
});
