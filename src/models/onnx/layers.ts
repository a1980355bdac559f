import { UserError } from '../../errors.ts';
import { fixedDimension, fixedTensor, intsOf, type OnnxGraph, quoted } from './graph.ts';
import type { Node } from './protobuf.ts';
import { elemTypes, valuesOf } from './tensor.ts';

/** The image input and the layers that matter, by tensor name. */
export interface Layers {
  /** A dimension is null, or a name, where the model leaves it open. */
  readonly input: { readonly name: string; readonly shape: readonly (number | string | null)[] };
  /** The vector that feeds the last dense layer, N x C; null where the graph has none to find. */
  readonly features: string | null;
  /**
   * The tensor whose mean (or maximum) over height and width is the vector, N x C x height x width; null where there
   * is none, as in a ViT. Channel i belongs to feature i only if it has as many channels as there are features.
   */
  readonly featureMap: string | null;
  /** What the last dense layer gives, N x classes; null where the model ends in its features. */
  readonly logits: string | null;
}

/** An image input with every dimension but the batch's settled. */
export interface InputGeometry {
  readonly layout: 'NCHW' | 'NHWC';
  readonly channels: 1 | 3;
  /** Pixels. */
  readonly height: number;
  readonly width: number;
  /** Images a run when the model fixes them; null where any number goes. */
  readonly batch: number | null;
}

/** Operators through which a vector, or its scores, come out as the same vector, for finding what feeds what. */
const sameValues = new Set(['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Dropout', 'Identity', 'Cast', 'Transpose']);
/** Heads may scale and shift what they pooled: ConvNeXt and Swin put a normalization there. */
const sameFeatures = new Set([...sameValues, 'Add', 'Sub', 'Mul', 'Div', 'LayerNormalization', 'BatchNormalization']);
const scores = new Set([...sameValues, 'Softmax', 'LogSoftmax', 'Sigmoid', 'ArgMax', 'TopK']);

/**
 * Finds the image input, the vector that feeds the last dense layer (Gemm, or MatMul and Add), the map it was pooled
 * from, and the logits. Throws UserError where the model has not exactly one float32 input of four dimensions.
 */
export function findLayers(graph: OnnxGraph): Layers {
  const input = imageInput(graph);
  const outputs = graph.graph.output.map(({ name }) => name);
  for (const output of outputs) {
    const dense = walk(
      graph,
      output,
      (node) => isDense(graph, node),
      (node) => scores.has(node.opType) || addsBias(graph, node),
    );
    if (dense === null) continue;
    const [features] = dense.input;
    return { input, features, featureMap: pooledMap(graph, features), logits: logitsOf(graph, output, dense) };
  }
  const pooled = outputs.find((output) => pooledMap(graph, output) !== null) ?? null;
  return { input, features: pooled, featureMap: pooled && pooledMap(graph, pooled), logits: null };
}

/**
 * Settles the image input: `side` (pixels; null where no size was asked for) fills height and width where the model
 * leaves them open. Throws UserError where the input is not an image, where `side` contradicts the model, and where
 * open dimensions remain.
 */
export function inputGeometry(
  { input, file }: { input: Layers['input']; file: string },
  side: number | null,
): InputGeometry {
  const [batch, ...dims] = input.shape;
  const shown = `[${input.shape.map((dim) => dim ?? '?').join(', ')}]`;
  const layout = isChannels(dims[0]) ? 'NCHW' : isChannels(dims[2]) ? 'NHWC' : null;
  if (layout === null) {
    throw new UserError({
      what: `the input ${JSON.stringify(input.name)} ${shown} is not an image: neither its second nor its last dimension is 3 (or 1) channels`,
      where: file,
      fix: 'Export a model that takes N x 3 x height x width, its channels fixed.',
    });
  }
  const channels = layout === 'NCHW' ? dims[0] : dims[2];
  const [height, width] = (layout === 'NCHW' ? dims.slice(1) : dims.slice(0, 2)).map((dim) => settle(dim, side));
  if (height === null || width === null) {
    throw new UserError({
      what: `the input ${JSON.stringify(input.name)} ${shown} leaves the image size open`,
      where: file,
      fix: 'Set preprocess.crop of the model to the side of the images in pixels.',
    });
  }
  if (side !== null && (height !== side || width !== side)) {
    throw new UserError({
      what: `the input ${JSON.stringify(input.name)} ${shown} takes ${height} x ${width} images, not ${side} x ${side}`,
      where: file,
      fix: 'Set preprocess.crop of the model to the size that the model takes.',
    });
  }
  return { layout, channels: channels === 1 ? 1 : 3, height, width, batch: typeof batch === 'number' ? batch : null };
}

