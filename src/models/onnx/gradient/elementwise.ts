import { floatOf, intOf, textOf } from '../graph.ts';
import type { Node } from '../protobuf.ts';
import { beyondRule, type Rule, single, type Tape, unbroadcast } from './tape.ts';

/** The gradient of one input x of y = f(x), element by element. */
type Unary = (tape: Tape, gradient: string, x: string, y: string, node: Node) => string;

function unary(rule: Unary): Rule {
  return single((tape, node, gradient) => {
    const [x, ...rest] = node.input;
    return [rule(tape, gradient, x, node.output[0], node), ...rest.map(() => null)];
  });
}

/** gradient * derivative, where the derivative is a formula of x and y. */
function times(derivative: (tape: Tape, x: string, y: string, node: Node) => string): Rule {
  return unary((tape, gradient, x, y, node) => tape.add('Mul', [gradient, derivative(tape, x, y, node)]));
}

/** The gradient where `test` holds and 0 elsewhere. */
function mask(tape: Tape, test: string, gradient: string): string {
  return tape.add('Where', [test, gradient, tape.float(0)]);
}

function sum(tape: Tape, x: string, constant: number): string {
  return tape.add('Add', [x, tape.float(constant)]);
}

function scaled(tape: Tape, x: string, factor: number): string {
  return tape.add('Mul', [x, tape.float(factor)]);
}

function square(tape: Tape, x: string): string {
  return tape.add('Mul', [x, x]);
}

function positive(tape: Tape, x: string): string {
  return tape.add('Greater', [x, tape.float(0)]);
}

/** Normal density's factor exp(-x^2 / width). */
function bell(tape: Tape, x: string, width: number): string {
  return tape.add('Exp', [scaled(tape, square(tape, x), -1 / width)]);
}

/** Both bounds are open: at a bound no gradient flows, as in PyTorch's ReLU6. */
const clip: Unary = (tape, gradient, _x, y, node) => {
  const [, low = '', high = ''] = node.input;
  const above = low && tape.add('Greater', [y, low]);
  const below = high && tape.add('Less', [y, high]);
  if (above && below) return mask(tape, tape.add('And', [above, below]), gradient);
  return above || below ? mask(tape, above || below, gradient) : gradient;
};

function hardSigmoid(tape: Tape, _x: string, y: string, node: Node): string {
  const inside = tape.add('And', [positive(tape, y), tape.add('Less', [y, tape.float(1)])]);
  return tape.add('Where', [inside, tape.float(floatOf(node, 'alpha', 0.2)), tape.float(0)]);
}

/** x * clip(x/6 + 1/2, 0, 1) has the slope x/3 + 1/2 between -3 and 3. */
function hardSwish(tape: Tape, x: string): string {
  const slope = sum(tape, scaled(tape, x, 1 / 3), 0.5);
  const capped = tape.add('Where', [tape.add('Greater', [x, tape.float(3)]), tape.float(1), slope]);
  return tape.add('Where', [tape.add('Less', [x, tape.float(-3)]), tape.float(0), capped]);
}

function gelu(tape: Tape, x: string, _y: string, node: Node): string {
  return textOf(node, 'approximate', 'none') === 'tanh' ? geluTanh(tape, x) : geluErf(tape, x);
}

/** Phi(x) + x phi(x). */
function geluErf(tape: Tape, x: string): string {
  const cumulative = scaled(tape, sum(tape, tape.add('Erf', [scaled(tape, x, Math.SQRT1_2)]), 1), 0.5);
  const density = scaled(tape, bell(tape, x, 2), 1 / Math.sqrt(2 * Math.PI));
  return tape.add('Add', [cumulative, tape.add('Mul', [x, density])]);
}

/** y = x/2 (1 + t), t = tanh(c (x + a x^3)): (1 + t)/2 + x/2 (1 - t^2) c (1 + 3 a x^2). */
function geluTanh(tape: Tape, x: string): string {
  const [c, a] = [Math.sqrt(2 / Math.PI), 0.044715];
  const xx = square(tape, x);
  const inner = tape.add('Mul', [x, sum(tape, scaled(tape, xx, c * a), c)]);
  const t = tape.add('Tanh', [inner]);
  const slope = sum(tape, scaled(tape, xx, 3 * a * c), c);
  const bent = tape.add('Mul', [oneMinus(tape, square(tape, t)), tape.add('Mul', [scaled(tape, x, 0.5), slope])]);
  return tape.add('Add', [scaled(tape, sum(tape, t, 1), 0.5), bent]);
}

