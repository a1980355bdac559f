import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { UserError } from '../../src/errors.ts';
import { openFeatures } from '../../src/features/openFeatures.ts';
import { planFolder } from '../../src/features/segment.ts';
import { hasShared, shared } from '../extras.ts';
import { imageBytes, imagePath, root, torchFeatures } from '../images/fixtures.ts';
import {
  allRows,
  example,
  exampleImages,
  extractCounting,
  greatestDifference,
  model,
  robust,
  sharedFeatures,
  source,
  storedRows,
  temporaryFolder,
} from './extraction.ts';

const tiny = (name: string) => model(join(root, 'tests', 'data', 'inference', 'models', `${name}.onnx`));

describe('features of the example', () => {
  const images = Object.keys(torchFeatures);
  const evalSet = { images, folder: join(example, 'images') };

  it('are those of PyTorch within 1e-4', async () => {
    expect(images.length).toBeGreaterThanOrEqual(50);
    const file = await openFeatures(source(temporaryFolder(), { evalSet }));
    expect(file.dimensions).toBe(128);
    expect(file.model.engine).toBe('onnx-cpu');
    expect(greatestDifference(await allRows(file), Object.values(torchFeatures))).toBeLessThan(1e-4);
  });

  it('are the same to the bit from worker threads, in another order and after a copy in the store', async () => {
    const plain = await allRows(await openFeatures(source(temporaryFolder(), { evalSet })));
    const pool = openPool(2);
    const folder = temporaryFolder();
    const reversed = { ...evalSet, images: images.toReversed() };
    await openFeatures(source(folder, { evalSet: { ...evalSet, images: images.slice(20) }, run: pool.run }));
    const file = await openFeatures(source(folder, { evalSet: reversed, run: pool.run }));
    await pool.close();
    expect((await allRows(file)).toReversed()).toEqual(plain);
  });
});

describe.skipIf(!hasShared)('features of all 10,000 images (needs ../shared)', () => {
  it('are those of PyTorch within 1e-4', { timeout: 300_000 }, async () => {
    const folder = join(shared, 'data', 'cifar10');
    const images = Array.from({ length: 10_000 }, (_, i) => `${String(i).padStart(5, '0')}.png`);
    const pool = openPool(2);
    const evalSet = { images, folder: join(folder, 'images') };
    const file = await openFeatures(source(temporaryFolder(), { evalSet, run: pool.run }));
    await pool.close();
    expect(greatestDifference(await allRows(file), sharedFeatures())).toBeLessThan(1e-4);
  });
});

describe('the store behind them', () => {
  it('lets a second run extract nothing, not even with other names for the images', async () => {
    const folder = temporaryFolder();
    const first = await extractCounting(source(folder));
    expect(first.batches).toBeGreaterThan(1);
    const copies = temporaryFolder();
    const names = exampleImages.slice(0, 300);
    for (const name of names) copyFileSync(join(example, 'images', name), join(copies, `copy-${name}`));
    const evalSet = { images: names.map((name) => `copy-${name}`), folder: copies };
    const second = await extractCounting(source(folder, { evalSet }));
    expect(second.batches).toBe(0);
    expect(second.file).toEqual(first.file);
  });

  it('stores an image once, however often it appears', async () => {
    const folder = temporaryFolder();
    const [image, other] = exampleImages;
    const evalSet = { images: [image], folder: join(example, 'images') };
    await openFeatures(source(folder, { evalSet }));
    const copies = temporaryFolder();
    for (const name of ['a.png', 'b.png']) copyFileSync(join(example, 'images', image), join(copies, name));
    copyFileSync(join(example, 'images', other), join(copies, 'c.png'));
    const file = await openFeatures(
      source(folder, { evalSet: { images: ['a.png', 'c.png', 'b.png'], folder: copies } }),
    );
    expect(file.rowOf[0]).toBe(file.rowOf[2]);
    expect(storedRows(folder)).toBe(2);
  });

  it('keeps features of other preprocessing and other layers apart', async () => {
    const folder = temporaryFolder();
    const preprocess = { resize: null, crop: 32, mean: [0.5, 0.5, 0.5], std: [1, 1, 1] } as const;
    const files = [
      await openFeatures(source(folder)),
      await openFeatures(
        source(folder, { featureModel: { path: robust, layer: { features: null, featureMap: null }, preprocess } }),
      ),
      await openFeatures(
        source(folder, {
          featureModel: { path: robust, layer: { features: 'logits', featureMap: null }, preprocess: null },
        }),
      ),
    ];
    expect(new Set(files.map((file) => file.model.fingerprint)).size).toBe(3);
    expect(files[2].dimensions).toBe(10);
  });

  it('extracts in shards', async () => {
    const folder = temporaryFolder();
    const rows = [];
    for (const index of [1, 2, 3]) {
      const part = await openFeatures(source(folder, { shard: { index, count: 3 } }));
      expect(part.rowOf.length).toBe(100);
      rows.push(...(await allRows(part)));
    }
    const { file, batches } = await extractCounting(source(folder));
    expect(batches).toBe(0);
    expect(await allRows(file)).toEqual(rows);
  });
});

