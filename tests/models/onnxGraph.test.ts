import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { bytesOf, withOutputs } from '../../src/models/onnx/graph.ts';
import { featuresLayer, findLayers, inputGeometry } from '../../src/models/onnx/layers.ts';
import { encodeModel, type Node, type TensorProto } from '../../src/models/onnx/protobuf.ts';
import { readGraph } from '../../src/models/onnx/readGraph.ts';
import { floatTensor } from '../../src/models/onnx/tensor.ts';
import { root } from '../images/fixtures.ts';

const robust = join(root, 'models', 'robust-32.onnx');

function node(opType: string, input: string[], output: string): Node {
  return { opType, input, output: [output], attribute: [] };
}

/** A model's bytes: input `image` of `shape`, outputs without types. */
function model(
  nodes: Node[],
  initializer: TensorProto[],
  outputs: string[],
  shape: (number | string)[] = ['N', 3, 4, 4],
) {
  const dim = shape.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d }));
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'test',
      node: nodes,
      initializer,
      input: [{ name: 'image', type: { tensorType: { elemType: 1, shape: { dim } } } }],
      output: outputs.map((name) => ({ name })),
      valueInfo: [],
    },
  });
}

const pool = [
  node('Relu', ['image'], 'map'),
  node('GlobalAveragePool', ['map'], 'pool'),
  node('Flatten', ['pool'], 'vector'),
];
const weights = floatTensor('weights', [3, 2], [1, 2, 3, 4, 5, 6]);

