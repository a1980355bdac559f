import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { UserError } from '../../src/errors.ts';
import { readCheckpoint } from '../../src/evalset/checkpoint.ts';
import { readEvalSet } from '../../src/evalset/evalSet.ts';
import { restrictEvalSet } from '../../src/evalset/restrict.ts';
import { scoreClasses } from '../../src/evalset/scoreClasses.ts';
import { openFeatures } from '../../src/features/openFeatures.ts';
import { planCheckpoint, runCheckpoint } from '../../src/features/runCheckpoint.ts';
import type { CheckpointModelOptions } from '../../src/records/config.ts';
import type { EvalSet } from '../../src/records/evalSet.ts';
import { hasShared, shared } from '../extras.ts';
import { greatest } from '../models/golden.ts';
import { ModelUnderTest } from '../models/onnxModel.ts';
import { allRows, example, robust, source, temporaryFolder } from './extraction.ts';

const columns = {
  image: 'image',
  label: 'label',
  prediction: 'prediction',
  failed: 'failed',
  confidence: 'confidence',
};
const plain: CheckpointModelOptions = { output: null, classes: null, preprocess: null };

async function evalSetOf(folder: string): Promise<EvalSet> {
  const manifest = join(folder, 'eval.csv');
  return (await readEvalSet({ images: join(folder, 'images'), manifest, classes: [], columns })).evalSet;
}

const whole = await evalSetOf(example);
const some = restrictEvalSet(
  whole,
  Uint32Array.from({ length: 200 }, (_, row) => row * 14),
);

/** Runs a checkpoint in this thread; `batches` counts what went through the engine. */
async function ran(
  evalSet: EvalSet,
  options: Partial<CheckpointModelOptions> = {},
  storeFolder = temporaryFolder(),
  path = robust,
  hashes: readonly string[] | null = null,
) {
  let batches = 0;
  let hashed = 0;
  const onProgress = (stage: string) => {
    if (stage === 'predict') batches += 1;
    if (stage === 'hash') hashed += 1;
  };
  const source = {
    hashes,
    engine: 'onnx-cpu',
    storeFolder,
    run: openPool(0).run,
    onProgress,
    onNotice: () => {},
  } as const;
  const classes = await scoreClasses(options.classes ?? null, null, evalSet.classes, path);
  const given = { name: 'c', path, classes, options: { ...plain, ...options } };
  const checkpoint = await runCheckpoint(given, evalSet, source);
  return { checkpoint, batches, hashed };
}

const failure = async (running: Promise<unknown>) => {
  const thrown: unknown = await running.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof UserError) return thrown;
  throw thrown ?? new Error('nothing was thrown');
};

describe.skipIf(!hasShared)('baseline.onnx on all 10,000 images (needs ../shared)', () => {
  it('predicts what predictions/baseline.csv says, by PyTorch', { timeout: 300_000 }, async () => {
    const folder = join(shared, 'data', 'cifar10');
    const evalSet = await evalSetOf(folder);
    const truth = await readCheckpoint(join(folder, 'predictions', 'baseline.csv'), 'baseline', evalSet, columns);
    const { checkpoint } = await ran(evalSet, {}, temporaryFolder(), join(folder, 'models', 'baseline.onnx'));
    expect(checkpoint.predictions).toEqual(truth.predictions);
    expect(checkpoint.failed).toEqual(truth.failed);
  });
});

describe.skipIf(!hasShared)('the same network as a TF.js model (needs ../shared)', () => {
  it('predicts the same with the same confidence', { timeout: 60_000 }, async () => {
    const file = join(shared, 'data', 'cifar10', 'models', 'robust-tfjs', 'model.json');
    const few = restrictEvalSet(
      some,
      Uint32Array.from({ length: 40 }, (_, row) => row * 5),
    );
    const { checkpoint } = await ran(few, {}, temporaryFolder(), file);
    const onnx = (await ran(few)).checkpoint;
    expect(checkpoint.predictions).toEqual(onnx.predictions);
    expect(greatest(checkpoint.confidence ?? [], Float32Array.from(onnx.confidence ?? [Number.NaN]))).toBeLessThan(
      1e-4,
    );
  });
});

