import { mapOfMean } from '../nameOfMean.ts';
import type { OnnxGraph } from './graph.ts';
import { fixedTensor, intOf, intsOf, replaceGraph } from './graph.ts';
import type { Node } from './protobuf.ts';
import { toNumber, valuesOf } from './tensor.ts';

/** Names of the tensors that are added to a graph; nothing computes them unless they are asked for. */
export const derivedName = {
  /** The float32 values of a quantised tensor. */
  float: (name: string) => `${name} as float32`,
  /** A map N x height x width x C as N x C x height x width. */
  channelsFirst: (name: string) => `${name} as NCHW`,
} as const;

/** Operators on quantised values whose first inputs are the values, their scale and their zero point. */
const quantised = new Set([
  'QLinearConv', 'QLinearMatMul', 'QGemm', 'QLinearGlobalAveragePool', 'QLinearAveragePool', 'QLinearReduceMean',
  'QLinearSoftmax', 'QLinearSigmoid',
]); // biome-ignore format: a list

const poolings = new Set([
  'GlobalAveragePool', 'GlobalMaxPool', 'AveragePool', 'QLinearGlobalAveragePool', 'QLinearAveragePool',
]); // biome-ignore format: a list

/**
 * Nodes for tensors that layers may need and that no model has: the float values that a quantised layer reads, and maps
 * with their channels in front.
 */
export function derivedTensors(graph: OnnxGraph): Node[] {
  const added = new Map<string, Node>();
  const add = (output: string, opType: string, input: string[], attribute: Node['attribute'] = []) => {
    if (!graph.makerOf.has(output)) added.set(output, { opType, input, output: [output], name: output, attribute });
  };
  for (const node of graph.graph.node) {
    // ONNX writes an input that is left out as ''.
    const [x = '', scale = '', zeroPoint] = node.input;
    if (quantised.has(node.opType)) {
      add(derivedName.float(x), 'DequantizeLinear', [x, scale, ...(zeroPoint ? [zeroPoint] : [])]);
    }
    if (poolsChannelsLast(graph, node)) {
      add(derivedName.channelsFirst(x), 'Transpose', [x], [{ name: 'perm', type: 7, ints: [0, 3, 1, 2] }]);
    }
  }
  return [...added.values()];
}

/** The graph with the nodes for those names that mean the mean of a map (`nameOfMean`). */
export function withMeans(graph: OnnxGraph, names: readonly string[]): OnnxGraph {
  const added = names.flatMap((name): Node[] => {
    const map = mapOfMean(name);
    if (map === null || graph.makerOf.has(name)) return [];
    const pooled = `${name} (map)`;
    return [
      { opType: 'GlobalAveragePool', input: [map], output: [pooled], name: pooled, attribute: [] },
      { opType: 'Flatten', input: [pooled], output: [name], name, attribute: [] },
    ];
  });
  return added.length === 0 ? graph : replaceGraph(graph, { node: [...graph.graph.node, ...added] }, graph.opset);
}

/** Whether a node pools over height and width of N x height x width x C. */
export function poolsChannelsLast(graph: OnnxGraph, node: Node): boolean {
  return /^Reduce(Mean|Max)$/.test(node.opType) && `${axesOf(graph, node)}` === '1,2';
}

/** The axes of a Reduce* node that are fixed, of four dimensions, in order; none where they are not known. */
function axesOf(graph: OnnxGraph, node: Node): number[] {
  const given = fixedTensor(graph, node.input[1] ?? '');
  const axes = intsOf(node, 'axes') ?? (given && valuesOf(given)) ?? [];
  return axes.map((axis) => (axis < 0 ? axis + 4 : axis)).sort();
}

/** Whether a node pools maps over height and width. */
export function isPooling(graph: OnnxGraph, node: Node): boolean {
  if (poolings.has(node.opType)) return true;
  if (node.opType !== 'ReduceMean' && node.opType !== 'ReduceMax') return false;
  return ['2,3', '1,2'].includes(`${axesOf(graph, node)}`);
}

/** The convolution that makes a map, perhaps rectified; null where another layer does. */
export function convolutionBefore(graph: OnnxGraph, map: string): Node | null {
  const maker = graph.makerOf.get(map);
  const conv = maker?.opType === 'Relu' ? graph.makerOf.get(maker.input[0] ?? '') : maker;
  return conv !== undefined && isConvolution(conv) ? conv : null;
}

/** A 1 x 1 convolution of all channels: a dense layer at every place. */
export function isPointwise(graph: OnnxGraph, node: Node): boolean {
  if (!isConvolution(node) || intOf(node, 'group', 1) !== 1) return false;
  const kernel = intsOf(node, 'kernel_shape') ?? weightDims(graph, node)?.slice(2) ?? [];
  return kernel.length === 2 && kernel.every((length) => length === 1);
}

function isConvolution({ opType }: Node): boolean {
  return ['Conv', 'QLinearConv', 'ConvInteger', 'FusedConv'].includes(opType);
}

/** The shape of a layer's weights, through what changes their type only; null where it is not fixed. */
export function weightDims(graph: OnnxGraph, node: Node): number[] | null {
  let name = node.input[node.opType.startsWith('QLinear') ? 3 : 1] ?? '';
  for (;;) {
    const tensor = fixedTensor(graph, name);
    if (tensor !== null) return tensor.dims.map(toNumber);
    const maker = graph.makerOf.get(name);
    if (maker === undefined || !['Cast', 'DequantizeLinear'].includes(maker.opType)) return null;
    [name = ''] = maker.input;
  }
}
