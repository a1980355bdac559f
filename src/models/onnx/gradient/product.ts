import { floatOf, intOf, intsOf, textOf } from '../graph.ts';
import type { Node } from '../protobuf.ts';
import { beyondRule, type Dims, type Rule, reshape, single, type Tape, unbroadcast } from './tape.ts';
import { reach, transposed, type Window, windowOf } from './window.ts';

/** Throws UserError where weights depend on the images: only the first input gets a gradient. */
function fixedWeights(tape: Tape, node: Node): void {
  if (node.input.slice(1).some((name) => tape.active(name)))
    throw beyondRule(node, 'weights that depend on the images');
}

const conv = single((tape, node, gradient) => {
  fixedWeights(tape, node);
  const window = windowOf(tape, node);
  const group = intOf(node, 'group', 1);
  const pads = window.before.map((pad, axis) => reach(window, axis) - 1 - pad);
  const dense = window.strides.every((stride) => stride === 1) && pads.every((pad) => pad >= 0);
  const [, weight] = node.input;
  return [
    dense
      ? tape.add('Conv', [gradient, turned(tape, node, weight, window, group)], {
          kernel_shape: window.kernel,
          dilations: window.dilations,
          group,
          pads: [...pads, ...window.after.map((pad, axis) => reach(window, axis) - 1 - pad)],
        })
      : tape.add('ConvTranspose', [gradient, weight], { ...transposed(window), group }),
    ...node.input.slice(1).map(() => null),
  ];
});

/**
 * Weights with which a convolution of stride 1 is undone by a convolution, for which engines are faster than for
 * ConvTranspose: inputs and outputs of each group swapped, the kernel turned round. They are fixed, so the engine computes them once.
 */
function turned(tape: Tape, node: Node, weight: string, { kernel }: Window, group: number): string {
  const dims = tape.dimsOf(weight);
  const [outputs, inputs] = dims;
  if (outputs === null || inputs === null) throw beyondRule(node, 'weights that depend on the images');
  const spatial = kernel.map((_, axis) => axis + 2);
  const flipped = kernel.every((length) => length === 1)
    ? weight
    : tape.add('Slice', [
        weight,
        tape.ints(kernel.map(() => -1)),
        tape.ints(kernel.map((length) => -length - 1)),
        tape.ints(spatial),
        tape.ints(kernel.map(() => -1)),
      ]);
  if (group === 1) return tape.add('Transpose', [flipped], { perm: [1, 0, ...spatial] });
  const perGroup = outputs / group;
  if (perGroup === 1 && inputs === 1) return flipped;
  const split = tape.add('Reshape', [flipped, tape.ints([group, perGroup, inputs, ...kernel])]);
  const swapped = tape.add('Transpose', [split], { perm: [0, 2, 1, ...spatial.map((axis) => axis + 1)] });
  return tape.add('Reshape', [swapped, tape.ints([group * inputs, perGroup, ...kernel])]);
}

/** The convolution with the same weights; it does not look at what output_padding added at the end. */
const convTranspose = single((tape, node, gradient) => {
  fixedWeights(tape, node);
  if (intsOf(node, 'output_shape') || textOf(node, 'auto_pad', 'NOTSET') !== 'NOTSET') {
    throw beyondRule(node, 'padding that is given by output_shape or auto_pad');
  }
  const { kernel, strides, dilations, before, after } = windowOf(tape, node);
  const attributes = {
    kernel_shape: kernel,
    strides,
    dilations,
    pads: [...before, ...after],
    group: intOf(node, 'group', 1),
  };
  return [tape.add('Conv', [gradient, node.input[1]], attributes), ...node.input.slice(1).map(() => null)];
});

/** Y = alpha A' B' + beta C, where A' and B' may be transposed. */
const gemm = single((tape, node, gradient) => {
  const [a, b, c] = node.input;
  const [alpha, beta] = [floatOf(node, 'alpha', 1), floatOf(node, 'beta', 1)];
  const [transA, transB] = [intOf(node, 'transA', 0), intOf(node, 'transB', 0)];
  const product = (left: string, transLeft: number, right: string, transRight: number) =>
    tape.add('Gemm', [left, right], { alpha: { float: alpha }, transA: transLeft, transB: transRight });
  const ofA = () => (transA ? product(b, transB, gradient, 1) : product(gradient, 0, b, 1 - transB));
  const ofB = () => (transB ? product(gradient, 1, a, transA) : product(a, 1 - transA, gradient, 0));
  const ofC = () => {
    const scaled = beta === 1 ? gradient : tape.add('Mul', [gradient, tape.float(beta)]);
    return unbroadcast(tape, scaled, tape.dimsOf(node.output[0]), c);
  };
  return [ofA, ofB, ofC].slice(0, node.input.length).map((of, index) => (tape.active(node.input[index]) ? of() : null));
});

const matMul = single((tape, node, gradient) => {
  const [a, b] = node.input;
  const [rankA, rankB] = [a, b].map((name) => tape.dimsOf(name).length);
  if (rankA < 2 || rankB < 2) throw beyondRule(node, 'a vector without axes around it');
  const full = tape.dimsOf(node.output[0]);
  const [rows, columns] = full.slice(-2);
  const inner = tape.dimsOf(a)[rankA - 1];
  const side = (left: string, right: string, dims: Dims, to: string) =>
    unbroadcast(tape, tape.add('MatMul', [left, right]), [...full.slice(0, -2), ...dims], to);
  return [
    tape.active(a) ? side(gradient, swapped(tape, b, rankB), [rows, inner], a) : null,
    tape.active(b) ? side(swapped(tape, a, rankA), gradient, [inner, columns], b) : null,
  ];
});

function swapped(tape: Tape, matrix: string, rank: number): string {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return tape.add('Transpose', [matrix], { perm: [...axes.slice(0, -2), rank - 1, rank - 2] });
}

/** Inference's batch norm scales each channel by fixed numbers. */
const batchNormalization = single((tape, node, gradient) => {
  fixedWeights(tape, node);
  if (intOf(node, 'training_mode', 0) === 1) throw beyondRule(node, 'training mode');
  const [, scale, , , variance] = node.input;
  const deviation = tape.add('Sqrt', [tape.add('Add', [variance, tape.float(floatOf(node, 'epsilon', 1e-5))])]);
  const perChannel = [
    -1,
    ...tape
      .dimsOf(node.input[0])
      .slice(2)
      .map(() => 1),
  ];
  const factor = reshape(tape, tape.add('Div', [scale, deviation]), perChannel, scale);
  return [tape.add('Mul', [gradient, factor]), ...node.input.slice(1).map(() => null)];
});

/** Operators that multiply by weights. */
export const products: Readonly<Record<string, Rule>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  Gemm: gemm,
  MatMul: matMul,
  BatchNormalization: batchNormalization,
};
