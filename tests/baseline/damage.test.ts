import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/baseline/openStore.ts';
import type { BaselineStore } from '../../src/baseline/store.ts';
import { UserError } from '../../src/errors.ts';
import { commitsIn, compared, otherwise } from './foundIn.ts';
import { branch, findAt, foundAt, openGit, record } from './gitStoreOf.ts';
import { git, temporaryFolder, withRemote } from './realGit.ts';
import { sampleRecord } from './sampleRecord.ts';

const root = temporaryFolder();

/** What a user is told; anything but a UserError is a bug. */
async function toldBy(doing: Promise<unknown>): Promise<string> {
  const thrown = await doing.then(
    () => 'nothing',
    (error: unknown) => error,
  );
  if (thrown instanceof UserError) return thrown.message;
  throw new Error(`not a UserError: ${String(thrown)}`);
}

/** The file of an object that is not packed. */
const objectFile = (repository: string, oid: string) => join(repository, 'objects', oid.slice(0, 2), oid.slice(2));

describe('a damaged branch of baselines is no empty one', () => {
  async function local(name: string) {
    const { work, hashes } = withRemote(root, name, 2);
    git(work, ['remote', 'remove', 'origin']);
    const store = await openGit(work);
    await record(store, hashes[0] ?? '');
    return { work, store, head: hashes[1] ?? '', dir: join(work, '.git') };
  }

  test('a ref that is empty, or names nothing', async () => {
    const { store, head, dir } = await local('local-ref');
    const ref = join(dir, 'refs', 'heads', branch);
    for (const text of ['', 'garbage\n', `${'1'.repeat(40)}\n`]) {
      writeFileSync(ref, text);
      expect(await toldBy(findAt(store, head))).toMatch(
        /the ref refs\/heads\/barlow-baselines is damaged.*update-ref -d/,
      );
      expect(await toldBy(record(store, head))).toContain('is damaged');
    }
  });

  test('an object that is missing or garbled, of the commit, a folder or a record', async () => {
    const { store, head, dir } = await local('local-objects');
    const tip = git(dir, ['rev-parse', branch]);
    const folder = git(dir, ['rev-parse', `${branch}:cifar10`]);
    const [blob = ''] = git(dir, ['ls-tree', '-r', branch, 'cifar10'])
      .split('\n')
      .filter((line) => line.endsWith('.baseline'));
    for (const oid of [tip, folder, blob.split(/\s/)[2] ?? '']) {
      const file = objectFile(dir, oid);
      renameSync(file, `${file}.aside`);
      expect(await toldBy(findAt(store, head))).toMatch(/damaged|missing/);
      writeFileSync(file, 'garbage');
      expect(await toldBy(findAt(store, head))).toMatch(/damaged|missing|corrupt/);
      unlinkSync(file);
      renameSync(`${file}.aside`, file);
      expect(await foundAt(store, head)).toHaveLength(1);
    }
  });

  test('on the remote', async () => {
    const { work, remote, hashes } = withRemote(root, 'remote-ref', 2);
    const store = await openGit(work);
    await record(store, hashes[0] ?? '');
    const ref = join(remote, 'refs', 'heads', branch);
    const good = readFileSync(ref);
    for (const text of ['', `${'1'.repeat(40)}\n`]) {
      writeFileSync(ref, text);
      expect(await toldBy(findAt(store, hashes[1] ?? ''))).toMatch(/damaged or missing/);
    }
    writeFileSync(ref, good);
    // The copy that is kept here to fetch less the next time is no one's but ours.
    const other = join(root, 'remote-ref-clone');
    git(root, ['clone', '--quiet', '--single-branch', `file://${remote}`, other]);
    const reader = await openGit(other);
    expect(await reader.list()).toHaveLength(1);
    for (const [i, own] of ['', '1'.repeat(40)].entries()) {
      await record(store, `name ${i}`);
      writeFileSync(join(other, '.git', 'refs', 'barlow', 'origin', branch), own);
      expect(await reader.list()).toHaveLength(2 + i);
    }
  });
});

