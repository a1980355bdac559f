import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[] | Float32Array;
  readonly dtype?: 'float32' | 'int32';
}

/** Writes a TF.js model into a folder, its weights in two shards; returns the `model.json`. */
export function writeModel(
  folder: string,
  modelTopology: object,
  weights: readonly Weight[],
  rest: object = {},
): string {
  mkdirSync(folder, { recursive: true });
  const bytes = Buffer.concat(
    weights.map(({ values, dtype }) =>
      Buffer.from((dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values)).buffer),
    ),
  );
  const middle = Math.floor(bytes.length / 2);
  const paths = ['group1-shard1of2.bin', 'group1-shard2of2.bin'];
  writeFileSync(join(folder, paths[0]), bytes.subarray(0, middle));
  writeFileSync(join(folder, paths[1]), bytes.subarray(middle));
  const specs = weights.map(({ name, shape, dtype }) => ({ name, shape, dtype: dtype ?? 'float32' }));
  const file = join(folder, 'model.json');
  writeFileSync(file, JSON.stringify({ modelTopology, weightsManifest: [{ paths, weights: specs }], ...rest }));
  return file;
}

/** A Keras layer fed by others. */
export function layer(className: string, name: string, from: readonly string[], config: object = {}) {
  return {
    class_name: className,
    name,
    config: { name, ...config },
    inbound_nodes: from.length === 0 ? [] : [from.map((input) => [input, 0, 0, {}])],
  };
}

export function kerasModel(layers: readonly object[], input: string, output: string) {
  const config = { name: 'tiny', layers, input_layers: [[input, 0, 0]], output_layers: [[output, 0, 0]] };
  return { class_name: 'Model', config, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' };
}

/** A network small enough to work out by hand: 1 x 1 convolution 3 -> 2, ReLU, mean, dense 2 -> 2. */
export const kernel = [1, -1, 2, 0, -1, 0.5]; // input channel x filter
export const dense = [1, 2, 3, 4];

export function tinyLayers(changes: { readonly scale?: boolean } = {}): { topology: object; weights: Weight[] } {
  const normalized = changes.scale !== undefined;
  const layers = [
    layer('InputLayer', 'image', [], { batch_input_shape: [null, 4, 4, 3], dtype: 'float32' }),
    layer('Conv2D', 'conv', ['image'], { filters: 2, kernel_size: [1, 1], use_bias: false, activation: 'linear' }),
    ...(normalized
      ? [layer('BatchNormalization', 'norm', ['conv'], { axis: -1, epsilon: 0, scale: changes.scale })]
      : []),
    layer('Activation', 'map', [normalized ? 'norm' : 'conv'], { activation: 'relu' }),
    layer('GlobalAveragePooling2D', 'pool', ['map']),
    layer('Dropout', 'drop', ['pool'], { rate: 0.5 }),
    layer('Dense', 'scores', ['drop'], { units: 2, activation: 'softmax', use_bias: false }),
  ];
  const vector = (name: string, values: number[]): Weight => ({ name: `norm/${name}`, shape: [2], values });
  const statistics = [vector('beta', [0, 0]), vector('moving_mean', [0, 0]), vector('moving_variance', [1, 1])];
  const weights: Weight[] = [
    { name: 'conv/kernel', shape: [1, 1, 3, 2], values: kernel },
    ...(normalized ? statistics : []),
    { name: 'scores/kernel', shape: [2, 2], values: dense },
  ];
  return { topology: kerasModel(layers, 'image', 'scores'), weights };
}

/** The same network as a Graph model. */
export function tinyGraph(): { topology: object; weights: Weight[] } {
  const dim = ['-1', '4', '4', '3'].map((size) => ({ size }));
  const float = { T: { type: 'DT_FLOAT' } };
  const node = [
    { name: 'image', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim } } } },
    ...['kernel', 'dense', 'bias'].map((name) => ({ name, op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } })),
    { name: 'axes', op: 'Const', attr: { dtype: { type: 'DT_INT32' } } },
    { name: 'conv', op: 'Conv2D', input: ['image', 'kernel'], attr: convolution(1) },
    { name: 'map', op: 'Relu', input: ['conv'], attr: float },
    { name: 'pool', op: 'Mean', input: ['map', 'axes'], attr: { keep_dims: { b: false } } },
    { name: 'product', op: 'MatMul', input: ['pool', 'dense'], attr: matMul },
    { name: 'logits', op: 'BiasAdd', input: ['product', 'bias'], attr: float },
    { name: 'scores', op: 'Softmax', input: ['logits'], attr: float },
  ];
  const weights: Weight[] = [
    { name: 'kernel', shape: [1, 1, 3, 2], values: kernel },
    { name: 'dense', shape: [2, 2], values: dense },
    { name: 'bias', shape: [2], values: [0, 0] },
    { name: 'axes', shape: [2], values: [1, 2], dtype: 'int32' },
  ];
  return { topology: { node, versions: {} }, weights };
}

