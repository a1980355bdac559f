import { UserError } from '../../errors.ts';
import { mapOfMean, nameOfMean } from '../nameOfMean.ts';
import {
  convolutionBefore,
  derivedName,
  isPointwise,
  isPooling,
  poolsChannelsLast,
  weightDims,
} from './derivedTensors.ts';
import { fixedDimension, needsOf, type OnnxGraph, quoted } from './graph.ts';
import type { Node } from './protobuf.ts';
import { elemTypes } from './tensor.ts';

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

/** A last dense layer, by tensor name: what `Layers` says of one, and the output that it ends in. */
interface Head {
  readonly output: string;
  readonly features: string;
  readonly featureMap: string | null;
  readonly logits: string;
}

/** Operators through which a vector, or its scores, come out as the same vector, for finding what feeds what. */
const sameValues = new Set([
  'Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Dropout', 'Identity', 'Cast', 'Transpose', 'QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear',
]); // biome-ignore format: a list
/** Heads may scale and shift what they pooled: ConvNeXt and Swin put a normalization there, cosine heads a division. */
const sameFeatures = new Set([
  ...sameValues, 'Add', 'Sub', 'Mul', 'Div', 'LayerNormalization', 'BatchNormalization', 'LpNormalization',
]); // biome-ignore format: a list
/** What makes probabilities or answers of scores. */
const answers = new Set([
  ...['Softmax', 'LogSoftmax', 'Sigmoid', 'Softplus', 'Exp', 'ArgMax', 'TopK', 'ZipMap'],
  ...['QLinearSoftmax', 'QLinearSigmoid'],
]);
/** A bias, a temperature, a normalisation, the scale of quantised values: the other operand does not depend on the images. */
const affine = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Clip', 'BatchNormalization', 'QLinearAdd', 'QLinearMul']);
/** Products with weights, and the place of the weights among their inputs. */
const products: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ Gemm: 1, MatMul: 1, MatMulInteger: 1, QLinearMatMul: 3 },
    ...{
      Einsum: 1,
      QGemm: 3,
      FusedGemm: 1,
      FusedMatMul: 1,
      DynamicQuantizeMatMul: 1,
      MatMulIntegerToFloat: 1,
      MatMulNBits: 1,
    },
  }),
);

/**
 * Finds the image input, the vector that feeds the last dense layer (a product with weights that do not depend on the
 * images, or a 1 x 1 convolution beside the pooling), the map it was pooled from, and the logits. Where outputs end in
 * different dense layers, what they do not share is null. Throws UserError where the model has not exactly one image
 * input of four dimensions.
 */
export function findLayers(graph: OnnxGraph): Layers {
  const input = imageInput(graph);
  const found = headsOf(graph, input.name);
  const outputs = graph.graph.output.map(({ name }) => name);
  if (found.length === 0) {
    const pooled = outputs.find((output) => mapBehind(graph, output) !== null) ?? meanOfOutput(graph, input);
    return { input, features: pooled, featureMap: pooled && mapBehind(graph, pooled), logits: null };
  }
  const shared = (of: (head: Head) => string | null) => (new Set(found.map(of)).size === 1 ? of(found[0]) : null);
  return {
    input,
    features: shared((head) => head.features),
    featureMap: shared((head) => head.featureMap),
    logits: shared((head) => head.logits),
  };
}

/** Fewest channels of a map that describes its places: one of fewer scores them, as of a network that segments. */
const LEAST_CHANNELS = 16;

/** The mean of the map that a network without a head ends in; null where it ends in another way, or its map may lie the other way round. */
function meanOfOutput({ graph: { output } }: OnnxGraph, input: Layers['input']): string | null {
  const [map, ...others] = output;
  const dims = map?.type?.tensorType?.shape?.dim ?? [];
  const channels = dims[1] === undefined ? null : fixedDimension(dims[1]);
  const isOne =
    others.length === 0 &&
    dims.length === 4 &&
    isChannels(input.shape[1]) &&
    (channels ?? LEAST_CHANNELS) >= LEAST_CHANNELS;
  return isOne && map !== undefined ? nameOfMean(map.name) : null;
}

/** The dense layers that the outputs end in, one an output; a layer whose product another of them reads is none. */
function headsOf(graph: OnnxGraph, input: string): Head[] {
  const active = reachedFrom(graph, input);
  const find = headFinder(graph, active);
  const heads = graph.graph.output.flatMap(({ name }) => find(name) ?? []);
  const inner = heads.filter((head) =>
    heads.some((other) => other !== head && (other.features === head.logits || other.features === head.output)),
  );
  return heads.filter((head) => !inner.includes(head));
}

/** The head that a tensor ends in; null where it ends in none. */
type FindHead = (output: string) => Head | null;

/** Joins within joins that are looked through: no ensemble has so many, and a hostile file may have any number. */
const MOST_LEVELS = 64;

