import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFolderMedium } from '../../src/baseline/folderMedium.ts';
import type { Change } from '../../src/baseline/medium.ts';
import { temporaryFolder } from './realGit.ts';

const root = temporaryFolder();
let made = 0;

function medium() {
  const path = join(root, `folder ${made++}`);
  const put = (name: string, text = 'x') => {
    mkdirSync(join(path, name, '..'), { recursive: true });
    writeFileSync(join(path, name), text);
  };
  return { path, put, medium: openFolderMedium(path, 'suite', null) };
}

function putting(files: Readonly<Record<string, string>>, remove: readonly string[] = []): Change {
  const bytes = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  return { message: 'm', files: async () => bytes, tidy: async () => ({ files: new Map(), remove }) };
}

describe('a folder that keeps baselines', () => {
  test('has files at any depth by their path, links to files, and no folders', async () => {
    const { path, put, medium: here } = medium();
    for (const name of ['suite/b', 'suite/a/c', 'suite/a.12', 'suite/a.12.x', 'other/d']) put(name, name);
    symlinkSync('b', join(path, 'suite', 'link'));
    symlinkSync('a', join(path, 'suite', 'folder'));
    symlinkSync('none', join(path, 'suite', 'nowhere'));
    const { paths, read } = await here.snapshot();
    // What ends in a number is what a writer has set aside.
    expect(paths).toEqual(['a.12.x', 'a/c', 'b', 'link', 'nowhere']);
    expect((await read(['link', 'a/c'])).map(String)).toEqual(['suite/b', 'suite/a/c']);
    await expect(read(['nowhere'])).rejects.toMatchObject({
      what: expect.stringMatching(/^cannot read this file of the baselines \(ENOENT.+\)$/),
      where: join(path, 'suite', 'nowhere'),
      fix: 'Check that it may be read, and that a link leads to a file',
    });
    expect([here.folder, here.where('a/c')]).toEqual(['suite', join(path, 'suite', 'a', 'c')]);
    expect(await here.resolve('main')).toBeNull();
  });

  test('names the suites that have a record', async () => {
    const { put, medium: here } = medium();
    expect(await here.suites()).toEqual([]);
    for (const name of [
      'a/x.baseline',
      'a/y.baseline',
      'b/c/x.baseline',
      'd/x.baseline.old',
      'e.baseline',
      'f/.baseline',
    ])
      put(name);
    expect(await here.suites()).toEqual(['a']);
  });

  test('is not the folder of one suite', async () => {
    const { path, put } = medium();
    put('suite/x.baseline');
    const inner = openFolderMedium(join(path, 'suite'), 'suite', null);
    const refused = {
      what: 'this folder holds the baselines of one suite, and the folder of all suites is to be named',
      ...{ where: join(path, 'suite'), fix: `Name the folder above it: ${path}` },
    };
    await expect(inner.snapshot()).rejects.toMatchObject(refused);
    await expect(inner.update(putting({ a: 'x' }))).rejects.toMatchObject(refused);
    expect(existsSync(join(path, 'suite', 'suite'))).toBe(false);
  });

  test('cannot be read where it is a file or a link in a circle', async () => {
    const { path, put, medium: here } = medium();
    put('suite');
    const refused = {
      what: expect.stringMatching(/^cannot read the baselines \(ENOTDIR.+\)$/),
      ...{ where: join(path, 'suite'), fix: 'Check that baseline.path is a folder that may be read' },
    };
    await expect(here.snapshot()).rejects.toMatchObject(refused);
    rmSync(join(path, 'suite'));
    // A link that leads nowhere is no folder that is yet to be made.
    symlinkSync('none', join(path, 'suite'));
    await expect(here.snapshot()).rejects.toMatchObject({ what: expect.stringContaining('ENOENT') });
  });

  test('is changed file by file; a folder goes with its last file', async () => {
    const { path, medium: here } = medium();
    expect(await here.update(putting({ 'a/b': 'one', c: 'two' }))).toBeNull();
    await here.update(putting({ c: 'three', 'd/e': 'four' }, ['a/b', 'd/none', 'none']));
    const { paths, read } = await here.snapshot();
    expect([paths, (await read(paths)).map(String)]).toEqual([
      ['c', 'd/e'],
      ['three', 'four'],
    ]);
    expect(readdirSync(join(path, 'suite')).toSorted()).toEqual(['c', 'd']);
  });

  test('gives the change what is there, and its tidying what is there then', async () => {
    const { medium: here } = medium();
    await here.update(putting({ old: 'x' }));
    const seen: (readonly string[])[] = [];
    await here.update({
      message: 'm',
      files: async (before) => {
        seen.push(before.paths);
        return new Map([['new', Buffer.from('y')]]);
      },
      tidy: async (after) => {
        seen.push(after.paths);
        return { files: new Map([['more', Buffer.from('z')]]), remove: ['old'] };
      },
    });
    expect(seen).toEqual([['old'], ['new', 'old']]);
    expect((await here.snapshot()).paths).toEqual(['more', 'new']);
  });

  test('takes a change again where another has made its file since, ten times', async () => {
    const { path, put, medium: here } = medium();
    const racing = (times: number) => {
      let calls = 0;
      const change: Change = {
        message: 'm',
        files: async () => {
          calls += 1;
          if (calls <= times) put(`suite/${times}-${calls}`);
          return new Map([[`${times}-${calls}`, Buffer.from('mine')]]);
        },
        tidy: async () => ({ files: new Map(), remove: [] }),
      };
      return here.update(change).then(() => calls);
    };
    expect(await racing(9)).toBe(10);
    await expect(racing(10)).rejects.toMatchObject({
      what: 'others write the same baselines all the time',
      ...{ where: join(path, 'suite'), fix: 'Run again once the others have ended' },
    });
  });

  test('is rid of what was set aside more than an hour ago', async () => {
    const { path, put, medium: here } = medium();
    const aged = (name: string, minutes: number) => {
      put(`suite/${name}`);
      const then = new Date(Date.now() - minutes * 60_000);
      utimesSync(join(path, 'suite', name), then, then);
    };
    aged('a.1', 59);
    aged('b.2', 61);
    aged('c/d.3', 61);
    aged('e', 61);
    await here.update(putting({ f: 'x' }));
    expect(readdirSync(join(path, 'suite')).toSorted()).toEqual(['a.1', 'c', 'e', 'f']);
    expect(readdirSync(join(path, 'suite', 'c'))).toEqual([]);
  });
});
