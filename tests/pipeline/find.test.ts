import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { readConfig } from '../../src/config/config.ts';
import { openFeatures } from '../../src/features/openFeatures.ts';
import { distance, whitening } from '../../src/gate/typicality.ts';
import { recordBaseline } from '../../src/pipeline/baseline.ts';
import { type FindRequest, findAlike } from '../../src/pipeline/find.ts';
import { completeRequest } from '../../src/pipeline/library.ts';
import { readerOfAll } from '../../src/pipeline/read.ts';
import { runGate } from '../../src/pipeline/run.ts';
import { checkSetup } from '../../src/pipeline/setup.ts';
import type { Result } from '../../src/records/result.ts';
import { hasShared, shared } from '../extras.ts';
import { sampleOf } from '../gate/paired.ts';

const example = join(import.meta.dirname, '..', '..', 'examples', 'cifar10');
const folder = mkdtempSync(join(tmpdir(), 'barlow find '));
const pool = join(folder, 'pool');
const config = join(folder, 'barlow.yml');
let result: Result;
let id: string;
const rows = readFileSync(join(example, 'eval.csv'), 'utf8').trimEnd().split('\n').slice(1);
const labelOf = new Map(rows.map((row): [string, string] => [row.split(',')[0] ?? '', row.split(',')[1] ?? '']));
const kept = rows.filter((row) => /,(automobile|truck)$/.test(row)).slice(0, 700);
const evaluated = new Set(kept.map((row) => row.split(',')[0] ?? ''));
/** Of the images that are left, automobiles and others. */
const isCar = (name: string) => labelOf.get(name) === 'automobile';
const left = [...labelOf.keys()].filter((name) => !evaluated.has(name));
const others = [...left.filter(isCar).slice(0, 300), ...left.filter((name) => !isCar(name)).slice(0, 300)];
const known = [...evaluated].slice(0, 40);

const request = (out = 'report') => completeRequest({ config, out: join(folder, out), workers: 0, commit: 'two' });
const find = (to: string, asked: Partial<FindRequest> = {}, out = 'report') =>
  findAlike(request(out), { event: id, pool, most: 1000, force: false, evalSet: null, ...asked, to: join(folder, to) });
const table = (file: string): Record<string, string>[] => parse(readFileSync(join(folder, file)), { columns: true });