/** y = x t, t = tanh(softplus(x)): t + x (1 - t^2) sigmoid(x). */
function mish(tape: Tape, x: string): string {
  const t = tape.add('Tanh', [tape.add('Softplus', [x])]);
  const bent = tape.add('Mul', [oneMinus(tape, square(tape, t)), tape.add('Mul', [x, tape.add('Sigmoid', [x])])]);
  return tape.add('Add', [t, bent]);
}

function oneMinus(tape: Tape, x: string): string {
  return tape.add('Sub', [tape.float(1), x]);
}

/** One slope above zero and another below. */
function twoSlopes(above: (tape: Tape, node: Node) => string, below: Parameters<typeof times>[0]): Rule {
  return times((tape, x, y, node) =>
    tape.add('Where', [positive(tape, x), above(tape, node), below(tape, x, y, node)]),
  );
}

const one = (tape: Tape) => tape.float(1);

/** Each active input's gradient, from the full-shaped one, summed where the input was repeated. */
function broadcast(gradientOf: (tape: Tape, node: Node, gradient: string, index: number) => string | null): Rule {
  return single((tape, node, gradient) =>
    node.input.map((input, index) => {
      if (!tape.active(input)) return null;
      const full = gradientOf(tape, node, gradient, index);
      return full === null ? null : unbroadcast(tape, full, tape.dimsOf(node.output[0]), input);
    }),
  );
}

function divide(tape: Tape, { input: [, divisor], output: [y] }: Node, gradient: string, index: number): string {
  const quotient = tape.add('Div', [gradient, divisor]);
  return index === 0 ? quotient : tape.add('Neg', [tape.add('Mul', [quotient, y])]);
}

function power(tape: Tape, node: Node, gradient: string, index: number): string {
  const [x, exponent] = node.input;
  if (index === 1) throw beyondRule(node, 'an exponent that depends on the images');
  const constant = tape.constant(exponent);
  const slope =
    constant?.values.length === 1 && constant.values[0] === 2
      ? scaled(tape, x, 2)
      : tape.add('Mul', [exponentOf(tape, exponent), tape.add('Pow', [x, sum(tape, exponentOf(tape, exponent), -1)])]);
  return tape.add('Mul', [gradient, slope]);
}

/** An exponent may be of an integer type. */
function exponentOf(tape: Tape, name: string): string {
  return tape.add('Cast', [name], { to: 1 });
}

/** Where several are the extreme one, each gets the gradient. */
function extreme(tape: Tape, node: Node, gradient: string, index: number): string {
  return mask(tape, tape.add('Equal', [node.input[index], node.output[0]]), gradient);
}

/**
 * Rounding is let through, as where networks are trained to be quantised (Bengio et al. 2013, PyTorch's
 * fake_quantize): the gradient of x is that of its dequantised values, and none where x was cut off.
 */
const quantize: Rule = single((tape, node, gradient) => {
  const [x, scale, zeroPoint = ''] = node.input;
  const rest = node.input.slice(1).map(() => null);
  if (rest.some((_, index) => tape.active(node.input[index + 1]))) throw beyondRule(node, 'a scale of the images');
  const spread = perAxis(tape, node, scale);
  const least = zeroPoint === '' ? tape.float(0) : tape.add('Cast', [perAxis(tape, node, zeroPoint)], { to: 1 });
  const steps = tape.add('Add', [tape.add('Round', [tape.add('Div', [x, spread])]), least]);
  const stored = tape.add('Cast', [node.output[0]], { to: 1 });
  return [mask(tape, tape.add('Equal', [steps, stored]), tape.add('Div', [gradient, spread])), ...rest];
});

const dequantize: Rule = single((tape, node, gradient) => [
  tape.add('Mul', [gradient, perAxis(tape, node, node.input[1])]),
  ...node.input.slice(1).map(() => null),
]);

