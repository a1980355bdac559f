import { UserError } from '../../../errors.ts';
import { bytesOf, checkTensor, fixedTensor, needsOf, type OnnxGraph, pruned, quoted, replaceGraph } from '../graph.ts';
import { inFloat32 } from '../inFloat32.ts';
import type { InputGeometry } from '../layers.ts';
import type { Node, TensorProto, ValueInfo } from '../protobuf.ts';
import { elemTypes, toNumber, valuesOf } from '../tensor.ts';
import { raisedFrom, raisedOpset } from './raiseOpset.ts';
import { gradientRule, isFlat, operatorsWithRule } from './rules.ts';
import { type Dims, type Facts, openTape, reshape, type Tape } from './tape.ts';

/** A model whose output is the gradient of one value per image. */
export interface GradientModel {
  /** An ONNX file; it takes images of the geometry it was made for, any number of them unless the model fixes it. */
  readonly model: Uint8Array;
  /** Float32 input: the images. */
  readonly imageInput: string;
  /** Int32 input, one entry per image: which unit of the image's output vector to differentiate. */
  readonly unitInput: string;
  /** Float32 output of the images' shape: d output[unit] / d image, each image by itself. */
  readonly gradientOutput: string;
  /** Units an image: the values of `output` behind the batch axis. */
  readonly units: number;
}

/** What to differentiate: a tensor of the graph by the image input. */
export interface GradientRequest {
  readonly input: string;
  readonly output: string;
  readonly geometry: InputGeometry;
}

/** Loads a model, runs it on each batch of images (float32 input `name`), and gives the named integer outputs, batch by batch. */
export type RunProbe = (
  model: Uint8Array,
  name: string,
  batches: readonly { readonly dims: readonly number[]; readonly data: Float32Array }[],
  outputs: readonly string[],
) => Promise<ReadonlyMap<string, { readonly dims: readonly number[]; readonly values: readonly number[] }>[]>;

/** Opsets whose operators mean what the rules take them to mean. From 13 to 16 nothing that has a rule changed. */
const opsets = { least: raisedFrom.least, raised: 16, most: 23 } as const;

/**
 * Appends the backward pass to a model: nodes that compute d output[unit] / d image. Shapes are learnt by running the
 * forward pass on one and on two black images. Throws UserError, naming the operator and those that have a rule, where the path
 * from images to output holds an operator without one; for opsets outside 7 to 23; and where no gradient can arrive.
 */
export async function withGradient(given: OnnxGraph, request: GradientRequest, run: RunProbe): Promise<GradientModel> {
  const graph = inFloat32(raisedOpset(given));
  if (graph.opset < opsets.least || graph.opset > opsets.most) {
    throw new UserError({
      what: `gradients are known for opset ${opsets.least} to ${opsets.most}, not ${graph.opset}`,
      where: graph.file,
      fix: 'Export the model with opset_version 17, or set report.attack.steps to 0',
    });
  }
  const path = pathBetween(graph, request);
  const prefix = freePrefix(graph);
  const facts = {
    active: (name: string) => path.active.has(name),
    ...(await probe(graph, request, path.nodes, prefix, run)),
  };
  return append(graph, request, path.nodes, facts, prefix);
}

/** The nodes between images and output, in order, and all tensors that the images reach. */
function pathBetween(graph: OnnxGraph, { input, output }: GradientRequest): { nodes: Node[]; active: Set<string> } {
  checkTensor(graph, output);
  const active = new Set([input]);
  for (const node of graph.graph.node) {
    if (!isFlat(node) && needsOf(node).some((name) => active.has(name)))
      for (const name of node.output) active.add(name);
  }
  const needed = new Set([output]);
  const nodes = graph.graph.node.toReversed().filter((node) => {
    if (!node.output.some((name) => needed.has(name) && active.has(name))) return false;
    for (const name of needsOf(node)) needed.add(name);
    return true;
  });
  if (nodes.length === 0) {
    throw new UserError({
      what: `the tensor ${JSON.stringify(output)} does not follow the images ${JSON.stringify(input)} smoothly`,
      where: graph.file,
      fix: 'Name a layer between the images and the scores',
    });
  }
  nodes.reverse();
  checkRules(nodes, graph.file);
  return { nodes, active };
}

function checkRules(nodes: readonly Node[], file: string): void {
  const missing = nodes.filter((node) => gradientRule(node) === undefined);
  if (missing.length === 0) return;
  const names = new Set(missing.map(({ domain, opType }) => (domain ? `${domain}.${opType}` : opType)));
  throw new UserError({
    what: `no gradient rule for ${quoted([...names])} (node ${JSON.stringify(missing[0].name || missing[0].output[0])})`,
    where: file,
    fix: `Export the model without it, or set report.attack.steps to 0. Operators with a rule: ${operatorsWithRule().join(', ')}`,
  });
}

/** No name in the graph begins with it. */
function freePrefix({ graph, makerOf, initializers }: OnnxGraph): string {
  const names = [...makerOf.keys(), ...initializers.keys(), ...graph.input.map(({ name }) => name)];
  let prefix = 'backward/';
  while (names.some((name) => name.startsWith(prefix))) prefix = `${prefix}/`;
  return prefix;
}

/** Inputs whose values the rules must know; exports may compute them from shapes. */
function valuesWanted({ opType, input }: Node): string[] {
  return ['Slice', 'Pad', 'Gather'].includes(opType) || opType.startsWith('Reduce') ? input.slice(1) : [];
}