function problem(run: () => unknown): UserError {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('layers', () => {
  /** A dense layer whose scores are added to themselves, the outcome to itself, and so on. */
  const doubled = (times: number) => {
    const steps = Array.from({ length: times }, (_, at) => [
      node('Identity', [`sum ${at}`], `copy ${at}`),
      node('Add', [`sum ${at}`, `copy ${at}`], `sum ${at + 1}`),
    ]);
    const dense = node('MatMul', ['vector', 'weights'], 'sum 0');
    return readGraph(model([...pool, dense, ...steps.flat()], [weights], [`sum ${times}`]), 'doubled.onnx');
  };

  test('are found where heads are joined that were joined before, each looked at once', () => {
    expect(findLayers(doubled(5)).features).toBe('vector');
    // One by one two to the power of forty.
    expect(findLayers(doubled(40)).features).toBe('vector');
  });

  test('are not found, and nothing hangs or breaks, where heads are joined thousands of times', () => {
    expect(findLayers(doubled(3000)).features).toBeNull();
  });

  test('Gemm behind Flatten and Dropout', () => {
    const nodes = [...pool, node('Dropout', ['vector'], 'dropped'), node('Gemm', ['dropped', 'weights'], 'scores')];
    const layers = findLayers(
      readGraph(model([...nodes, node('Softmax', ['scores'], 'p')], [weights], ['p']), 'm.onnx'),
    );
    expect(layers).toEqual({
      input: { name: 'image', shape: ['N', 3, 4, 4] },
      features: 'dropped',
      featureMap: 'map',
      logits: 'scores',
    });
  });

  test('an operator may be called like what every object has', () => {
    const nodes = [...pool, node('constructor', ['vector', 'weights'], 'scores')];
    expect(findLayers(readGraph(model(nodes, [weights], ['scores']), 'm.onnx'))).toMatchObject({ logits: null });
  });

  test('MatMul and Add; the dense layer before it does not count', () => {
    const nodes = [
      ...pool,
      node('MatMul', ['vector', 'square'], 'hidden'),
      node('Relu', ['hidden'], 'active'),
      node('MatMul', ['active', 'weights'], 'product'),
      node('Add', ['bias', 'product'], 'scores'),
    ];
    const fixed = [weights, floatTensor('square', [3, 3], Array(9).fill(1)), floatTensor('bias', [2], [0, 1])];
    const layers = findLayers(readGraph(model(nodes, fixed, ['scores']), 'm.onnx'));
    expect(layers).toMatchObject({ features: 'active', featureMap: null, logits: 'scores' });
  });

  test('a model that ends in its features, and one that has none', () => {
    expect(findLayers(readGraph(model(pool, [], ['vector']), 'm.onnx'))).toMatchObject({
      features: 'vector',
      featureMap: 'map',
      logits: null,
    });
    const graph = readGraph(model([node('Relu', ['image'], 'map')], [], ['map']), 'm.onnx');
    expect(problem(() => featuresLayer(graph, null)).fix).toContain('"map"');
  });

  test('an input that is no image names what there is', () => {
    const graph = readGraph(model(pool, [], ['vector'], ['N', 'sequence']), 'm.onnx');
    expect(problem(() => findLayers(graph)).what).toContain('"image" [N, sequence]');
  });

  test('open sizes are settled by the crop, contradictions and open channels refused', () => {
    const of = (...shape: (number | string | null)[]) => ({ input: { name: 'image', shape }, file: 'm.onnx' });
    expect(inputGeometry(of('N', 3, 'h', 'w'), 64)).toEqual({
      layout: 'NCHW',
      channels: 3,
      height: 64,
      width: 64,
      batch: null,
    });
    expect(inputGeometry(of(1, 8, 9, 3), null)).toEqual({ layout: 'NHWC', channels: 3, height: 8, width: 9, batch: 1 });
    expect(problem(() => inputGeometry(of('N', 3, 'h', 'w'), null)).fix).toContain('preprocess.crop');
    expect(problem(() => inputGeometry(of('N', 3, 32, 32), 64)).what).toContain('32 x 32');
    expect(problem(() => inputGeometry(of('N', 'c', 32, 32), 32)).what).toContain('not an image');
  });
});

describe('hostile models', () => {
  const sound = model([...pool, node('Gemm', ['vector', 'weights'], 'scores')], [weights], ['scores']);

  test('files that are no model', () => {
    for (const bytes of [
      Buffer.from(''),
      Buffer.from('\x89PNG\r\n\x1a\n'),
      Buffer.from('{"model": 1}'),
      new Uint8Array(4096),
    ]) {
      expect(problem(() => readGraph(bytes, 'm.onnx')).what).toContain('not an ONNX model');
    }
  });

  test('any truncation and any damaged byte: a UserError or a graph, never another error', () => {
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
        const bytes = cut ? sound.slice(0, at) : sound.with(at, value);
        try {
          readGraph(bytes, 'm.onnx');
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
  });

  test('3 GB of declared values', () => {
    const huge = { ...weights, dims: [3, 250_000_000] };
    expect(problem(() => readGraph(model(pool, [huge], ['vector']), 'm.onnx')).what).toContain('2 GiB');
    expect(
      problem(() => readGraph(model(pool, [{ ...weights, dims: [-3, -2] }], ['vector']), 'm.onnx')).what,
    ).toContain('-3 x -2');
    expect(problem(() => readGraph(model(pool, [], ['vector'], [1, 3, 20_000, 20_000]), 'm.onnx')).what).toContain(
      '2 GiB',
    );
    expect(problem(() => readGraph(model(pool, [{ ...weights, dims: [30, 2] }], ['vector']), 'm.onnx')).what).toContain(
      'carries 24 bytes',
    );
  });

  test('nodes in a circle', () => {
    const circle = [node('Identity', ['b'], 'a'), node('Identity', ['a'], 'b')];
    expect(problem(() => readGraph(model(circle, [], ['a']), 'm.onnx')).what).toContain('in a circle');
  });

  test('an unknown layer is answered with the nearest names', () => {
    const graph = readGraph(sound, 'm.onnx');
    expect(problem(() => withOutputs(graph, ['vectro'])).fix).toMatch(/nearest are "vector"/);
  });
});

describe('external data', () => {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-onnx-'));
  const inside = join(folder, 'inside');
  mkdirSync(inside);
  writeFileSync(join(folder, 'secret'), new Uint8Array(24));
  writeFileSync(join(inside, 'weights.bin'), new Uint8Array([9, 9, 9, 9, ...(weights.rawData ?? [])]));
  symlinkSync(join(folder, 'secret'), join(inside, 'link.bin'));
  const read = (location: string, offset = '4', length = '24') => {
    const externalData = Object.entries({ location, offset, length }).map(([key, value]) => ({ key, value }));
    const outer: TensorProto = { name: 'weights', dims: [3, 2], dataType: 1, dataLocation: 1, externalData };
    const nodes = [...pool, node('Gemm', ['vector', 'weights'], 'scores')];
    return readGraph(model(nodes, [outer], ['scores']), join(inside, 'm.onnx'));
  };

  test('beside the model it becomes part of it', async () => {
    const session = await InferenceSession.create(bytesOf(read('weights.bin')));
    const image = new Tensor('float32', new Float32Array(48).fill(1), [1, 3, 4, 4]);
    const { scores } = await session.run({ image });
    expect([...scores.data]).toEqual([9, 12]);
  });

  test.each(['../secret', '/etc/passwd', 'link.bin', 'a/../../secret', '', '.', '..'])('%j is refused', (location) => {
    expect(() => read(location, '0')).toThrow(UserError);
  });

  test('outside is said to be outside', () => {
    expect(problem(() => read('../secret', '0')).what).toContain('outside its folder');
    expect(problem(() => read('link.bin', '0')).what).toContain('outside its folder');
    expect(problem(() => read('none.bin')).what).toContain('cannot be read');
    expect(problem(() => read('weights.bin', '8')).what).toContain('too short');
    expect(problem(() => read('weights.bin', '4', '400')).what).toContain('misplaced');
  });
});

describe('robust.onnx', () => {
  const bytes = readFileSync(robust);
  const graph = readGraph(bytes, robust);

  test('its layers', () => {
    expect(findLayers(graph)).toEqual({
      input: { name: 'image', shape: ['batch', 3, 32, 32] },
      features: 'features',
      featureMap: 'feature_map',
      logits: 'logits',
    });
  });

  test('an inner tensor as output equals the same value computed by the whole model', async () => {
    const inner = '/n/body/body.5/Relu_output_0';
    expect(findLayers(graph).featureMap).not.toBe(inner);
    const session = await InferenceSession.create(
      bytesOf(withOutputs(graph, ['/n/body/body.5/Add_output_0', 'feature_map'])),
    );
    const image = new Tensor(
      'float32',
      Float32Array.from({ length: 2 * 3072 }, (_, i) => (i % 97) / 97),
      [2, 3, 32, 32],
    );
    const run = await session.run({ image });
    const relu = [...run['/n/body/body.5/Add_output_0'].data].map((value) => Math.max(Number(value), 0));
    expect([...run.feature_map.data]).toEqual(relu);
    const whole = await (await InferenceSession.create(bytes)).run({ image });
    expect([...run.feature_map.data]).toEqual([...whole.feature_map.data]);
  });
});