describe('a partial clone', () => {
  test('fetches the baselines in one request and not one for each', async () => {
    const { work, remote, hashes } = withRemote(root, 'partial', 18);
    git(remote, ['config', 'uploadpack.allowFilter', 'true']);
    const store = await openGit(work, { keep: 99 });
    for (const hash of hashes.slice(0, 16)) await record(store, hash);
    for (const [name, args] of [
      ['no branch', ['--single-branch']],
      ['its files', []],
    ] as const) {
      const clone = join(root, `partial ${name}`);
      git(root, ['clone', '--quiet', '--filter=blob:none', '--no-checkout', ...args, `file://${remote}`, clone]);
      // What answers at the remote counts how often it is asked.
      const [counting, asked] = [join(root, `counting ${name}`), join(root, `asked ${name}`)];
      writeFileSync(counting, `#!/bin/sh\necho asked >> '${asked}'\nexec git upload-pack "$@"\n`, { mode: 0o755 });
      git(clone, ['config', 'remote.origin.uploadpack', `'${counting}'`]);
      expect(await (await openGit(clone)).list()).toHaveLength(16);
      const requests = readFileSync(asked, 'utf8').trimEnd().split('\n').length;
      expect(requests).toBeLessThan(5);
    }
  });
});

describe('a link to a record is a record', () => {
  test('in a branch', async () => {
    const { work, remote, hashes } = withRemote(root, 'git-link', 2);
    const [a = '', b = ''] = hashes;
    const store = await openGit(work);
    await record(store, a);
    const edit = join(root, 'git-link-edit');
    git(root, ['clone', '--quiet', '-b', branch, remote, edit]);
    const push = () => {
      git(edit, ['add', '--all']);
      git(edit, ['-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'edit']);
      git(edit, ['push', '--quiet']);
    };
    mkdirSync(join(edit, 'elsewhere'));
    renameSync(join(edit, 'cifar10', `${a}.baseline`), join(edit, 'elsewhere', 'kept'));
    symlinkSync('../elsewhere/kept', join(edit, 'cifar10', `${a}.baseline`));
    push();
    expect(await foundAt(store, b)).toEqual([a]);
    unlinkSync(join(edit, 'elsewhere', 'kept'));
    push();
    expect(await toldBy(findAt(store, b))).toContain('a link leads to no file of the branch');
  });

  test('in a folder; one that leads nowhere is an error', async () => {
    const { store, file } = await folderStore('link');
    renameSync(file, join(root, 'elsewhere.baseline'));
    symlinkSync(join(root, 'elsewhere.baseline'), file);
    expect(commitsIn(compared(await store.find({ head: 'x', base: null }), 1))).toEqual(['one']);
    unlinkSync(join(root, 'elsewhere.baseline'));
    expect(await toldBy(store.find({ head: 'x', base: null }))).toContain(file);
  });
});

async function folderStore(name: string): Promise<{ store: BaselineStore; path: string; file: string; row: string }> {
  const path = join(root, `folder ${name}`);
  const folder = join(root, `plain ${name}`);
  mkdirSync(folder);
  const options = { store: 'folder', path, branch: '', remote: '', keep: 50, window: 1, onMissing: 'pass' } as const;
  const store = await openStore(options, { folder, suite: 'cifar10' });
  await store.record(sampleRecord({ commit: 'one' }));
  const at = (...parts: string[]) => join(path, 'cifar10', ...parts);
  return { store, path, file: at('one.baseline'), row: at('history', 'one.json') };
}

describe('a folder', () => {
  test('whose record is lost while its row stands: the file, and what to do', async () => {
    const { store, file, row } = await folderStore('lost');
    unlinkSync(file);
    const told = await toldBy(store.find({ head: 'x', base: null }));
    expect(told).toMatch(/the baseline of one is lost: its row in the history stands/);
    expect(told).toContain(file);
    expect(told).toContain(row);
    await store.record(sampleRecord({ commit: 'one' }));
    expect((await store.find({ head: 'x', base: null })).kind).toBe('found');
  });

  test('with a bad row: an error while its record is there, a note once that is pruned', async () => {
    const { store, file, row } = await folderStore('row');
    truncateSync(row, 20);
    expect(await toldBy(store.find({ head: 'x', base: null }))).toContain(row);
    await store.record(otherwise(1, { commit: 'two' })).catch(() => {});
    await store.record(sampleRecord({ commit: 'one' }), { replace: true });
    await store.record(otherwise(1, { commit: 'two' }));
    unlinkSync(file);
    truncateSync(row, 20);
    const notes: string[] = [];
    expect((await store.history((line) => notes.push(line))).map(({ commit }) => commit)).toEqual(['two']);
    expect(notes.join()).toContain(row);
    const found = await store.find({ head: 'x', base: null });
    expect(found.kind === 'found' && found.notes.join()).toContain(row);
  });

  test('with a damaged record, which --replace is the way out of', async () => {
    const { store, file } = await folderStore('replaced');
    truncateSync(file, 100);
    expect(await toldBy(store.record(sampleRecord({ commit: 'one' })))).toContain('cut off or garbled');
    expect(await toldBy(store.find({ head: 'x', base: null }))).toContain('--replace');
    await store.record(sampleRecord({ commit: 'one' }), { replace: true });
    expect((await store.show('one')).commit).toBe('one');
  });

  test('in which another writer prunes between listing and reading', async () => {
    const { store } = await folderStore('race');
    const writer = (async () => {
      for (let i = 0; i < 60; i++)
        await store.record(sampleRecord({ commit: `c${i}` }), { files: [{ name: 'a', bytes: Buffer.of(1) }] });
    })();
    const folder = join(root, 'plain race');
    const path = join(root, 'folder race');
    const options = { store: 'folder', path, branch: '', remote: '', keep: 1, window: 1, onMissing: 'pass' } as const;
    const pruning = await openStore(options, { folder, suite: 'cifar10' });
    for (let i = 0; i < 60; i++) {
      await pruning.attach(`d${i}`, '2026-01-01T00:00:00Z', [{ name: 'a', bytes: Buffer.of(1) }]);
      expect((await store.find({ head: 'x', base: null })).kind).toBe('found');
      expect(await store.list()).not.toEqual([]);
    }
    await writer;
  }, 60_000);

  test.skipIf(process.getuid?.() !== 0 || !existsSync('/usr/bin/setpriv'))(
    'that may not be read is an error in words',
    async () => {
      const { path, file } = await folderStore('denied');
      chmodSync(root, 0o755);
      const script = `import { openStore } from ${JSON.stringify(join(import.meta.dirname, '..', '..', 'src', 'baseline', 'openStore.ts'))};
      const options = { store: 'folder', path: ${JSON.stringify(path)}, branch: '', remote: '', keep: 9, window: 1, onMissing: 'pass' };
      const store = await openStore(options, { folder: '/', suite: 'cifar10' });
      await store.find({ head: 'x', base: null }).then(({ kind }) => console.log(kind), (e) => console.log(e.name, e.message));`;
      const asNobody = () =>
        execFileSync(
          'setpriv',
          ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '--input-type=module', '-e', script],
          {
            encoding: 'utf8',
          },
        );
      expect(asNobody()).toBe('found\n');
      chmodSync(file, 0o600);
      expect(asNobody()).toMatch(/UserError .*one\.baseline.*EACCES/);
      chmodSync(join(path, 'cifar10'), 0o700);
      expect(asNobody()).toMatch(/UserError .*cannot read the baselines.*EACCES/);
      expect(readdirSync(path)).toEqual(['cifar10']);
      rmSync(path, { recursive: true });
    },
  );
});