/** Runs the forward pass on one image and on two, and tells lengths that follow the batch from those that do not. */
async function probe(
  graph: OnnxGraph,
  { input, geometry }: GradientRequest,
  path: readonly Node[],
  prefix: string,
  run: RunProbe,
): Promise<Pick<Facts, 'dimsOf' | 'constant'>> {
  const computed = (names: readonly string[]) =>
    [...new Set(names)].filter((name) => name !== '' && fixedTensor(graph, name) === null);
  const shaped = computed(path.flatMap((node) => [...node.input, ...node.output]));
  const values = computed(path.flatMap(valuesWanted));
  const shapeOf = (name: string) => `${prefix}shape of ${name}`;
  const shapes = shaped.map(
    (name): Node => ({ opType: 'Shape', input: [name], output: [shapeOf(name)], attribute: [] }),
  );
  const outputs = [...shaped.map(shapeOf), ...values];
  const parts = { node: [...graph.graph.node, ...shapes], output: outputs.map((name) => ({ name })), valueInfo: [] };
  const model = bytesOf(replaceGraph(graph, { ...parts, ...pruned({ ...graph.graph, ...parts }) }, graph.opset));
  const batches = (geometry.batch === null ? [1, 2] : [geometry.batch]).map((batch) => {
    const dims = imageDims(geometry, batch);
    return { dims, data: new Float32Array(dims.reduce((product, dim) => product * dim)) };
  });
  const runs = await run(model, input, batches, outputs);
  const [first, last] = [runs[0], runs[runs.length - 1]];
  return {
    dimsOf(name) {
      const tensor = fixedTensor(graph, name);
      if (tensor !== null) return tensor.dims.map(toNumber);
      const [dims, again] = [first, last].map((seen) => seen.get(shapeOf(name))?.values);
      if (dims === undefined || again === undefined) throw new Error(`the shape of ${name} was not asked for`);
      return dims.map((dim, axis) => (dim === again[axis] ? dim : null));
    },
    constant(name) {
      const tensor = fixedTensor(graph, name);
      if (tensor !== null) return constantOf(tensor);
      const [seen, again] = [first.get(name), last.get(name)];
      return seen !== undefined && `${seen.values}` === `${again?.values}` ? seen : null;
    },
  };
}

function constantOf(tensor: TensorProto): { dims: number[]; values: number[] } | null {
  const values = valuesOf(tensor);
  return values && { dims: tensor.dims.map(toNumber), values };
}

/** The shape of a batch of images. */
function imageDims({ layout, channels, height, width }: InputGeometry, batch: number): number[] {
  return layout === 'NCHW' ? [batch, channels, height, width] : [batch, height, width, channels];
}

/** Walks the path backwards, rule by rule, and puts the whole together. */
function append(
  graph: OnnxGraph,
  { input, output, geometry }: GradientRequest,
  path: readonly Node[],
  facts: Facts,
  prefix: string,
): GradientModel {
  const written = openTape(facts, prefix);
  const { tape } = written;
  const unitInput = `${prefix}unit`;
  const units = facts
    .dimsOf(output)
    .slice(1)
    .reduce<number>((product, dim) => product * (dim ?? 1), 1);
  const arrived = new Map([[output, [seed(tape, unitInput, units, output)]]]);
  for (const node of path.toReversed()) {
    const gradients = node.output.map((name) => summed(tape, arrived.get(name) ?? []));
    if (gradients.every((gradient) => gradient === null)) continue;
    const rule = gradientRule(node);
    if (rule === undefined) throw new Error(`no rule for ${node.opType}`);
    rule(tape, node, gradients).forEach((gradient, index) => {
      const name = node.input[index];
      if (gradient !== null && facts.active(name)) arrived.set(name, [...(arrived.get(name) ?? []), gradient]);
    });
  }
  const gradientOutput = summed(tape, arrived.get(input) ?? []);
  if (gradientOutput === null) throw new Error(`no gradient arrived at ${input}`);
  const batch = geometry.batch === null ? 'batch' : geometry.batch;
  const [, ...dims] = imageDims(geometry, 0);
  const parts = {
    node: [...graph.graph.node.map((node) => written.replaced.get(node) ?? node), ...written.nodes],
    initializer: [...graph.graph.initializer, ...written.initializers],
    input: [...graph.graph.input, valueInfo(unitInput, elemTypes.int32, [batch])],
    output: [valueInfo(gradientOutput, elemTypes.float, [batch, ...dims])],
    valueInfo: [],
  };
  const whole = replaceGraph(
    graph,
    { ...parts, ...pruned({ ...graph.graph, ...parts }) },
    Math.max(graph.opset, opsets.raised),
  );
  return { model: bytesOf(whole), imageInput: input, unitInput, gradientOutput, units };
}

/** The gradient of output[unit] by the output: 1 at the image's unit, 0 elsewhere. */
function seed(tape: Tape, unit: string, units: number, output: string): string {
  const numbers = tape.add('Cast', [tape.ints(Array.from({ length: units }, (_, i) => i))], { to: elemTypes.int32 });
  const chosen = tape.add('Equal', [tape.add('Reshape', [unit, tape.ints([-1, 1])]), numbers]);
  const row: Dims = tape.dimsOf(output);
  return reshape(tape, tape.add('Cast', [chosen], { to: elemTypes.float }), row, output);
}

/** Where a tensor is used several times its gradients add up. */
function summed(tape: Tape, gradients: readonly string[]): string | null {
  if (gradients.length < 2) return gradients[0] ?? null;
  return tape.add(gradients.length === 2 ? 'Add' : 'Sum', gradients);
}

function valueInfo(name: string, elemType: number, dims: readonly (number | string)[]): ValueInfo {
  const dim = dims.map((length) => (typeof length === 'number' ? { dimValue: length } : { dimParam: length }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
