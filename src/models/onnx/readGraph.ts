import { messageOf, UserError } from '../../errors.ts';
import { inOrder } from '../inOrder.ts';
import { derivedTensors } from './derivedTensors.ts';
import { fixedDimension, fixedTensor, indexed, isDefault, needsOf, type OnnxGraph, replaceGraph } from './graph.ts';
import { withFloatImages } from './imageDoor.ts';
import { inFloat32 } from './inFloat32.ts';
import { inlined } from './inlineFunctions.ts';
import { readsPixels } from './pixelInput.ts';
import { decodeModel, type Graph, type Model, type Node, replaced, type TensorProto } from './protobuf.ts';
import { checkTensorData, declaredBytes, elemTypes, packData, readExternalData, toNumber, valuesOf } from './tensor.ts';

/**
 * Reads an ONNX model from the bytes of `file` (a path; external data is looked for in its folder and read in).
 * Throws UserError where the bytes are no ONNX model or are cut short, where a tensor declares more values than it
 * carries or 2 GiB and more, and where external data lies outside the model's folder.
 */
export function readGraph(bytes: Uint8Array, file: string): OnnxGraph {
  const model = decode(bytes, file);
  const graph = model.graph;
  if (graph !== null) refuseTabular(graph, file);
  const opset = model.opsetImport.find(isDefault);
  if (graph === null || graph.node.length === 0 || graph.output.length === 0 || opset === undefined) {
    throw notAModel(file, 'it holds no graph');
  }
  let remaining = 2 ** 31 - 1 - bytes.length;
  for (const tensor of tensorsOf(graph)) {
    remaining -= readExternalData(tensor, file, remaining);
    checkTensorData(tensor, file);
    packData(tensor);
  }
  for (const { name, type } of [...graph.input, ...graph.output, ...graph.valueInfo]) {
    const dims = type?.tensorType?.shape?.dim ?? [];
    declaredBytes(
      name,
      dims.map((dim) => fixedDimension(dim) ?? 1),
      type?.tensorType?.elemType ?? 0,
      file,
    );
  }
  const node = orderedNodes(graph, file);
  return normalForm(file, replaced(model, { graph: replaced(graph, { node }) }), toNumber(opset.version));
}

/** What skl2onnx and its like make of scikit-learn's, XGBoost's and LightGBM's models: trees and the like over columns of numbers. */
function refuseTabular({ node, input }: Graph, file: string): void {
  const learned = node.find(({ domain }) => domain === 'ai.onnx.ml');
  const isOfImages = input.some(({ type }) => type?.tensorType?.shape?.dim.length === 4);
  if (learned === undefined || isOfImages) return;
  throw new UserError({
    what: `the model takes columns of numbers, not images: its ${learned.opType} is an operator of models by scikit-learn, XGBoost or LightGBM (skl2onnx)`,
    where: file,
    fix: 'Write what it predicts as a table of image and prediction; a feature model must be a network that takes images',
  });
}

/** Nodes as ONNX asks for them, each after those it needs; some converters (to float16) leave them otherwise. */
function orderedNodes(graph: Graph, file: string): Node[] {
  const makerOf = new Map(graph.node.flatMap((node) => node.output.map((name): [string, Node] => [name, node])));
  makerOf.delete('');
  const found = inOrder(graph.node, (node) => needsOf(node).flatMap((name) => makerOf.get(name) ?? []));
  if ('circle' in found) throw notAModel(file, 'its nodes need one another in a circle');
  return [...found.ordered];
}

/** Since IR version 4 weights are no inputs, which lets engines compute ahead of the images what hangs on them alone. */
const leastIrVersion = 8;

function normalForm(file: string, decoded: Model, opset: number): OnnxGraph {
  const model = whole(decoded, file);
  if (model.graph === null) throw notAModel(file, 'it holds no graph');
  const weights = new Set(model.graph.initializer.map(({ name }) => name));
  const input = model.graph.input.filter(({ name }) => !weights.has(name));
  const isDouble = input.some(({ type }) => type?.tensorType?.elemType === elemTypes.double);
  const given = replaced(model.graph, { input });
  const graph = withFloatImages(given, readsPixels(indexed(file, replaced(model, { graph: given }), given, opset)));
  const irVersion = Math.max(toNumber(model.irVersion), leastIrVersion);
  const typed = indexed(file, replaced(model, { graph, irVersion }), graph, opset);
  refuseChance(typed);
  const known = isDouble ? inFloat32(typed) : typed;
  return replaceGraph(known, { node: [...known.graph.node, ...derivedTensors(known)] }, opset);
}

function whole(model: Model, file: string): Model {
  try {
    return inlined(model);
  } catch (error) {
    throw notAModel(file, messageOf(error));
  }
}

function decode(bytes: Uint8Array, file: string): Model {
  try {
    return decodeModel(bytes);
  } catch (error) {
    throw notAModel(file, messageOf(error));
  }
}

const random = new Set(['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike', 'Bernoulli', 'Multinomial']); // biome-ignore format: a list

/** A model that answers by chance, as one exported while it trains, would fail other images each time. */
function refuseChance(graph: OnnxGraph): void {
  const isOn = (name: string) => {
    const tensor = fixedTensor(graph, name);
    return tensor !== null && valuesOf(tensor)?.[0] === 1;
  };
  const node = graph.graph.node.find(
    ({ opType, input }) => random.has(opType) || (opType === 'Dropout' && isOn(input[2] ?? '')),
  );
  if (node === undefined) return;
  throw new UserError({
    what: `the model answers by chance: its node ${JSON.stringify(node.name || node.output[0])} is a ${node.opType}${node.opType === 'Dropout' ? ' in training mode' : ''}`,
    where: graph.file,
    fix: 'Call model.eval() before torch.onnx.export, and leave its argument training out',
  });
}

function notAModel(file: string, why: string): UserError {
  return new UserError({
    what: `it is not an ONNX model, or it is cut short (${why})`,
    where: file,
    fix: 'Name a file written by an ONNX exporter, such as torch.onnx.export, or copy it again',
  });
}

/** Every tensor that the graph carries, those in attributes and inner graphs included. */
function tensorsOf(graph: Graph): TensorProto[] {
  return [
    ...graph.initializer,
    ...graph.node.flatMap((node) =>
      node.attribute.flatMap(({ t, tensors, g, graphs }) => [
        ...(t ? [t] : []),
        ...(tensors ?? []),
        ...[...(g ? [g] : []), ...(graphs ?? [])].flatMap(tensorsOf),
      ]),
    ),
  ];
}
