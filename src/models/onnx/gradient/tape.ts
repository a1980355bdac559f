import { UserError } from '../../../errors.ts';
import type { Attribute, Node, TensorProto } from '../protobuf.ts';
import { floatTensor, int64Tensor } from '../tensor.ts';

/** Lengths of a tensor's axes; null where the length follows the number of images. */
export type Dims = readonly (number | null)[];

/** What is known of the forward tensors, from running the model. */
export interface Facts {
  dimsOf(name: string): Dims;
  /** Values of a tensor that does not depend on the images; null where it does. */
  constant(name: string): { readonly dims: readonly number[]; readonly values: readonly number[] } | null;
  /** True for tensors that the images reach. */
  active(name: string): boolean;
}

/** An integer, text, list of integers, or (so that 1 is not taken for an integer) `{float}`. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };

/** Where the nodes of the backward pass are written. Every method but the facts appends and names a new tensor. */
export interface Tape extends Facts {
  /** Appends a node and gives the name of its output. An input of '' is left out. */
  add(opType: string, inputs: readonly string[], attributes?: Readonly<Record<string, AttributeValue>>): string;
  /** Appends a node like `node`, with other inputs. */
  copy(node: Node, inputs: readonly string[]): string;
  /** Asks a forward node for one more of its optional outputs. */
  extraOutput(node: Node, index: number): string;
  /** A fixed float32 tensor; a scalar where `dims` is left out. */
  float(values: number | readonly number[], dims?: readonly number[]): string;
  /** A fixed int64 vector. */
  ints(values: readonly number[]): string;
}

/** Gradients of a node's inputs (null where none flows), from those of its outputs (null where none came). */
export type Rule = (tape: Tape, node: Node, gradients: readonly (string | null)[]) => (string | null)[];

/** A rule of nodes of whose outputs the first alone carries a gradient; one gradient (or null) an input. */
export type SimpleRule = (tape: Tape, node: Node, gradient: string) => (string | null)[];

/** For an operator whose other outputs carry no gradient. */
export function single(rule: SimpleRule): Rule {
  return (tape, node, [gradient]) => (gradient === null ? node.input.map(() => null) : rule(tape, node, gradient));
}

/** What a node asks for that its operator's rule does not do. */
export function beyondRule(node: Node, what: string): UserError {
  return new UserError({
    what: `the gradient of ${node.opType} is not known for ${what}`,
    where: `node ${JSON.stringify(node.name || node.output[0])}`,
    fix: 'Export the model without it, or set report.attack.steps to 0',
  });
}

/** The nodes and fixed tensors written on a tape, and the forward nodes that were asked for more outputs. */
export interface Written {
  readonly tape: Tape;
  readonly nodes: readonly Node[];
  readonly initializers: readonly TensorProto[];
  readonly replaced: ReadonlyMap<Node, Node>;
}

/** A tape for `graph`; all names on it begin with `prefix`. */
export function openTape(facts: Facts, prefix: string): Written {
  const nodes: Node[] = [];
  const fixed = new Map<string, TensorProto>();
  const replaced = new Map<Node, Node>();
  let count = 0;
  const fix = (key: string, make: (name: string) => TensorProto) => {
    const name = fixed.get(key)?.name ?? `${prefix}${count++}`;
    if (!fixed.has(key)) fixed.set(key, make(name));
    return name;
  };
  const append = (opType: string, inputs: readonly string[], attribute: Attribute[]) => {
    const output = `${prefix}${count++}`;
    nodes.push({ opType, input: [...inputs], output: [output], name: output, attribute });
    return output;
  };
  const tape: Tape = {
    ...facts,
    add: (opType, inputs, attributes = {}) => append(opType, inputs, attributesOf(attributes)),
    copy: (node, inputs) => append(node.opType, inputs, node.attribute),
    extraOutput(node, index) {
      const output = [...(replaced.get(node) ?? node).output];
      while (output.length <= index) output.push('');
      output[index] ||= `${prefix}${count++}`;
      replaced.set(node, { ...node, output });
      return output[index];
    },
    float(values, dims = []) {
      const list = typeof values === 'number' ? [values] : values;
      return fix(`float ${dims} ${list}`, (name) => floatTensor(name, dims, list));
    },
    ints: (values) => fix(`ints ${values}`, (name) => int64Tensor(name, [values.length], values)),
  };
  return {
    tape,
    nodes,
    replaced,
    get initializers() {
      return [...fixed.values()];
    },
  };
}

function attributesOf(values: Readonly<Record<string, AttributeValue>>): Attribute[] {
  return Object.entries(values).map(([name, value]) => {
    if (typeof value === 'number') return { name, type: 2, i: value };
    if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
    if ('float' in value) return { name, type: 1, f: value.float };
    return { name, type: 7, ints: [...value] };
  });
}

/** Reshapes to `dims`; `like` is a tensor of that shape, asked at run time where more than one length is open. */
export function reshape(tape: Tape, value: string, dims: Dims, like: string): string {
  const open = dims.filter((dim) => dim === null).length;
  return tape.add('Reshape', [value, open > 1 ? tape.add('Shape', [like]) : tape.ints(dims.map((dim) => dim ?? -1))]);
}

/** Repeats a gradient along axes where it has length 1, up to the shape of the forward tensor `like`. */
export function expand(tape: Tape, value: string, from: Dims, like: string): string {
  const dims = tape.dimsOf(like);
  const openGrows = dims.some((dim, axis) => dim === null && from[axis] !== null);
  const target = openGrows ? tape.add('Shape', [like]) : tape.ints(dims.map((dim) => dim ?? 1));
  return tape.add('Expand', [value, target]);
}

/** Sums a gradient of dims `from` over the axes along which the forward tensor `to` was repeated. */
export function unbroadcast(tape: Tape, gradient: string, from: Dims, to: string): string {
  const dims = tape.dimsOf(to);
  const lead = from.length - dims.length;
  const axes = from.flatMap((dim, axis) => (axis < lead || (dims[axis - lead] === 1 && dim !== 1) ? [axis] : []));
  if (axes.length === 0) return gradient;
  const sum = tape.add('ReduceSum', [gradient, tape.ints(axes)], { keepdims: 1 });
  return lead === 0 ? sum : reshape(tape, sum, dims, to);
}

/** Zeros of a forward tensor's shape. */
export function zerosLike(tape: Tape, like: string): string {
  return tape.add('ConstantOfShape', [tape.add('Shape', [like])]);
}

/** The fixed values of an input; null where the input is left out. Throws UserError where they are computed from the images. */
export function fixedInput(tape: Tape, node: Node, index: number): readonly number[] | null {
  const name = node.input[index] ?? '';
  if (name === '') return null;
  const constant = tape.constant(name);
  if (constant === null) throw beyondRule(node, `an input ${index + 1} that depends on the images`);
  return constant.values;
}
