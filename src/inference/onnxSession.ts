import { UserError } from '../errors.ts';
import type { ImageBatch, RunnableEngine, Session, Tensor } from './engine.ts';
import { bytesOf, type OnnxGraph, withOutputs } from './onnxGraph.ts';
import type { InputGeometry } from './onnxGraphLayers.ts';
import type { RawTensor, RunModel, StartModel, Tensors } from './onnxRuntime.ts';

/** A model's image input. */
export interface ImageInput {
  readonly name: string;
  readonly geometry: InputGeometry;
}

/** A model's graph on an ONNX Runtime, whichever package and provider `start` stands for. */
export function openOnnxSession(
  graph: OnnxGraph,
  input: ImageInput,
  engine: RunnableEngine,
  start: StartModel,
): Session {
  // One runtime session a set of outputs: each drops the nodes that its outputs do not need.
  const models = new Map<string, Promise<RunModel>>();
  return {
    engine,
    run: async (images, outputs) => {
      const startNow = () => start(bytesOf(withOutputs(graph, outputs)), outputs);
      const model = await once(models, JSON.stringify(outputs), startNow);
      const results = await model.run(new Map([[input.name, imageTensor(images, input)]]));
      return new Map(outputs.map((name) => [name, floats(results, name)]));
    },
    close: async () => {
      for (const model of await Promise.all(models.values())) await model.release();
      models.clear();
    },
  };
}

/** Starts what is not started yet; what failed to start may be tried again. */
async function once<Started>(known: Map<string, Promise<Started>>, key: string, start: () => Promise<Started>) {
  const started = known.get(key) ?? start();
  known.set(key, started);
  try {
    return await started;
  } catch (thrown) {
    known.delete(key);
    throw thrown;
  }
}

function imageTensor({ count, values }: ImageBatch, { geometry }: ImageInput): RawTensor {
  const { layout, height, width, channels } = geometry;
  return { shape: [count, ...(layout === 'NCHW' ? [channels, height, width] : [height, width, channels])], values };
}

function floats(tensors: Tensors, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor?.values instanceof Float32Array) return { shape: tensor.shape, values: tensor.values };
  throw new UserError({
    what: `the tensor ${JSON.stringify(name)} does not hold float32 values`,
    where: 'featureModel.layer',
    fix: 'Name a float32 tensor, or export the model in float32.',
  });
}
