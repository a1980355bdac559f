import { needsOf } from './graph.ts';
import type { Node } from './protobuf.ts';

/**
 * Nodes so that each stands after those it needs, as ONNX asks and some converters (to float16) do not do; those that do
 * stay where they are. So no walk over them meets a cycle.
 *
 * @returns null where nodes need one another in a circle
 */
export function inOrder(nodes: readonly Node[]): readonly Node[] | null {
  const makerOf = new Map(nodes.flatMap((node) => node.output.map((name): [string, Node] => [name, node])));
  makerOf.delete('');
  const ordered: Node[] = [];
  const states = new Map<Node, 'open' | 'done'>();
  for (const start of nodes) {
    const stack = [start];
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const state = states.get(node);
      const missing = state === 'done' ? [] : makersOf(node, makerOf).filter((each) => states.get(each) !== 'done');
      if (missing.length > 0 && state === 'open') return null;
      if (missing.length > 0) {
        states.set(node, 'open');
        stack.push(...missing.toReversed());
      } else {
        stack.pop();
        if (state !== 'done') ordered.push(node);
        states.set(node, 'done');
      }
    }
  }
  return ordered;
}

function makersOf(node: Node, makerOf: ReadonlyMap<string, Node>): Node[] {
  return needsOf(node).flatMap((name) => makerOf.get(name) ?? []);
}
