import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFolderMedium } from '../../src/baseline/folderMedium.ts';
import { ancestorsIn, builtOnIn, commitNamed, hasCommit, usualRemote } from '../../src/baseline/named.ts';
import { chosenRemote, findRepository, isHash, placeOf } from '../../src/baseline/repository.ts';
import { safeName } from '../../src/baseline/safeName.ts';
import { openSuite } from '../../src/baseline/store.ts';
import { UserError } from '../../src/errors.ts';
import { otherwise } from './foundIn.ts';
import { git, temporaryFolder } from './realGit.ts';
import { sampleRecord } from './sampleRecord.ts';

const root = temporaryFolder();
let made = 0;

/** A suite in a folder of its own, where there is no repository. */
function suite({ keep = 50, window = 1, name = 'cifar10' } = {}) {
  const path = join(root, `suite ${made++}`);
  const store = openSuite(openFolderMedium(path, name, null), name, { keep, window });
  const put = (commit: string, files: readonly string[] = [], createdAt = '2026-01-01T00:00:00Z') =>
    store.record(sampleRecord({ commit, createdAt, suite: name }), {
      files: files.map((file) => ({ name: file, bytes: Buffer.from(file) })),
    });
  const at = (...parts: string[]) => join(path, name, ...parts);
  const files = () =>
    (existsSync(at()) ? readdirSync(at(), { recursive: true, withFileTypes: true }) : [])
      .filter((each) => each.isFile())
      .map((each) => join(each.parentPath, each.name).slice(at().length + 1))
      .toSorted();
  return { store, path, put, at, files };
}

