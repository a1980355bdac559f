import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Tensor, tensor4d } from '@tensorflow/tfjs-core';
import {
  initializers,
  type LayersModel,
  layers,
  model as modelOf,
  sequential,
  input as tfInput,
} from '@tensorflow/tfjs-layers';
import { afterAll, describe, expect, it } from 'vitest';
import { describeModel } from '../../src/models/describeModel.ts';
import { loadTfjs } from '../../src/models/tfjs/model.ts';
import { entry } from '../../src/records/entry.ts';
import { kerasModel, layer, writeModel } from './tfjsFixtures.ts';

const data = join(import.meta.dirname, '..', 'data', 'models', 'keras3');
const scratch = mkdtempSync(join(tmpdir(), 'barlow-exports-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Truth {
  readonly scores: readonly (readonly number[])[];
  readonly features: readonly (readonly number[])[];
  readonly gradient: readonly number[];
}
const { images, models }: { images: readonly number[]; models: Readonly<Record<string, Truth>> } = JSON.parse(
  readFileSync(join(data, 'truth.json'), 'utf8'),
);

function expectNear(found: ArrayLike<number>, wanted: readonly number[]): void {
  const size = Math.max(...wanted.map(Math.abs));
  expect(found).toHaveLength(wanted.length);
  expect(Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] ?? Number.NaN)))) / size).toBeLessThan(1e-4);
}

const valuesOf = (tensor: { readonly values: Float32Array } | undefined) => tensor?.values ?? new Float32Array();

/** What a model gives two images of 8 x 8: features, scores, and the gradient of feature 0 of the first and 1 of the second. */
async function outcome(file: string) {
  const model = await describeModel(file);
  const session = await model.open('tfjs-wasm', null, { threads: null });
  // A model that scales pixels from 0 to 255 itself is handed images in [0, 1], as all are.
  const scale = model.wholePixels ? 255 : 1;
  const batch = { count: 2, values: Float32Array.from(images, (value) => value / scale) };
  const [features, scores] = [model.featuresLayer(null), model.scoresLayer(null)];
  try {
    const tensors = await session.run(batch, [features, scores]);
    const gradient = await session.gradient(batch, features, Int32Array.of(0, 1));
    return {
      layers: model.layers,
      wholePixels: model.wholePixels,
      features: valuesOf(tensors.get(features)),
      scores: valuesOf(tensors.get(scores)),
      gradient: gradient.map((value) => value / scale),
    };
  } finally {
    await session.close();
  }
}

describe.each(['h5', 'keras'])('a Keras 3 model that tensorflowjs converted from .%s', (ending) => {
  it.each([
    ['sequential', 'augmentation and rescaling in front', 'pool', 'map'],
    ['functional', 'a sum and a separable convolution', 'pool', 'separable'],
    ['nested', 'a backbone, an augmentation and a head inside', 'pool', 'map'],
  ])('%s (%s): features, scores and gradient of Keras', async (name, _, features, featureMap) => {
    const truth = models[name];
    const found = await outcome(join(data, `${name}-${ending}`, 'model.json'));
    expect(found.layers).toMatchObject({ features, featureMap, logits: 'scores' });
    // The two others begin with a Rescaling of pixels.
    expect(found.wholePixels).toBe(name !== 'functional');
    expectNear(found.features, truth?.features.flat() ?? []);
    expectNear(found.scores, truth?.scores.flat() ?? []);
    expectNear(found.gradient, truth?.gradient ?? []);
  });
});

