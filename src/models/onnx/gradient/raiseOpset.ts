import { floatOf, intOf, intsOf, type OnnxGraph, replaceGraph } from '../graph.ts';
import { type Attribute, type Node, replaced, type TensorProto } from '../protobuf.ts';
import { floatTensor, int64Tensor } from '../tensor.ts';

/** Opset 7 brought today's broadcasting; 13 is the first that the rules read. */
export const raisedFrom = { least: 7, to: 13 } as const;

/** Nodes that mean under opset 13 what `node` means under the graph's, with the fixed tensors that they need. */
type Raise = (node: Node, made: Made, opset: number) => Node[];

interface Made {
  /** A fixed tensor of these values; its name. */
  ints(values: readonly number[]): string;
  float(value: number): string;
  floats(values: readonly number[]): string;
  /** A name that nothing in the graph has. */
  fresh(): string;
}

const without = (node: Node, ...names: string[]): Attribute[] =>
  node.attribute.filter(({ name }) => !names.includes(name));

/** An attribute of whole numbers that became the second input. */
const listAsInput =
  (name: string): Raise =>
  (node, made) => {
    const list = intsOf(node, name);
    if (list === null) return [node];
    return [replaced(node, { input: [node.input[0], made.ints(list)], attribute: without(node, name) })];
  };

const clip: Raise = (node, made) => {
  const bound = (name: string) =>
    node.attribute.some((attribute) => attribute.name === name) ? made.float(floatOf(node, name, 0)) : '';
  if (node.input.length > 1) return [node];
  return [replaced(node, { input: [node.input[0], bound('min'), bound('max')], attribute: [] })];
};

const pad: Raise = (node, made) => {
  const pads = intsOf(node, 'pads');
  if (pads === null) return [node];
  const input = [node.input[0], made.ints(pads), made.float(floatOf(node, 'value', 0))];
  return [replaced(node, { input, attribute: without(node, 'pads', 'value') })];
};

const slice: Raise = (node, made) => {
  const starts = intsOf(node, 'starts');
  if (starts === null) return [node];
  const axes = intsOf(node, 'axes') ?? starts.map((_, axis) => axis);
  const input = [node.input[0], made.ints(starts), made.ints(intsOf(node, 'ends') ?? []), made.ints(axes)];
  return [replaced(node, { input, attribute: [] })];
};

/** All axes from the given one on were taken for one. */
const flattened: Raise = (node, made) => {
  const [x] = node.input;
  const [shape, rows, result] = [made.fresh(), made.fresh(), made.fresh()];
  const axis = { name: 'axis', type: 2, i: intOf(node, 'axis', 1) };
  return [
    { opType: 'Shape', input: [x], output: [shape], attribute: [] },
    { opType: 'Flatten', input: [x], output: [rows], attribute: [axis] },
    replaced(node, { input: [rows], output: [result], attribute: [{ name: 'axis', type: 2, i: -1 }] }),
    { opType: 'Reshape', input: [result, shape], output: node.output, attribute: [] },
  ];
};

/** Before opset 11 a place in the result was divided by the scale, and the nearest lay below. */
const resize: Raise = (node, made, opset) => {
  if (node.opType === 'Resize' && opset > 10) return [node];
  const given = node.attribute.find(({ name }) => name === 'scales')?.floats;
  const text = (name: string, value: string): Attribute => ({ name, type: 3, s: new TextEncoder().encode(value) });
  const attribute = [
    ...without(node, 'scales'),
    text('coordinate_transformation_mode', 'asymmetric'),
    text('nearest_mode', 'floor'),
  ];
  const input = [node.input[0], '', given?.length ? made.floats(given) : node.input[1]];
  return [replaced(node, { opType: 'Resize', input, attribute })];
};

const raises: ReadonlyMap<string, Raise> = new Map<string, Raise>(
  Object.entries({
    BatchNormalization: (node) => [
      replaced(node, { output: node.output.slice(0, 1), attribute: without(node, 'spatial') }),
    ],
    Dropout: (node) => [replaced(node, { input: node.input.slice(0, 1), attribute: without(node, 'ratio') })],
    Clip: clip,
    Pad: pad,
    Slice: slice,
    Squeeze: listAsInput('axes'),
    Unsqueeze: listAsInput('axes'),
    ReduceSum: listAsInput('axes'),
    Split: listAsInput('split'),
    Softmax: flattened,
    LogSoftmax: flattened,
    Upsample: resize,
    Resize: resize,
  }),
);

/** The graph under opset 13 at least, where it is of opset 7 to 12 (exports before 2022); as it is otherwise. */
export function raisedOpset(graph: OnnxGraph): OnnxGraph {
  const { opset } = graph;
  if (opset < raisedFrom.least || opset >= raisedFrom.to) return graph;
  const fixed: TensorProto[] = [];
  let prefix = 'raised/';
  while ([...graph.makerOf.keys(), ...graph.initializers.keys()].some((name) => name.startsWith(prefix)))
    prefix = `${prefix}/`;
  let count = 0;
  const keep = (tensor: TensorProto) => {
    fixed.push(tensor);
    return tensor.name ?? '';
  };
  const made: Made = {
    fresh: () => `${prefix}${count++}`,
    ints: (values) => keep(int64Tensor(made.fresh(), [values.length], values)),
    float: (value) => keep(floatTensor(made.fresh(), [], [value])),
    floats: (values) => keep(floatTensor(made.fresh(), [values.length], values)),
  };
  const node = graph.graph.node.flatMap((each) => raises.get(each.opType)?.(each, made, opset) ?? [each]);
  return replaceGraph(graph, { node, initializer: [...graph.graph.initializer, ...fixed] }, raisedFrom.to);
}
