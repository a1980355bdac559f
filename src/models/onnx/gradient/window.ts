import { intsOf, textOf } from '../graph.ts';
import type { Node } from '../protobuf.ts';
import { beyondRule, type Tape } from './tape.ts';

/** How a convolution or pooling slides over the axes behind batch and channels; one entry an axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Lengths of the input and of the output. */
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** The window of a Conv, ConvTranspose or pooling node; the kernel defaults to the lengths of the weight's last axes. */
export function windowOf(tape: Tape, node: Node): Window {
  const input = lengths(tape, node, node.input[0]);
  const output = lengths(tape, node, node.output[0]);
  const ones = input.map(() => 1);
  const kernel = intsOf(node, 'kernel_shape') ?? lengths(tape, node, node.input[1]);
  const strides = intsOf(node, 'strides') ?? ones;
  const dilations = intsOf(node, 'dilations') ?? ones;
  const { before, after } = padding(node, { kernel, strides, dilations, input, output });
  return { kernel, strides, dilations, before, after, input, output };
}

/** Length of a kernel with its holes. */
export function reach({ kernel, dilations }: Pick<Window, 'kernel' | 'dilations'>, axis: number): number {
  return (kernel[axis] - 1) * dilations[axis] + 1;
}

/**
 * Attributes of the ConvTranspose that takes gradients of a window's output back to its input. What the last window
 * leaves uncovered at the end is added as output_padding, what it covers beyond the end is cut off as padding.
 */
export function transposed(window: Window): Record<string, readonly number[]> {
  const missing = window.input.map(
    (length, axis) =>
      length + window.before[axis] - ((window.output[axis] - 1) * window.strides[axis] + reach(window, axis)),
  );
  return {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.before, ...missing.map((count) => Math.max(0, -count))],
    output_padding: missing.map((count) => Math.max(0, count)),
  };
}

function lengths(tape: Tape, node: Node, name: string): number[] {
  return tape
    .dimsOf(name)
    .slice(2)
    .map((length) => {
      if (length === null) throw beyondRule(node, 'axes whose length follows the number of images');
      return length;
    });
}

function padding(node: Node, window: Omit<Window, 'before' | 'after'>): Pick<Window, 'before' | 'after'> {
  const { input, output, strides } = window;
  const mode = textOf(node, 'auto_pad', 'NOTSET');
  if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER') {
    const totals = input.map((length, axis) =>
      Math.max(0, (output[axis] - 1) * strides[axis] + reach(window, axis) - length),
    );
    const lesser = totals.map((total) => Math.floor(total / 2));
    const greater = totals.map((total, axis) => total - lesser[axis]);
    return mode === 'SAME_UPPER' ? { before: lesser, after: greater } : { before: greater, after: lesser };
  }
  const pads = (mode === 'NOTSET' ? intsOf(node, 'pads') : null) ?? input.flatMap(() => [0, 0]);
  return { before: pads.slice(0, input.length), after: pads.slice(input.length) };
}
