import type { Node } from '../protobuf.ts';
import { attentions } from './attention.ts';
import { elementwise } from './elementwise.ts';
import { pools } from './pool.ts';
import { products } from './product.ts';
import { reductions } from './reduce.ts';
import { shapes } from './shape.ts';
import type { Rule } from './tape.ts';

const table: ReadonlyMap<string, Rule> = new Map(
  Object.entries({ ...elementwise, ...pools, ...products, ...reductions, ...shapes, ...attentions }),
);

/** Operators whose result does not change when the images change a little, or not at all. */
const flat = new Set([
  'And', 'ArgMax', 'ArgMin', 'Ceil', 'ConstantOfShape', 'Equal', 'Floor', 'Greater', 'GreaterOrEqual', 'IsInf', 'IsNaN',
  'Less', 'LessOrEqual', 'NonZero', 'Not', 'OneHot', 'Or', 'Range', 'Round', 'Shape', 'Sign', 'Size', 'Xor',
]); // biome-ignore format: a list

/** The rule of a node's operator; undefined where there is none. */
export function gradientRule({ opType, domain }: Node): Rule | undefined {
  return domain === undefined || domain === '' || domain === 'ai.onnx' ? table.get(opType) : undefined;
}

/** The operators that have a rule, sorted. */
export function operatorsWithRule(): string[] {
  return [...table.keys()].sort();
}

/** True where no gradient flows through a node: its result is whole numbers, truth values or a shape. */
export function isFlat(node: Node): boolean {
  if (flat.has(node.opType)) return true;
  const floats = [1, 10, 11, 16];
  return node.opType === 'Cast' && !floats.includes(Number(node.attribute.find(({ name }) => name === 'to')?.i ?? 1));
}