describe('models', () => {
  const evalSet = {
    images: ['rgb.png', 'base.jpg', 'rgba.png', 'cmyk.jpg', 'lossy.webp'],
    folder: join(imagePath(''), '.'),
  };
  const rowsOf = async (name: string) => {
    const preprocess = { resize: 32, crop: 32, mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const featureModel = { path: tiny(name)?.path ?? '', layer: { features: null, featureMap: null }, preprocess };
    return allRows(await openFeatures(source(temporaryFolder(), { evalSet, featureModel })));
  };

  it('with a fixed batch, an open size or channels last give the same features', async () => {
    const rows = await rowsOf('open-size');
    expect(rows.map((row) => row.length)).toEqual([4, 4, 4, 4, 4]);
    for (const name of ['fixed-batch', 'channels-last']) {
      expect(greatestDifference(await rowsOf(name), rows)).toBeLessThan(1e-6);
    }
    // A model of one channel gets grey images.
    expect((await rowsOf('grey')).map((row) => row.length)).toEqual([4, 4, 4, 4, 4]);
  });

  it.each([
    ['open-size', 'leaves the image size open', 'Set preprocess.crop of the model'],
    ['vector', 'does not take one batch of images', 'N x 3 x height x width'],
    ['wide', 'is 83 x 61 pixels where the model takes 32 x 16', 'Replace the image'],
    ['not-a-number', 'comes out as NaN', 'Check the model'],
    ['missing', 'the model cannot be read', 'Name a model file'],
  ])('%s: %s', async (name, what, fix) => {
    const wrong = await failure(openFeatures(source(temporaryFolder(), { evalSet, featureModel: tiny(name) })));
    expect(wrong.what).toContain(what);
    expect(wrong.fix).toContain(fix);
  });

  it('that are no models, or lack the layer named, are refused by name', async () => {
    const wrong = await failure(
      openFeatures(source(temporaryFolder(), { featureModel: model(imagePath('base.jpg')) })),
    );
    expect(wrong.where).toBe(imagePath('base.jpg'));
    expect(wrong.what).toContain('the model is an image');
    const featureModel = { path: robust, layer: { features: 'featurs', featureMap: null }, preprocess: null };
    const misspelt = await failure(openFeatures(source(temporaryFolder(), { featureModel })));
    expect(misspelt.message).toContain('"features"');
    const map = { path: robust, layer: { features: 'feature_map', featureMap: null }, preprocess: null };
    const notAVector = await failure(openFeatures(source(temporaryFolder(), { featureModel: map })));
    expect(notAVector.what).toContain('[128, 128, 4, 4]');
  });

  it('refuse an engine of the other kind and one that is not installed', async () => {
    const wrongKind = await failure(openFeatures(source(temporaryFolder(), { engine: 'tfjs' })));
    expect(wrongKind.what).toContain('tfjs does not run ONNX models');
    expect(wrongKind.fix).toContain('onnx-cpu');
  });

  it('say which engine was taken and why not a better one', async () => {
    const notices: string[] = [];
    await openFeatures(source(temporaryFolder(), { engine: 'auto', onNotice: (line) => notices.push(line) }));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(
      /^Engine: onnx-(cpu \(onnx-cuda: .*; onnx-webgpu: |webgpu \(onnx-cuda: |cuda)[^\n/]*\.$/,
    );
  });
});

describe('bad images', () => {
  it('are named, and what was extracted before them is kept', async () => {
    const images = temporaryFolder();
    const names = exampleImages.slice(0, 300);
    for (const name of names) copyFileSync(join(example, 'images', name), join(images, name));
    const broken = names[200];
    const whole = readFileSync(join(images, broken));
    writeFileSync(join(images, broken), whole.subarray(0, 1000));
    const folder = temporaryFolder();
    const run = source(folder, { evalSet: { images: names, folder: images } });
    const wrong = await failure(openFeatures(run));
    expect(wrong.where).toBe(join(images, broken));
    expect(wrong.what).toBe('the image is truncated');
    expect(storedRows(folder)).toBe(128);

    rmSync(join(images, broken));
    const missing = await failure(openFeatures(run));
    expect(missing.message).toContain(`${broken}: the image does not exist`);
    mkdirSync(join(images, broken));
    expect((await failure(openFeatures(run))).what).toContain('the image cannot be read (EISDIR');
    rmSync(join(images, broken), { recursive: true });

    writeFileSync(join(images, broken), whole);
    const mended = await extractCounting(run);
    expect(mended.batches).toBe(2);
    expect(storedRows(folder)).toBe(300);
  });

  it('are left out where they are to be skipped, and cost a later run nothing but a look', async () => {
    const images = temporaryFolder();
    const names = exampleImages.slice(0, 200);
    for (const name of names) copyFileSync(join(example, 'images', name), join(images, name));
    const [cut, copy, gone] = [names[0], names[150], names[130]];
    writeFileSync(join(images, cut), readFileSync(join(images, cut)).subarray(0, 1000));
    copyFileSync(join(images, cut), join(images, copy));
    rmSync(join(images, gone));
    const folder = temporaryFolder();
    const run = source(folder, { evalSet: { images: names, folder: images }, onBadImage: 'skip' });
    const first = await openFeatures(run);
    expect(first.unusable).toEqual([
      { index: 0, why: 'is truncated' },
      { index: 130, why: 'does not exist' },
      { index: 150, why: 'is truncated' },
    ]);
    const bad = new Set([0, 130, 150]);
    const good = names.filter((_, index) => !bad.has(index));
    const whole = await openFeatures(source(temporaryFolder(), { evalSet: { images: good, folder: images } }));
    expect(await allRows(first)).toEqual(await allRows(whole));

    const segments = readdirSync(planFolder(folder, first.model.fingerprint));
    expect(await openFeatures(run)).toEqual(first);
    expect(readdirSync(planFolder(folder, first.model.fingerprint))).toEqual(segments);
    expect((await failure(openFeatures({ ...run, onBadImage: 'fail' }))).where).toBe(join(images, gone));

    const none = { evalSet: { images: [cut, gone], folder: images }, onBadImage: 'skip' } as const;
    expect((await failure(openFeatures(source(folder, none)))).what).toBe('none of the 2 images can be used');
    expect((await failure(openFeatures(source(temporaryFolder(), none)))).what).toContain('none of the 2 images');
  });

  it('are refused when they are none', async () => {
    const images = temporaryFolder();
    writeFileSync(join(images, 'a.png'), 'not an image, though its name says so, and long enough');
    writeFileSync(join(images, 'b.png'), imageBytes('base.jpg'));
    const run = (name: string) =>
      openFeatures(source(temporaryFolder(), { evalSet: { images: [name], folder: images } }));
    expect((await failure(run('a.png'))).what).toBe(
      'the image is not a JPEG, PNG, WebP, GIF, AVIF, BMP, TIFF or PPM image',
    );
    expect((await run('b.png')).rowOf).toEqual(Uint32Array.of(0)); // a JPEG by its bytes
  });
});

async function failure(promise: Promise<unknown>): Promise<UserError> {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof UserError) return thrown;
  throw new Error(`expected a UserError, got ${thrown}`);
}

describe('threads inside an operator', () => {
  /** Features by so many, and how many threads the process had meanwhile. */
  async function by(threads: number) {
    let most = 0;
    const onProgress = (stage: string) => {
      if (stage === 'extract' && existsSync('/proc/self/task')) {
        most = Math.max(most, readdirSync('/proc/self/task').length);
      }
    };
    const file = await openFeatures(source(temporaryFolder(), { threads, onProgress }));
    return { rows: await allRows(file), most };
  }

  it('are as many as are asked for, and any number gives the same bytes', { timeout: 120_000 }, async () => {
    await by(1); // whatever else starts threads has
    const [one, two, four] = [await by(1), await by(2), await by(4)];
    expect(two.rows).toEqual(one.rows);
    expect(four.rows).toEqual(one.rows);
    if (existsSync('/proc/self/task')) expect([two.most - one.most, four.most - one.most]).toEqual([1, 3]);
  });
});
