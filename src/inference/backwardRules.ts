import { elementwise } from './backwardElementwise.ts';
import { pools } from './backwardPool.ts';
import { products } from './backwardProduct.ts';
import { reductions } from './backwardReduce.ts';
import { shapes } from './backwardShape.ts';
import type { Rule } from './backwardTape.ts';
import type { Node } from './protobufjs.ts';

const table: ReadonlyMap<string, Rule> = new Map(
  Object.entries({ ...elementwise, ...pools, ...products, ...reductions, ...shapes }),
);

/** Operators whose result does not change when the images change a little, or not at all. */
const flat = new Set([
  'And', 'ArgMax', 'ArgMin', 'Ceil', 'ConstantOfShape', 'Equal', 'Floor', 'Greater', 'GreaterOrEqual', 'IsInf', 'IsNaN',
  'Less', 'LessOrEqual', 'NonZero', 'Not', 'OneHot', 'Or', 'Range', 'Round', 'Shape', 'Sign', 'Size', 'Xor',
]); // biome-ignore format: a list

/** The rule of a node's operator; undefined where there is none. */
export function ruleOf({ opType, domain }: Node): Rule | undefined {
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
