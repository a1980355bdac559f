import { nearestNames } from '../../adapters/nearestWord.ts';
import { UserError } from '../../errors.ts';
import { mapOfMean } from '../nameOfMean.ts';
import {
  type Dimension,
  encodeModel,
  type Graph,
  type Model,
  type Node,
  replaced,
  type TensorProto,
} from './protobuf.ts';
import { floatTensor, int64Tensor, toNumber } from './tensor.ts';

/**
 * A decoded ONNX model in the one form that the rest of this room knows: external data is read in (so `bytesOf` gives a
 * file that stands alone), values are raw bytes, local functions are inlined, weights are no inputs, images are float32.
 */
export interface OnnxGraph {
  /** Where it came from, for messages. */
  readonly file: string;
  readonly model: Model;
  readonly graph: Graph;
  /** Version of the default operator set. */
  readonly opset: number;
  /** The node that makes each tensor. */
  readonly makerOf: ReadonlyMap<string, Node>;
  readonly initializers: ReadonlyMap<string, TensorProto>;
}

/** The model as one ONNX file, its external data within; the same graph gives the same bytes. */
export function bytesOf({ model }: OnnxGraph): Uint8Array {
  return encodeModel(model);
}

/**
 * The graph with `names` (inner tensors or outputs) as its only outputs, in that order, and without what none of them
 * needs. Throws UserError, with the nearest names, for a tensor that does not exist.
 */
export function withOutputs(graph: OnnxGraph, names: readonly string[]): OnnxGraph {
  for (const name of names) checkTensor(graph, name);
  const declared = new Map([...graph.graph.valueInfo, ...graph.graph.output].map((info) => [info.name, info]));
  const output = names.map((name) => declared.get(name) ?? { name });
  return replaceGraph(graph, { output, ...pruned({ ...graph.graph, output }) }, graph.opset);
}

/** The model with parts of its graph, and its opset, replaced. */
export function replaceGraph(from: OnnxGraph, parts: Partial<Graph>, opset: number): OnnxGraph {
  const opsetImport = from.model.opsetImport.map((entry) =>
    isDefault(entry) ? { domain: entry.domain, version: opset } : entry,
  );
  const graph = replaced(from.graph, parts);
  return indexed(from.file, replaced(from.model, { graph, opsetImport }), graph, opset);
}

/** Throws UserError, with the nearest names, unless the graph has the tensor `name`, or that which it means the mean of. */
export function checkTensor({ file, graph, makerOf }: OnnxGraph, name: string): void {
  const names = [...makerOf.keys(), ...graph.input.map((input) => input.name)];
  if (names.includes(name) || names.includes(mapOfMean(name) ?? '')) return;
  throw new UserError({
    what: `the model has no tensor ${JSON.stringify(name)}`,
    where: file,
    fix: `Name one of its tensors; the nearest are ${quoted(nearestNames(name, names, 5))}`,
  });
}

/** Names as they stand in messages: they come from the model, so they are escaped. */
export function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

/** A dimension's length; null where it is symbolic or unknown, or -1, as some converters write that. */
export function fixedDimension({ dimValue }: Dimension): number | null {
  const value = toNumber(dimValue ?? 0);
  return value === 0 || value === -1 ? null : value;
}

/** The value of an integer attribute. */
export function intOf(node: Node, name: string, otherwise: number): number {
  const value = node.attribute.find((attribute) => attribute.name === name)?.i;
  return value === undefined ? otherwise : toNumber(value);
}

/** The value of a float attribute. */
export function floatOf(node: Node, name: string, otherwise: number): number {
  return node.attribute.find((attribute) => attribute.name === name)?.f ?? otherwise;
}

/** The value of a text attribute. */
export function textOf(node: Node, name: string, otherwise: string): string {
  const value = node.attribute.find((attribute) => attribute.name === name)?.s;
  return value === undefined ? otherwise : new TextDecoder().decode(value);
}

/** The value of a list-of-integers attribute; null where it is absent. */
export function intsOf(node: Node, name: string): number[] | null {
  return node.attribute.find((attribute) => attribute.name === name)?.ints?.map(toNumber) ?? null;
}

/** The tensor `name` where it is fixed in the graph (an initializer or a Constant, through Identity); null for any other. */
export function fixedTensor(graph: OnnxGraph, name: string): TensorProto | null {
  const initializer = graph.initializers.get(name);
  if (initializer !== undefined) return initializer;
  const maker = graph.makerOf.get(name);
  if (maker?.opType === 'Identity') return fixedTensor(graph, maker.input[0] ?? '');
  if (maker?.opType !== 'Constant') return null;
  const [{ name: kind, t, f, i, floats, ints } = { name: '' }] = maker.attribute;
  if (kind === 'value') return t ?? null;
  if (kind === 'value_float') return floatTensor(name, [], [f ?? 0]);
  if (kind === 'value_floats') return floatTensor(name, [floats?.length ?? 0], floats ?? []);
  if (kind === 'value_int') return int64Tensor(name, [], [toNumber(i ?? 0)]);
  if (kind === 'value_ints') return int64Tensor(name, [ints?.length ?? 0], (ints ?? []).map(toNumber));
  return null;
}

/** The tensors that a node needs: its inputs, and what its inner graphs (If, Loop) take from around them. */
export function needsOf(node: Node): string[] {
  const inner = node.attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...(graphs ?? [])]);
  const captured = inner.flatMap((graph) => [...graph.node.flatMap(needsOf), ...graph.output.map(({ name }) => name)]);
  return [...node.input, ...captured].filter((name) => name !== '');
}

/** The graph without what none of its outputs needs; engines would compute it all the same. */
export function pruned(graph: Graph): Partial<Graph> {
  const needed = new Set(graph.output.map(({ name }) => name));
  const node = graph.node.toReversed().filter((maker) => {
    if (!maker.output.some((name) => needed.has(name))) return false;
    for (const name of needsOf(maker)) needed.add(name);
    return true;
  });
  const initializer = graph.initializer.filter((tensor) => needed.has(tensor.name ?? ''));
  return { node: node.reverse(), initializer };
}

/** A model with its graph by name. */
export function indexed(file: string, model: Model, graph: Graph, opset: number): OnnxGraph {
  const makerOf = new Map(graph.node.flatMap((node) => node.output.map((name): [string, Node] => [name, node])));
  makerOf.delete('');
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name ?? '', tensor]));
  return { file, model, graph, opset, makerOf, initializers };
}

/** Whether an operator set is ONNX's own. */
export function isDefault({ domain }: { domain: string }): boolean {
  return domain === '' || domain === 'ai.onnx';
}
