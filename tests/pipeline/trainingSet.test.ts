import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingSet } from '../../src/evalset/trainingSet.ts';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { completeRequest } from '../../src/pipeline/library.ts';
import type { Features } from '../../src/pipeline/read.ts';
import { inRun } from '../../src/pipeline/request.ts';
import { withTrainingEvidence } from '../../src/pipeline/trainingSet.ts';
import { imageProperties } from '../../src/records/imageProperties.ts';
import type { Result } from '../../src/records/result.ts';
import { stream } from '../../src/statistics/random.ts';
import { hasShared, shared } from '../extras.ts';
import { example, exampleImages, robust } from '../features/extraction.ts';
import { runHere } from '../inProcess.ts';
import { sampleCheckpoint, sampleCluster, sampleResult } from '../report/sampleResult.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow training '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const barlow = (where: string, ...args: readonly string[]) => runHere(where, args);
const resultIn = (where: string): Result =>
  JSON.parse(readFileSync(join(where, 'barlow-report', 'result.json'), 'utf8'));

describe('a training set with features that are given', () => {
  const IMAGES = 800;
  const TRAINED = 3_000;
  const DIMENSIONS = 6;
  const { uint32 } = stream('training set');
  const draw = () => uint32() / 2 ** 32;
  const where = join(folder, 'given');
  const npy = (rows: number, values: Float32Array, dimensions = DIMENSIONS) =>
    Buffer.concat([formatNpyHeader(rows, dimensions), new Uint8Array(values.buffer)]);
  const features = Float32Array.from({ length: IMAGES * DIMENSIONS }, draw);
  /** Images high in feature 2: a cluster. */
  const cluster = [...Array(IMAGES).keys()].filter((row) => features[row * DIMENSIONS + 2] > 0.93);
  const config = `version: 1
name: trained
evalSet: {manifest: eval.csv, classes: [dog]}
features: features.npy
trainingSet: {manifest: train.csv, features: whole.npy}
groups: [label]
analysis: {shuffles: 0}
baseline: {store: folder, path: baselines}
`;
  const predictions = (name: string, wrong: ReadonlySet<number>) => {
    const lines = Array.from({ length: IMAGES }, (_, row) => `${row}.png,${wrong.has(row) ? 'dog' : 'cat'}`);
    writeFileSync(join(where, `${name}.csv`), `image,prediction\n${lines.join('\n')}\n`);
  };
  const run = (text: string) => {
    writeFileSync(join(where, 'barlow.yml'), text);
    return runHere(where, ['run', '--commit', 'two', '--checkpoint', 'bad=bad.csv']);
  };
  const evidence = () => resultIn(where).checkpoints[0].events[0].trainingSet;

  beforeAll(async () => {
    mkdirSync(where);
    writeFileSync(join(where, 'barlow.yml'), config);
    writeFileSync(join(where, 'features.npy'), npy(IMAGES, features));
    const whole = Float32Array.from({ length: TRAINED * DIMENSIONS }, draw);
    writeFileSync(join(where, 'whole.npy'), npy(TRAINED, whole));
    // The same training set without what is high in feature 2.
    writeFileSync(
      join(where, 'lacking.npy'),
      npy(
        TRAINED,
        whole.map((value, at) => (at % DIMENSIONS === 2 ? 0.9 * value : value)),
      ),
    );
    writeFileSync(join(where, 'narrow.npy'), npy(TRAINED, whole.subarray(0, TRAINED * 3).slice(), 3));
    const rows = (count: number, label: (row: number) => string) =>
      `image,label\n${Array.from({ length: count }, (_, row) => `${row}.png,${label(row)}`).join('\n')}\n`;
    writeFileSync(
      join(where, 'eval.csv'),
      rows(IMAGES, () => 'cat'),
    );
    writeFileSync(
      join(where, 'train.csv'),
      rows(TRAINED, (row) => (row % 3 === 0 ? 'ship' : 'cat')),
    );
    writeFileSync(
      join(where, 'dogs.csv'),
      rows(TRAINED, () => 'dog'),
    );
    const noise = new Set([...Array(IMAGES).keys()].filter((row) => row % 11 === 0 && !cluster.includes(row)));
    predictions('good', noise);
    predictions('bad', noise.union(new Set(cluster)));
    expect((await barlow(where, 'baseline', 'record', '--commit', 'one', '--checkpoint', 'good=good.csv')).status).toBe(
      0,
    );
  });

  it('that has such images is said to have them, counted as by hand', async () => {
    const { status, text } = await run(config);
    expect(status, text).toBe(1);
    const result = resultIn(where);
    const [{ comparison, events }] = result.checkpoints;
    const [found] = evidence()?.classes ?? [];
    expect(found).toMatchObject({ className: 'cat', finding: 'present', evalSet: { images: IMAGES } });
    const rule = comparison?.clusters.find(({ id }) => id === found.cluster)?.rule ?? [];
    const whole = new Float32Array(
      Uint8Array.from(readFileSync(join(where, 'whole.npy')).subarray(-TRAINED * DIMENSIONS * 4)).buffer,
    );
    const cats = [...Array(TRAINED).keys()].filter((row) => row % 3 !== 0);
    const inside = cats.filter((row) =>
      rule.every(({ feature, op, threshold }) => whole[row * DIMENSIONS + feature] > threshold === (op === '>')),
    );
    expect(found.trainingSet).toEqual({ images: cats.length, inside: inside.length });
    expect(events[0].images.length).toBeGreaterThan(30);
    expect(result.trainingSet).toEqual({ images: TRAINED, read: cats.length, skipped: [], shared: null });
    expect(readFileSync(join(where, 'barlow-report', 'report.md'), 'utf8')).toContain(
      'The training set has such images',
    );
  }, 60_000);

  it('that lacks them is said to, in every report, and decides nothing', async () => {
    const { status, text } = await run(config.replace('whole.npy', 'lacking.npy'));
    expect(status, text).toBe(1);
    expect(evidence()?.classes).toMatchObject([{ finding: 'missing', trainingSet: { inside: 0 } }]);
    for (const page of ['report.md', 'report.html'])
      expect(readFileSync(join(where, 'barlow-report', page), 'utf8')).toContain(
        'The training set lacks such images: 0 of 2,000',
      );
    expect(resultIn(where).checkpoints[0].verdict?.checks).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ message: expect.stringContaining('training') })]),
    );
  }, 60_000);

  it('of another network is left out, and that is said; the verdict stands', async () => {
    const { status, text } = await run(config.replace('whole.npy', 'narrow.npy'));
    expect(status, text).toBe(1);
    expect(text).toContain('it has 3 features an image, the eval set 6');
    expect(evidence()).toBeNull();
  }, 60_000);

  it('whose features are of other images is left out, and that is said; the verdict stands', async () => {
    const { status, text } = await run(
      config.replace('whole.npy', 'features.npy').replace('features: features', 'features: ./features'),
    );
    expect(status, text).toBe(1);
    expect(text).toMatch(
      /No causes in the training set: it has 800 rows where the manifest has 3000 images .*features\.npy/,
    );
    expect(evidence()).toBeNull();
  }, 60_000);

  it('with none of the classes that newly fail is said so', async () => {
    const { status, text } = await run(config.replace('train.csv', 'dogs.csv'));
    expect(status, text).toBe(1);
    expect(text).toContain('no image of the classes that newly fail');
  }, 60_000);

  it.each([
    ['train.csv', 'gone.csv'],
    ['whole.npy', 'gone.npy'],
  ])(
    'whose %s cannot be read ends the run before anything is computed',
    async (file, gone) => {
      const { status, text } = await run(config.replace(file, gone));
      expect(status).toBe(2);
      expect(text).toContain(gone);
      expect(text).not.toContain('analyse');
    },
    60_000,
  );
});

