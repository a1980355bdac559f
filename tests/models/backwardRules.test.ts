import { Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { withGradient } from '../../src/models/onnx/gradient/backward.ts';
import { operatorsWithRule } from '../../src/models/onnx/gradient/rules.ts';
import type { InputGeometry } from '../../src/models/onnx/layers.ts';
import { readGraph } from '../../src/models/onnx/readGraph.ts';
import { ModelUnderTest, open, runProbe } from './onnxModel.ts';

const [channels, height, width] = [3, 4, 5] as const;
const geometry: InputGeometry = { layout: 'NCHW', channels, height, width, batch: null };
const pixels = channels * height * width;

/** Distinct values in (-1, 1), 0.03 apart and none nearer than 0.01 to 0: no step of 0.005 crosses a kink or a tie. */
const image = Float32Array.from({ length: pixels }, (_, i) => (((i * 37) % pixels) - pixels / 2 + 0.5) * 0.03);

/** Fixed weights, different from one another. */
function weights(count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + 1));
}

type Build = (m: ModelUnderTest, x: string) => string;

/** Every row i the gradient of value i of the output, by the backward graph and by central differences of the forward one. */
async function jacobians(build: Build, opset: number) {
  const m = new ModelUnderTest();
  const output = m.add('Flatten', [build(m, 'image')]);
  const bytes = m.bytes([output], ['N', channels, height, width], opset);

  const graph = readGraph(bytes, 'm.onnx');
  const gradient = await withGradient(graph, { input: 'image', output, geometry }, runProbe);
  const { units } = gradient;
  const run = await (await open(gradient.model)).run({
    [gradient.imageInput]: new Tensor(
      'float32',
      repeated(units, () => image),
      [units, channels, height, width],
    ),
    [gradient.unitInput]: new Tensor(
      'int32',
      Int32Array.from({ length: units }, (_, i) => i),
      [units],
    ),
  });
  return {
    backward: [...run[gradient.gradientOutput].data].map(Number),
    differences: await differences(bytes, output, units),
  };
}

async function differences(bytes: Uint8Array, output: string, units: number): Promise<number[]> {
  const step = 0.005;
  const moved = repeated(2 * pixels, (i) =>
    image.map((value, j) => value + (j === i >> 1 ? (i & 1 ? -step : step) : 0)),
  );
  const dims = [2 * pixels, channels, height, width];
  const { [output]: y } = await (await open(bytes)).run({ image: new Tensor('float32', moved, dims) });
  const values = [...y.data].map(Number);
  return Array.from({ length: units * pixels }, (_, at) => {
    const [unit, pixel] = [Math.floor(at / pixels), at % pixels];
    return (values[2 * pixel * units + unit] - values[(2 * pixel + 1) * units + unit]) / (2 * step);
  });
}

function repeated(count: number, row: (i: number) => Float32Array): Float32Array<ArrayBuffer> {
  const all = new Float32Array(count * pixels);
  for (let i = 0; i < count; i++) all.set(row(i), i * pixels);
  return all;
}

const tested = new Set<string>();

/** One case: the rules of `operators` in a graph that `build` makes of the image. */
function check(title: string, operators: string, build: Build, opset = 17): void {
  for (const operator of operators.split(' ')) tested.add(operator);
  test(`${title} (${operators}, opset ${opset})`, async () => {
    const { backward, differences } = await jacobians(build, opset);
    const size = Math.hypot(...differences);
    expect(size).toBeGreaterThan(0.01);
    expect(Math.hypot(...backward.map((value, i) => value - differences[i])) / size).toBeLessThan(2e-3);
  });
}

const positive: Build = (m, x) => m.add('Add', [x, m.floats([], [1.5])]);
const wide: Build = (m, x) => m.add('Mul', [x, m.floats([], [5])]);

