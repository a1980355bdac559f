import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { describeModel } from '../../src/models/describeModel.ts';
import type { Session } from '../../src/models/engine.ts';
import { loadTfjs } from '../../src/models/tfjs/model.ts';
import { beginsWithPixels, type Step } from '../../src/models/tfjs/pixelInput.ts';
import type { RunnableEngine } from '../../src/records/engines.ts';
import { tfjsEngines } from './tfjsEngines.ts';
import { dense, kerasModel, kernel, layer, tinyGraph, tinyLayers, type Weight, writeModel } from './tfjsFixtures.ts';

const folders: string[] = [];

function temporary(): string {
  folders.push(mkdtempSync(join(tmpdir(), 'barlow-tfjs-')));
  return folders[folders.length - 1];
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function write({ topology, weights }: { topology: object; weights: Weight[] }): string {
  return writeModel(temporary(), topology, weights);
}

async function withSession<Outcome>(
  file: string,
  use: (session: Session) => Promise<Outcome>,
  engine: RunnableEngine = 'tfjs-wasm',
): Promise<Outcome> {
  const session = await (await describeModel(file)).open(engine, null, { threads: null });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

const images = Float32Array.from({ length: 2 * 4 * 4 * 3 }, (_, i) => ((i * 37) % 101) / 101);

/** What the tiny network computes, written out: [image][filter][pixel] before the mean. */
const maps = [0, 1].map((image) =>
  [0, 1].map((filter) =>
    Array.from({ length: 16 }, (_, pixel) => {
      const at = image * 48 + pixel * 3;
      const sum = [0, 1, 2].reduce((total, c) => total + images[at + c] * kernel[c * 2 + filter], 0);
      return Math.max(0, sum);
    }),
  ),
);
const features = maps.map((image) => image.map((map) => map.reduce((sum, value) => sum + value, 0) / 16));
const scores = features.map(([a, b]) => {
  const logits = [0, 1].map((k) => Math.exp(a * dense[k] + b * dense[2 + k]));
  return logits.map((value) => value / (logits[0] + logits[1]));
});
/** d feature[units[i]] / d image i. */
function gradients(units: number[]): number[] {
  return Array.from(images, (_, at) => {
    const unit = units[Math.floor(at / 48)];
    const active = maps[Math.floor(at / 48)][unit][Math.floor((at % 48) / 3)] > 0;
    return active ? kernel[(at % 3) * 2 + unit] / 16 : 0;
  });
}

function expectClose(found: ArrayLike<number> | undefined, wanted: readonly number[]): void {
  expect(found?.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(found?.[i], `value ${i}`).toBeCloseTo(value, 5);
  });
}

const workedOut = [
  ['Layers', tinyLayers(), { features: 'drop', featureMap: 'map', logits: 'scores' }],
  ['Layers with a batch normalization', tinyLayers({ scale: false }), { features: 'drop' }],
  ['Graph', tinyGraph(), { features: 'pool', featureMap: 'map', logits: 'logits' }],
] as const;

describe.each(tfjsEngines.flatMap((engine) => workedOut.map(([kind, ...rest]) => [kind, engine, ...rest] as const)))(
  'a %s model worked out by hand, on %s',
  (_kind, engine, model, layers) => {
    it('has its layers and input found', async () => {
      const description = await describeModel(write(model));
      expect(description.kind).toBe('tfjs');
      expect(description.layers).toMatchObject({ ...layers, input: { name: 'image', shape: [null, 4, 4, 3] } });
      expect(description.geometry(null)).toEqual({ layout: 'NHWC', channels: 3, height: 4, width: 4, batch: null });
      expect(description.featuresLayer(null)).toBe(layers.features);
      expect(() => description.featuresLayer('mpa')).toThrow('"map"');
    });

    it('gives its tensors, maps channel by channel', async () => {
      await withSession(
        write(model),
        async (session) => {
          const tensors = await session.run({ count: 2, values: images }, [
            'map',
            layers.features,
            'scores',
            'mean of map',
          ]);
          expect(tensors.get('map')?.shape).toEqual([2, 2, 4, 4]);
          expectClose(tensors.get('map')?.values, maps.flat(2));
          expectClose(tensors.get(layers.features)?.values, features.flat());
          expectClose(tensors.get('scores')?.values, scores.flat());
          expect(tensors.get('mean of map')?.shape).toEqual([2, 2]);
          expectClose(tensors.get('mean of map')?.values, features.flat());
          await expect(session.run({ count: 2, values: images }, ['mpa'])).rejects.toThrow('"map"');
        },
        engine,
      );
    });

    it('returns its memory between batches', async () => {
      await withSession(
        write(model),
        async (session) => {
          const batch = { count: 2, values: images };
          const both = async () => {
            await session.run(batch, ['map', 'scores']);
            await session.gradient(batch, layers.features, Int32Array.of(1, 0));
            return (await loadTfjs(engine)).memory().numTensors;
          };
          const once = await both();
          expect(await both()).toBe(once);
          expect(await both()).toBe(once);
        },
        engine,
      );
    });

    it('gives gradients of a unit an image, of maps by channel', async () => {
      await withSession(
        write(model),
        async (session) => {
          const batch = { count: 2, values: images };
          expectClose(await session.gradient(batch, layers.features, Int32Array.of(1, 0)), gradients([1, 0]));
          const ofMap = await session.gradient(batch, 'map', Int32Array.of(16 + 5, 16 + 5));
          const pixel = maps.map((image) => image[1][5] > 0);
          expectClose(
            ofMap,
            Array.from(images, (_, at) =>
              Math.floor((at % 48) / 3) === 5 && pixel[Math.floor(at / 48)] ? kernel[(at % 3) * 2 + 1] : 0,
            ),
          );
        },
        engine,
      );
    });
  },
);

describe.each(tfjsEngines)('gradients that the wasm backend has no operator for, on %s', (engine) => {
  it('are those of a depthwise convolution all the same', async () => {
    const layers = [
      layer('InputLayer', 'image', [], { batch_input_shape: [null, 4, 4, 3], dtype: 'float32' }),
      layer('DepthwiseConv2D', 'deep', ['image'], { kernel_size: [2, 2], use_bias: false }),
      layer('GlobalAveragePooling2D', 'pool', ['deep']),
      layer('Dense', 'scores', ['pool'], { units: 1, use_bias: false }),
    ];
    const weights = [
      { name: 'deep/depthwise_kernel', shape: [2, 2, 3, 1], values: Array.from({ length: 12 }, (_, i) => i + 1) },
      { name: 'scores/kernel', shape: [3, 1], values: [1, 1, 1] },
    ];
    const file = write({ topology: kerasModel(layers, 'image', 'scores'), weights });
    const found = await withSession(
      file,
      (session) => session.gradient({ count: 2, values: images }, 'pool', Int32Array.of(0, 2)),
      engine,
    );
    // Pixel (y, x) is under tap (dy, dx) where the window at (y - dy, x - dx) lies inside the 3 x 3 windows.
    const wanted = Array.from(images, (_, at) => {
      const [image, y, x, c] = [Math.floor(at / 48), Math.floor((at % 48) / 12), Math.floor((at % 12) / 3), at % 3];
      if (c !== [0, 2][image]) return 0;
      const inside = (place: number) => place >= 0 && place < 3;
      const taps = [0, 1, 2, 3].filter((tap) => inside(y - (tap >> 1)) && inside(x - (tap & 1)));
      return taps.reduce((sum, tap) => sum + tap * 3 + c + 1, 0) / 9;
    });
    expectClose(found, wanted);
  });
});

describe('layers are found', () => {
  const input = { batch_input_shape: [null, 4, 4, 3] };
  const layersOf = async (topology: object) => (await describeModel(write({ topology, weights: [] }))).layers;
  const sequential = (layers: object[]) => ({
    model_config: { class_name: 'Sequential', config: { name: 's', layers } },
  });

  it('in a sequential model, as Keras writes it', async () => {
    const layers = [
      layer('Conv2D', 'conv', [], { ...input, kernel_size: [3, 3] }),
      layer('GlobalMaxPooling2D', 'pool', []),
      layer('Dense', 'fc', []),
      layer('Activation', 'softmax', [], { activation: 'softmax' }),
    ];
    expect(await layersOf(sequential(layers))).toEqual({
      input: { name: 'conv', shape: [null, 4, 4, 3] },
      features: 'pool',
      featureMap: 'conv',
      logits: 'fc',
    });
  });

  it('behind a model inside the model', async () => {
    const inner = { ...kerasModel([layer('InputLayer', 'in', [], input)], 'in', 'in').config, name: 'base' };
    const layers = [
      { class_name: 'Functional', config: inner },
      layer('GlobalAveragePooling2D', 'pool', []),
      layer('Dense', 'fc', []),
    ];
    expect(await layersOf(sequential(layers))).toMatchObject({
      input: { shape: [null, 4, 4, 3] },
      features: 'pool',
      featureMap: 'in',
    });
  });

  it('where the last layer is a convolution of the pooled vector, as in MobileNet', async () => {
    const layers = [
      layer('Conv2D', 'conv', [], { ...input, kernel_size: [3, 3] }),
      layer('GlobalAveragePooling2D', 'pool', []),
      layer('Reshape', 'column', []),
      layer('Conv2D', 'fc', [], { kernel_size: [1, 1] }),
      layer('Reshape', 'row', []),
      layer('Softmax', 'scores', []),
    ];
    expect(await layersOf(sequential(layers))).toMatchObject({ features: 'column', featureMap: 'conv', logits: 'fc' });
  });

  it('in a model that ends in a map: its mean, with its gradient', async () => {
    const { topology, weights } = tinyLayers();
    const { layers } = kerasModel([], '', '').config;
    const all =
      'config' in topology && typeof topology.config === 'object'
        ? Object.assign({ layers }, topology.config).layers
        : [];
    const file = write({ topology: kerasModel(all.slice(0, 3), 'image', 'map'), weights: weights.slice(0, 1) });
    expect((await describeModel(file)).layers).toMatchObject({
      features: 'mean of map',
      featureMap: 'map',
      logits: null,
    });
    await withSession(file, async (session) => {
      const batch = { count: 2, values: images };
      expectClose((await session.run(batch, ['mean of map'])).get('mean of map')?.values, features.flat());
      expectClose(await session.gradient(batch, 'mean of map', Int32Array.of(1, 0)), gradients([1, 0]));
    });
  });

  it('where scores are the mean of a map, as in mini-Xception', async () => {
    const layers = [
      layer('Conv2D', 'conv', [], { ...input, kernel_size: [3, 3] }),
      layer('Activation', 'map', [], { activation: 'relu' }),
      layer('Conv2D', 'places', [], { kernel_size: [3, 3] }),
      layer('GlobalAveragePooling2D', 'logits', []),
      layer('Activation', 'scores', [], { activation: 'softmax' }),
    ];
    expect(await layersOf(sequential(layers))).toMatchObject({
      features: 'mean of map',
      featureMap: 'map',
      logits: 'logits',
    });
  });

  it('in a model that ends in its features, and not where there is nothing to find', async () => {
    const conv = layer('Conv2D', 'conv', [], { ...input, kernel_size: [3, 3] });
    const pool = layer('GlobalAveragePooling2D', 'pool', []);
    expect(await layersOf(sequential([conv, pool]))).toMatchObject({
      features: 'pool',
      featureMap: 'conv',
      logits: null,
    });
    const bare = await describeModel(write({ topology: sequential([conv]), weights: [] }));
    expect(bare.layers).toMatchObject({ features: null, featureMap: null, logits: null });
    expect(() => bare.featuresLayer(null)).toThrow('featureModel.layer.features');
  });

  it('without end in a graph whose operators feed each other in a ring', async () => {
    const dim = [-1, 4, 4, 3].map((size) => ({ size: `${size}` }));
    const identity = (name: string, from: string) => ({ name, op: 'Identity', input: [from], attr: {} });
    const node = [
      { name: 'image', op: 'Placeholder', attr: { shape: { shape: { dim } } } },
      identity('a', 'b'),
      identity('b', 'a'),
      identity('out', 'a'),
    ];
    expect(await layersOf({ node })).toMatchObject({ features: null, logits: null });
  });
});

describe('a bad model is refused', () => {
  const change = (file: string, edit: (json: { weightsManifest: [{ paths: string[] }] }) => unknown) => {
    const json = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify(edit(json)));
    return describeModel(file);
  };
  const withPath = (path: string) => {
    const file = write(tinyLayers());
    return change(file, (json) => {
      json.weightsManifest[0].paths[1] = path;
      return json;
    });
  };

  it.each(['../weights.bin', '/etc/hostname', 'a/../../weights.bin', ''])('with weights at %j', async (path) => {
    await expect(withPath(path)).rejects.toThrow('outside its folder');
  });

  it('with weights behind a link out of its folder', async () => {
    const file = write(tinyLayers());
    symlinkSync('/etc/hostname', join(file, '..', 'link.bin'));
    const linked = change(file, (json) => {
      json.weightsManifest[0].paths[1] = 'link.bin';
      return json;
    });
    await expect(linked).rejects.toThrow('outside its folder');
  });

  it('with weights missing or too short', async () => {
    await expect(withPath('missing.bin')).rejects.toThrow('"missing.bin" is missing');
    const file = write(tinyLayers());
    writeFileSync(join(file, '..', 'group1-shard2of2.bin'), '');
    await expect(describeModel(file)).rejects.toThrow('need 40 bytes');
  });

  it('with gigabytes declared', async () => {
    const model = tinyLayers();
    const file = write(model);
    const declared = change(file, (json) => ({
      ...json,
      weightsManifest: [
        { ...json.weightsManifest[0], weights: [{ name: 'w', shape: [30_000, 30_000], dtype: 'float32' }] },
      ],
    }));
    await expect(declared).rejects.toThrow('2 GiB');
  });

  it('where it is no model', async () => {
    const file = join(temporary(), 'model.json');
    await expect(describeModel(file)).rejects.toThrow('cannot be read');
    for (const text of ['{', '[]', '{}', '{"modelTopology": {}, "weightsManifest": 1}']) {
      writeFileSync(file, text);
      await expect(describeModel(file), text).rejects.toThrow('no TF.js model');
    }
    writeFileSync(file, '{"modelTopology": {}, "weightsManifest": []}');
    await expect(describeModel(file)).rejects.toThrow('Layers model cannot be read');
    writeFileSync(file, '{"modelTopology": {"node": []}, "weightsManifest": []}');
    await expect(describeModel(file)).rejects.toThrow('Graph model cannot be read');
  });

  it.each(tfjsEngines)('where TF.js on %s does not know a layer or an operator', async (engine) => {
    const layers = [
      layer('InputLayer', 'image', [], { batch_input_shape: [null, 4, 4, 3] }),
      layer('Lambda', 'odd', ['image']),
      layer('GlobalAveragePooling2D', 'pool', ['odd']),
    ];
    const file = write({ topology: kerasModel(layers, 'image', 'pool'), weights: [] });
    await expect(withSession(file, async () => {}, engine)).rejects.toThrow('Lambda');
    const graph = tinyGraph();
    const text = JSON.stringify(graph.topology).replace('"Relu"', '"Odd"');
    const odd = write({ topology: JSON.parse(text), weights: graph.weights });
    const run = withSession(odd, (session) => session.run({ count: 2, values: images }, ['pool']), engine);
    await expect(run).rejects.toThrow('Odd');
  });

  it.each(tfjsEngines)('without a gradient on %s, and names the operator', async (engine) => {
    const graph = tinyGraph();
    const cumulative = '"op":"Cumprod","input":["conv","axis"],"attr":{"exclusive":{"b":false},"reverse":{"b":false}}';
    const axis = '{"name":"axis","op":"Const","attr":{"dtype":{"type":"DT_INT32"}}},{"name":"axes",';
    const text = JSON.stringify(graph.topology)
      .replace(/"op":"Relu","input":\["conv"\],"attr":{[^}]*}}/, cumulative)
      .replace('{"name":"axes",', axis);
    const weights: Weight[] = [...graph.weights, { name: 'axis', shape: [], values: [1], dtype: 'int32' }];
    const run = withSession(
      write({ topology: JSON.parse(text), weights }),
      (session) => session.gradient({ count: 2, values: images }, 'map', Int32Array.of(0, 0)),
      engine,
    );
    await expect(run).rejects.toThrow('Cumprod');
  });
});

