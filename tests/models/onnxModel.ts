import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { RunProbe } from '../../src/models/onnx/gradient/backward.ts';
import { type Attribute, encodeModel, type Node, type TensorProto } from '../../src/models/onnx/protobuf.ts';
import { floatTensor, int64Tensor } from '../../src/models/onnx/tensor.ts';

type Value = number | string | number[] | { float: number };

/** A small model in the making: `add` and the constants give tensor names. */
export class ModelUnderTest {
  readonly nodes: Node[] = [];
  readonly fixed: TensorProto[] = [];

  add(opType: string, input: string[], attributes: Record<string, Value> = {}): string {
    return this.split(opType, input, attributes, 1)[0];
  }

  split(opType: string, input: string[], attributes: Record<string, Value>, outputs: number): string[] {
    const output = Array.from({ length: outputs }, (_, i) => `${opType}_${this.nodes.length}_${i}`);
    this.nodes.push({ opType, input, output, attribute: Object.entries(attributes).map(attribute) });
    return output;
  }

  floats(dims: number[], values: number[]): string {
    this.fixed.push(floatTensor(`floats_${this.fixed.length}`, dims, values));
    return `floats_${this.fixed.length - 1}`;
  }

  ints(...values: number[]): string {
    this.fixed.push(int64Tensor(`ints_${this.fixed.length}`, [values.length], values));
    return `ints_${this.fixed.length - 1}`;
  }

  /** Bytes of the model with the float32 input `image` of `shape`. */
  bytes(outputs: string[], shape: (number | string)[], opset: number): Uint8Array {
    const dim = shape.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d }));
    return encodeModel({
      irVersion: 8,
      opsetImport: [{ domain: '', version: opset }],
      graph: {
        name: 'test',
        node: this.nodes,
        initializer: this.fixed,
        input: [{ name: 'image', type: { tensorType: { elemType: 1, shape: { dim } } } }],
        output: outputs.map((name) => ({ name })),
        valueInfo: [],
      },
    });
  }
}

function attribute([name, value]: [string, Value]): Attribute {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  return Array.isArray(value) ? { name, type: 7, ints: value } : { name, type: 1, f: value.float };
}

const options: InferenceSession.SessionOptions = { logSeverityLevel: 3, intraOpNumThreads: 2 };

/** Opens a model on onnxruntime's CPU provider. */
export function open(model: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(model, options);
}

/** Runs a model on onnxruntime's CPU provider. */
export const runProbe: RunProbe = async (model, name, batches, outputs) => {
  const session = await open(model);
  const runs: Awaited<ReturnType<RunProbe>> = [];
  for (const { dims, data } of batches) {
    const results = await session.run({ [name]: new Tensor('float32', data, dims) }, outputs);
    const valuesOf = (output: string) => ({
      dims: results[output].dims,
      values: [...results[output].data].map(Number),
    });
    runs.push(new Map(outputs.map((output) => [output, valuesOf(output)])));
  }
  await session.release();
  return runs;
};