/** As `inputGeometry`, for RGB images. Throws UserError also where the model takes one channel. */
export function rgbGeometry(model: { input: Layers['input']; file: string }, side: number | null): InputGeometry {
  const found = inputGeometry(model, side);
  if (found.channels === 3) return found;
  throw new UserError({
    what: `the model takes ${found.channels} channel, not the 3 of RGB`,
    where: model.file,
    fix: 'Export a model that takes RGB images, N x 3 x height x width.',
  });
}

function settle(dim: number | string | null, side: number | null): number | null {
  return typeof dim === 'number' ? dim : side;
}

function isChannels(dim: number | string | null | undefined): boolean {
  return dim === 3 || dim === 1;
}

function imageInput({ graph, initializers, file }: OnnxGraph): Layers['input'] {
  // Before IR version 4 weights stand among the inputs too.
  const inputs = graph.input
    .filter(({ name }) => !initializers.has(name))
    .map(({ name, type }) => ({
      name,
      float: type?.tensorType?.elemType === elemTypes.float,
      shape: (type?.tensorType?.shape?.dim ?? []).map((dim) => fixedDimension(dim) ?? (dim.dimParam || null)),
    }));
  const [input] = inputs;
  if (inputs.length === 1 && input.float && input.shape.length === 4) return { name: input.name, shape: input.shape };
  const shown = inputs.map(
    ({ name, shape }) => `${JSON.stringify(name)} [${shape.map((dim) => dim ?? '?').join(', ')}]`,
  );
  throw new UserError({
    what: `the model does not take one float32 image batch; its inputs: ${shown.join(', ') || 'none'}`,
    where: file,
    fix: 'Export a model whose only input is N x 3 x height x width in float32.',
  });
}

/** The first node found upward of a tensor, past nodes that `through` lets pass, by their first computed input. */
function walk(
  graph: OnnxGraph,
  from: string,
  found: (node: Node) => boolean,
  through: (node: Node) => boolean,
): Node | null {
  let node = graph.makerOf.get(from);
  while (node !== undefined && !found(node)) {
    if (!through(node)) return null;
    const next = node.input.find((name) => isComputed(graph, name));
    node = next === undefined ? undefined : graph.makerOf.get(next);
  }
  return node ?? null;
}

function isComputed(graph: OnnxGraph, name: string): boolean {
  return graph.makerOf.has(name) && fixedTensor(graph, name) === null;
}

/** A product with fixed weights. Reached from the scores, it is the last one. */
function isDense(graph: OnnxGraph, node: Node): boolean {
  if (node.opType !== 'Gemm' && node.opType !== 'MatMul') return false;
  const [vector, weights] = node.input;
  const maker = graph.makerOf.get(weights);
  const fixed = fixedTensor(graph, weights) ?? (maker?.opType === 'Transpose' && fixedTensor(graph, maker.input[0]));
  return Boolean(fixed) && !graph.initializers.has(vector);
}

function addsBias(graph: OnnxGraph, node: Node): boolean {
  return node.opType === 'Add' && node.input.some((name) => fixedTensor(graph, name) !== null);
}

/** The dense layer's output, after its bias where that is a node of its own. */
function logitsOf(graph: OnnxGraph, output: string, dense: Node): string {
  const [product] = dense.output;
  const biased = graph.graph.node.find((node) => addsBias(graph, node) && node.input.includes(product));
  return output === product ? output : (biased?.output[0] ?? product);
}

function pooledMap(graph: OnnxGraph, features: string): string | null {
  const pool = walk(
    graph,
    features,
    (node) => isPooling(graph, node),
    (node) => sameFeatures.has(node.opType),
  );
  return pool?.input[0] ?? null;
}

function isPooling(graph: OnnxGraph, node: Node): boolean {
  if (['GlobalAveragePool', 'GlobalMaxPool', 'AveragePool'].includes(node.opType)) return true;
  if (node.opType !== 'ReduceMean' && node.opType !== 'ReduceMax') return false;
  const given = fixedTensor(graph, node.input[1] ?? '');
  const axes = intsOf(node, 'axes') ?? (given && valuesOf(given)) ?? [];
  const spatial = axes.map((axis) => (axis < 0 ? axis + 4 : axis)).sort();
  return spatial.length === 2 && spatial[0] === 2 && spatial[1] === 3;
}

/**
 * The layer to use: the one named, or the one found. Throws UserError, with the choice there is, where the name does
 * not exist or nothing was found.
 */
export function featuresLayer(graph: OnnxGraph, named: string | null): string {
  const found = named ?? findLayers(graph).features;
  if (found !== null) return found;
  const last = graph.graph.node.slice(-8).flatMap((node) => node.output);
  throw new UserError({
    what: 'no dense layer was found, so the features are not known',
    where: graph.file,
    fix: `Name the tensor of the features in featureModel.layer.features; the last ones are ${quoted(last)}.`,
  });
}