describe('training images of another size', () => {
  const images = join(import.meta.dirname, '..', 'data', 'inference', 'images');
  const features: Features = {
    evalSet: {
      ...{ images: ['a', 'b'], folder: images, classes: ['automobile', 'truck'], labels: Int32Array.of(0, 0) },
      ...{ columns: new Map(), fingerprint: '' },
    },
    file: {
      ...{ path: '', offset: 0, dimensions: 128, rowOf: Uint32Array.of(0, 1), contents: '' },
      model: { fingerprint: '', dimensions: 128, engine: '' },
    },
    read: async (rows, from, to) => {
      const values = new Float32Array(rows.length * (to - from)).fill(1024);
      return { rows: rows.length, from, to, values };
    },
    ...{ hashes: ['', ''], skipped: [], rows: Uint32Array.of(0, 1) },
    properties: imageProperties.map(({ name }) => name),
  };
  const training = { images: ['base.jpg', '444.jpg'], folder: images, labels: ['automobile', 'automobile'] };
  const evidence = async (property: string, given: string | null = null, set: TrainingSet = training) => {
    const feature = 128 + imageProperties.findIndex(({ name }) => name === property);
    const clusters = [sampleCluster({ rule: [{ feature, op: '>', threshold: 0 }] })];
    const sample = sampleCheckpoint();
    const comparison = sample.comparison && { ...sample.comparison, clusters };
    const judged = sampleResult({ checkpoints: [{ ...sample, comparison }] });
    const config = join(folder, 'sizes.yml');
    const asGiven = given === null ? '' : ', manifest: sizes.csv';
    const ofTraining = given === null ? '' : `, features: ${given}`;
    writeFileSync(join(folder, 'sizes.csv'), 'image,label\n');
    writeFileSync(
      config,
      `evalSet: {images: ${images}${asGiven}}\n${given === null ? '' : `features: ${given}\n`}trainingSet: {images: ${images}${asGiven}${ofTraining}}\n`,
    );
    return inRun(completeRequest({ config, workers: 0 }), async (run) => {
      const result = await withTrainingEvidence(run, features, set, judged);
      return result.checkpoints[0].events[0].trainingSet;
    });
  };

  it('are not counted by what depends on the size', async () => {
    expect(await evidence('pixels')).toEqual({ classes: [], untested: expect.stringContaining('another size') });
  }, 60_000);

  it('of which features are given are counted by colour too, where the images are at hand', async () => {
    const given = join(folder, 'sizes.npy');
    writeFileSync(given, Buffer.concat([formatNpyHeader(2, 128), Buffer.alloc(2 * 128 * 4)]));
    expect((await evidence('lightness', given))?.classes).toMatchObject([
      { evalSet: { images: 2, inside: 2 }, trainingSet: { images: 2, inside: 2 }, finding: 'present' },
    ]);
    const nowhere = await evidence('lightness', given, { ...training, folder: null });
    expect(nowhere).toEqual({ classes: [], untested: expect.stringContaining('are not known') });
  }, 60_000);

  it('are counted by colour', async () => {
    expect((await evidence('lightness'))?.classes).toMatchObject([
      { evalSet: { images: 2, inside: 2 }, trainingSet: { images: 2, inside: 2 }, finding: 'present' },
    ]);
  }, 60_000);
});