describe('a model elsewhere', () => {
  it('has the same fingerprint, and another once a weight changes', async () => {
    const file = write(tinyLayers());
    const copy = temporary();
    cpSync(join(file, '..'), copy, { recursive: true });
    const fingerprint = async (folder: string) => (await describeModel(join(folder, 'model.json'))).fingerprint;
    expect(await fingerprint(copy)).toBe(await fingerprint(join(file, '..')));
    const shard = readFileSync(join(copy, 'group1-shard1of2.bin'));
    shard[0] ^= 1;
    writeFileSync(join(copy, 'group1-shard1of2.bin'), shard);
    expect(await fingerprint(copy)).not.toBe(await fingerprint(join(file, '..')));
  });
});

describe('a model with two heads', () => {
  const withAux = (topology: object) => {
    const nodes = 'node' in topology && Array.isArray(topology.node) ? topology.node : [];
    const product = nodes.find((each: { name: string }) => each.name === 'product');
    return { node: [...nodes, { ...product, name: 'aux' }], versions: {} };
  };

  it('is asked which scores are meant, where it took those of the first output', async () => {
    const { topology, weights } = tinyGraph();
    const model = await describeModel(write({ topology: withAux(topology), weights }));
    expect(model.layers).toMatchObject({ features: 'pool', featureMap: 'map', logits: null });
    expect(model.featuresLayer(null)).toBe('pool');
    expect(() => model.scoresLayer(null)).toThrow(
      'the model has 2 outputs that end in a dense layer ("scores", "aux"), so the scores of the classes could be of either',
    );
    expect(model.scoresLayer('aux')).toBe('aux');
  });
});

