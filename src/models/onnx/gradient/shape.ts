import { intOf, intsOf, textOf } from '../graph.ts';
import type { Node } from '../protobuf.ts';
import { beyondRule, fixedInput, type Rule, reshape, single, type Tape, unbroadcast, zerosLike } from './tape.ts';

/** A new shape for the same values, in the same order. */
const reshaped = single((tape, node, gradient) => {
  const [x, ...rest] = node.input;
  return [reshape(tape, gradient, tape.dimsOf(x), x), ...rest.map(() => null)];
});

const transpose = single((tape, node, gradient) => {
  const axes = tape.dimsOf(node.input[0]).map((_, axis) => axis);
  const perm = intsOf(node, 'perm') ?? axes.toReversed();
  return [tape.add('Transpose', [gradient], { perm: axes.map((axis) => perm.indexOf(axis)) })];
});

function axisOf(tape: Tape, node: Node, otherwise: number): number {
  const axis = intOf(node, 'axis', otherwise);
  return axis < 0 ? axis + tape.dimsOf(node.input[0]).length : axis;
}

function lengthAlong(tape: Tape, node: Node, name: string, axis: number): number {
  const length = tape.dimsOf(name)[axis];
  if (length === null) throw beyondRule(node, 'an axis whose length follows the number of images');
  return length;
}

const concat = single((tape, node, gradient) => {
  const axis = axisOf(tape, node, 0);
  let start = 0;
  return node.input.map((input) => {
    const from = start;
    start += lengthAlong(tape, node, input, axis);
    if (!tape.active(input)) return null;
    return tape.add('Slice', [gradient, tape.ints([from]), tape.ints([start]), tape.ints([axis])]);
  });
});

/** The gradients of the pieces, joined; pieces that nothing used get zeros. */
function split(tape: Tape, node: Node, gradients: readonly (string | null)[]): (string | null)[] {
  const pieces = node.output.map((output, index) => gradients[index] ?? zerosLike(tape, output));
  const joined = tape.add('Concat', pieces, { axis: axisOf(tape, node, 0) });
  return [joined, ...node.input.slice(1).map(() => null)];
}

/**
 * Adds the parts of a gradient along `axis` up at `places` of the forward tensor `like`: what undoes any choice,
 * repetition or reversal along an axis.
 */
function scatter(
  tape: Tape,
  gradient: string,
  like: { zeros: string },
  axis: number,
  places: readonly number[],
  rank: number,
): string {
  const shape = Array.from({ length: rank }, (_, i) => (i === axis ? places.length : 1));
  const row = tape.add('Reshape', [tape.ints(places), tape.ints(shape)]);
  const indices = tape.add('Expand', [row, tape.add('Shape', [gradient])]);
  return tape.add('ScatterElements', [like.zeros, indices, gradient], { axis, reduction: 'add' });
}

/** Zeros of a gradient's shape but for one axis. */
function zerosBut(tape: Tape, gradient: string, axis: number, length: number, rank: number): { zeros: string } {
  const shape = tape.add('Shape', [gradient]);
  const parts = [
    ...(axis > 0 ? [tape.add('Slice', [shape, tape.ints([0]), tape.ints([axis])])] : []),
    tape.ints([length]),
    ...(axis < rank - 1 ? [tape.add('Slice', [shape, tape.ints([axis + 1]), tape.ints([rank])])] : []),
  ];
  return { zeros: tape.add('ConstantOfShape', [tape.add('Concat', parts, { axis: 0 })]) };
}

/** Rows that follow the batch, such as the strides of values laid out flat: each is added where it was taken from. */
function gatheredRows(tape: Tape, { input: [x, indices] }: Node, gradient: string): string {
  const places = tape.add('Unsqueeze', [indices, tape.ints([-1])]);
  return tape.add('ScatterND', [zerosLike(tape, x), places, gradient], { reduction: 'add' });
}

const gather = single((tape, node, gradient) => {
  const [x, indices] = node.input;
  const axis = axisOf(tape, node, 0);
  const dims = tape.dimsOf(x);
  if (axis === 0 && (dims[0] === null || tape.constant(indices) === null))
    return [gatheredRows(tape, node, gradient), null];
  const length = lengthAlong(tape, node, x, axis);
  const places = (fixedInput(tape, node, 1) ?? []).map((place) => (place < 0 ? place + length : place));
  const flat = dims.map((dim, i) => (i === axis ? places.length : dim));
  const parts = tape.dimsOf(indices).length === 1 ? gradient : reshape(tape, gradient, flat, gradient);
  return [scatter(tape, parts, zerosBut(tape, parts, axis, length, dims.length), axis, places, dims.length), null];
});

/** The places along an axis of `length` that Slice takes (ONNX's and NumPy's clamping). */
function slicePlaces(length: number, start: number, end: number, step: number): number[] {
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, low), high);
  const first = step > 0 ? clamp(start) : Math.max(clamp(start), 0);
  const last = clamp(end);
  const count = Math.max(0, Math.ceil((last - first) / step));
  return Array.from({ length: count }, (_, i) => first + i * step);
}

