import { UserError } from '../../errors.ts';
import type { RunnableEngine } from '../../records/engines.ts';
import type { ImageBatch, Session, Tensor } from '../engine.ts';
import { type GradientModel, type RunProbe, withGradient } from './gradient/backward.ts';
import { bytesOf, type OnnxGraph, withOutputs } from './graph.ts';
import type { InputGeometry } from './layers.ts';
import type { RawTensor, RunModel, StartModel, Tensors } from './runtime.ts';

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
  const gradients = new Map<string, Promise<GradientModel & { readonly runs: RunModel }>>();
  return {
    engine,
    run: async (images, outputs) => {
      const startNow = () => start(bytesOf(withOutputs(graph, outputs)), outputs);
      const model = await once(models, JSON.stringify(outputs), startNow);
      const results = await model.run(new Map([[input.name, imageTensor(images, input)]]));
      return new Map(outputs.map((name) => [name, floats(results, name)]));
    },
    gradient: async (images, output, units) => {
      const startNow = async () => {
        const built = await withGradient(
          graph,
          { input: input.name, output, geometry: input.geometry },
          runProbe(start),
        );
        return { ...built, runs: await start(built.model, [built.gradientOutput]) };
      };
      const { runs, imageInput, unitInput, gradientOutput } = await once(gradients, output, startNow);
      const unit = { shape: [units.length], values: units };
      const feeds = new Map<string, RawTensor>([[imageInput, imageTensor(images, input)]]).set(unitInput, unit);
      return floats(await runs.run(feeds), gradientOutput).values;
    },
    close: async () => {
      const running = [...models.values(), ...[...gradients.values()].map(async (built) => (await built).runs)];
      for (const model of await Promise.all(running)) await model.release();
      models.clear();
      gradients.clear();
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
    where: 'the layer named in the config',
    fix: 'Name a float32 tensor, or export the model in float32.',
  });
}

/** How the gradient's builder learns the shapes of a model's tensors. */
function runProbe(start: StartModel): RunProbe {
  return async (bytes, name, batches, outputs) => {
    const model = await start(bytes, outputs);
    const runs: Awaited<ReturnType<RunProbe>> = [];
    try {
      for (const { dims, data } of batches) {
        const results = await model.run(new Map([[name, { shape: dims, values: data }]]));
        runs.push(
          new Map(
            [...results].map(([output, { shape, values }]) => [output, { dims: shape, values: numbers(values) }]),
          ),
        );
      }
    } finally {
      await model.release();
    }
    return runs;
  };
}

function numbers(values: RawTensor['values']): number[] {
  return values instanceof BigInt64Array ? Array.from(values, Number) : Array.from(values);
}
