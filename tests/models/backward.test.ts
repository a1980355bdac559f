import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GradientModel, withGradient } from '../../src/models/onnx/gradient/backward.ts';
import { findLayers, inputGeometry } from '../../src/models/onnx/layers.ts';
import { readGraph } from '../../src/models/onnx/readGraph.ts';
import { autoStepSize, featureAttack, type Gradient } from '../../src/pictures/featureAttack.ts';
import { hasPython, hasShared, PYTHON, shared } from '../extras.ts';
import { ModelUnderTest, open, runProbe } from './onnxModel.ts';

/** The gradient model of the features that are found in a file. */
async function gradientOf(file: string): Promise<GradientModel> {
  const graph = readGraph(readFileSync(file), file);
  const { input, features } = findLayers(graph);
  if (features === null) throw new Error(`no features in ${file}`);
  const geometry = inputGeometry({ input, file }, null);
  return withGradient(graph, { input: input.name, output: features, geometry }, runProbe);
}

async function run(
  session: InferenceSession,
  made: GradientModel,
  images: Float32Array,
  dims: number[],
  units: Int32Array,
) {
  const feeds = {
    [made.imageInput]: new Tensor('float32', images, dims),
    [made.unitInput]: new Tensor('int32', units, [units.length]),
  };
  const results = await session.run(feeds);
  return Float32Array.from([...results[made.gradientOutput].data].map(Number));
}

function compare(ours: ArrayLike<number>, theirs: ArrayLike<number>) {
  const [a, b] = [Array.from(ours), Array.from(theirs)];
  const dot = a.reduce((sum, value, i) => sum + value * b[i], 0);
  return {
    error: Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...b),
    cosine: dot / Math.hypot(...a) / Math.hypot(...b),
  };
}

/** The values of a float32 `.npy` file in C order. */
function npy(path: string): Float32Array {
  const file = readFileSync(path);
  const start = 10 + file.readUInt16LE(8);
  expect(file.toString('latin1', 10, start)).toMatch(/'<f4'.*'fortran_order': False/);
  return new Float32Array(new Uint8Array(file.subarray(start)).buffer);
}

describe.skipIf(!hasShared)('robust.onnx against PyTorch (needs ../shared)', () => {
  const golden = (name: string) => npy(join(shared, 'golden/pytorch', `${name}.npy`));
  let made: GradientModel;
  let gradient: Gradient;

  beforeAll(async () => {
    made = await gradientOf(join(shared, 'data/cifar10/models/robust.onnx'));
    const session = await open(made.model);
    gradient = (images, units) => run(session, made, images, [units.length, 3, 32, 32], units);
  });

  test('gradient of unit 17', async () => {
    expect(made.units).toBe(128);
    const ours = await gradient(golden('images'), new Int32Array(8).fill(17));
    expect(compare(ours, golden('gradient')).error).toBeLessThan(1e-4);
  });

  test('a batch may ask for a different unit of each image', async () => {
    const [images, units] = [golden('images'), Int32Array.of(17, 0, 127, 17, 5, 6, 7, 17)];
    const ours = await gradient(images, units);
    const alone = await gradient(images.slice(2 * 3072, 3 * 3072), units.slice(2, 3));
    expect(compare(ours.slice(2 * 3072, 3 * 3072), alone).error).toBeLessThan(1e-5);
    expect(compare(ours.slice(0, 3072), golden('gradient').slice(0, 3072)).error).toBeLessThan(1e-4);
  });

  test('20 steps of the feature attack, in batches of 3', async () => {
    const options = { steps: 20, stepSize: 0.1, batch: 3 };
    const images = golden('images');
    const attacked = await featureAttack(images, new Int32Array(8).fill(17), options, gradient);
    expect(compare(attacked, golden('attack_20')).error).toBeLessThan(1e-2);
    expect(images).toEqual(golden('images'));
    expect(await featureAttack(images, new Int32Array(8).fill(17), options, gradient)).toEqual(attacked);
  });
});

describe('feature attack', () => {
  test('worked by hand: steps along the gradient, clamped to [0, 1], each image with its own length', async () => {
    // Gradients (3, 4), of length 5, for unit 0 and (0, -2) for unit 1.
    const gradient: Gradient = async (_, units) =>
      Float32Array.from([...units].flatMap((unit) => (unit === 0 ? [3, 4] : [0, -2])));
    const images = Float32Array.of(0.1, 0.1, 0.5, 0.6);
    const done: number[] = [];
    const attacked = await featureAttack(
      images,
      Int32Array.of(0, 1),
      { steps: 2, stepSize: 0.5, batch: 1 },
      gradient,
      (n) => done.push(n),
    );
    [0.7, 0.9, 0.5, 0].forEach((value, i) => {
      expect(attacked[i]).toBeCloseTo(value, 6);
    });
    expect(done).toEqual([1, 2, 3, 4]);
  });

  test('an image without gradient stays, and the step grows with the side', async () => {
    const still = await featureAttack(
      Float32Array.of(0.5),
      Int32Array.of(0),
      { steps: 1, stepSize: 1, batch: 8 },
      async () => Float32Array.of(0),
    );
    expect(still).toEqual(Float32Array.of(0.5));
    expect(autoStepSize(224 * 224 * 3)).toBe(3);
    expect(autoStepSize(112 * 112 * 3)).toBe(1.5);
  });
});

