import { encodeModel } from './protobuf.ts';
import { elemTypes } from './tensor.ts';

/** A model of one operator, `out` = Relu(`in`) on one value, to see whether a provider starts. */
export function smallestModel(): Uint8Array {
  const tensorType = { elemType: elemTypes.float, shape: { dim: [{ dimValue: 1 }] } };
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'smallest',
      node: [{ opType: 'Relu', input: ['in'], output: ['out'], attribute: [] }],
      initializer: [],
      input: [{ name: 'in', type: { tensorType } }],
      output: [{ name: 'out', type: { tensorType } }],
      valueInfo: [],
    },
  });
}