/** Looks at each tensor once: one that was joined may be joined again, and each of those again. */
function headFinder(graph: OnnxGraph, active: ReadonlySet<string>): FindHead {
  const known = new Map<string, Head | null>();
  const find = (output: string, level: number): Head | null => {
    const before = known.get(output);
    if (before !== undefined) return before;
    const head = level > MOST_LEVELS ? null : headOf(graph, active, output, (part) => find(part, level + 1));
    known.set(output, head);
    return head;
  };
  return (output) => find(output, 0);
}

function headOf(graph: OnnxGraph, active: ReadonlySet<string>, output: string, find: FindHead): Head | null {
  let logits = output;
  let name = output;
  for (let node = graph.makerOf.get(name); node !== undefined; node = graph.makerOf.get(name)) {
    const head = denseHead(graph, active, node) ?? scoredMap(graph, node, logits !== output);
    if (head !== null) return { output, logits, ...head };
    const isAnswer = answers.has(node.opType);
    if (!isAnswer && !sameValues.has(node.opType) && !isAffine(active, node))
      return joinedHead(active, node, { output, logits }, find);
    [name = ''] = node.input.filter((each) => active.has(each));
    if (isAnswer) logits = floatsOf(graph, name);
    else if (graph.makerOf.get(logits)?.opType === 'QuantizeLinear') logits = name;
  }
  return null;
}

/** What joins the scores of several heads. */
const joins = new Set(['Add', 'Sum', 'Mean', 'Max', 'Concat']);

/** Several heads whose scores are joined (members of an ensemble, levels of a hierarchy): what all of them read; null where that is not one vector. */
function joinedHead(
  active: ReadonlySet<string>,
  node: Node,
  found: Pick<Head, 'output' | 'logits'>,
  find: FindHead,
): Head | null {
  const parts = node.input.filter((name) => active.has(name));
  if (!joins.has(node.opType) || parts.length < 2) return null;
  let shared: Head | null = null;
  for (const part of parts) {
    const head = find(part);
    if (head === null || (shared !== null && head.features !== shared.features)) return null;
    shared = head;
  }
  return shared && { ...found, features: shared.features, featureMap: shared.featureMap };
}

/** What a product with weights reads; null where a node is none. Reached from the scores, it is the last one. */
function denseHead(
  graph: OnnxGraph,
  active: ReadonlySet<string>,
  node: Node,
): Pick<Head, 'features' | 'featureMap'> | null {
  const weights = products.get(node.opType) ?? null;
  const [vector] = node.input;
  const isProduct = weights !== null && active.has(vector) && !active.has(node.input[weights] ?? '');
  if (!isProduct && !(isPointwise(graph, node) && isPooled(graph, vector))) return null;
  return { features: floatsOf(graph, vector), featureMap: mapBehind(graph, vector) };
}

/**
 * Scores that are the mean of a map which a convolution makes, as in SqueezeNet: its features are the mean of what that
 * reads. A network that ends in its features may look the same: unless answers are made of them (a softmax), the convolution
 * must be 1 x 1 and its channels no multiple of 64, as a number of classes hardly is.
 */
function scoredMap(graph: OnnxGraph, node: Node, answered: boolean): Pick<Head, 'features' | 'featureMap'> | null {
  const conv = isPooling(graph, node) ? convolutionBefore(graph, node.input[0]) : null;
  if (conv === null) return null;
  const [channels] = weightDims(graph, conv) ?? [64];
  if (!answered && (!isPointwise(graph, conv) || channels % 64 === 0)) return null;
  const [map] = conv.input;
  return { features: nameOfMean(map), featureMap: map };
}

/** The tensor itself, or its float32 values where it is quantised. */
function floatsOf(graph: OnnxGraph, name: string): string {
  if (graph.makerOf.has(derivedName.float(name))) return derivedName.float(name);
  const maker = graph.makerOf.get(name);
  return maker?.opType === 'DynamicQuantizeLinear' || maker?.opType === 'QuantizeLinear' ? maker.input[0] : name;
}

/** All tensors that depend on the images; the scales that are computed for quantising them are left out. */
function reachedFrom({ graph }: OnnxGraph, input: string): ReadonlySet<string> {
  const reached = new Set([input]);
  for (const node of graph.node) {
    if (!needsOf(node).some((name) => reached.has(name)) || ['Shape', 'Size'].includes(node.opType)) continue;
    for (const name of node.opType === 'DynamicQuantizeLinear' ? node.output.slice(0, 1) : node.output)
      reached.add(name);
  }
  return reached;
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
      fix: 'Export a model that takes N x 3 x height x width, its channels fixed',
    });
  }
  const channels = layout === 'NCHW' ? dims[0] : dims[2];
  const [height, width] = (layout === 'NCHW' ? dims.slice(1) : dims.slice(0, 2)).map((dim) => settle(dim, side));
  if (height === null || width === null) {
    throw new UserError({
      what: `the input ${JSON.stringify(input.name)} ${shown} leaves the image size open`,
      where: file,
      fix: 'Set preprocess.crop of the model to the side of the images in pixels',
    });
  }
  if (side !== null && (height !== side || width !== side)) {
    throw new UserError({
      what: `the input ${JSON.stringify(input.name)} ${shown} takes ${height} x ${width} images, not ${side} x ${side}`,
      where: file,
      fix: 'Set preprocess.crop of the model to the size that the model takes',
    });
  }
  return { layout, channels: channels === 1 ? 1 : 3, height, width, batch: typeof batch === 'number' ? batch : null };
}