describe('a graph whose first arithmetic is that of pixels from 0 to 255', () => {
  it('is one behind any number of operators that leave pixels as they are', () => {
    const moves = Array.from({ length: 20_000 }, (_, at) => ({
      ...{ name: `copy ${at + 1}`, kind: 'Identity', from: `copy ${at}`, arithmetic: null },
    }));
    const scaling = (by: number): Step => ({
      ...{ name: 'scaled', kind: 'Mul', from: 'copy 20000', arithmetic: ['multiply', [by]] },
    });
    expect(beginsWithPixels('copy 0', [...moves, scaling(1 / 255)])).toBe(true);
    expect(beginsWithPixels('copy 0', [...moves, scaling(1)])).toBe(false);
  });

  /** The tiny graph with an operator and its constant before the convolution. */
  function with255(op: string, values: readonly number[]) {
    const { topology, weights } = tinyGraph();
    const nodes = 'node' in topology && Array.isArray(topology.node) ? topology.node : [];
    const node = nodes.map((each: { name: string; input?: readonly string[] }) =>
      each.name === 'conv' ? { ...each, input: ['ranged', 'kernel'] } : each,
    );
    const float = { T: { type: 'DT_FLOAT' } };
    const added = [
      { name: 'factor', op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } },
      { name: 'ranged', op, input: ['image', 'factor'], attr: float },
    ];
    const at = node.findIndex(({ name }) => name === 'conv');
    const factor: Weight = { name: 'factor', shape: values.length === 1 ? [] : [values.length], values };
    return write({ topology: { node: node.toSpliced(at, 0, ...added), versions: {} }, weights: [factor, ...weights] });
  }

  it('takes images in [0, 1] all the same', async () => {
    const file = with255('Mul', [1 / 255]);
    expect((await describeModel(file)).wholePixels).toBe(true);
    const found = await withSession(file, (session) => session.run({ count: 2, values: images }, ['pool']));
    for (const [at, value] of features.flat().entries()) expect(found.get('pool')?.values[at]).toBeCloseTo(value, 5);
  });

  it('is told where its weights are quantised, as tensorflowjs_converter does', async () => {
    const file = with255('Mul', [1 / 255]);
    const json = JSON.parse(readFileSync(file, 'utf8'));
    const bytes = Buffer.from(
      ['group1-shard1of2.bin', 'group1-shard2of2.bin'].flatMap((name) => [...readFileSync(join(file, '..', name))]),
    );
    // Of a single value the converter keeps the minimum, and a level of 0.
    for (const [dtype, size, rest] of [
      ['uint8', 1, { scale: 1, min: 1 / 255 }],
      ['uint16', 2, { scale: 1, min: 1 / 255 }],
      ['float16', 2, {}],
    ] as const) {
      const factor = Buffer.alloc(size);
      if (dtype === 'float16') factor.writeUInt16LE(0x1c04);
      const [first, ...others] = json.weightsManifest[0].weights;
      const weights = [{ ...first, quantization: { dtype, original_dtype: 'float32', ...rest } }, ...others];
      writeFileSync(join(file, '..', 'all.bin'), Buffer.concat([factor, bytes.subarray(4)]));
      writeFileSync(file, JSON.stringify({ ...json, weightsManifest: [{ paths: ['all.bin'], weights }] }));
      expect((await describeModel(file)).wholePixels).toBe(true);
    }
  });

  it.each([
    ['RealDiv', [127.5], true],
    ['Sub', [123.7, 116.3, 103.5], true],
    ['Mul', [2], false],
    ['Mul', [255], false],
    ['Sub', [0.485, 0.456, 0.406], false],
    ['RealDiv', [0.229, 0.224, 0.225], false],
  ] as const)('is told by %s with %j: %s', async (op, values, isPixels) => {
    expect((await describeModel(with255(op, values))).wholePixels).toBe(isPixels);
  });
});