/** Writes a model as TF.js saves it, its weights in one file, as Teachable Machine's download has them. */
async function save(model: LayersModel, name: string): Promise<string> {
  const file = join(scratch, `${name}.json`);
  await model.save(
    io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      writeFileSync(join(scratch, `${name}.bin`), Buffer.from(io.CompositeArrayBuffer.join(weightData)));
      writeFileSync(
        file,
        JSON.stringify({ modelTopology, weightsManifest: [{ paths: [`${name}.bin`], weights: weightSpecs }] }),
      );
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return file;
}

describe('models inside models', () => {
  it('as Teachable Machine nests them are laid flat: MobileNet in a chain, and a head in another', async () => {
    await loadTfjs('tfjs-wasm');
    // Positive, so that no unit is dead by chance.
    const kernelInitializer = initializers.randomUniform({ minval: 0.001, maxval: 0.02, seed: 7 });
    const image = tfInput({ shape: [8, 8, 3], name: 'input_1' });
    const map = layers
      .conv2d({ filters: 6, kernelSize: 3, activation: 'relu', name: 'out_relu', kernelInitializer })
      .apply(image);
    if (Array.isArray(map) || !('sourceLayer' in map)) throw new Error('no symbolic tensor');
    const backbone = modelOf({ inputs: image, outputs: map, name: 'model1' });
    const truncated = sequential({ name: 'sequential_1', layers: [backbone, layers.globalAveragePooling2d({})] });
    const head = sequential({
      name: 'sequential_3',
      layers: [
        layers.dense({ inputShape: [6], units: 5, activation: 'relu', name: 'dense_1', kernelInitializer }),
        layers.dense({ units: 3, activation: 'softmax', useBias: false, name: 'dense_2', kernelInitializer }),
      ],
    });
    const whole = sequential({ name: 'sequential_4', layers: [truncated, head] });
    const wanted = whole.predict(tensor4d(Float32Array.from(images), [2, 8, 8, 3]));
    const found = await outcome(await save(whole, 'teachable'));
    expect(found.layers).toMatchObject({
      input: { name: 'input_1', shape: [null, 8, 8, 3] },
      features: 'dense_1',
      logits: 'dense_2',
    });
    expectNear(found.scores, [...(await oneTensor(wanted).data())]);
    expect(found.gradient.some((value) => value !== 0)).toBe(true);
  });

  it('that are used twice stay as they are: one layer', async () => {
    const inner = {
      ...kerasModel([layer('InputLayer', 'in', [], { batch_input_shape: [null, 8, 8, 3] })], 'in', 'in'),
    };
    const twice = { ...layer('Functional', 'base', ['image'], inner.config), name: 'base' };
    const config = { ...twice.config, name: 'base' };
    const uses = [[['image', 0, 0, {}]], [['image', 0, 0, {}]]];
    const layersOf = [
      layer('InputLayer', 'image', [], { batch_input_shape: [null, 8, 8, 3] }),
      { ...twice, config, inbound_nodes: uses },
      layer('GlobalAveragePooling2D', 'pool', ['base']),
      layer('Dense', 'scores', ['pool'], { units: 2 }),
    ];
    const file = writeModel(join(scratch, 'twice'), kerasModel(layersOf, 'image', 'scores'), []);
    expect((await describeModel(file)).layers).toMatchObject({ features: 'pool', featureMap: 'base' });
  });
});

function oneTensor(value: Tensor | Tensor[]): Tensor {
  return Array.isArray(value) ? entry(value, 0) : value;
}

describe('a file for whose layers TF.js would wait for ever is refused', () => {
  const image = layer('InputLayer', 'image', [], { batch_input_shape: [null, 4, 4, 3] });
  it.each([
    ['a ring', [image, layer('Dropout', 'a', ['b']), layer('Dropout', 'b', ['a'])], 'feed each other'],
    ['a layer that is not there', [image, layer('Dropout', 'b', ['c'])], '"b" is fed by "c", which is not there'],
    ['a layer without a name', [image, { ...layer('Dropout', 'b', ['image']), name: undefined }], 'lacks its name'],
  ])('%s', async (name, layersOf, said) => {
    const file = writeModel(join(scratch, name), kerasModel(layersOf, 'image', 'b'), []);
    await expect(describeModel(file)).rejects.toThrow(said);
  });
});

it('a layer that TF.js does not know is named', async () => {
  const image = layer('InputLayer', 'image', [], { batch_input_shape: [null, 8, 8, 3] });
  const layersOf = [image, layer('MyBlock', 'block', ['image']), layer('Dense', 'scores', ['block'], { units: 2 })];
  const file = writeModel(join(scratch, 'unknown'), kerasModel(layersOf, 'image', 'scores'), []);
  await expect(outcome(file)).rejects.toMatchObject({ what: 'TF.js cannot take the model (Unknown layer: MyBlock)' });
});
