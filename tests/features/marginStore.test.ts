import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { areWorthKeeping, hardness } from '../../src/analysis/hardness.ts';
import { MARGINS_FOLDER, marginStore } from '../../src/features/marginStore.ts';
import type { ReadColumns } from '../../src/records/features.ts';
import type { Hardness } from '../../src/records/hardness.ts';
import { stream } from '../../src/statistics/random.ts';
import { temporaryFolder } from './extraction.ts';

const [images, dimensions, classes] = [120, 300, 3];
const random = stream('kept margins');
const features = Float32Array.from({ length: images * dimensions }, () => random.uint32() / 2 ** 32);
const labels = Int32Array.from({ length: images }, (_, row) => row % classes);
const readColumns: ReadColumns = async (rows, from, to) => {
  const values = new Float32Array(rows.length * (to - from));
  for (let feature = from; feature < to; feature++)
    for (const [at, row] of rows.entries())
      values[(feature - from) * rows.length + at] = features[row * dimensions + feature];
  return { rows: rows.length, from, to, values };
};
const source = { contents: 'a'.repeat(64), labels, classes };

async function margins(): Promise<Hardness> {
  const found = await hardness({ labels, classes, dimensions, readColumns, run: openPool(0).run });
  if (found === null) throw new Error('there are three classes');
  return found;
}

/** SHA-256 over all that margins hold. */
function digestOf({ view, mean, weights, shares, leverage, own, best, bestClass, second }: Hardness): string {
  const hash = createHash('sha256');
  const { featureMean, scale, sign, bucket } = view;
  for (const each of [featureMean, scale, sign, bucket, mean, weights, shares, leverage, own, best, bestClass, second])
    hash.update(new Uint8Array(each.slice().buffer));
  return hash.digest('hex');
}

/** With one bit of a byte flipped. */
const flipped = (bytes: Buffer, at: number) => bytes.fill(bytes[at] ^ 4, at, at + 1);
const silent = (line: string) => {
  throw new Error(line);
};

describe('margins that are kept', () => {
  it('come back bit by bit, and only for the features, labels and classes that they are of', async () => {
    const found = await margins();
    const store = marginStore(temporaryFolder(), silent);
    expect(store.read(source)).toBeNull();
    await store.keep(source, found);
    expect(store.read(source)).toEqual(found);
    const others = [
      { ...source, contents: 'b'.repeat(64) },
      { ...source, classes: 4 },
      { ...source, labels: labels.with(5, 1) },
      { ...source, labels: labels.slice(0, -1) },
    ];
    for (const other of others) expect(store.read(other)).toBeNull();
  });

  it('are of this version: whoever changes what `hardness` gives raises the number of their folder too', async () => {
    expect([MARGINS_FOLDER, digestOf(await margins())]).toEqual([
      'margins-2',
      '9f6c0d91a4e8b10bbfcb6e0aad76a31691de2f15aabe4b65141221721f3527eb',
    ]);
  });

  it.each<[string, (file: string, bytes: Buffer) => void]>([
    ['a flipped bit', (file, bytes) => writeFileSync(file, flipped(bytes, 5000))],
    ['a flipped bit in the header', (file, bytes) => writeFileSync(file, flipped(bytes, 6))],
    ['a flipped bit at the end', (file, bytes) => writeFileSync(file, flipped(bytes, bytes.length - 1))],
    ['zeros', (file, bytes) => writeFileSync(file, Buffer.alloc(bytes.length))],
    ['cut short', (file, bytes) => writeFileSync(file, bytes.subarray(0, 4000))],
    ['longer', (file, bytes) => writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(8)]))],
    ['empty', (file) => writeFileSync(file, '')],
    [
      'a folder',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ])('%s: not believed, told, and computed again', async (_, change) => {
    const folder = temporaryFolder();
    const found = await margins();
    await marginStore(folder, silent).keep(source, found);
    const [name = ''] = readdirSync(join(folder, MARGINS_FOLDER));
    const file = join(folder, MARGINS_FOLDER, name);
    change(file, readFileSync(file));
    const told: string[] = [];
    expect(marginStore(folder, (line) => told.push(line)).read(source)).toBeNull();
    expect(told).toEqual([expect.stringMatching(/\.margins no longer held what was written there .*computed again/)]);
  });

  it('of other data under its name are not believed', async () => {
    const folder = temporaryFolder();
    const store = marginStore(folder, () => {});
    const [name, other] = ['a', 'b'].map((letter) => ({ ...source, contents: letter.repeat(64) }));
    await store.keep(name, await margins());
    const [first = ''] = readdirSync(join(folder, MARGINS_FOLDER));
    await store.keep(other, await margins());
    const second = readdirSync(join(folder, MARGINS_FOLDER)).find((each) => each !== first) ?? '';
    writeFileSync(join(folder, MARGINS_FOLDER, second), readFileSync(join(folder, MARGINS_FOLDER, first)));
    expect(store.read(other)).toBeNull();
    expect(store.read(name)).not.toBeNull();
  });

  it('are the three written last', async () => {
    const folder = temporaryFolder();
    const store = marginStore(folder, silent);
    const found = await margins();
    const sources = ['a', 'b', 'c', 'd', 'e'].map((letter) => ({ ...source, contents: letter.repeat(64) }));
    for (const [at, each] of sources.entries()) {
      const before = new Set(at === 0 ? [] : readdirSync(join(folder, MARGINS_FOLDER)));
      await store.keep(each, found);
      for (const name of readdirSync(join(folder, MARGINS_FOLDER)))
        if (!before.has(name)) utimesSync(join(folder, MARGINS_FOLDER, name), 1000 + at, 1000 + at);
    }
    expect(sources.map((each) => store.read(each) !== null)).toEqual([false, false, true, true, true]);
  });

  it('that cannot be kept are told, and nothing else comes of it', async () => {
    const folder = join(temporaryFolder(), 'store');
    writeFileSync(folder, 'a file where a folder is wanted');
    const told: string[] = [];
    const store = marginStore(folder, (line) => told.push(line));
    expect(store.read(source)).toBeNull();
    await store.keep(source, await margins());
    expect(told).toEqual([expect.stringMatching(/^How hard images are could not be kept for the next run: /)]);
  });
});

it('margins are kept from where they take half a second', () => {
  expect(areWorthKeeping(10_000, 10, 128)).toBe(false);
  expect(areWorthKeeping(50_000, 1000, 2048)).toBe(true);
});
