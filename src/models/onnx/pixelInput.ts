import { takesPixels } from '../pixelRange.ts';
import { fixedTensor, type OnnxGraph } from './graph.ts';
import type { Node } from './protobuf.ts';
import { valuesOf } from './tensor.ts';

/** Operators that leave the values of pixels as they are. */
const moves = new Set([
  'Transpose', 'Cast', 'Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Gather', 'Slice', 'Split', 'Concat', 'Pad', 'Resize', 'Upsample',
]); // biome-ignore format: a list

/** Whether the first arithmetic on the images of a graph is that of pixels from 0 to 255 (`takesPixels`), wherever they go. */
export function readsPixels(graph: OnnxGraph): boolean {
  const [input] = graph.graph.input;
  const seen = new Set([input?.name ?? '']);
  const first: Node[] = [];
  // Nodes stand behind those that they need.
  for (const node of graph.graph.node) {
    if (!node.input.some((name) => seen.has(name)) || node.opType === 'Shape') continue;
    if (moves.has(node.opType)) for (const name of node.output) seen.add(name);
    else first.push(node);
  }
  return first.length > 0 && first.every((node) => startsFromPixels(graph, node, seen));
}

function startsFromPixels(graph: OnnxGraph, { opType, input }: Node, pixels: ReadonlySet<string>): boolean {
  const [x = '', y = ''] = input;
  const isFirst = pixels.has(x);
  const constants = (name: string) => {
    const tensor = fixedTensor(graph, name);
    return (tensor && valuesOf(tensor)) ?? [];
  };
  switch (opType) {
    case 'Mul':
      return takesPixels('multiply', constants(isFirst ? y : x));
    case 'Div':
      return isFirst && takesPixels('divide', constants(y));
    case 'Sub':
      return isFirst && takesPixels('subtract', constants(y));
    case 'Add':
      return takesPixels('subtract', constants(isFirst ? y : x));
    case 'QuantizeLinear':
      return isFirst && takesPixels('quantise', constants(y));
    case 'BatchNormalization':
      return isFirst && takesPixels('subtract', constants(input[3] ?? ''));
    default:
      return false;
  }
}
