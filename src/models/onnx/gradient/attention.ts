import { floatOf, intOf } from '../graph.ts';
import type { Node } from '../protobuf.ts';
import { beyondRule, type Rule, single, type Tape } from './tape.ts';

/**
 * Y = P V, P = softmax(scale Q K' + mask), of batch x heads x places x width (Attention of opset 23; Vaswani et al.
 * 2017): dV = P' dY; dS = P (dP - sum(dP P)), dP = dY V'; dQ = scale dS K; dK = scale dS' Q.
 */
const attention: Rule = single((tape, node, gradient) => {
  const [q = '', k = '', v = '', mask = ''] = node.input;
  checkPlain(tape, node);
  const width = tape.dimsOf(q)[3];
  if (width === null || width === undefined) throw beyondRule(node, 'a width that follows the number of images');
  const scale = tape.float(floatOf(node, 'scale', 0) || 1 / Math.sqrt(width));
  const turned = (x: string) => tape.add('Transpose', [x], { perm: [0, 1, 3, 2] });
  const scores = tape.add('Mul', [tape.add('MatMul', [q, turned(k)]), scale]);
  const shares = tape.add('Softmax', [mask === '' ? scores : tape.add('Add', [scores, mask])], { axis: -1 });
  const ofShares = tape.add('Mul', [tape.add('MatMul', [gradient, turned(v)]), shares]);
  const total = tape.add('ReduceSum', [ofShares, tape.ints([-1])], { keepdims: 1 });
  const ofScores = tape.add('Mul', [tape.add('Sub', [ofShares, tape.add('Mul', [shares, total])]), scale]);
  return [
    tape.add('MatMul', [ofScores, k]),
    tape.add('MatMul', [turned(ofScores), q]),
    tape.add('MatMul', [turned(shares), gradient]),
    ...node.input.slice(3).map(() => null),
  ];
});

/** Throws UserError for what networks of images do without. */
function checkPlain(tape: Tape, node: Node): void {
  const [q = '', k = '', , mask = ''] = node.input;
  const dims = [q, k].map((name) => tape.dimsOf(name));
  if (dims.some((each) => each.length !== 4)) throw beyondRule(node, 'heads that are not an axis of their own');
  if (dims[0]?.[1] !== dims[1]?.[1]) throw beyondRule(node, 'heads that share keys');
  if (intOf(node, 'is_causal', 0) !== 0) throw beyondRule(node, 'places that see only those before');
  if (floatOf(node, 'softcap', 0) !== 0) throw beyondRule(node, 'capped scores');
  if (mask !== '' && tape.active(mask)) throw beyondRule(node, 'a mask that depends on the images');
  if (node.input.slice(4).some((name) => name !== '')) throw beyondRule(node, 'keys of the past');
}

/** Attention as one operator. */
export const attentions: Readonly<Record<string, Rule>> = { Attention: attention };
