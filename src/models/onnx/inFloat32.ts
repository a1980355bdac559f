import { type OnnxGraph, replaceGraph } from './graph.ts';
import { door } from './imageDoor.ts';
import { type Attribute, type Node, replaced, type TensorProto } from './protobuf.ts';
import { elemTypes, floatTensor, toNumber, valuesOf } from './tensor.ts';

/** Types whose arithmetic is done in float32. */
const others: readonly number[] = [elemTypes.float16, elemTypes.double];

/**
 * The graph with all its arithmetic in float32: weights, constants and casts of half and double precision become single,
 * and what rounded the images to whole numbers lets them through. Gradients are computed on it, and models of double
 * precision, for which engines lack most operators, are run so.
 */
export function inFloat32(graph: OnnxGraph): OnnxGraph {
  const parts = {
    node: graph.graph.node.map(singleNode),
    initializer: graph.graph.initializer.map(single),
    valueInfo: [],
    output: graph.graph.output.map(({ name }) => ({ name })),
  };
  return replaceGraph(graph, parts, graph.opset);
}

function single(tensor: TensorProto): TensorProto {
  const values = others.includes(tensor.dataType) ? valuesOf(tensor) : null;
  return values === null ? tensor : floatTensor(tensor.name ?? '', tensor.dims.map(toNumber), values);
}

function singleNode(node: Node): Node {
  if (
    node.name === door.clip ||
    node.name === door.round ||
    (node.name === door.cast && node.input[0] === door.round)
  ) {
    return replaced(node, { opType: 'Identity', input: node.input.slice(0, 1), attribute: [] });
  }
  return replaced(node, { attribute: node.attribute.map((attribute) => singleAttribute(node, attribute)) });
}

function singleAttribute({ opType }: Node, attribute: Attribute): Attribute {
  if (attribute.t) return replaced(attribute, { t: single(attribute.t) });
  const isType = attribute.name === 'to' && opType === 'Cast' && others.includes(toNumber(attribute.i ?? 0));
  return isType ? replaced(attribute, { i: elemTypes.float }) : attribute;
}