const slice = single((tape, node, gradient) => {
  const dims = tape.dimsOf(node.input[0]);
  const [starts, ends, axes, steps] = [1, 2, 3, 4].map((index) => fixedInput(tape, node, index));
  if (starts === null || ends === null) throw beyondRule(node, 'open ends');
  const before = dims.map(() => 0);
  const after = dims.map(() => 0);
  let strided = gradient;
  starts.forEach((start, i) => {
    const axis = ((axes?.[i] ?? i) + dims.length) % dims.length;
    const step = steps?.[i] ?? 1;
    if (dims[axis] === null && step === 1 && start === 0 && ends[i] >= 2 ** 31 - 1) return;
    const length = lengthAlong(tape, node, node.input[0], axis);
    const places = slicePlaces(length, start, ends[i], step);
    if (step === 1) {
      before[axis] = places[0] ?? 0;
      after[axis] = length - before[axis] - places.length;
    } else {
      strided = scatter(tape, strided, zerosBut(tape, strided, axis, length, dims.length), axis, places, dims.length);
    }
  });
  return [padded(tape, strided, before, after), ...node.input.slice(1).map(() => null)];
});

/** Zeros around a tensor; negative counts cut off. */
function padded(tape: Tape, value: string, before: readonly number[], after: readonly number[]): string {
  const pads = [...before, ...after];
  return pads.every((count) => count === 0) ? value : tape.add('Pad', [value, tape.ints(pads)]);
}

/** The place of the input that each place along a padded axis shows. */
function padPlaces(mode: string, length: number, before: number, after: number): number[] {
  return Array.from({ length: before + length + after }, (_, i) => {
    const at = i - before;
    if (mode === 'wrap') return ((at % length) + length) % length;
    if (mode === 'edge') return Math.min(Math.max(at, 0), length - 1);
    return at < 0 ? -at : at >= length ? 2 * (length - 1) - at : at;
  });
}

const pad = single((tape, node, gradient) => {
  const dims = tape.dimsOf(node.input[0]);
  const pads = fixedInput(tape, node, 1) ?? [];
  const axes = fixedInput(tape, node, 3) ?? dims.map((_, axis) => axis);
  const mode = textOf(node, 'mode', 'constant');
  const before = dims.map(() => 0);
  const after = dims.map(() => 0);
  axes.forEach((given, i) => {
    const axis = (given + dims.length) % dims.length;
    before[axis] = pads[i];
    after[axis] = pads[axes.length + i];
  });
  const rest = node.input.slice(1).map(() => null);
  if (mode === 'constant') {
    return [
      padded(
        tape,
        gradient,
        before.map((count) => -count),
        after.map((count) => -count),
      ),
      ...rest,
    ];
  }
  let folded = gradient;
  dims.forEach((_, axis) => {
    if (before[axis] === 0 && after[axis] === 0) return;
    const length = lengthAlong(tape, node, node.input[0], axis);
    const places = padPlaces(mode, length, before[axis], after[axis]);
    folded = scatter(tape, folded, zerosBut(tape, folded, axis, length, dims.length), axis, places, dims.length);
  });
  return [folded, ...rest];
});

const expanded = single((tape, node, gradient) => {
  const [x] = node.input;
  return [unbroadcast(tape, gradient, tape.dimsOf(node.output[0]), x), null];
});

/** Sums over the copies, an axis after the other from the last: each is laid out as copies x length first. */
const tiled = single((tape, node, gradient) => {
  const [x, repeats] = node.input;
  const dims = tape.dimsOf(x);
  const times = tape.constant(repeats)?.values;
  if (times === undefined || times[0] !== 1) throw beyondRule(node, 'repeated images, or repeats that are not fixed');
  let result = gradient;
  for (let axis = times.length - 1; axis > 0; axis--) {
    if (times[axis] === 1) continue;
    const lengths = dims.slice(axis).map((length) => length ?? -1);
    // 0 keeps a length as it is.
    const shape = tape.ints([...dims.slice(0, axis).map(() => 0), times[axis], ...lengths]);
    const copies = tape.add('Reshape', [result, shape]);
    result = tape.add('ReduceSum', [copies, tape.ints([axis])], { keepdims: 0 });
  }
  return [result, null];
});

/** Each is the other's reverse; CRD differs from DCR by the order of channels. */
const depthToSpace = single((tape, node, gradient) => {
  const [, channels] = tape.dimsOf(node.input[0]);
  const block = intOf(node, 'blocksize', 1);
  const undone = tape.add('SpaceToDepth', [gradient], { blocksize: block });
  if (textOf(node, 'mode', 'DCR') === 'DCR' || channels === null) return [undone];
  const depth = channels / block ** 2;
  const order = Array.from({ length: channels }, (_, i) => (i % block ** 2) * depth + Math.floor(i / block ** 2));
  return [tape.add('Gather', [undone, tape.ints(order)], { axis: 1 })];
});

const spaceToDepth = single((tape, node, gradient) => [
  tape.add('DepthToSpace', [gradient], { blocksize: intOf(node, 'blocksize', 1), mode: 'DCR' }),
]);

/** Operators that move values about. */
export const shapes: Readonly<Record<string, Rule>> = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Gather: gather,
  Slice: slice,
  Pad: pad,
  Expand: expanded,
  Tile: tiled,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
