import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { readFeatureNames, writeFeatureName } from '../../src/config/featureNames.ts';
import { UserError } from '../../src/errors.ts';
import { foundAt, openGit, record } from '../baseline/gitStoreOf.ts';
import { git, temporaryFolder, withRemote } from '../baseline/realGit.ts';
import { allRows, example, exampleImages, extractCounting, source, storedRows } from '../features/extraction.ts';
import { smallDisk } from '../smallDisk.ts';
import { barlowHere, judgeHere } from './judgeHere.ts';
import { makeWorld } from './world.ts';

const disk = smallDisk(2048);
afterAll(() => disk?.remove());
afterEach(() => disk?.free());
const folder = disk?.folder ?? '';
const fill = (left: number) => disk?.fill(left);
const pages = (count: number) => count * 4096;

describe.skipIf(disk === null)('a disk that is full (skipped where none may be mounted)', () => {
  it('features.yml keeps the names that it has', async () => {
    const file = join(folder, 'features.yml');
    const name = (text: string) => ({ name: text, kind: null, note: null });
    for (let feature = 0; feature < 120; feature++) {
      await writeFeatureName(file, feature, name(`a name of some length for feature ${feature}`), 'ab'.repeat(32));
    }
    const before = readFileSync(file, 'utf8');
    for (const left of [0, pages(1)]) {
      fill(left);
      await expect(writeFeatureName(file, 7, name('another'), 'ab'.repeat(32))).rejects.toThrow(UserError);
      expect(readFileSync(file, 'utf8')).toBe(before);
    }
    disk?.free();
    await writeFeatureName(file, 7, name('another'), 'ab'.repeat(32));
    expect((await readFeatureNames(file)).names.size).toBe(120);
  });

  it('reports are whole or not there; a failed gate is told all the same, and a pass is none', async () => {
    const world = makeWorld();
    const out = join(folder, 'out');
    const report = (name: string) => join(out, name);
    expect((await judgeHere(world, 'good', ['--out', out])).status).toBe(0);
    for (const left of [0, 1, 2, 4, 8, 12, 24]) {
      rmSync(out, { recursive: true });
      mkdirSync(out);
      fill(pages(left));
      const bad = await judgeHere(world, 'bad', ['--out', out]);
      expect([bad.status, left]).toEqual([1, left]);
      expect(bad.stdout).toContain('FAILED');
      for (const name of ['result.json', 'metrics.json']) {
        if (existsSync(report(name))) JSON.parse(readFileSync(report(name), 'utf8'));
      }
      for (const [name, end] of [
        ['junit.xml', '</testsuites>'],
        ['report.html', '</html>'],
      ] as const) {
        if (existsSync(report(name))) expect(readFileSync(report(name), 'utf8').trimEnd().endsWith(end)).toBe(true);
      }
    }
    rmSync(out, { recursive: true });
    fill(0);
    const good = await judgeHere(world, 'good', ['--out', out]);
    expect(good.status).toBe(2);
    expect(good.stderr).toContain('cannot write the file');
    expect(existsSync(report('result.json'))).toBe(false);
    world.remove();
  }, 300_000);

  it('a folder of baselines keeps the one that it has', async () => {
    const world = makeWorld({ at: join(folder, 'worlds') });
    const again = ['baseline', 'record', '--checkpoint', 'again=good.csv', '--commit', 'first', '--replace'];
    for (const left of [0, 1, 2]) {
      fill(pages(left));
      const ended = await barlowHere(world, again);
      expect([left, ended.status === 0 || ended.status === 2]).toEqual([left, true]);
      disk?.free();
      expect((await judgeHere(world, 'bad')).status).toBe(1);
    }
    const show = async () => (await barlowHere(world, ['baseline', 'show', 'first'])).stdout;
    const before = await show();
    fill(0);
    const other = ['baseline', 'record', '--checkpoint', 'other=bad.csv', '--commit', 'first', '--replace'];
    expect((await barlowHere(world, other)).status).toBe(2);
    disk?.free();
    expect(await show()).toBe(before);
    world.remove();
  }, 300_000);

  it('so does a branch, on a remote whose disk is full', async () => {
    const { work, hashes } = withRemote(temporaryFolder(), 'full', 3);
    const remote = join(folder, 'remote.git');
    git(folder, ['clone', '--quiet', '--bare', `${work}.git`, remote]);
    git(work, ['remote', 'set-url', 'origin', remote]);
    const store = await openGit(work);
    await record(store, hashes[0] ?? '');
    for (const left of [0, pages(1)]) {
      fill(left);
      await expect(record(store, hashes[1] ?? '')).rejects.toThrow(UserError);
      expect(await foundAt(store, hashes[2] ?? '')).toEqual([hashes[0]]);
    }
    disk?.free();
    await record(store, hashes[1] ?? '');
    expect(await foundAt(store, hashes[2] ?? '')).toEqual([hashes[1]]);
    git(remote, ['fsck', '--strict']);
  }, 300_000);

  it('the feature store keeps what was extracted, and goes on from there', async () => {
    const store = join(folder, 'features');
    const evalSet = { images: exampleImages.slice(0, 300), folder: join(example, 'images') };
    // A batch of 128 images takes 64 KiB.
    fill(100_000);
    await expect(extractCounting(source(store, { evalSet }))).rejects.toThrow('there is no room left for features');
    expect(storedRows(store)).toBe(128);
    disk?.free();
    const { file, batches } = await extractCounting(source(store, { evalSet }));
    expect(batches).toBe(2);
    const whole = await extractCounting(source(temporaryFolder(), { evalSet }));
    expect(await allRows(file)).toEqual(await allRows(whole.file));
  }, 300_000);

  it('is not a disk that this test left full', () => {
    fill(0);
    expect(() => writeFileSync(join(folder, 'more'), Buffer.alloc(8192))).toThrow('ENOSPC');
  });
});