/** A network of three outputs: the mean of each channel as a score, and its softmax. */
function meansModel(folder: string): string {
  const model = new ModelUnderTest();
  const means = model.add('Flatten', [model.add('GlobalAveragePool', ['image'])]);
  const weights = model.floats([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const scores = model.add('MatMul', [means, weights]);
  const shares = model.add('Softmax', [scores], { axis: 1 });
  const file = join(folder, 'means.onnx');
  writeFileSync(file, model.bytes([shares, scores], ['N', 3, 32, 32], 16));
  return file;
}

describe('a checkpoint that is a model', () => {
  const { folder } = some;
  const tenClasses = some.classes;

  it('predicts the class of the greatest score, with its softmax', async () => {
    const { checkpoint } = await ran(some);
    const logits = await allRows(
      await openFeatures(
        source(temporaryFolder(), {
          evalSet: some,
          featureModel: { path: robust, layer: { features: 'logits', featureMap: null }, preprocess: null },
        }),
      ),
    );
    for (const [row, scores] of logits.entries()) {
      const top = Math.max(...scores);
      const softmax = 1 / scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
      expect(checkpoint.predictions?.[row]).toBe(scores.indexOf(top));
      expect(checkpoint.confidence?.[row]).toBeCloseTo(softmax, 6);
      expect(checkpoint.failed[row]).toBe(scores.indexOf(top) === some.labels[row] ? 0 : 1);
    }
  });

  it('takes the classes from a list or a file of them, and runs nothing twice', async () => {
    const store = temporaryFolder();
    const first = await ran(some, {}, store);
    expect(first.batches).toBeGreaterThan(1);
    const reversed = await ran(some, { classes: tenClasses.toReversed() }, store);
    expect(reversed.batches).toBe(0);
    expect([...(reversed.checkpoint.predictions ?? [])]).toEqual(
      [...(first.checkpoint.predictions ?? [])].map((index) => 9 - index),
    );
    const file = join(temporaryFolder(), 'labels.txt');
    writeFileSync(file, `\uFEFF${tenClasses.toReversed().join('\r\n')}\r\n`);
    expect((await ran(some, { classes: file }, store)).checkpoint).toEqual(reversed.checkpoint);
  });

  it('is run again where the file changed, and on images that are new only', async () => {
    const store = temporaryFolder();
    await ran(some, {}, store);
    const other = join(temporaryFolder(), 'other.onnx');
    copyFileSync(robust, other);
    expect((await ran(some, {}, store, other)).batches).toBe(0);
    const more = restrictEvalSet(
      whole,
      Uint32Array.from({ length: 230 }, (_, row) => (row < 200 ? row * 14 : row - 199)),
    );
    expect((await ran(more, {}, store)).batches).toBe(1);
    expect(
      (await ran(more, { preprocess: { resize: null, crop: 32, mean: [0.5, 0.5, 0.5], std: [1, 1, 1] } }, store))
        .batches,
    ).toBe(2);
  });

  it('reads no image again where its hash is known', async () => {
    const store = temporaryFolder();
    const first = await ran(some, {}, store);
    expect((await ran(some, {}, store)).hashed).toBe(1);
    const { hashes } = await openFeatures(source(temporaryFolder(), { evalSet: some }));
    const again = await ran(some, {}, store, robust, hashes);
    expect(again).toEqual({ checkpoint: first.checkpoint, batches: 0, hashed: 0 });
    expect((await ran(some, {}, temporaryFolder(), robust, hashes)).checkpoint).toEqual(first.checkpoint);
  });

  it('takes probabilities as they are', async () => {
    const path = meansModel(temporaryFolder());
    const three = { ...some, classes: ['blue', 'green', 'red'] };
    const scores = (await ran(three, { output: 'MatMul_2_0' }, temporaryFolder(), path)).checkpoint;
    const shares = (await ran(three, { output: 'Softmax_3_0' }, temporaryFolder(), path)).checkpoint;
    expect(shares.predictions).toEqual(scores.predictions);
    expect(greatest(shares.confidence ?? [], Float32Array.from(scores.confidence ?? [Number.NaN]))).toBeLessThan(1e-6);
  });

  it('is refused where classes are integers that sort otherwise as text, until their order is given', async () => {
    const order = Array.from({ length: 11 }, (_, i) => String(i));
    const numbered = { ...some, classes: order.toSorted() };
    await expect(ran(numbered)).rejects.toThrow(/classes are integers, which sort otherwise as text \(0, 1, 10, 2\)/);
    const digits = { ...some, classes: order.slice(0, 10) };
    const plain = (await ran(some)).checkpoint;
    expect((await ran(digits)).checkpoint.predictions).toEqual(plain.predictions);
    const shuffled = order.slice(0, 10).toReversed();
    expect([...((await ran(digits, { classes: shuffled })).checkpoint.predictions ?? [])]).toEqual(
      [...(plain.predictions ?? [])].map((index) => 9 - index),
    );
  });

  it('is refused where its classes are not known', async () => {
    const labels = join(temporaryFolder(), 'labels.txt');
    writeFileSync(labels, 'airplane\nautomobil\n');
    expect(await failure(ran(some, { classes: labels }))).toMatchObject({
      what: 'no label has the class "automobil"',
      where: `${labels}:2`,
      fix: 'Write "automobile" where that is meant, or add it to evalSet.classes in the config',
    });
    expect((await failure(ran(some, { classes: ['cat', 'dog', 'cat'] }))).what).toBe('the class "cat" stands twice');
    expect((await failure(ran(some, { classes: ['cat', 'dog'] }))).what).toBe(
      'the model gives 10 scores per image where checkpointModel.classes names 2 classes',
    );
    expect((await failure(ran({ ...some, classes: [...tenClasses, 'z'] }))).what).toContain(
      'the eval set has 11 classes',
    );
    expect((await failure(ran(some, { classes: join(temporaryFolder(), 'none.txt') }))).what).toContain(
      'cannot be read',
    );
  });

  it('of one score for two classes is told how to give both', async () => {
    const options = { output: null, classes: null, preprocess: null };
    const { scoresOf } = await planCheckpoint({ path: robust, classes: tenClasses, options }, tenClasses);
    const told = await failure(Promise.resolve({ shape: [2, 1], values: new Float32Array(2) }).then(scoresOf));
    expect(told.fix).toContain('torch.cat([1 - p, p], 1)');
  });

  it('is refused where there is nothing to run it on, or no scores', async () => {
    expect((await failure(ran({ ...some, folder: null }))).what).toContain('there are no images to run it on');
    expect((await failure(ran(some, { output: 'feature_map' }))).what).toContain('does not hold the scores of classes');
    expect((await failure(ran(some, { output: 'logit' }))).what).toContain('logit');
    expect((await failure(ran({ ...some, images: ['none.png'], labels: new Int32Array(1) }))).where).toBe(
      join(folder ?? '', 'none.png'),
    );
  });
});
