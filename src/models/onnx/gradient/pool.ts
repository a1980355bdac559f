import type { Node } from '../protobuf.ts';
import { type Rule, reshape, type Tape } from './tape.ts';
import { transposed, type Window, windowOf } from './window.ts';

/** Adds each window's gradient at the place of its maximum; windows overlap, so MaxUnpool would lose some. */
function maxPool(tape: Tape, node: Node, [gradient]: readonly (string | null)[]): (string | null)[] {
  if (gradient === null) return [null];
  const [x] = node.input;
  const flat = tape.ints([-1]);
  const count = tape.add('Reshape', [tape.add('Size', [x]), tape.ints([1])]);
  const zeros = tape.add('ConstantOfShape', [count]);
  const places = tape.add('Reshape', [tape.extraOutput(node, 1), flat]);
  const values = tape.add('Reshape', [gradient, flat]);
  const scattered = tape.add('ScatterElements', [zeros, places, values], { axis: 0, reduction: 'add' });
  return [reshape(tape, scattered, tape.dimsOf(x), x)];
}

/**
 * Spreads each window's gradient, over its divisor, with ones as the kernel, channels taken for images. The divisor
 * is asked of the engine itself: it pools ones, and that mean is the share of the window that lies on the image, by
 * its own reading of count_include_pad and ceil_mode.
 */
function averagePool(tape: Tape, node: Node, [gradient]: readonly (string | null)[]): (string | null)[] {
  if (gradient === null) return [null];
  const [x] = node.input;
  const window = windowOf(tape, node);
  const size = (lengths: readonly number[]) => lengths.reduce((product, length) => product * length, 1);
  const ones = tape.float(Array(size(window.input)).fill(1), [1, 1, ...window.input]);
  // Of a last window that lies in the padding alone, the engine's kernel and its shape inference think differently.
  const means = reshape(tape, tape.copy(node, [ones]), [1, 1, ...window.output], ones);
  const perValue = tape.add('Div', [means, tape.float(covered(window), [1, 1, ...window.output])]);
  const shares = tape.add('Mul', [gradient, perValue]);
  const images = reshape(tape, shares, [null, 1, ...window.output], shares);
  const kernel = tape.float(Array(size(window.kernel)).fill(1), [1, 1, ...window.kernel]);
  const spread = tape.add('ConvTranspose', [images, kernel], transposed(window));
  return [reshape(tape, spread, tape.dimsOf(x), x)];
}

/** How many values of the image each window covers; window by window, in C order. */
function covered(window: Window): number[] {
  const perAxis = window.output.map((length, axis) =>
    Array.from({ length }, (_, at) => {
      const start = at * window.strides[axis] - window.before[axis];
      const places = Array.from({ length: window.kernel[axis] }, (_, k) => start + k * window.dilations[axis]);
      return places.filter((place) => place >= 0 && place < window.input[axis]).length;
    }),
  );
  return perAxis.reduce((counts, axis) => counts.flatMap((count) => axis.map((next) => count * next)), [1]);
}

/** Operators that slide a window and reduce it. Pooling the whole image is a reduction (reduce.ts). */
export const pools: Readonly<Record<string, Rule>> = { MaxPool: maxPool, AveragePool: averagePool };