describe('convolution', () => {
  const conv = (
    title: string,
    outputs: number,
    inputs: number,
    kernel: number[],
    attributes: Record<string, number | number[] | string>,
  ) =>
    check(title, 'Conv', (m, x) => {
      const count = outputs * inputs * kernel[0] * kernel[1];
      const w = m.floats([outputs, inputs, ...kernel], weights(count));
      return m.add('Conv', [x, w, m.floats([outputs], weights(outputs))], attributes);
    });
  conv('3 x 3, padded', 2, 3, [3, 3], { pads: [1, 1, 1, 1] });
  conv('1 x 1', 4, 3, [1, 1], {});
  conv('asymmetric padding', 2, 3, [3, 2], { pads: [0, 1, 2, 0] });
  conv('padding beyond the kernel', 2, 3, [2, 2], { pads: [2, 2, 2, 2] });
  conv('stride 2 that leaves a row over', 2, 3, [3, 3], { strides: [2, 2], pads: [0, 1, 0, 1] });
  conv('stride 3 and asymmetric padding', 2, 3, [2, 2], { strides: [3, 3], pads: [0, 0, 1, 2] });
  conv('1 x 1 of stride 2', 2, 3, [1, 1], { strides: [2, 2] });
  conv('dilation', 2, 3, [2, 3], { dilations: [2, 2], pads: [1, 2, 1, 1] });
  conv('dilation and stride', 2, 3, [2, 2], { dilations: [3, 2], strides: [2, 2], pads: [1, 1, 1, 1] });
  conv('depthwise', 3, 1, [3, 3], { group: 3, pads: [1, 1, 1, 1] });
  conv('depthwise, two outputs a channel', 6, 1, [3, 3], { group: 3, pads: [1, 1, 1, 1] });
  conv('depthwise of stride 2', 3, 1, [3, 3], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] });
  conv('SAME_UPPER', 2, 3, [3, 2], { auto_pad: 'SAME_UPPER', strides: [2, 2] });
  conv('SAME_LOWER', 2, 3, [2, 4], { auto_pad: 'SAME_LOWER' });
  conv('VALID', 2, 3, [2, 2], { auto_pad: 'VALID' });
  check('groups of two channels', 'Conv', (m, x) => {
    const four = m.add('Reshape', [m.add('Slice', [x, m.ints(0), m.ints(4), m.ints(3)]), m.ints(-1, 4, 3, 4)]);
    return m.add('Conv', [four, m.floats([6, 2, 2, 2], weights(48))], { group: 2, pads: [1, 0, 0, 1] });
  });
  check('of one axis', 'Conv', (m, x) =>
    m.add('Conv', [m.add('Reshape', [x, m.ints(-1, 3, 20)]), m.floats([2, 3, 3], weights(18))], { strides: [3] }),
  );
  check('transposed, stride 2, output padding', 'ConvTranspose', (m, x) =>
    m.add('ConvTranspose', [x, m.floats([3, 2, 3, 3], weights(54))], {
      strides: [2, 2],
      pads: [1, 1, 0, 1],
      output_padding: [1, 0],
    }),
  );
  check('transposed, in groups', 'ConvTranspose', (m, x) =>
    m.add('ConvTranspose', [x, m.floats([3, 2, 2, 2], weights(24))], { group: 3, dilations: [2, 1] }),
  );
});