/** A scale or zero point of each place along one axis, shaped to be multiplied by. */
function perAxis(tape: Tape, node: Node, name: string): string {
  const dims = tape.dimsOf(name);
  const rank = tape.dimsOf(node.input[0]).length;
  if (dims.length === 0 || dims[0] === 1) return tape.add('Reshape', [name, tape.ints([])]);
  if (dims.length > 1 || floatOf(node, 'block_size', 0) !== 0) throw beyondRule(node, 'scales of blocks');
  const axis = intOf(node, 'axis', 1);
  const shape = Array.from({ length: rank }, (_, i) => (i === (axis < 0 ? axis + rank : axis) ? -1 : 1));
  return tape.add('Reshape', [name, tape.ints(shape)]);
}

/** Operators that act on each element, with NumPy's broadcasting. */
export const elementwise: Readonly<Record<string, Rule>> = {
  Identity: unary((_, gradient) => gradient),
  Dropout: unary((_, gradient) => gradient),
  Cast: unary((tape, gradient, x) => tape.add('CastLike', [gradient, x])),
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  Neg: unary((tape, gradient) => tape.add('Neg', [gradient])),
  // The mask is taken from y, so that the engine may still fuse the convolution before it with Relu or Clip.
  Relu: unary((tape, gradient, _x, y) => mask(tape, positive(tape, y), gradient)),
  Clip: unary(clip),
  Sigmoid: times((tape, _x, y) => tape.add('Mul', [y, oneMinus(tape, y)])),
  Tanh: times((tape, _x, y) => oneMinus(tape, square(tape, y))),
  Erf: times((tape, x) => scaled(tape, bell(tape, x, 1), 2 / Math.sqrt(Math.PI))),
  Exp: times((_tape, _x, y) => y),
  Log: unary((tape, gradient, x) => tape.add('Div', [gradient, x])),
  Sqrt: unary((tape, gradient, _x, y) => tape.add('Div', [scaled(tape, gradient, 0.5), y])),
  Reciprocal: times((tape, _x, y) => tape.add('Neg', [square(tape, y)])),
  Abs: times((tape, x) => tape.add('Sign', [x])),
  Sin: times((tape, x) => tape.add('Cos', [x])),
  Cos: times((tape, x) => tape.add('Neg', [tape.add('Sin', [x])])),
  Softplus: times((tape, x) => tape.add('Sigmoid', [x])),
  Softsign: times((tape, x) => square(tape, tape.add('Reciprocal', [sum(tape, tape.add('Abs', [x]), 1)]))),
  HardSigmoid: times(hardSigmoid),
  HardSwish: times(hardSwish),
  Gelu: times(gelu),
  Mish: times(mish),
  LeakyRelu: twoSlopes(one, (tape, _x, _y, node) => tape.float(floatOf(node, 'alpha', 0.01))),
  Elu: twoSlopes(one, (tape, _x, y, node) => sum(tape, y, floatOf(node, 'alpha', 1))),
  Celu: twoSlopes(one, (tape, x, _y, node) => tape.add('Exp', [scaled(tape, x, 1 / floatOf(node, 'alpha', 1))])),
  Selu: twoSlopes(
    (tape, node) => tape.float(floatOf(node, 'gamma', 1.0507009873554805)),
    (tape, _x, y, node) =>
      sum(tape, y, floatOf(node, 'gamma', 1.0507009873554805) * floatOf(node, 'alpha', 1.6732632423543772)),
  ),
  PRelu: broadcast((tape, { input: [x, slope] }, gradient, index) => {
    const above = positive(tape, x);
    const [whole, part] = index === 0 ? [gradient, slope] : [tape.float(0), x];
    return tape.add('Where', [above, whole, tape.add('Mul', [gradient, part])]);
  }),
  Add: broadcast((_tape, _node, gradient) => gradient),
  Sum: broadcast((_tape, _node, gradient) => gradient),
  Mean: broadcast((tape, node, gradient) => scaled(tape, gradient, 1 / node.input.length)),
  Sub: broadcast((tape, _node, gradient, index) => (index === 0 ? gradient : tape.add('Neg', [gradient]))),
  Mul: broadcast((tape, { input }, gradient, index) => tape.add('Mul', [gradient, input[1 - index]])),
  Div: broadcast(divide),
  Pow: broadcast(power),
  Max: broadcast(extreme),
  Min: broadcast(extreme),
  Where: broadcast((tape, { input: [test] }, gradient, index) => {
    if (index === 0) return null;
    return index === 1 ? mask(tape, test, gradient) : tape.add('Where', [test, tape.float(0), gradient]);
  }),
};
