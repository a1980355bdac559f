import { floatOf, intOf, intsOf } from '../graph.ts';
import type { Node } from '../protobuf.ts';
import { beyondRule, type Dims, expand, fixedInput, type Rule, reshape, single, type Tape } from './tape.ts';

/** A reduction seen from behind: the axes it took away, kept with length 1 in `kept`. */
interface Reduction {
  readonly axes: readonly number[];
  readonly kept: Dims;
  /** Values behind each result; null where that follows the number of images. */
  readonly count: number | null;
}

/** The reduction of `dims` along `axes` (negative ones count from the end). */
function along(dims: Dims, axes: readonly number[]): Reduction {
  const positive = axes.map((axis) => (axis < 0 ? axis + dims.length : axis));
  const lengths = positive.map((axis) => dims[axis]);
  return {
    axes: positive,
    kept: dims.map((dim, axis) => (positive.includes(axis) ? 1 : dim)),
    count: lengths.reduce<number | null>(
      (product, dim) => (product === null || dim === null ? null : product * dim),
      1,
    ),
  };
}

/** The axes of a Reduce* node: an attribute or, in later opsets, an input; none means all, or none at all. */
function reductionOf(tape: Tape, node: Node): Reduction {
  const dims = tape.dimsOf(node.input[0]);
  const axes = intsOf(node, 'axes') ?? fixedInput(tape, node, 1) ?? [];
  if (axes.length > 0) return along(dims, axes);
  return along(dims, intOf(node, 'noop_with_empty_axes', 0) === 1 ? [] : dims.map((_, axis) => axis));
}

/** What pools whole images reduces all axes behind batch and channels. */
function spatial(tape: Tape, node: Node): Reduction {
  const dims = tape.dimsOf(node.input[0]);
  return along(
    dims,
    dims.flatMap((_, axis) => (axis < 2 ? [] : [axis])),
  );
}

/** Rule of a reduction: `spread` gives what x's gradient is of the result's gradient and of the result, both with kept axes. */
function reduction(
  of: typeof reductionOf,
  spread: (tape: Tape, gradient: string, reduced: Reduction, x: string, y: () => string, node: Node) => string,
): Rule {
  return single((tape, node, gradient) => {
    const reduced = of(tape, node);
    const [x, ...rest] = node.input;
    const keep = (value: string) =>
      tape.dimsOf(node.output[0]).length === reduced.kept.length ? value : reshape(tape, value, reduced.kept, value);
    return [spread(tape, keep(gradient), reduced, x, () => keep(node.output[0]), node), ...rest.map(() => null)];
  });
}

const mean = (of: typeof reductionOf) =>
  reduction(of, (tape, gradient, { kept, count }, x, _y, node) => {
    if (count === null) throw beyondRule(node, 'a mean over the batch');
    return expand(tape, tape.add('Mul', [gradient, tape.float(1 / count)]), kept, x);
  });

/** Values that share the extreme share its gradient. */
const extreme = (of: typeof reductionOf) =>
  reduction(of, (tape, gradient, { axes }, x, y) => {
    const reached = tape.add('Cast', [tape.add('Equal', [x, y()])], { to: 1 });
    const many = tape.add('ReduceSum', [reached, tape.ints(axes)], { keepdims: 1 });
    return tape.add('Mul', [reached, tape.add('Div', [gradient, many])]);
  });

function meanOf(tape: Tape, x: string, axes: readonly number[], count: number): string {
  return tape.add('Mul', [tape.add('ReduceSum', [x, tape.ints(axes)], { keepdims: 1 }), tape.float(1 / count)]);
}

/**
 * Gradient of n = (x - mean) / sqrt(variance + epsilon) along some axes, from the gradient d of n (Ba et al. 2016):
 * (d - mean(d) - n mean(d n)) / sqrt(variance + epsilon).
 */
function normalized(tape: Tape, node: Node, d: string, { axes, count }: Reduction): string {
  if (count === null) throw beyondRule(node, 'a mean over the batch');
  const [x] = node.input;
  const centred = tape.add('Sub', [x, meanOf(tape, x, axes, count)]);
  const variance = meanOf(tape, tape.add('Mul', [centred, centred]), axes, count);
  const deviation = tape.add('Sqrt', [tape.add('Add', [variance, tape.float(floatOf(node, 'epsilon', 1e-5))])]);
  const n = tape.add('Div', [centred, deviation]);
  const along = tape.add('Mul', [n, meanOf(tape, tape.add('Mul', [d, n]), axes, count)]);
  const rest = tape.add('Sub', [tape.add('Sub', [d, meanOf(tape, d, axes, count)]), along]);
  return tape.add('Div', [rest, deviation]);
}