const matMul = { transpose_a: { b: false }, transpose_b: { b: false } };

const base64 = (text: string) => Buffer.from(text).toString('base64');

function convolution(stride: number) {
  return {
    strides: { list: { i: ['1', `${stride}`, `${stride}`, '1'] } },
    dilations: { list: { i: ['1', '1', '1', '1'] } },
    padding: { s: base64('VALID') },
    data_format: { s: base64('NHWC') },
  };
}

interface LayersModel {
  readonly modelTopology: { readonly config: { readonly layers: readonly LayerJson[] } };
  readonly weightsManifest: readonly [{ readonly weights: readonly { name: string; shape: number[] }[] }];
}

interface LayerJson {
  readonly class_name: string;
  readonly config: { readonly name: string; readonly strides?: readonly number[]; readonly epsilon?: number };
  readonly inbound_nodes: readonly (readonly (readonly [string, ...unknown[]])[])[];
}

/**
 * The robust network as tensorflowjs_converter would write it from a SavedModel: its convolutions fused with a bias (of
 * zeros), without activation. Nodes bear the layers' names.
 */
export function asGraphModel(
  { modelTopology, weightsManifest }: LayersModel,
  bytes: Buffer,
): { topology: object; weights: Weight[] } {
  let at = 0;
  const weights: Weight[] = weightsManifest[0].weights.map(({ name, shape }) => {
    const length = 4 * shape.reduce((product, n) => product * n, 1);
    at += length;
    const from = bytes.byteOffset + at - length;
    return { name, shape, values: new Float32Array(bytes.buffer.slice(from, from + length)) };
  });
  const node: object[] = [];
  const constant = (name: string, shape: number[], values: number[], dtype: 'float32' | 'int32' = 'int32') => {
    weights.push({ name, shape, values, dtype });
    return name;
  };
  for (const { class_name, config, inbound_nodes } of modelTopology.config.layers) {
    const { name } = config;
    const from = (inbound_nodes[0] ?? []).map(([input]) => input);
    const add = (op: string, input: string[], attr: object = {}) => node.push({ name, op, input, attr });
    const own = (weight: string) => `${name}/${weight}`;
    switch (class_name) {
      case 'InputLayer':
        add('Placeholder', [], { shape: { shape: { dim: [-1, 32, 32, 3].map((size) => ({ size: `${size}` })) } } });
        break;
      case 'BatchNormalization': {
        const parameters = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map(own);
        add('FusedBatchNormV3', [...from, ...parameters], { epsilon: { f: config.epsilon } });
        break;
      }
      case 'ZeroPadding2D':
        add('Pad', [...from, constant(own('paddings'), [4, 2], [0, 0, 1, 1, 1, 1, 0, 0])]);
        break;
      case 'Conv2D': {
        const filters = weights.find((weight) => weight.name === own('kernel'))?.shape[3] ?? 0;
        const zeros = constant(own('zeros'), [filters], Array(filters).fill(0), 'float32');
        const fused = { fused_ops: { list: { s: [base64('BiasAdd')] } }, num_args: { i: '1' } };
        add('_FusedConv2D', [...from, own('kernel'), zeros], { ...convolution(config.strides?.[0] ?? 1), ...fused });
        break;
      }
      case 'ReLU':
        add('Relu', from);
        break;
      case 'Add':
        add('AddV2', from);
        break;
      case 'GlobalAveragePooling2D':
        add('Mean', [...from, constant(own('axes'), [2], [1, 2])], { keep_dims: { b: false } });
        break;
      default:
        node.push({ name: own('product'), op: 'MatMul', input: [...from, own('kernel')], attr: matMul });
        add('BiasAdd', [own('product'), own('bias')]);
    }
  }
  const constants = weights.map(({ name, dtype }) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT' } },
  }));
  return { topology: { node: [...constants, ...node], versions: {} }, weights };
}
