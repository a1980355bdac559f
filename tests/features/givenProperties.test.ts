import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { openFeatures } from '../../src/features/openFeatures.ts';
import { example, exampleImages, source, temporaryFolder } from './extraction.ts';

const names = exampleImages.slice(0, 150);
const evalSet = { images: names, folder: join(example, 'images') };

/** A file of features of so many images. */
function given(images: number): string {
  const file = join(temporaryFolder(), 'features.npy');
  writeFileSync(file, Buffer.concat([formatNpyHeader(images, 3), Buffer.alloc(images * 3 * 4)]));
  return file;
}

describe('images beside features that are given', () => {
  it('are read for their properties, those that a model that is run comes with, and kept', async () => {
    const truth = (await openFeatures(source(temporaryFolder(), { evalSet }))).properties;
    const store = temporaryFolder();
    const decoded: string[] = [];
    const from = source(store, {
      ...{ evalSet, features: given(names.length), featureModel: null },
      onProgress: (stage) => decoded.push(stage),
    });
    const opened = await openFeatures(from);
    expect(truth).not.toBeNull();
    expect(opened.properties).toEqual(truth);
    expect([opened.dimensions, opened.hashes]).toEqual([3, null]);
    expect(decoded).toContain('properties');
    decoded.length = 0;
    expect((await openFeatures(from)).properties).toEqual(truth);
    expect(decoded).not.toContain('properties');
  }, 60_000);

  it('are not read where none are at hand or none are wanted', async () => {
    const without = { evalSet: { images: names, folder: null }, features: given(names.length) };
    expect((await openFeatures(source(temporaryFolder(), without))).properties).toBeNull();
    const unwanted = { evalSet, features: given(names.length), properties: false };
    expect((await openFeatures(source(temporaryFolder(), unwanted))).properties).toBeNull();
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    ['is no image', (folder) => writeFileSync(join(folder, names[1]), 'no image'), /the image "[^"]+" is /],
    ['cannot be read', (folder) => mkdirSync(join(folder, names[1])), /the image "[^"]+" /],
  ])('of which one %s do without, and that is told', async (_, spoil, why) => {
    const folder = temporaryFolder();
    for (const name of [names[0], names[2]]) cpSync(join(example, 'images', name), join(folder, name));
    spoil(folder);
    const told: string[] = [];
    const from = source(temporaryFolder(), {
      ...{ evalSet: { images: names.slice(0, 3), folder }, features: given(3) },
      onNotice: (line) => told.push(line),
    });
    expect((await openFeatures(from)).properties).toBeNull();
    expect(told).toEqual([expect.stringMatching(/^Image properties are left out: .+\.$/)]);
    expect(told[0]).toMatch(why);
    expect(told[0]).toContain(names[1]);
  });

  it('do without where nothing can be kept, and that is told', async () => {
    const store = join(temporaryFolder(), 'store');
    writeFileSync(store, 'a file where a folder is wanted');
    const told: string[] = [];
    const from = source(store, { evalSet, features: given(names.length), onNotice: (line) => told.push(line) });
    expect((await openFeatures(from)).properties).toBeNull();
    expect(told).toEqual([expect.stringMatching(/^Image properties are left out: .*store/)]);
  });
});