describe('products', () => {
  const flat: Build = (m, x) => m.add('Flatten', [x]);
  check('vector by weights', 'Gemm', (m, x) =>
    m.add('Gemm', [flat(m, x), m.floats([60, 3], weights(180)), m.floats([3], weights(3))]),
  );
  check('scaled, weights transposed', 'Gemm', (m, x) =>
    m.add('Gemm', [flat(m, x), m.floats([3, 60], weights(180)), m.floats([1, 3], weights(3))], {
      transB: 1,
      alpha: { float: 0.5 },
      beta: { float: 2 },
    }),
  );
  const turned: Build = (m, x) => m.add('Transpose', [x], { perm: [1, 0] });
  check('first factor transposed', 'Gemm', (m, x) =>
    m.add('Gemm', [turned(m, flat(m, x)), m.floats([60, 3], weights(180))], { transA: 1, alpha: { float: 3 } }),
  );
  check('first factor and weights transposed', 'Gemm', (m, x) =>
    m.add('Gemm', [turned(m, flat(m, x)), m.floats([3, 60], weights(180))], { transA: 1, transB: 1 }),
  );
  for (const transA of [0, 1]) {
    const w: Build = (m) => m.floats(transA ? [60, 3] : [3, 60], weights(180));
    check(`second factor, transA ${transA}`, 'Gemm', (m, x) =>
      turned(m, m.add('Gemm', [w(m, x), turned(m, flat(m, x))], { transA, alpha: { float: 0.5 } })),
    );
    check(`second factor transposed, transA ${transA}`, 'Gemm', (m, x) =>
      turned(m, m.add('Gemm', [w(m, x), flat(m, x)], { transA, transB: 1 })),
    );
  }
  check('the bias too', 'Gemm', (m, x) =>
    m.add('Gemm', [flat(m, x), m.floats([60, 60], weights(3600)), flat(m, x)], { beta: { float: 0.7 } }),
  );
  check('with fixed weights', 'MatMul', (m, x) => m.add('MatMul', [x, m.floats([5, 2], weights(10))]));
  check('weights repeated over the batch', 'MatMul', (m, x) => m.add('MatMul', [m.floats([2, 4], weights(8)), x]));
  check('batched, both from the image', 'MatMul Transpose', (m, x) =>
    m.add('MatMul', [x, m.add('Transpose', [x], { perm: [0, 1, 3, 2] })]),
  );
  check('batched, one of them repeated', 'MatMul', (m, x) =>
    m.add('MatMul', [
      m.add('Slice', [x, m.ints(0), m.ints(1), m.ints(1)]),
      m.add('Transpose', [x], { perm: [0, 1, 3, 2] }),
    ]),
  );
  check('inference', 'BatchNormalization', (m, x) => {
    const [scale, shift, mean] = [1, 2, 3].map((i) =>
      m.floats(
        [3],
        weights(3).map((w) => w * i),
      ),
    );
    return m.add('BatchNormalization', [x, scale, shift, mean, m.floats([3], [0.5, 1, 2])], {
      epsilon: { float: 0.01 },
    });
  });
});