beforeAll(async () => {
  mkdirSync(join(pool, 'deep', 'er'), { recursive: true });
  mkdirSync(join(folder, 'images'));
  writeFileSync(join(folder, 'eval.csv'), `image,label\n${kept.join('\n')}\n`);
  for (const name of evaluated) cpSync(join(example, 'images', name), join(folder, 'images', name));
  for (const name of others) cpSync(join(example, 'images', name), join(pool, 'deep', name));
  for (const name of known) cpSync(join(example, 'images', name), join(pool, 'deep', 'er', name));
  writeFileSync(join(pool, 'broken.png'), 'no image');
  writeFileSync(join(pool, 'empty.jpg'), '');
  writeFileSync(join(pool, 'notes.txt'), 'no image, and none by its name');
  writeFileSync(
    config,
    `version: 1
name: find
evalSet: {images: images, manifest: eval.csv, classes: [airplane, bird, cat, deer, dog, frog, horse, ship]}
groups: [label]
analysis: {shuffles: 0}
report: {images: 0}
baseline: {store: folder, path: baselines}
`,
  );
  for (const name of ['baseline', 'candidate']) {
    const [head, ...lines] = readFileSync(join(example, 'predictions', `${name}.csv`), 'utf8')
      .trimEnd()
      .split('\n');
    const own = lines.filter((line) => evaluated.has(line.split(',')[0] ?? ''));
    writeFileSync(join(folder, `${name}.csv`), `${[head, ...own].join('\n')}\n`);
  }
  const checkpoints = (name: string) => [{ name, path: join(folder, `${name}.csv`) }];
  await recordBaseline({ ...request(), commit: 'one', checkpoints: checkpoints('baseline') });
  ({ result } = await runGate({ ...request(), checkpoints: checkpoints('candidate') }));
  id = result.checkpoints[0].events[0].id;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names of the images of a pool in the event's region, one by one. */
async function inRegion(names: readonly string[]): Promise<string[]> {
  const threads = openPool(0);
  const model = join(import.meta.dirname, '..', '..', 'models', 'robust-32.onnx');
  const file = await openFeatures({
    ...{ evalSet: { images: names, folder: pool }, features: null, engine: 'auto', shard: null, threads: 1 },
    featureModel: { path: model, layer: { features: null, featureMap: null }, preprocess: null },
    ...{ imageColumn: 'image', onBadImage: 'fail', storeFolder: join(folder, 'own'), run: threads.run },
    ...{ onProgress: () => {}, onNotice: () => {} },
  });
  const all = Uint32Array.from(names.keys());
  const [event] = result.checkpoints[0].events;
  const rules = (result.checkpoints[0].comparison?.clusters ?? [])
    .filter((each) => event.clusters.includes(each.id))
    .map(({ rule }) => rule);
  const held = new Set<string>();
  for (const rule of rules) {
    const columns = await Promise.all(rule.map(({ feature }) => readerOfAll(file)(all, feature, feature + 1)));
    for (const [row, name] of names.entries()) {
      if (rule.every(({ op, threshold }, at) => (op === '>') === columns[at].values[row] > threshold)) held.add(name);
    }
  }
  await threads.close();
  return [...held];
}

describe('barlow find', () => {
  it('finds the images of the region, the most typical first, and counts what it passes over', async () => {
    const said = await find('found.csv');
    const found = table('found.csv');
    const want = await inRegion(others.map((name) => `deep/${name}`));
    expect(want.length).toBeGreaterThan(5);
    expect(found.map(({ image }) => image).toSorted()).toEqual(want.toSorted());
    const far = found.map((row) => Number(row.distance));
    expect(far).toEqual(far.toSorted((a, b) => a - b));
    const copies = await inRegion(known.map((name) => `deep/er/${name}`));
    expect(said.json).toMatchObject({ images: 640, unusable: 2, inside: want.length, known: copies.length });
    expect(said.lines.join('\n')).toContain('Skipped: 2 images that cannot be read.');
    expect(readFileSync(join(folder, 'found.csv.png')).subarray(1, 4).toString()).toBe('PNG');
    // The nearer half has more of what the event is of than the farther one, and most of it looks so.
    const cars = found.map(({ image }) => isCar(image.replace('deep/', '')));
    const carsIn = (some: readonly boolean[]) => some.filter(Boolean).length;
    const half = Math.floor(cars.length / 2);
    expect(carsIn(cars.slice(0, half))).toBeGreaterThan(carsIn(cars.slice(-half)));
    expect(found[0].looks_like).toMatch(/automobile|truck/);
  });

  it('keeps the most typical where fewer are asked for, and counts all', async () => {
    const said = await find('few.csv', { most: 3 });
    expect(table('few.csv')).toEqual(table('found.csv').slice(0, 3));
    expect(said.json).toMatchObject({ inside: table('found.csv').length, written: 3 });
  });

  it('finds, where no rule tells the event, what is as near to its images as nine in ten of them', async () => {
    const other = structuredClone(result);
    for (const { comparison } of other.checkpoints) {
      for (const cluster of comparison?.clusters ?? [])
        Object.assign(cluster, { rule: [], neighbourhood: { around: 'x', shape: 'ball', images: cluster.images } });
    }
    mkdirSync(join(folder, 'likeness'));
    writeFileSync(join(folder, 'likeness', 'result.json'), JSON.stringify(other));
    const said = await find('likeness.csv', {}, 'likeness');
    const found = table('likeness.csv');
    expect(found.length).toBeGreaterThan(5);
    // `typical` of the event's images is told in a space of their own group; the search's is of the whole eval set: they are found again.
    const ownPool = join(folder, 'own pool');
    mkdirSync(ownPool);
    const own = other.checkpoints[0].events[0].images;
    for (const { name } of own) {
      // One byte more, so that they count as other images.
      writeFileSync(join(ownPool, name), Buffer.concat([readFileSync(join(example, 'images', name)), Buffer.of(0)]));
    }
    const again = await find('again.csv', { pool: ownPool }, 'likeness');
    expect(again.json).toMatchObject({ images: own.length, inside: Math.ceil(0.9 * own.length), byLikeness: true });
    const farthest = Math.max(...table('again.csv').map((row) => Number(row.distance)));
    expect(Math.max(...found.map((row) => Number(row.distance)))).toBeLessThanOrEqual(farthest);
    expect(said.lines.join('\n')).toContain("No rule tells the event's images");
  });

  it.each<[string, Partial<FindRequest>, string]>([
    ['found.csv', {}, 'it exists already'],
    ['x.csv', { event: 'nothing' }, 'the last run has no event "nothing"'],
    ['x.csv', { pool: join(folder, 'nowhere') }, 'cannot be read'],
    ['x.csv', { pool: join(folder, 'baselines') }, 'there is no image in it'],
    ['x.csv', { pool: join(folder, 'all broken') }, 'none of the 2 images can be used'],
  ])('refuses %s %j', async (to, asked, why) => {
    mkdirSync(join(folder, 'all broken'), { recursive: true });
    for (const name of ['a.png', 'b.jpg']) writeFileSync(join(folder, 'all broken', name), name);
    await expect(find(to, asked)).rejects.toThrow(why);
  });

  it('is what a run does for its events where barlow.yml names the pool, and nothing else', async () => {
    const out = join(folder, 'pooled');
    const own = /^pool-[\da-f]{16}\.csv(\.png)?$/;
    mkdirSync(out);
    writeFileSync(join(out, 'pool-0123456789abcdef.csv'), 'of the run before');
    writeFileSync(join(out, 'pool-mine.csv'), "somebody's");
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, `${text}pool: {images: pool}\n`);
    const notices: string[] = [];
    const judged = await runGate({
      ...request('pooled'),
      checkpoints: [{ name: 'candidate', path: join(folder, 'candidate.csv') }],
      onNotice: (line) => notices.push(line),
    });
    const said = await find('as-config.csv', { pool: null });
    writeFileSync(config, text);
    const [event] = judged.result.checkpoints[0].events;
    const found = table('found.csv');
    const cars = found.filter((row) => row.looks_like === 'automobile').length;
    expect(cars).toBeGreaterThan(0);
    expect(event.pool).toMatchObject({ images: 640, inside: found.length, listed: found.length });
    expect(event.pool?.looksLike).toContainEqual({ className: 'automobile', images: cars });
    expect(event.pool?.typical).toEqual(found.slice(0, 12).map(({ image }) => image));
    // The same list that `find` writes; the run's own in place of the one before, nobody else's file touched.
    const lists = readdirSync(out).filter((name) => own.test(name));
    expect(lists).toEqual([event.pool?.table, event.pool?.sheet]);
    expect(readFileSync(join(out, event.pool?.table ?? ''), 'utf8')).toBe(
      readFileSync(join(folder, 'found.csv'), 'utf8'),
    );
    expect(readFileSync(join(out, 'pool-mine.csv'), 'utf8')).toBe("somebody's");
    expect(notices).toContain('Pool: 2 images left out that cannot be read.');
    expect(event.actions).toContainEqual(
      expect.objectContaining({ kind: 'label-pool', text: expect.stringContaining(`${cars} of its 640 images`) }),
    );
    for (const page of ['report.md', 'report.html'])
      expect(readFileSync(join(out, page), 'utf8')).toContain(`${cars} of its 640 images`);
    // The verdict is what it was without.
    expect(judged.result.checkpoints[0].verdict).toEqual(result.checkpoints[0].verdict);
    expect(said.json).toMatchObject({ images: 640, inside: found.length });
  });

  it('says where to look is missing, and refuses a pool that is none', async () => {
    await expect(find('x.csv', { pool: null })).rejects.toThrow('nothing says where to look');
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, `${text}pool: {images: nowhere}\n`);
    const checkpoints = [{ name: 'candidate', path: join(folder, 'candidate.csv') }];
    const erred = runGate({ ...request('refused'), checkpoints });
    await expect(erred).rejects.toThrow('cannot be read');
    const missing = (await checkSetup(await readConfig(config))).find(({ of }) => of === 'pool');
    expect(missing?.problem?.where).toBe(join(folder, 'nowhere'));
    writeFileSync(config, `${text}pool: {images: pool}\n`);
    const there = (await checkSetup(await readConfig(config))).find(({ of }) => of === 'pool');
    expect(there).toEqual({ of: 'pool', found: '642 images without labels', problem: null });
    writeFileSync(config, text);
  });

  it.skipIf(!hasShared)('finds red cars among the training automobiles', async () => {
    await find('train.csv', { pool: join(shared, 'data', 'cifar10', 'train-automobile'), most: 100 });
    const lines = readFileSync(join(shared, 'data', 'cifar10', 'train-automobile.csv'), 'utf8')
      .trimEnd()
      .split('\n');
    const red = new Set(
      lines.filter((line) => /,yes\r?$/.test(line)).map((line) => line.split(',')[0]?.split('/').at(-1)),
    );
    expect(red.size).toBe(992);
    const found = table('train.csv').map(({ image }) => red.has(image.split('/').at(-1)));
    // By chance 20 of 100.
    expect(found.filter(Boolean).length).toBeGreaterThan(60);
  });
});

it('puts an image that is not of a group where its features put it', () => {
  const { columns, at } = sampleOf('outside', 200, 8);
  const space = whitening(columns, Uint32Array.from([1, 5, 9]));
  for (const row of [0, 7, 150]) {
    expect(
      distance(
        space.at(row),
        space.of((feature) => at(row, feature)),
      ),
    ).toBeLessThan(1e-12);
  }
});
