import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROPERTIES_FOLDER } from '../../src/features/featureStore.ts';
import { openFeatures } from '../../src/features/openFeatures.ts';
import { SegmentWriter } from '../../src/features/segment.ts';
import { PROPERTIES } from '../../src/images/properties.ts';
import { allRows, example, exampleImages, source, temporaryFolder } from './extraction.ts';

const evalSet = { images: exampleImages.slice(0, 60), folder: join(example, 'images') };
const rowBytes = 128 * 4;

/** Changes the one sealed segment of a store; `npy` starts with a header of 128 bytes, an entry of `index` has 36. */
function damage(store: string, change: (files: { npy: Buffer; index: Buffer }) => void): void {
  const [plan = ''] = readdirSync(store);
  const names = readdirSync(join(store, plan));
  const path = (ending: string) => join(store, plan, names.find((name) => name.endsWith(ending)) ?? '');
  const files = { npy: readFileSync(path('.npy')), index: readFileSync(path('.index')) };
  change(files);
  writeFileSync(path('.npy'), files.npy);
  writeFileSync(path('.index'), files.index);
}

function swap(bytes: Buffer, from: number, to: number, length: number): void {
  const kept = Buffer.from(bytes.subarray(from, from + length));
  bytes.copyWithin(from, to, to + length);
  kept.copy(bytes, to);
}

describe('a whole segment of the feature store', () => {
  it.each<[string, (files: { npy: Buffer; index: Buffer }) => void]>([
    ['zeros in a row', ({ npy }) => npy.fill(0, 128 + 7 * rowBytes, 128 + 8 * rowBytes)],
    ['zeros in all rows', ({ npy }) => npy.fill(0, 128)],
    ['a flipped bit', ({ npy }) => npy.writeUInt8(npy.readUInt8(128 + 30 * rowBytes + 5) ^ 4, 128 + 30 * rowBytes + 5)],
    ['NaN', ({ npy }) => npy.writeFloatLE(Number.NaN, 128 + 11 * rowBytes)],
    ['two rows that changed places', ({ npy }) => swap(npy, 128, 128 + 20 * rowBytes, rowBytes)],
    [
      'two rows that changed places with their checksums',
      ({ npy, index }) => {
        swap(npy, 128 + 2 * rowBytes, 128 + 9 * rowBytes, rowBytes);
        swap(index, 2 * 36 + 32, 9 * 36 + 32, 4);
      },
    ],
    [
      'another number of features in its header',
      ({ npy }) => npy.write('228', npy.indexOf('128, ') === -1 ? npy.indexOf('128)') : npy.indexOf('128, ')),
    ],
  ])(
    '%s: computed again, and told once',
    async (_, change) => {
      const store = temporaryFolder();
      const right = await allRows(await openFeatures(source(store, { evalSet })));
      damage(store, change);
      const told: string[] = [];
      const from = source(store, { evalSet, onNotice: (line) => told.push(line) });
      expect(await allRows(await openFeatures(from))).toEqual(right);
      const again = told.length;
      expect(await allRows(await openFeatures(from))).toEqual(right);
      // Where the header is damaged there is no knowing that rows were ever there.
      if (!_.includes('header'))
        expect(told.filter((line) => line.includes('no longer held what was written'))).toHaveLength(1);
      expect(told.slice(again).filter((line) => line.includes('no longer held'))).toEqual([]);
    },
    60_000,
  );
});

describe('the image properties beside it', () => {
  it('damaged rows are decoded again, and told once', async () => {
    const store = temporaryFolder();
    const right = (await openFeatures(source(store, { evalSet }))).properties;
    const [npy = ''] = globSync(join(store, PROPERTIES_FOLDER, '*.npy'));
    const bytes = readFileSync(npy);
    bytes.fill(0, 128, 128 + 2 * PROPERTIES * 4);
    writeFileSync(npy, bytes);
    const told: string[] = [];
    const from = source(store, { evalSet, onNotice: (line) => told.push(line) });
    for (const _ of [1, 2]) expect((await openFeatures(from)).properties).toEqual(right);
    expect(told.filter((line) => line.includes('no longer held'))).toEqual([
      expect.stringMatching(/^2 rows of .*computed again/),
    ]);
  });
});

describe('a segment', () => {
  it('is closed once, also where sealing it fails', () => {
    const folder = temporaryFolder();
    const writer = new SegmentWriter(folder, 3, 'onnx-cpu');
    writer.append(['0'.repeat(64)], Float32Array.of(1, 2, 3));
    const part = readdirSync(folder).find((name) => name.endsWith('.part')) ?? '';
    // What it is to become is there already, as a folder.
    const index = join(folder, part.replace('.part', '.index'));
    writeFileSync(index, '');
    writer.seal(null);
    expect(() => writer.close()).not.toThrow();
  });
});