describe('pooling', () => {
  const pool = (title: string, operator: string, attributes: Record<string, number | number[] | string>, opset = 17) =>
    check(title, operator, (m, x) => m.add(operator, [x], attributes), opset);
  for (const operator of ['MaxPool', 'AveragePool']) {
    pool('2 x 2', operator, { kernel_shape: [2, 2], strides: [2, 2] });
    pool('overlapping windows', operator, { kernel_shape: [3, 2], strides: [1, 1] });
    pool('overlapping, strided, padded', operator, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
    pool('asymmetric padding', operator, { kernel_shape: [2, 3], strides: [2, 1], pads: [1, 0, 0, 2] });
    pool('ceil_mode', operator, { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 });
    pool('ceil_mode with padding', operator, {
      kernel_shape: [3, 3],
      strides: [2, 3],
      pads: [1, 1, 1, 1],
      ceil_mode: 1,
    });
    pool('SAME_UPPER', operator, { kernel_shape: [3, 2], strides: [2, 2], auto_pad: 'SAME_UPPER' });
  }
  pool('dilation', 'MaxPool', { kernel_shape: [2, 2], dilations: [2, 3] });
  pool('dilation', 'AveragePool', { kernel_shape: [2, 2], dilations: [2, 3] }, 19);
  pool('padding counted', 'AveragePool', {
    kernel_shape: [3, 3],
    strides: [2, 1],
    pads: [1, 0, 1, 2],
    count_include_pad: 1,
  });
  pool(
    'padding counted, ceil_mode',
    'AveragePool',
    { kernel_shape: [2, 3], strides: [2, 2], pads: [1, 1, 0, 0], count_include_pad: 1, ceil_mode: 1 },
    19,
  );
  pool('the whole image', 'GlobalAveragePool', {});
  pool('the whole image', 'GlobalMaxPool', {});
});

describe('elementwise', () => {
  const of = (
    operator: string,
    attributes: Record<string, number | string | { float: number }> = {},
    opset = 17,
    input: Build = wide,
  ) => check(JSON.stringify(attributes), operator, (m, x) => m.add(operator, [input(m, x)], attributes), opset);
  const same: Build = (_, x) => x;
  for (const operator of ['Relu', 'Neg', 'Abs', 'Identity', 'Dropout', 'LeakyRelu', 'Elu', 'Celu', 'Selu', 'HardSwish'])
    of(operator);
  for (const operator of ['Sigmoid', 'Tanh', 'Erf', 'Exp', 'Sin', 'Cos', 'Softplus', 'Softsign'])
    of(operator, {}, 17, same);
  for (const operator of ['Log', 'Sqrt', 'Reciprocal']) of(operator, {}, 17, positive);
  of('LeakyRelu', { alpha: { float: 0.3 } });
  of('Elu', { alpha: { float: 0.5 } });
  of('Celu', { alpha: { float: 2 } });
  of('Selu', { alpha: { float: 1.2 }, gamma: { float: 1.3 } });
  of('HardSigmoid');
  of('HardSigmoid', { alpha: { float: 1 / 6 }, beta: { float: 0.4 } });
  of('Mish', {}, 18, same);
  of('Gelu', {}, 20, same);
  of('Gelu', { approximate: 'tanh' }, 20, same);
  check('both bounds', 'Clip', (m, x) => m.add('Clip', [x, m.floats([], [-0.42]), m.floats([], [0.3])]));
  check('lower bound', 'Clip', (m, x) => m.add('Clip', [x, m.floats([], [-0.42])]));
  check('upper bound', 'Clip', (m, x) => m.add('Clip', [x, '', m.floats([], [0.3])]));
  check('no bound', 'Clip', (m, x) => m.add('Clip', [x]));
  check('to double and back', 'Cast', (m, x) =>
    m.add('Cast', [m.add('Exp', [m.add('Cast', [x], { to: 11 })])], { to: 1 }),
  );
  check('square', 'Pow', (m, x) => m.add('Pow', [x, m.floats([], [2])]));
  check('cube of negative numbers', 'Pow', (m, x) => m.add('Pow', [x, m.ints(3)]));
  check('one exponent a column', 'Pow', (m, x) => m.add('Pow', [positive(m, x), m.floats([5], [0.5, 1, 2, 3.5, -1])]));
});

describe('broadcasting', () => {
  const part: Build = (m, x) => m.add('Slice', [x, m.ints(1), m.ints(2), m.ints(2)]);
  const few: Build = (m, x) =>
    m.add('Reshape', [m.add('Slice', [x, m.ints(0, 0), m.ints(1, 1), m.ints(1, 2)]), m.ints(-1, 1, 1, 5)]);
  for (const operator of ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min']) {
    // Scaled so that no value of one input ties with another's.
    check('second input repeated', operator, (m, x) =>
      m.add(operator, [positive(m, x), m.add('Mul', [positive(m, part(m, x)), m.floats([], [0.83])])]),
    );
    check('first input repeated', operator, (m, x) =>
      m.add(operator, [m.add('Mul', [positive(m, few(m, x)), m.floats([], [1.17])]), positive(m, x)]),
    );
    check('weights', operator, (m, x) => m.add(operator, [positive(m, x), m.floats([3, 1, 1], [0.51, 1.53, 2.01])]));
    check('more axes than the image', operator, (m, x) =>
      m.add('Squeeze', [
        m.add(operator, [m.floats([1, 1, 1, 1, 5], [1.02, 1.32, 0.9, 2.01, 1.5]), positive(m, x)]),
        m.ints(0),
      ]),
    );
  }
  check('the same tensor twice', 'Mul', (m, x) => m.add('Mul', [x, x]));
  check('three inputs', 'Sum', (m, x) => m.add('Sum', [x, part(m, x), m.floats([], [1])]));
  check('three inputs', 'Mean', (m, x) => m.add('Mean', [x, part(m, x), x]));
  check('either branch', 'Where', (m, x) =>
    m.add('Where', [
      m.add('Greater', [x, m.floats([5], [0.1, -0.2, 0, 0, 9])]),
      wide(m, part(m, x)),
      m.add('Exp', [x]),
    ]),
  );
  check('slopes', 'PRelu', (m, x) => m.add('PRelu', [x, m.floats([3, 1, 1], [0.1, 0.5, 2])]));
  check('slopes from the image', 'PRelu', (m, x) => m.add('PRelu', [x, part(m, x)]));
  check('a repeated row', 'Expand', (m, x) => m.add('Mul', [m.add('Expand', [part(m, x), m.ints(1, 3, 4, 5)]), x]));
  check('channels and rows', 'Tile', (m, x) =>
    m.add('Mul', [m.add('Tile', [x, m.ints(1, 2, 3, 1)]), m.floats([1, 6, 12, 5], weights(360))]),
  );
  check('new axes', 'Expand', (m, x) =>
    m.add('Mul', [
      m.add('Expand', [m.add('Unsqueeze', [x, m.ints(1)]), m.ints(1, 2, 1, 1, 1)]),
      m.floats([2, 3, 1, 1], weights(6)),
    ]),
  );
});

describe('reductions', () => {
  for (const operator of ['ReduceMean', 'ReduceSum', 'ReduceSumSquare', 'ReduceL2', 'ReduceMax', 'ReduceMin']) {
    check('axes as input, kept', operator, (m, x) => m.add(operator, [x, m.ints(2, -1)], { keepdims: 1 }), 18);
    check('one axis, dropped', operator, (m, x) => m.add(operator, [x, m.ints(1)], { keepdims: 0 }), 18);
    check(
      'all axes but the batch',
      operator,
      (m, x) => m.add('Unsqueeze', [m.add(operator, [m.add('Flatten', [x]), m.ints(1)], { keepdims: 0 }), m.ints(1)]),
      18,
    );
    if (operator === 'ReduceSum') continue;
    check('axes as attribute', operator, (m, x) => m.add(operator, [x], { axes: [-2, 3], keepdims: 0 }), 16);
  }
  check('no axes', 'ReduceSum', (m, x) => m.add('ReduceSum', [x], { noop_with_empty_axes: 1 }));
  const scale = (m: ModelUnderTest, count: number) => [
    m.floats([count], weights(count)),
    m.floats([count], weights(count)),
  ];
  check('last axis', 'LayerNormalization', (m, x) => m.add('LayerNormalization', [x, ...scale(m, 5)]));
  check('two axes', 'LayerNormalization', (m, x) =>
    m.add('LayerNormalization', [x, m.floats([4, 5], weights(20))], { axis: 2, epsilon: { float: 0.1 } }),
  );
  check('as decomposed by exporters', 'ReduceMean Sub Pow Sqrt Div Mul Add', (m, x) => {
    const centred = m.add('Sub', [x, m.add('ReduceMean', [x], { axes: [-1], keepdims: 1 })]);
    const variance = m.add('ReduceMean', [m.add('Pow', [centred, m.floats([], [2])])], { axes: [-1], keepdims: 1 });
    const deviation = m.add('Sqrt', [m.add('Add', [variance, m.floats([], [1e-5])])]);
    const [weight, shift] = scale(m, 5);
    return m.add('Add', [m.add('Mul', [m.add('Div', [centred, deviation]), weight]), shift]);
  });
  check('each channel by itself', 'InstanceNormalization', (m, x) =>
    m.add('InstanceNormalization', [x, ...scale(m, 3)]),
  );
  for (const size of [3, 5]) {
    check(`over ${size} of six channels`, 'LRN', (m, x) => {
      const six = m.add('Reshape', [m.add('Mul', [x, m.floats([3, 4, 5], weights(60))]), m.ints(-1, 6, 2, 5)]);
      return m.add('LRN', [six], { size, alpha: { float: 0.9 }, beta: { float: 0.75 }, bias: { float: 0.2 } });
    });
  }
  for (const operator of ['Softmax', 'LogSoftmax']) {
    check('last axis', operator, (m, x) => m.add(operator, [wide(m, x)]));
    check('channels', operator, (m, x) => m.add(operator, [wide(m, x)], { axis: 1 }));
  }
});

describe('shapes', () => {
  const scaled: Build = (m, x) => m.add('Mul', [x, m.floats([3, 4, 5], weights(60))]);
  check('turned and turned', 'Transpose', (m, x) =>
    m.add('Transpose', [m.add('Transpose', [scaled(m, x)], { perm: [2, 0, 3, 1] })], { perm: [1, 0, 2, 3] }),
  );
  check('reversed axes', 'Transpose Reshape', (m, x) =>
    m.add('Reshape', [m.add('Transpose', [m.add('Transpose', [scaled(m, x)])]), m.ints(0, -1)]),
  );
  check('axes come and go', 'Unsqueeze Squeeze Flatten', (m, x) =>
    m.add('Squeeze', [m.add('Unsqueeze', [scaled(m, x), m.ints(2, -1)]), m.ints(2)]),
  );
  check('a shape computed from the image', 'Reshape', (m, x) => {
    const batch = m.add('Gather', [m.add('Shape', [x]), m.ints(0)]);
    return m.add('Reshape', [scaled(m, x), m.add('Concat', [batch, m.ints(6, 10)], { axis: 0 })]);
  });
  check('of three, one fixed', 'Concat', (m, x) =>
    m.add(
      'Concat',
      [
        scaled(m, x),
        m.add('Expand', [
          m.floats([1, 1, 4, 5], weights(20)),
          m.add('Shape', [m.add('Slice', [x, m.ints(0), m.ints(1), m.ints(1)])]),
        ]),
        x,
      ],
      { axis: 1 },
    ),
  );
  check('last axis', 'Concat', (m, x) => m.add('Concat', [x, scaled(m, x)], { axis: -1 }));
  check('one piece unused', 'Split', (m, x) => {
    const [a, , b] = m.split('Split', [scaled(m, x), m.ints(1, 2, 2)], { axis: -1 }, 3);
    return m.add('Mul', [a, b]);
  });
  check(
    'by number',
    'Split',
    (m, x) => m.add('Concat', m.split('Split', [scaled(m, x)], { axis: 3, num_outputs: 3 }, 3).reverse(), { axis: 3 }),
    18,
  );
  check('several axes', 'Slice', (m, x) =>
    m.add('Slice', [scaled(m, x), m.ints(1, -3), m.ints(3, 2 ** 40), m.ints(2, -1)]),
  );
  check('steps', 'Slice', (m, x) =>
    m.add('Slice', [scaled(m, x), m.ints(0, 3), m.ints(5, -(2 ** 40)), m.ints(3, 2), m.ints(2, -2)]),
  );
  check('steps and plain', 'Slice', (m, x) =>
    m.add('Slice', [scaled(m, x), m.ints(-1, 1), m.ints(-9, 3), m.ints(3, 2), m.ints(-1, 1)]),
  );
  check('the whole batch', 'Slice', (m, x) =>
    m.add('Slice', [scaled(m, x), m.ints(0, 1), m.ints(2 ** 62, 2), m.ints(0, 1)]),
  );
  check('one place, its axis dropped', 'Gather', (m, x) => {
    m.fixed.push({ name: 'last', dims: [], dataType: 7, int64Data: [-1] });
    return m.add('Gather', [scaled(m, x), 'last'], { axis: 2 });
  });
  check('places in any order, repeated', 'Gather', (m, x) =>
    m.add('Gather', [scaled(m, x), m.ints(4, 0, 0, -2)], { axis: 3 }),
  );
  check('a table of places', 'Gather', (m, x) =>
    m.add('Gather', [scaled(m, x), m.add('Reshape', [m.ints(0, 1, 2, 1), m.ints(2, 2)])], { axis: 1 }),
  );
  check('values laid out flat, by places that follow the batch (as_strided of PyTorch)', 'Gather', (m, x) => {
    const flat = m.add('Reshape', [scaled(m, x), m.ints(-1)]);
    const batch = m.add('Gather', [m.add('Shape', [x]), m.add('Squeeze', [m.ints(0)])]);
    const one = m.add('Squeeze', [m.ints(1)]);
    const starts = m.add('Mul', [m.add('Range', [m.add('Squeeze', [m.ints(0)]), batch, one]), m.ints(pixels)]);
    const places = m.add('Add', [m.add('Unsqueeze', [starts, m.ints(1)]), m.ints(7, 3, 3, 50)]);
    return m.add('Gather', [flat, places], { axis: 0 });
  });
  check('zeros', 'Pad', (m, x) =>
    m.add('Mul', [m.add('Pad', [x, m.ints(0, 0, 1, 0, 0, 1, 0, 2)]), m.floats([4, 5, 7], weights(140))]),
  );
  check('zeros and cutting', 'Pad', (m, x) =>
    m.add('Mul', [m.add('Pad', [x, m.ints(0, 0, -1, 1, 0, 0, 0, -2)]), m.floats([3, 3, 4], weights(36))]),
  );
  check(
    'named axes',
    'Pad',
    (m, x) => m.add('Mul', [m.add('Pad', [x, m.ints(1, 2), '', m.ints(-1)]), m.floats([3, 4, 8], weights(96))]),
    18,
  );
  for (const mode of ['reflect', 'edge']) {
    check(mode, 'Pad', (m, x) =>
      m.add('Mul', [m.add('Pad', [x, m.ints(0, 0, 2, 1, 0, 0, 1, 3)], { mode }), m.floats([3, 7, 9], weights(189))]),
    );
  }
  check(
    'wrap',
    'Pad',
    (m, x) =>
      m.add('Mul', [
        m.add('Pad', [x, m.ints(0, 0, 2, 1, 0, 0, 1, 3)], { mode: 'wrap' }),
        m.floats([3, 7, 9], weights(189)),
      ]),
    19,
  );
  const even: Build = (m, x) => m.add('Reshape', [scaled(m, x), m.ints(0, 1, 6, 10)]);
  check('blocks', 'SpaceToDepth', (m, x) =>
    m.add('Mul', [m.add('SpaceToDepth', [even(m, x)], { blocksize: 2 }), m.floats([4, 3, 5], weights(60))]),
  );
  for (const mode of ['DCR', 'CRD']) {
    check(mode, 'DepthToSpace', (m, x) => {
      const deep = m.add('Reshape', [scaled(m, x), m.ints(0, 12, 1, 5)]);
      return m.add('Mul', [m.add('DepthToSpace', [deep], { blocksize: 2, mode }), m.floats([3, 2, 10], weights(60))]);
    });
  }
});

describe('attention', () => {
  // Two heads of five places, two wide.
  const heads = (m: ModelUnderTest, x: string, seed: number) =>
    m.add('Mul', [
      m.add('Reshape', [m.add('Slice', [x, m.ints(seed), m.ints(seed + 1), m.ints(1)]), m.ints(0, 2, 5, 2)]),
      m.floats([], [3]),
    ]);
  check(
    'of three parts of an image',
    'Attention',
    (m, x) =>
      m.add(
        'Attention',
        [0, 1, 2].map((part) => heads(m, x, part)),
      ),
    23,
  );
  check(
    'with a scale and a mask',
    'Attention',
    (m, x) =>
      m.add('Attention', [...[2, 0, 1].map((part) => heads(m, x, part)), m.floats([5, 5], weights(25))], {
        scale: { float: 0.9 },
      }),
    23,
  );
});

describe("quantised values: rounding lets gradients through, cutting off does not (as PyTorch's fake_quantize)", () => {
  for (const operator of ['QuantizeLinear', 'DequantizeLinear']) tested.add(operator);
  // Values reach from -0.885 to 0.885, so 127 steps of these cut some off on either side.
  test.each([
    { title: 'one scale', dims: [], scales: [0.005] },
    { title: 'a scale a channel', dims: [3], scales: [0.002, 0.005, 0.009] },
  ])('$title', async ({ dims, scales }) => {
    const m = new ModelUnderTest();
    const scale = m.floats(dims, scales);
    m.fixed.push({ name: 'zeros', dims, dataType: 3, rawData: new Uint8Array(scales.length) });
    const levels = m.add('QuantizeLinear', ['image', scale, 'zeros'], { axis: 1 });
    const output = m.add('Flatten', [m.add('DequantizeLinear', [levels, scale, 'zeros'], { axis: 1 })]);
    const graph = readGraph(m.bytes([output], ['N', channels, height, width], 17), 'm.onnx');
    const made = await withGradient(graph, { input: 'image', output, geometry }, runProbe);
    const feeds = {
      [made.imageInput]: new Tensor(
        'float32',
        repeated(pixels, () => image),
        [pixels, channels, height, width],
      ),
      [made.unitInput]: new Tensor(
        'int32',
        Int32Array.from({ length: pixels }, (_, i) => i),
        [pixels],
      ),
    };
    const { [made.gradientOutput]: found } = await (await open(made.model)).run(feeds);
    const inside = (at: number) => {
      const level = Math.round(image[at] / scales[dims.length === 0 ? 0 : Math.floor(at / (height * width))]);
      return level >= -128 && level <= 127;
    };
    const places = Array.from({ length: pixels }, (_, at) => at);
    expect(places.some(inside) && !places.every(inside)).toBe(true);
    const expected = places.flatMap((unit) => places.map((at) => (unit === at && inside(at) ? 1 : 0)));
    [...found.data].map(Number).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 5);
    });
  });
});

