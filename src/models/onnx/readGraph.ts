import { messageOf, UserError } from '../../errors.ts';
import { derivedTensors } from './derivedTensors.ts';
import { fixedDimension, indexed, isDefault, type OnnxGraph, replaceGraph } from './graph.ts';
import { withFloatImages } from './imageDoor.ts';
import { inFloat32 } from './inFloat32.ts';
import { inlined } from './inlineFunctions.ts';
import { decodeModel, type Graph, type Model, replaced, type TensorProto } from './protobuf.ts';
import { checkTensorData, declaredBytes, elemTypes, packData, readExternalData, toNumber } from './tensor.ts';

/**
 * Reads an ONNX model from the bytes of `file` (a path; external data is looked for in its folder and read in).
 * Throws UserError where the bytes are no ONNX model or are cut short, where a tensor declares more values than it
 * carries or 2 GiB and more, and where external data lies outside the model's folder.
 */
export function readGraph(bytes: Uint8Array, file: string): OnnxGraph {
  const model = decode(bytes, file);
  const graph = model.graph;
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
  checkOrder(graph, file);
  return normalForm(file, model, toNumber(opset.version));
}

/** Since IR version 4 weights are no inputs, which lets engines compute ahead of the images what hangs on them alone. */
const leastIrVersion = 8;

function normalForm(file: string, decoded: Model, opset: number): OnnxGraph {
  const model = whole(decoded, file);
  if (model.graph === null) throw notAModel(file, 'it holds no graph');
  const weights = new Set(model.graph.initializer.map(({ name }) => name));
  const input = model.graph.input.filter(({ name }) => !weights.has(name));
  const isDouble = input.some(({ type }) => type?.tensorType?.elemType === elemTypes.double);
  const graph = withFloatImages(replaced(model.graph, { input }));
  const irVersion = Math.max(toNumber(model.irVersion), leastIrVersion);
  const typed = indexed(file, replaced(model, { graph, irVersion }), graph, opset);
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

/** Nodes stand after those they need, as ONNX asks; so no walk over them meets a cycle. */
function checkOrder(graph: Graph, file: string): void {
  const later = new Set(graph.node.flatMap((node) => node.output));
  for (const node of graph.node) {
    if (node.input.some((name) => name !== '' && later.has(name))) {
      throw notAModel(file, `its node ${JSON.stringify(node.name)} stands before a node that it needs`);
    }
    for (const name of node.output) later.delete(name);
  }
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