describe('barlow extract', () => {
  const where = join(folder, 'extracted');
  it('takes the training images along, skips what cannot be used, and names what the eval set holds too', async () => {
    mkdirSync(join(where, 'train', 'cat'), { recursive: true });
    symlinkSync(join(example, 'images'), join(where, 'images'));
    cpSync(robust, join(where, 'robust.onnx'));
    const names = exampleImages.slice(0, 10);
    writeFileSync(join(where, 'eval.csv'), `image,label\n${names.map((name) => `${name},cat`).join('\n')}\n`);
    for (const [at, name] of exampleImages.slice(9, 14).entries())
      cpSync(join(example, 'images', name), join(where, 'train', 'cat', `${at}.png`));
    writeFileSync(join(where, 'train', 'cat', 'broken.png'), 'no image');
    writeFileSync(
      join(where, 'barlow.yml'),
      'evalSet: {images: images, manifest: eval.csv}\nfeatureModel: {path: robust.onnx}\ntrainingSet: {images: train}\n',
    );
    const whole = await barlow(where, 'extract', '--json');
    expect(whole.status, whole.text).toBe(0);
    expect(JSON.parse(whole.stdout).trainingSet).toEqual({
      ...{ images: 6, read: 5, skipped: ['cat/broken.png'] },
      shared: [{ training: 'cat/0.png', evalSet: names[9] }],
    });
    expect(whole.text).toContain('Training image "cat/broken.png" left out');
    expect(whole.text).toContain(`Leakage: 1 training image is in the eval set too ("cat/0.png" is "${names[9]}")`);
    const parts: number[] = [];
    for (const part of [1, 2, 3]) {
      const shard = await barlow(where, 'extract', '--json', '--shard', `${part}/3`);
      parts.push(JSON.parse(shard.stdout).trainingSet.read);
    }
    expect(parts).toEqual([2, 2, 1]);
  }, 120_000);
});