describe('a table of rules', () => {
  test('every rule has a test above', () => {
    expect(operatorsWithRule().filter((operator) => !tested.has(operator))).toEqual([]);
  });

  const gradient = (build: Build, opset = 17) => {
    const m = new ModelUnderTest();
    const output = m.add('Flatten', [build(m, 'image')]);
    const graph = readGraph(m.bytes([output], ['N', channels, height, width], opset), 'm.onnx');

    return withGradient(graph, { input: 'image', output, geometry }, runProbe);
  };

  test('an operator without a rule is named, with those that have one', async () => {
    const thrown = await gradient((m, x) => m.add('CumSum', [m.add('Atan', [x]), m.ints(1)])).catch((error) => error);
    expect(thrown).toBeInstanceOf(UserError);
    expect(thrown.what).toContain('"Atan", "CumSum"');
    expect(thrown.fix).toMatch(/Abs, Add, .*Where/);
  });

  test('what a rule does not do is said', async () => {
    const thrown = await gradient((m, x) => m.add('Pow', [positive(m, x), x])).catch((error) => error);
    expect(thrown).toBeInstanceOf(UserError);
    expect(thrown.what).toContain('exponent');
  });

  test('an output that no gradient reaches, and an opset out of range', async () => {
    const flat: Build = (m, x) => m.add('Cast', [m.add('Greater', [x, m.floats([], [0])])], { to: 1 });
    await expect(gradient(flat)).rejects.toThrow(UserError);
    await expect(gradient(positive, 6)).rejects.toThrow(/opset 7 to 23, not 6/);
  });
});
