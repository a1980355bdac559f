import type { Attribute, Graph, LocalFunction, Model, Node } from './protobuf.ts';
import { replaced } from './protobuf.ts';
import { toNumber } from './tensor.ts';

/** No exporter nests functions deeper, or makes so many nodes; what does would not end. */
const limits = { depth: 32, nodes: 1_000_000 } as const;

/**
 * The model with the calls of its local functions replaced by their bodies, so that layers are found and gradients
 * taken through them. Functions of another version of the default operators are left to the engine.
 * Throws where functions call one another without end.
 */
export function inlined(model: Model): Model {
  const { graph, functions } = model;
  if (graph === null || functions === undefined || functions.length === 0) return model;
  const known = new Map(functions.filter((each) => sameOpset(model, each)).map((each) => [keyOf(each), each]));
  const names = new Set(graph.node.flatMap(({ output }) => output));
  const budget = { calls: 0, nodes: 0 };
  const expand = (node: Node, depth: number): Node[] => {
    const called = known.get(keyOf({ domain: node.domain ?? '', name: node.opType, overload: node.overload ?? '' }));
    if (++budget.nodes > limits.nodes || depth > limits.depth)
      throw new Error('its functions call one another without end');
    if (called === undefined) return [node];
    let prefix = `${node.name || node.opType}/`;
    while ([...names].some((name) => name.startsWith(prefix)))
      prefix = `${node.name || node.opType}.${++budget.calls}/`;
    const body = bodyOf(called, node, prefix);
    for (const { output } of body) for (const name of output) names.add(name);
    return body.flatMap((inner) => expand(inner, depth + 1));
  };
  const node = graph.node.flatMap((each) => expand(each, 0));
  const left = functions.filter((each) => !known.has(keyOf(each)));
  return replaced(model, { graph: replaced(graph, { node }), functions: left });
}

function keyOf({ domain, name, overload }: Pick<LocalFunction, 'domain' | 'name' | 'overload'>): string {
  return JSON.stringify([domain === 'ai.onnx' ? '' : domain, name, overload]);
}

function sameOpset(model: Model, { opsetImport }: LocalFunction): boolean {
  return opsetImport.every(({ domain, version }) => {
    const outer = model.opsetImport.find((entry) => entry.domain === domain);
    return outer === undefined || toNumber(outer.version) === toNumber(version);
  });
}

/** A function's nodes with the call's tensors for its inputs and outputs, and its own names made unique by a prefix. */
function bodyOf(called: LocalFunction, call: Node, prefix: string): Node[] {
  const given = new Map<string, string>([['', '']]);
  for (const [index, name] of called.input.entries()) given.set(name, call.input[index] ?? '');
  for (const [index, name] of called.output.entries()) given.set(name, call.output[index] || `${prefix}${name}`);
  const rename = (name: string) => given.get(name) ?? `${prefix}${name}`;
  const taken = (attribute: Attribute): Attribute[] => {
    if (!attribute.refAttrName) return [withInnerNames(attribute, renamedNode, rename)];
    const of = ({ name }: Attribute) => name === attribute.refAttrName;
    const value = call.attribute.find(of) ?? called.attributeProto.find(of);
    return value === undefined ? [] : [replaced(value, { name: attribute.name })];
  };
  const renamedNode = (node: Node): Node =>
    replaced(node, {
      name: node.name ? `${prefix}${node.name}` : '',
      input: node.input.map(rename),
      output: node.output.map(rename),
      attribute: node.attribute.flatMap(taken),
    });
  return called.node.map(renamedNode);
}

function withInnerNames(
  attribute: Attribute,
  renamedNode: (node: Node) => Node,
  rename: (name: string) => string,
): Attribute {
  const inner = (graph: Graph): Graph =>
    replaced(graph, {
      node: graph.node.map(renamedNode),
      initializer: graph.initializer.map((tensor) => replaced(tensor, { name: rename(tensor.name ?? '') })),
      input: graph.input.map((info) => replaced(info, { name: rename(info.name) })),
      output: graph.output.map((info) => replaced(info, { name: rename(info.name) })),
      valueInfo: [],
    });
  if (attribute.g) return replaced(attribute, { g: inner(attribute.g) });
  return attribute.graphs?.length ? replaced(attribute, { graphs: attribute.graphs.map(inner) }) : attribute;
}