const layerNormalization = single((tape, node, gradient) => {
  const [x, scale, ...rest] = node.input;
  if (tape.active(scale) || rest.some((name) => tape.active(name)))
    throw beyondRule(node, 'a scale that depends on the images');
  const rank = tape.dimsOf(x).length;
  const axis = intOf(node, 'axis', -1);
  const from = axis < 0 ? axis + rank : axis;
  const axes = Array.from({ length: rank - from }, (_, i) => from + i);
  const d = tape.add('Mul', [gradient, scale]);
  return [normalized(tape, node, d, along(tape.dimsOf(x), axes)), null, ...rest.map(() => null)];
});

const instanceNormalization = single((tape, node, gradient) => {
  const [x, scale] = node.input;
  if (tape.active(scale)) throw beyondRule(node, 'a scale that depends on the images');
  const perChannel = [
    -1,
    ...tape
      .dimsOf(x)
      .slice(2)
      .map(() => 1),
  ];
  const d = tape.add('Mul', [gradient, reshape(tape, scale, perChannel, scale)]);
  return [normalized(tape, node, d, spatial(tape, node)), null, null];
});

/**
 * Gradient of y = x D^-beta, D = bias + alpha / size * (sum of x^2 over the channels about each) (Krizhevsky et al. 2012): d D^-beta -
 * 2 alpha beta / size * x * (sum of d x D^-(beta + 1) over the channels in whose windows x lies). Sums are products with a band of ones.
 */
const localResponseNormalization = single((tape, node, gradient) => {
  const [x] = node.input;
  const dims = tape.dimsOf(x);
  const [, channels] = dims;
  if (channels === undefined || channels === null) throw beyondRule(node, 'an open number of channels');
  const [size, bias] = [intOf(node, 'size', 1), floatOf(node, 'bias', 1)];
  const [alpha, beta] = [floatOf(node, 'alpha', 1e-4), floatOf(node, 'beta', 0.75)];
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const band = (isIn: (offset: number) => boolean) =>
    tape.float(
      Array.from({ length: channels ** 2 }, (_, at) => Number(isIn((at % channels) - Math.floor(at / channels)))),
      [channels, channels],
    );
  const summed = (values: string, ones: string) => {
    const flat = tape.add('Reshape', [values, tape.ints([0, 0, -1])]);
    return reshape(tape, tape.add('MatMul', [ones, flat]), dims, x);
  };
  const times = (a: string, b: string) => tape.add('Mul', [a, b]);
  const squares = summed(
    times(x, x),
    band((offset) => offset >= -before && offset <= after),
  );
  const divisor = tape.add('Add', [times(squares, tape.float(alpha / size)), tape.float(bias)]);
  const direct = times(gradient, tape.add('Pow', [divisor, tape.float(-beta)]));
  const around = summed(
    times(tape.add('Div', [direct, divisor]), x),
    band((offset) => offset >= -after && offset <= before),
  );
  return [tape.add('Sub', [direct, times(times(x, around), tape.float((2 * alpha * beta) / size))])];
});

/** y (d - sum(d y)), summed along one axis. */
const softmax = single((tape, node, gradient) => {
  const [y] = node.output;
  const axis = tape.ints([intOf(node, 'axis', -1)]);
  const total = tape.add('ReduceSum', [tape.add('Mul', [gradient, y]), axis], { keepdims: 1 });
  return [tape.add('Mul', [y, tape.add('Sub', [gradient, total])])];
});

/** d - exp(y) sum(d), summed along one axis. */
const logSoftmax = single((tape, node, gradient) => {
  const axis = tape.ints([intOf(node, 'axis', -1)]);
  const total = tape.add('ReduceSum', [gradient, axis], { keepdims: 1 });
  return [tape.add('Sub', [gradient, tape.add('Mul', [tape.add('Exp', [node.output[0]]), total])])];
});

/** Operators that sum up along axes. */
export const reductions: Readonly<Record<string, Rule>> = {
  ReduceMean: mean(reductionOf),
  GlobalAveragePool: mean(spatial),
  ReduceSum: reduction(reductionOf, (tape, gradient, { kept }, x) => expand(tape, gradient, kept, x)),
  ReduceSumSquare: reduction(reductionOf, (tape, gradient, _reduced, x) =>
    tape.add('Mul', [tape.add('Mul', [gradient, tape.float(2)]), x]),
  ),
  ReduceL2: reduction(reductionOf, (tape, gradient, _reduced, x, y) =>
    tape.add('Mul', [tape.add('Div', [gradient, y()]), x]),
  ),
  ReduceMax: extreme(reductionOf),
  ReduceMin: extreme(reductionOf),
  GlobalMaxPool: extreme(spatial),
  LRN: localResponseNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  Softmax: softmax,
  LogSoftmax: logSoftmax,
};