describe.skipIf(!hasShared)('the red cars (needs ../shared)', () => {
  const where = join(folder, 'red');
  const cifar10 = join(shared, 'data', 'cifar10');
  const lines = (file: string) => readFileSync(join(cifar10, file), 'utf8').trim().split(/\r?\n/);

  it('are missing from a training set without them, and not from the whole one', async () => {
    mkdirSync(where);
    const [head, ...rows] = lines('eval.csv');
    const kept = rows.filter((row) => /,(automobile|truck)$/.test(row));
    const names = new Set(kept.map((row) => row.split(',')[0]));
    writeFileSync(join(where, 'eval.csv'), `${[head, ...kept].join('\n')}\n`);
    for (const name of ['baseline', 'candidate-red-cars-missing']) {
      const [first, ...all] = lines(`predictions/${name}.csv`);
      const own = all.filter((row) => names.has(row.split(',')[0]));
      writeFileSync(join(where, `${name}.csv`), `${[first, ...own].join('\n')}\n`);
    }
    const [columns, ...trained] = lines('train-automobile.csv');
    writeFileSync(join(where, 'whole.csv'), `${[columns, ...trained].join('\n')}\n`);
    writeFileSync(
      join(where, 'lacking.csv'),
      `${[columns, ...trained.filter((row) => row.endsWith(',no'))].join('\n')}\n`,
    );
    const config = (manifest: string) => `version: 1
evalSet:
  images: ${join(cifar10, 'images')}
  manifest: eval.csv
  classes: [airplane, bird, cat, deer, dog, frog, horse, ship]
featureModel: {path: ${join(cifar10, 'models', 'robust.onnx')}}
trainingSet: {images: ${join(cifar10, 'train-automobile')}, manifest: ${manifest}}
groups: [label]
analysis: {shuffles: 0}
baseline: {store: folder, path: baselines}
report: {images: 0}
`;
    writeFileSync(join(where, 'barlow.yml'), config('whole.csv'));
    const recorded = await barlow(
      where,
      'baseline',
      'record',
      '--commit',
      'one',
      '--checkpoint',
      'baseline=baseline.csv',
    );
    expect(recorded.status, recorded.text).toBe(0);
    const judged = async (manifest: string) => {
      writeFileSync(join(where, 'barlow.yml'), config(manifest));
      const candidate = 'candidate=candidate-red-cars-missing.csv';
      const { status, text } = await barlow(where, 'run', '--commit', 'two', '--checkpoint', candidate);
      expect(status, text).toBe(1);
      return resultIn(where).checkpoints[0].events[0].trainingSet?.classes[0];
    };
    const lacking = await judged('lacking.csv');
    expect(lacking).toMatchObject({ className: 'automobile', finding: 'missing', trainingSet: { images: 4_008 } });
    expect(lacking?.adjustedPValue).toBeLessThan(1e-6);
    const whole = await judged('whole.csv');
    expect(whole).toMatchObject({ finding: 'present', trainingSet: { images: 5_000 } });
    // The 992 red ones make up for what is missing.
    expect((whole?.trainingSet.inside ?? 0) - (lacking?.trainingSet.inside ?? 0)).toBeGreaterThan(100);
  }, 300_000);
});