/** What the user is told. */
async function toldBy(doing: () => Promise<unknown>): Promise<{ what: string; where: string; fix: string }> {
  try {
    await doing();
  } catch (error) {
    if (error instanceof UserError) return { what: error.what, where: error.where, fix: error.fix };
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('watched events', () => {
  const event = (id: string, title = 'cats taken for dogs') => ({
    id,
    title,
    images: ['a.png', 'b.png'],
    since: 'abc',
  });

  test('are kept by id, called as they were first, until they are dropped', async () => {
    const { store } = suite();
    expect(await store.watched()).toEqual([]);
    await store.watch([event('label:b#2'), event('label:A#1')]);
    await store.watch([event('label:b#2', 'something else'), event('all#3')]);
    expect(await store.watched()).toEqual([event('all#3'), event('label:A#1'), event('label:b#2')]);
    expect(await store.drop('label:b#2')).toBe(true);
    expect(await store.drop('label:b#2')).toBe(false);
    expect((await store.watched()).map(({ id }) => id)).toEqual(['all#3', 'label:A#1']);
    // They are no baselines.
    expect(await store.list()).toEqual([]);
    expect((await store.find({ head: null, base: null })).kind).toBe('empty-suite');
  });

  test('of one id that hold other images are watched together, since the first', async () => {
    const { store } = suite();
    await store.watch([event('label:b#2')]);
    await store.watch([{ ...event('label:b#2', 'something else'), images: ['b.png', 'c.png'], since: 'def' }]);
    expect(await store.watched()).toEqual([{ ...event('label:b#2'), images: ['a.png', 'b.png', 'c.png'] }]);
  });

  test.each<[string, string, string]>([
    ['no JSON', '{"id":', 'the file of a watched event is damaged: '],
    ['no object', '[]', 'the file of a watched event is damaged: the whole '],
    ['no images', JSON.stringify({ ...event('all#3'), images: [] }), 'damaged: images '],
    ['an image without a name', JSON.stringify({ ...event('all#3'), images: [''] }), 'damaged: images.0 '],
    ['no id', JSON.stringify({ ...event('all#3'), id: '' }), 'damaged: id '],
    ['a title that is none', JSON.stringify({ ...event('all#3'), title: 1 }), 'damaged: title '],
    ['a commit that is none', JSON.stringify({ ...event('all#3'), since: null }), 'damaged: since '],
    ['another event', JSON.stringify(event('all#4')), 'damaged: it is of "all#4", under another\'s name'],
  ])('a file that holds %s is said, and which', async (_, text, what) => {
    const { store, at } = suite();
    await store.watch([event('all#3')]);
    const [name = ''] = readdirSync(at('watched'));
    writeFileSync(at('watched', name), text);
    const told = await toldBy(() => store.watched());
    expect(told.what).toContain(what);
    expect(told).toMatchObject({ where: at('watched', name), fix: expect.stringContaining(at('watched', name)) });
  });
});

describe('what is kept', () => {
  test('the newest records with their rows and files; pruned ones leave a row that says so', async () => {
    const { store, put, files } = suite({ keep: 2 });
    for (const commit of ['one', 'two', 'three']) await put(commit, [`${commit}.png`]);
    expect(files().map((path) => path.replace(/^files\/\d+t\d+z-/, 'files/'))).toEqual([
      ...['files/three/three.png', 'files/two/two.png', 'history/one.json', 'history/three.json', 'history/two.json'],
      ...['three.baseline', 'two.baseline'],
    ]);
    expect((await store.history()).map(({ commit, sequence, pruned }) => [commit, sequence, pruned])).toEqual([
      ['one', 1, true],
      ['two', 2, false],
      ['three', 3, false],
    ]);
    expect((await store.list()).map(({ commit }) => commit)).toEqual(['three', 'two']);
  });

  test('a pruned one that is recorded again, though the others are newer', async () => {
    const { store, put } = suite({ keep: 1 });
    for (const commit of ['one', 'two', 'one']) await put(commit);
    expect((await store.list()).map(({ commit, sequence }) => [commit, sequence])).toEqual([
      ['two', 2],
      ['one', 1],
    ]);
  });

  test('the newest by the order of recording, whatever the clock said', async () => {
    const { store, put } = suite({ keep: 2 });
    for (const [at, year] of ['2099', '2026', '2001', '2031', '2026'].entries()) {
      await put(`c${at}`, [], `${year}-01-01T00:00:00Z`);
      expect((await store.list())[0]?.commit).toBe(`c${at}`);
    }
    expect((await store.list()).map(({ commit }) => commit)).toEqual(['c4', 'c3']);
    expect((await store.history()).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  });

  test('everything while nobody can tell what branches would be compared with', async () => {
    const path = join(root, `suite ${made++}`);
    const medium = { ...openFolderMedium(path, 'cifar10', null), builtOn: async () => null };
    const store = openSuite(medium, 'cifar10', { keep: 1, window: 1 });
    for (const commit of ['one', 'two', 'three']) await store.record(sampleRecord({ commit }));
    expect((await store.list()).map(({ commit }) => commit)).toEqual(['three', 'two', 'one']);
  });

  test('files that are called otherwise are none of them, and stay', async () => {
    const { store, put, at, files } = suite({ keep: 1 });
    await put('one', ['a.png']);
    const strays = [
      ...['one.baseline.old', 'UP.baseline', 'deep/two.baseline', 'two.Baseline', 'two_baseline', 'README'],
      ...['history/two.json.old', 'old/history/two.json', 'history/deep/two.json', 'history/TWO.json'],
      ...[
        'replicas/two.baseline',
        'replicas/one/x/two.baseline',
        'replicas/one/two.baseline.old',
        'old/replicas/one/two.baseline',
      ],
      ...['watched/two.json.old', 'watched/deep/two.json', 'old/watched/two.json', 'watched/two.txt'],
      ...['files/x', 'files/20260101t000000000z/x', 'files/20260101_one/x', 'old/files/20260101t000000000z-one/x'],
    ];
    for (const name of strays) {
      mkdirSync(at(name, '..'), { recursive: true });
      writeFileSync(at(name), 'stray');
    }
    expect((await store.list()).map(({ commit, replicas }) => [commit, replicas])).toEqual([['one', []]]);
    expect((await store.history()).map(({ commit }) => commit)).toEqual(['one']);
    expect(await store.watched()).toEqual([]);
    for (const commit of ['two', 'three']) await put(commit, ['a.png']);
    expect((await store.list()).map(({ commit }) => commit)).toEqual(['three']);
    expect(files().filter((name) => strays.includes(name))).toEqual(strays.toSorted());
  });

  test('a commit that is recorded again keeps its place, and its new files in place of the old ones', async () => {
    const { store, put, files } = suite({ keep: 2 });
    await put('one', ['old.png'], '2026-01-01T00:00:00Z');
    await put('two');
    await put('one', ['new.png'], '2026-01-02T00:00:00.500Z');
    expect((await store.list()).map(({ commit, sequence }) => [commit, sequence])).toEqual([
      ['two', 2],
      ['one', 1],
    ]);
    expect(files().filter((path) => path.startsWith('files/'))).toEqual(['files/20260102t000000500z-one/new.png']);
    await put('three');
    expect((await store.list()).map(({ commit }) => commit)).toEqual(['three', 'two']);
  });

  test('files without a record, as many as records', async () => {
    const { store, files, put } = suite({ keep: 2 });
    const attach = (commit: string, day: number) =>
      store.attach(commit, `2026-01-0${day}T00:00:00Z`, [{ name: 'a.png', bytes: Buffer.from(commit) }]);
    await put('kept', ['b.png'], '2025-01-01T00:00:00Z');
    for (const [at, commit] of ['p', 'q', 'r', 's'].entries()) await attach(commit, at + 1);
    expect(files().filter((path) => path.startsWith('files/'))).toEqual([
      ...[
        'files/20250101t000000000z-kept/b.png',
        'files/20260103t000000000z-r/a.png',
        'files/20260104t000000000z-s/a.png',
      ],
    ]);
    const { revision, paths } = await attach('t', 5);
    expect([revision, paths]).toEqual([null, ['cifar10/files/20260105t000000000z-t/a.png']]);
    const named = ['a', '0_-', 'a.b.c', 'a.-'].map((name) => ({ name, bytes: Buffer.of(1) }));
    expect((await store.attach('t', '2026-01-05T00:00:00Z', named)).paths).toHaveLength(4);
    for (const name of ['', '.', '..', 'a/b', 'A.png', '-a', 'a b', 'a.', '.a']) {
      await expect(store.attach('x', '2026-01-01T00:00:00Z', [{ name, bytes: Buffer.of(1) }])).rejects.toThrow(
        `not a name for a file that goes with a baseline: ${name}`,
      );
    }
  });

  test('replicas go with their commit', async () => {
    const { store, put, files } = suite({ keep: 1 });
    await put('one');
    await store.record(otherwise(1, { commit: 'one', checkpoint: 'seed 2', replica: true }));
    expect((await store.list()).map(({ replicas }) => replicas)).toEqual([[safeName('seed 2')]]);
    expect(files().filter((path) => path.startsWith('replicas/'))).toHaveLength(1);
    await put('two');
    expect(files().filter((path) => path.startsWith('replicas/'))).toEqual([]);
    expect((await store.list()).map(({ replicas }) => replicas)).toEqual([[]]);
  });
});

describe('a baseline by its commit', () => {
  const hashes = ['abcd1', 'abcd2', 'ef012'].map((start) => start.padEnd(40, '0'));
  const recorded = async () => {
    const { store, put } = suite();
    for (const commit of [...hashes, 'abc']) await put(commit);
    return store;
  };

  test('in full, by a start of four that is one commit’s alone, by a name', async () => {
    const store = await recorded();
    for (const name of [hashes[2], 'ef01', 'ef012']) expect((await store.show(name)).commit).toBe(hashes[2]);
    expect((await store.show('abc')).commit).toBe('abc');
    expect((await store.show('abcd2')).commit).toBe(hashes[1]);
    expect(await store.accepted('nowhere')).toBeNull();
    expect((await store.accepted('abc'))?.commit).toBe('abc');
  });

  test('or what there is in place of it', async () => {
    const store = await recorded();
    const where = 'baselines of suite "cifar10"';
    expect(await toldBy(() => store.show('abcd'))).toEqual({
      ...{ what: '"abcd" could be any of abcd10000000, abcd20000000', where, fix: 'Give more of the hash' },
    });
    const choose = 'Choose one of: abc, ef0120000000, abcd20000000, abcd10000000';
    for (const name of ['ef0', 'x', '']) {
      expect(await toldBy(() => store.show(name))).toEqual({
        ...{ what: `there is no baseline of commit "${name}"`, where, fix: choose },
      });
    }
    const { store: none } = suite();
    expect(await toldBy(() => none.show('x'))).toMatchObject({ where, fix: 'Record one first' });
    const { store: many, put } = suite();
    for (let at = 0; at < 12; at++) await put(`c${at}`);
    expect((await toldBy(() => many.show('x'))).fix).toBe('Choose one of: c11, c10, c9, c8, c7, c6, c5, c4, c3, c2');
  });
});

describe('a record in the way', () => {
  const place = (commit: string) => `is recorded at ${commit} already, and "other" predicts otherwise`;

  test('of another checkpoint: which, where, and the three ways on', async () => {
    const { store, put, at } = suite();
    await put('one');
    const other = otherwise(1, { commit: 'one', checkpoint: 'other' });
    expect(await toldBy(() => store.record(other))).toEqual({
      what: `"candidate" ${place('one')}`,
      where: at('one.baseline'),
      fix: 'Commit, and record at the new commit; or give --replace to put it in its place, --replica for a further training beside it',
    });
    expect(await toldBy(() => store.record({ ...other, commit: 'two', replica: true }))).toEqual({
      what: 'a replica goes beside the accepted checkpoint of its commit, and two has none',
      where: 'baselines of suite "cifar10"',
      fix: 'Record the accepted checkpoint first, without --replica',
    });
    await store.record({ ...other, replica: true });
    expect(
      (await toldBy(() => store.record(otherwise(2, { commit: 'one', checkpoint: 'other', replica: true })))).what,
    ).toBe(`"other" ${place('one')}`);
    await store.record(other, { replace: true });
    expect((await store.show('one')).checkpoint).toBe('other');
  });

  test('beside which replicas go, each put in its own place alone', async () => {
    const { store, put } = suite({ window: 3 });
    await put('one');
    const replica = (checkpoint: string, count: number, options = {}) =>
      store.record(otherwise(count, { commit: 'one', checkpoint, replica: true }), options);
    await replica('seed 2', 2);
    await replica('seed 1', 1);
    await replica('seed 2', 2);
    expect((await toldBy(() => replica('seed 2', 3))).what).toContain('predicts otherwise');
    await replica('seed 2', 3, { replace: true });
    const found = await store.find({ head: 'two', base: null });
    if (found.kind !== 'found') throw new Error('it is there');
    const errors = ({ failed }: (typeof found.records)[number]) => failed.reduce((sum, each) => sum + each, 0);
    expect(found.records.map((each) => [each.checkpoint, each.replica, errors(each)])).toEqual(
      [
        ['candidate', false],
        ['seed 1', true],
        ['seed 2', true],
      ].map(([name, is], at) => [name, is, errors(otherwise([0, 1, 3][at]))]),
    );
  });

  test('of another config: two suites of one name; of a config that is not known it is none', async () => {
    const { store } = suite();
    await store.record(sampleRecord({ commit: 'one', config: 'a/barlow.yml' }));
    const twin = (config: string | null) => otherwise(1, { commit: 'one', checkpoint: 'other', config });
    expect(await toldBy(() => store.record(twin('b/barlow.yml'), { replace: true }))).toEqual({
      what: 'two suites have the name "cifar10": the baseline at one is of a/barlow.yml',
      ...{ where: 'b/barlow.yml', fix: 'Give each suite a name of its own (name in barlow.yml)' },
    });
    expect((await toldBy(() => store.record(twin(null)))).what).toContain(place('one'));
    // The same predictions under another config are the same checkpoint.
    await store.record(sampleRecord({ commit: 'one', config: 'b/barlow.yml' }));
  });

  test('that is damaged gives way to --replace alone, and not beside a replica', async () => {
    const { store, put, at } = suite();
    await put('one');
    writeFileSync(at('one.baseline'), 'damaged');
    const same = sampleRecord({ commit: 'one' });
    expect((await toldBy(() => store.record(same))).what).toContain('this is no baseline');
    const replica = { ...same, replica: true, checkpoint: 'seed 2' };
    expect((await toldBy(() => store.record(replica, { replace: true }))).what).toContain('this is no baseline');
    await store.record(same, { replace: true });
    expect((await store.show('one')).commit).toBe('one');
  });
});

describe('a folder of baselines as it may be found', () => {
  test('rows of before there was a sequence are ordered by the clock, and count as pruned where their record is gone', async () => {
    const { store, put, at } = suite();
    for (const commit of ['a', 'b', 'c', 'd']) await put(commit);
    const early = (commit: string, createdAt: string) => {
      const { sequence: _, pruned: __, ...row } = JSON.parse(readFileSync(at('history', `${commit}.json`), 'utf8'));
      writeFileSync(at('history', `${commit}.json`), JSON.stringify({ ...row, createdAt }));
    };
    early('b', '2026-01-03T00:00:00Z');
    early('c', '2026-01-02T00:00:00Z');
    early('a', '2026-01-03T00:00:00Z');
    rmSync(at('b.baseline'));
    const history = await store.history();
    expect(history.map(({ commit, sequence, pruned }) => [commit, sequence, pruned])).toEqual([
      ['c', 0, false],
      ['a', 0, false],
      ['b', 0, true],
      ['d', 4, false],
    ]);
    // What is recorded now comes after all of them.
    await put('e');
    expect((await store.history()).at(-1)).toMatchObject({ commit: 'e', sequence: 5 });
  });

  test('a record without a row is the last, and one that is recorded again gets a row in its place', async () => {
    const { store, put, at } = suite();
    for (const commit of ['a', 'b', 'c']) await put(commit);
    rmSync(at('history', 'a.json'));
    expect((await store.history()).map(({ commit, sequence }) => [commit, sequence])).toEqual([
      ['b', 2],
      ['c', 3],
      ['a', 4],
    ]);
    await put('a');
    expect((await store.history()).at(-1)).toMatchObject({ commit: 'a', sequence: 4 });
    expect(existsSync(at('history', 'a.json'))).toBe(true);
  });

  test('a row under the name of another commit is damage where its record is there, and a note where not', async () => {
    const { store, put, at } = suite();
    for (const commit of ['a', 'b']) await put(commit);
    writeFileSync(at('history', 'a.json'), readFileSync(at('history', 'b.json')));
    const told = await toldBy(() => store.history());
    expect(told).toMatchObject({
      what: 'this is no row of the history (it is of "b")',
      where: at('history', 'a.json'),
    });
    expect(told.fix).toBe(
      `Restore ${at('history', 'a.json')} from a copy, or record the baseline again with --replace`,
    );
    rmSync(at('a.baseline'));
    const notes: string[] = [];
    expect(await store.history((line) => notes.push(line))).toHaveLength(1);
    expect(notes).toEqual([
      `Left out of the trend: ${at('history', 'a.json')}: this is no row of the history (it is of "b").`,
    ]);
    expect(await store.history()).toHaveLength(1);
  });

  test('a row that is damaged gives way to --replace, as that of another commit does not', async () => {
    const { store, put, at } = suite();
    for (const commit of ['a', 'b']) await put(commit);
    writeFileSync(at('history', 'a.json'), 'damaged');
    expect((await toldBy(() => put('a'))).where).toBe(at('history', 'a.json'));
    const record = (commit: string) => store.record(sampleRecord({ commit }), { replace: true });
    expect((await toldBy(() => record('b'))).where).toBe(at('history', 'a.json'));
    await record('a');
    expect((await store.history()).map(({ commit, sequence }) => [commit, sequence])).toEqual([
      ['b', 2],
      ['a', 3],
    ]);
  });

  test('a record of another suite, or of another commit, under a name of its own', async () => {
    const { store, put, at } = suite();
    await put('a');
    const other = suite({ name: 'other' });
    await other.put('b');
    writeFileSync(at('a.baseline'), readFileSync(other.at('b.baseline')));
    expect(await toldBy(() => store.show('a'))).toEqual({
      what: 'this is the baseline of suite "other" at "b", under another\'s name',
      where: at('a.baseline'),
      fix: `Restore ${at('a.baseline')} from a copy, or record the baseline again with --replace`,
    });
    // Of this suite, but of another commit: it would be compared with in place of that.
    await put('c');
    writeFileSync(at('a.baseline'), readFileSync(at('c.baseline')));
    expect((await toldBy(() => store.show('a'))).what).toBe(
      'this is the baseline of suite "cifar10" at "c", under another\'s name',
    );
  });

  test('whose record is lost: which, and what to restore or remove', async () => {
    const { store, put, at } = suite();
    await put('a');
    rmSync(at('a.baseline'));
    expect(await toldBy(() => store.find({ head: 'x', base: null }))).toEqual({
      what: 'the baseline of a is lost: its row in the history stands and its file is gone',
      where: at('a.baseline'),
      fix: `Restore ${at('a.baseline')} from a copy, or record the baseline again with --replace, or remove ${at('history', 'a.json')} too`,
    });
  });

  test('of several writers at one commit one is accepted, and the others are told so', async () => {
    const { store, path } = suite();
    const others = Array.from({ length: 6 }, (_, i) => otherwise(i + 1, { commit: 'one', checkpoint: `net-${i}` }));
    const ended = await Promise.allSettled(others.map((record) => store.record(record)));
    const accepted = others.filter((_, i) => ended[i]?.status === 'fulfilled').map(({ checkpoint }) => checkpoint);
    expect(accepted).toHaveLength(1);
    expect((await store.list()).map(({ checkpoint }) => checkpoint)).toEqual(accepted);
    for (const each of ended)
      if (each.status === 'rejected') expect(each.reason.what).toContain('is recorded at one already');
    expect(readdirSync(join(path, 'cifar10')).filter((name) => /\.\d+$/.test(name))).toEqual([]);
  });

  test('whose record and history are both gone while a replica stands: no first run', async () => {
    const { store, put, at } = suite();
    await put('one');
    await store.record(sampleRecord({ commit: 'one', checkpoint: 'again', replica: true }));
    rmSync(at('one.baseline'));
    rmSync(at('history'), { recursive: true });
    const found = await store.find({ head: 'two', base: null });
    expect(found).toMatchObject({ kind: 'unusable', fix: expect.stringContaining('barlow baseline record') });
    expect(found.kind === 'unusable' && found.reasons.join()).toContain(at('replicas', 'one', 'again.baseline'));
  });

  test('where no ancestor has one: how many there are, why none serves, and what was pruned', async () => {
    const path = join(root, `suite ${made++}`);
    const real = openFolderMedium(path, 'cifar10', null);
    const asked: (readonly [readonly string[], number])[] = [];
    let gone: readonly string[] = [];
    const medium = {
      ...real,
      ancestors: async (_: unknown, recorded: readonly string[], count: number) => {
        asked.push([recorded, count]);
        return { commits: asked.length % 2 === 0 ? gone : [], reasons: ['why'], notes: ['a note'] };
      },
    };
    const store = openSuite(medium, 'cifar10', { keep: 2, window: 3 });
    for (const commit of ['a', 'b', 'c', 'd']) await store.record(sampleRecord({ commit }));
    const fix =
      'Rebase onto, or merge, a commit that has one; or, where history was rewritten, accept a checkpoint of this line: barlow baseline record';
    const reasons = ['2 baseline(s) of suite "cifar10" are recorded (the last of d, c)', 'why'];
    const unusable = { kind: 'unusable', fix, notes: ['a note'] };
    expect(await store.find({ head: 'x', base: null })).toEqual({ ...unusable, reasons });
    gone = ['b'.repeat(40)];
    expect(await store.find({ head: 'd', base: null })).toEqual({
      ...unusable,
      reasons: [...reasons, `that of ${'b'.repeat(12)} was removed to keep no more than 2 (baseline.keep)`],
    });
    // Three, and one more where the run's own is among them; of those that are pruned one is enough.
    const [kept, pruned] = [['c', 'd'], ['a', 'b']]; // biome-ignore format: a table
    expect(asked).toEqual([[kept, 3], [pruned, 1], [kept, 4], [pruned, 1]]); // biome-ignore format: a table
  });

  test('says what it does, and reads again what has gone since it was listed, five times', async () => {
    const path = join(root, `suite ${made++}`);
    const real = openFolderMedium(path, 'cifar10', null);
    const messages: string[] = [];
    let [listings, missing] = [0, 0];
    const medium: typeof real = {
      ...real,
      update: (change) => {
        messages.push(change.message);
        return real.update(change);
      },
      snapshot: async () => {
        listings += 1;
        if (listings > missing) return real.snapshot();
        const cause = Object.assign(new Error('gone'), { code: 'ENOENT' });
        throw new UserError({ what: 'it is gone', where: 'there', fix: 'Wait', cause });
      },
    };
    const store = openSuite(medium, 'cifar10', { keep: 2, window: 3 });
    await store.record(sampleRecord({ commit: 'c'.repeat(40) }));
    await store.attach('A b', '2026-01-01T00:00:00Z', []);
    const event = { id: 'e', title: 't', images: ['b', 'a'], since: 's' };
    await store.watch([event, { ...event, id: 'f' }]);
    await store.drop('e');
    expect(messages).toEqual([
      'Record cccccccccccc of "cifar10"',
      expect.stringMatching(/^Attach files to a-b-[0-9a-f]{8} of "cifar10"$/),
      'Watch 2 event(s) of "cifar10"',
      'Watch an event of "cifar10" no longer',
    ]);
    for (const read of [() => store.list(), () => store.watched(), () => store.history(), () => store.accepted('x')]) {
      [listings, missing] = [0, 4];
      await read();
      expect(listings).toBe(5);
      [listings, missing] = [0, 5];
      await expect(read()).rejects.toThrow('it is gone');
      expect(listings).toBe(5);
    }
    await expect(store.record(sampleRecord({ suite: 'other' }))).rejects.toThrow(
      'a record of other in the store of cifar10',
    );
  });

  test('names the other suites where this one has none', async () => {
    const { path, put } = suite();
    await put('a');
    mkdirSync(join(path, 'empty'));
    const other = openSuite(openFolderMedium(path, 'other', null), 'other', { keep: 1, window: 1 });
    expect(await other.find({ head: null, base: null })).toEqual({
      kind: 'empty-suite',
      others: ['cifar10'],
      notes: [],
    });
  });

  test('a window of records and the run’s own', async () => {
    const { store, put } = suite({ window: 2 });
    for (const commit of ['a', 'b', 'c', 'd']) await put(commit);
    const commits = async (head: string | null) => {
      const found = await store.find({ head, base: null });
      return found.kind === 'found' ? [found.head, ...found.records.map(({ commit }) => commit)] : [];
    };
    expect(await commits('b')).toEqual(['b', 'b', 'd', 'c']);
    expect(await commits('e')).toEqual(['e', 'd', 'c']);
    expect(await commits(null)).toEqual([null, 'd', 'c']);
    expect((await store.find({ head: 'e', base: null })).notes).toEqual([]);
  });
});

describe('names and hashes', () => {
  const [a, b] = ['a'.repeat(40), 'b'.repeat(64)];

  test('a hash is forty or sixty-four hex digits in small letters', () => {
    expect([a, b, '0123456789'.repeat(4)].map(isHash)).toEqual([true, true, true]);
    const others = [a.slice(1), `${a}a`, a.toUpperCase(), `${a.slice(1)}g`, ` ${a}`, `${a}\n`, 'c'.repeat(50), ''];
    expect(others.map(isHash)).toEqual(others.map(() => false));
  });

  test('outside a repository what was recorded comes newest first, the commit’s own before all', async () => {
    const of = async (head: string | null, count: number) =>
      ancestorsIn(null, null, { head, base: null }, ['x', a, 'y', 'z'], count);
    expect(await of(null, 9)).toEqual({ commits: ['z', 'y', a, 'x'], reasons: [], notes: [] });
    expect(await of('y', 9)).toEqual({ commits: ['y', 'z', a, 'x'], reasons: [], notes: [] });
    expect(await of(a, 2)).toEqual({ commits: [a, 'z'], reasons: [], notes: [] });
    expect(await of('w', 1)).toEqual({ commits: ['z'], reasons: [], notes: [] });
    expect(await builtOnIn(null, null, ['x', a, 'y', a])).toEqual(new Set([a]));
    expect(await builtOnIn(null, null, [])).toEqual(new Set());
  });

  test('outside a repository every name is itself, and no commit is there', async () => {
    for (const name of ['x', a, 'a1b2c3d']) expect(await commitNamed(root, name)).toBe(name);
    expect(await hasCommit(root, a)).toBe(false);
    expect(await placeOf(join(root, 'x.png'))).toBeNull();
  });

  test('the remote of a repository is origin, else the first', async () => {
    const repository = async (...remotes: string[]) => {
      const folder = join(root, `remotes ${made++}`);
      git(root, ['init', '--quiet', folder]);
      for (const remote of remotes) git(folder, ['remote', 'add', remote, 'nowhere']);
      const found = await findRepository(folder);
      if (found === null) throw new Error('it was made');
      return found;
    };
    const [both, fork, none] = [
      await repository('upstream', 'origin'),
      await repository('up', 'fork'),
      await repository(),
    ];
    expect([both, fork, none].map(({ remotes }) => remotes)).toEqual([['upstream', 'origin'], ['up', 'fork'], []]);
    expect([both, fork, none].map(usualRemote)).toEqual(['origin', 'up', null]);
    expect([chosenRemote(fork, 'fork'), chosenRemote(none, 'fork')]).toEqual(['fork', null]);
    expect(() => chosenRemote(fork, 'origin')).toThrow(
      'baseline.remote: the repository has no remote "origin"; it has up, fork. Name one of them',
    );
    expect(() => chosenRemote(both, '--upload-pack=x')).toThrow('it has upstream, origin. Name one of them');
    expect(both.partial).toBe(false);
  });

  test('a file of a work tree has a place there', async () => {
    const folder = join(root, 'a place');
    mkdirSync(join(folder, 'deep', 'er'), { recursive: true });
    git(folder, ['init', '--quiet']);
    const place = (path: string) => placeOf(join(folder, path));
    expect(await place('barlow.yml')).toEqual({ root: realpathSync(folder), path: 'barlow.yml' });
    expect(await place('deep/er/barlow.yml')).toEqual({ root: realpathSync(folder), path: 'deep/er/barlow.yml' });
    // Under another name it is the same config, and no second suite of its name.
    writeFileSync(join(folder, 'barlow.yml'), '');
    writeFileSync(join(root, 'outside.yml'), '');
    symlinkSync(join('..', 'barlow.yml'), join(folder, 'deep', 'link.yml'));
    symlinkSync(join(root, 'outside.yml'), join(folder, 'shared.yml'));
    expect((await place('deep/link.yml'))?.path).toBe('barlow.yml');
    expect((await place('shared.yml'))?.path).toBe('shared.yml');
    git(root, ['init', '--quiet', '--bare', 'bare.git']);
    expect(await placeOf(join(root, 'bare.git', 'barlow.yml'))).toBeNull();
  });
});