describe('every opset from 13 to 23', () => {
  /** Operators whose signature changed on the way, in the form that the opset has. */
  function network(opset: number): [ModelUnderTest, string] {
    const m = new ModelUnderTest();
    const wave = (dims: number[]) =>
      m.floats(
        dims,
        Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => Math.sin(3 * i)),
      );
    const padded = m.add('Pad', ['image', m.ints(0, 0, 1, 1, 0, 0, 1, 1)]);
    const conv = m.add('Relu', [m.add('Conv', [padded, wave([4, 3, 3, 3])])]);
    const pooled = m.add('MaxPool', [conv], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
    const halves = m.split('Split', [pooled], opset < 18 ? { axis: 1 } : { axis: 1, num_outputs: 2 }, 2);
    const mixed = m.add('Mul', [halves[0], m.add('Sigmoid', [halves[1]])]);
    const mean =
      opset < 18
        ? m.add('ReduceMean', [mixed], { axes: [2, 3], keepdims: 0 })
        : m.add('ReduceMean', [mixed, m.ints(2, 3)], { keepdims: 0 });
    return [m, m.add('Softmax', [m.add('Gemm', [mean, wave([2, 3])])])];
  }

  test('gives the same gradient', async () => {
    const gradients: Float32Array[] = [];
    for (let opset = 13; opset <= 23; opset++) {
      const [m, output] = network(opset);
      const graph = readGraph(m.bytes([output], ['N', 3, 6, 6], opset), 'm.onnx');
      const geometry = { layout: 'NCHW', channels: 3, height: 6, width: 6, batch: null } as const;
      const made = await withGradient(graph, { input: 'image', output, geometry }, runProbe);
      const images = Float32Array.from({ length: 108 }, (_, i) => Math.abs(Math.sin(i * i)));
      gradients.push(await run(await open(made.model), made, images, [1, 3, 6, 6], Int32Array.of(1)));
    }
    expect(Math.hypot(...gradients[0])).toBeGreaterThan(1e-3);
    for (const gradient of gradients) expect(compare(gradient, gradients[0]).error).toBeLessThan(1e-5);
  });
});

describe('models as they come', () => {
  test('a fixed batch, and channels last', async () => {
    const m = new ModelUnderTest();
    const turned = m.add('Transpose', ['image'], { perm: [0, 3, 1, 2] });
    const output = m.add('Flatten', [m.add('GlobalAveragePool', [m.add('Mul', [turned, turned])])]);
    const geometry = { layout: 'NHWC', channels: 3, height: 2, width: 2, batch: 2 } as const;
    const graph = readGraph(m.bytes([output], [2, 2, 2, 3], 17), 'm.onnx');
    const made = await withGradient(graph, { input: 'image', output, geometry }, runProbe);
    const images = Float32Array.from({ length: 24 }, (_, i) => i / 24);
    const ours = await run(await open(made.model), made, images, [2, 2, 2, 3], Int32Array.of(1, 2));
    // The mean of x^2 over four pixels has the slope x / 2, in the unit's channel alone.
    const expected = images.map((x, i) => (i % 3 === (i < 12 ? 1 : 2) ? x / 2 : 0));
    expect(compare(ours, expected).error).toBeLessThan(1e-6);
  });
});

const networks = [
  'resnet50',
  'vgg16_bn',
  'densenet121',
  'mobilenet_v2',
  'mobilenet_v3_large',
  'efficientnet_b0',
  'convnext_tiny',
  'vit:17',
];
const torch = hasPython('torch', 'torchvision');

describe.skipIf(!torch)(
  "torchvision's networks against autograd in float64 (skipped without Debian's python3-torchvision)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'barlow-backward-'));
    beforeAll(() => {
      execFileSync(PYTHON, [new URL('backwardModels.py', import.meta.url).pathname, folder, ...networks], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    }, 600_000);
    afterAll(() => rmSync(folder, { recursive: true }));

    test.each(networks)(
      '%s',
      async (network) => {
        const [name] = network.split(':');
        const made = await gradientOf(join(folder, `${name}.onnx`));
        const { shape, images, unit, gradient } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
        const session = await open(made.model);
        const ours = await run(session, made, Float32Array.from(images), shape, new Int32Array(shape[0]).fill(unit));
        await session.release();
        const { error, cosine } = compare(ours, gradient);
        expect(error).toBeLessThan(1e-2);
        expect(cosine).toBeGreaterThan(0.999);
      },
      300_000,
    );
  },
);