function settle(dim: number | string | null, side: number | null): number | null {
  return typeof dim === 'number' ? dim : side;
}

function isChannels(dim: number | string | null | undefined): boolean {
  return dim === 3 || dim === 1;
}

function imageInput({ graph, file }: OnnxGraph): Layers['input'] {
  const inputs = graph.input.map(({ name, type }) => ({
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
    what: `the model does not take one batch of images; its inputs: ${shown.join(', ') || 'none'}`,
    where: file,
    fix: 'Export a model whose only input is N x 3 x height x width, of float32, float16, float64, uint8 or int32',
  });
}

function isAffine(active: ReadonlySet<string>, { opType, input }: Node): boolean {
  return affine.has(opType) && input.filter((name) => active.has(name)).length === 1;
}

/** Whether a map of one place: pooling lies behind it, and no wider convolution between. */
function isPooled(graph: OnnxGraph, name: string): boolean {
  for (let node = graph.makerOf.get(name); node !== undefined; node = graph.makerOf.get(node.input[0] ?? '')) {
    if (isPooling(graph, node)) return true;
    if (/Conv/.test(node.opType) && !isPointwise(graph, node)) return false;
  }
  return false;
}

/** The map that a vector was pooled from, N x C x height x width; null where there is none. */
export function mapBehind(graph: OnnxGraph, features: string): string | null {
  const meant = mapOfMean(features);
  if (meant !== null) return meant;
  const active = reachedFrom(graph, graph.graph.input[0]?.name ?? '');
  let name = features;
  for (let node = graph.makerOf.get(name); node !== undefined; node = graph.makerOf.get(name)) {
    if (isPooling(graph, node)) {
      const [map] = node.input;
      return poolsChannelsLast(graph, node) ? derivedName.channelsFirst(map) : floatsOf(graph, map);
    }
    if (!sameFeatures.has(node.opType) && !isStrided(graph, node)) return null;
    name = node.input.find((each) => active.has(each)) ?? '';
  }
  return null;
}

/** How PyTorch's exporter writes a view of pooled values (as_strided): laid out flat, then taken by place. */
function isStrided(graph: OnnxGraph, { opType, input: [x] }: Node): boolean {
  return opType === 'Gather' && graph.makerOf.get(x)?.opType === 'Reshape';
}

/**
 * The layer to use: the one named, or the one found. Throws UserError, with the choice there is, where nothing was
 * found or several were.
 */
export function featuresLayer(graph: OnnxGraph, named: string | null): string {
  return named ?? findLayers(graph).features ?? refuse(graph, 'features', 'featureModel.layer.features');
}

/**
 * The output of a model that has but one, N x classes, and no dense layer that is found (several experts, a head in a branch, distances to
 * prototypes); null where it has others, or ends in its features.
 */
function soleOutput(graph: OnnxGraph): string | null {
  const [output, ...others] = graph.graph.output;
  if (output === undefined || others.length > 0 || headsOf(graph, imageInput(graph).name).length > 0) return null;
  const dims = output.type?.tensorType?.shape?.dim ?? [];
  const isVector = dims.length === 2 && fixedDimension(dims[1] ?? {}) !== 1;
  const isChoice = ['ArgMax', 'TopK'].includes(graph.makerOf.get(output.name)?.opType ?? '');
  return isVector && !isChoice && findLayers(graph).features === null ? output.name : null;
}

/** As `featuresLayer`, for the scores of the classes; of a model without a dense layer its only output. */
export function scoresLayer(graph: OnnxGraph, named: string | null): string {
  return named ?? findLayers(graph).logits ?? soleOutput(graph) ?? refuse(graph, 'logits', 'checkpointModel.output');
}

function refuse(graph: OnnxGraph, of: 'features' | 'logits', key: string): never {
  const meant = of === 'features' ? 'the features' : 'the scores of the classes';
  const heads = headsOf(graph, imageInput(graph).name);
  if (heads.length > 0) {
    const outputs = heads.map(({ output }) => output);
    throw new UserError({
      what: `the model has ${heads.length} outputs that end in a dense layer (${quoted(outputs)}), so ${meant} could be of either`,
      where: graph.file,
      fix: `Name the tensor in ${key}: ${quoted([...new Set(heads.map((head) => head[of]))])}`,
    });
  }
  const last = graph.graph.node.filter(({ name, output }) => name !== output[0]).slice(-8);
  throw new UserError({
    what: `no dense layer was found, so ${meant} are not known`,
    where: graph.file,
    fix: `Name their tensor in ${key}; the last ones are ${quoted(last.flatMap((node) => node.output))}`,
  });
}
