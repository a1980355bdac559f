import { UserError } from '../../errors.ts';
import type { RunnableEngine } from '../../records/engines.ts';
import { entry } from '../../records/entry.ts';
import type { ImageBatch, Session, Tensor } from '../engine.ts';
import { withMeans } from './derivedTensors.ts';
import { refusedBy } from './engineRefusal.ts';
import { type GradientModel, type RunProbe, withGradient } from './gradient/backward.ts';
import { bytesOf, type OnnxGraph, withOutputs } from './graph.ts';
import type { InputGeometry } from './layers.ts';
import type { RawTensor, RunModel, StartModel, Tensors } from './runtime.ts';

/** A model's image input. */
export interface ImageInput {
  readonly name: string;
  readonly geometry: InputGeometry;
}

interface StartedModel {
  readonly runs: RunModel;
  /** Whether images go through it one by one. */
  readonly alone: boolean;
}

/** A model's graph on an ONNX Runtime, whichever package and provider `start` stands for. */
export function openOnnxSession(
  graph: OnnxGraph,
  input: ImageInput,
  engine: RunnableEngine,
  started: StartModel,
): Session {
  const start = refusing(started, graph.file, engine);
  // One runtime session a set of outputs: each drops the nodes that its outputs do not need.
  const models = new Map<string, Promise<StartedModel>>();
  const gradients = new Map<string, Promise<GradientModel & { readonly runs: RunModel; readonly alone: boolean }>>();
  const startModel = async (outputs: readonly string[]): Promise<StartedModel> => {
    const runs = await start(bytesOf(withOutputs(withMeans(graph, outputs), outputs)), outputs);
    return { runs, alone: await runsAlone(graph, input, runs, outputs) };
  };
  const modelOf = (outputs: readonly string[]) => once(models, JSON.stringify(outputs), () => startModel(outputs));
  return {
    engine,
    run: async (images, outputs) => {
      const { runs, alone } = await modelOf(outputs);
      const results = await inTurn(alone ? oneByOne(images) : [images], (part) => runs.run(feedsOf(part, input)));
      return new Map(outputs.map((name) => [name, joined(results.map((result) => floats(result, name)))]));
    },
    gradient: async (images, output, units) => {
      const startNow = async () => {
        const { alone } = await modelOf([output]);
        const geometry = alone ? { ...input.geometry, batch: 1 } : input.geometry;
        const built = await withGradient(
          withMeans(graph, [output]),
          { input: input.name, output, geometry },
          runProbe(start),
        );
        return { ...built, alone, runs: await start(built.model, [built.gradientOutput]) };
      };
      const { runs, alone, unitInput, gradientOutput } = await once(gradients, output, startNow);
      const parts = alone ? oneByOne(images) : [images];
      const results = await inTurn(parts, async (part, index) => {
        const unit = alone ? units.slice(index, index + 1) : units;
        const feeds = feedsOf(part, input).set(unitInput, { shape: [unit.length], values: unit });
        return floats(await runs.run(feeds), gradientOutput);
      });
      return joined(results).values;
    },
    close: async () => {
      for (const model of [...models.values(), ...gradients.values()]) await (await model).runs.release();
      models.clear();
      gradients.clear();
    },
  };
}

/** The engine's own errors as the user's: bad models are not bugs. */
function refusing(start: StartModel, file: string, engine: RunnableEngine): StartModel {
  const by = { file, engine };
  return async (model, outputs) => {
    const { run, release } = await refusedBy('load', by, () => start(model, outputs));
    return { run: (feeds) => refusedBy('run', by, () => run(feeds)), release };
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

/**
 * Whether images must go through a model one by one: it fixes a batch inside (a Reshape to 1 x 512), or lets the images
 * of a batch change one another (scales computed for quantising, batch norm left in training mode).
 */
async function runsAlone(graph: OnnxGraph, input: ImageInput, runs: RunModel, outputs: readonly string[]) {
  if (input.geometry.batch !== null) return false;
  if (graph.graph.node.some(({ opType }) => opType.startsWith('DynamicQuantize'))) return true;
  const images = noise(2, input.geometry);
  const attempt = async (batch: ImageBatch) => {
    const results = await runs.run(feedsOf(batch, input));
    return outputs.map((name) => floats(results, name));
  };
  const together = await attempt(images).catch(() => null);
  const apart = await inTurn(oneByOne(images), attempt);
  return (
    together === null ||
    !outputs.every((_, i) => agree(entry(together, i), joined(apart.map((each) => entry(each, i)))))
  );
}

/** As near as engines come that sum in another order for another batch, in half precision too. */
function agree(a: Tensor, b: Tensor): boolean {
  const size = b.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const isNear = (value: number, i: number) =>
    Math.abs(value - entry(b.values, i)) <= 2e-3 * size || Object.is(value, entry(b.values, i));
  return `${a.shape}` === `${b.shape}` && a.values.every(isNear);
}

/** Images of values in [0, 1) that follow no pattern, the same each time. */
function noise(count: number, { height, width, channels }: InputGeometry): ImageBatch {
  let state = 1;
  const values = Float32Array.from({ length: count * height * width * channels }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 2 ** 31;
  });
  return { count, values };
}

function oneByOne({ count, values }: ImageBatch): ImageBatch[] {
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => ({ count: 1, values: values.subarray(i * size, (i + 1) * size) }));
}

/** Engines run one batch at a time. */
async function inTurn<Part, Result>(
  parts: readonly Part[],
  work: (part: Part, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, part] of parts.entries()) results.push(await work(part, index));
  return results;
}

/** Results of one image each as those of a batch. */
function joined(parts: readonly Tensor[]): Tensor {
  const first = entry(parts, 0);
  if (parts.length === 1) return first;
  const { shape, values } = first;
  const all = new Float32Array(parts.length * values.length);
  for (const [index, part] of parts.entries()) all.set(part.values, index * values.length);
  return { shape: [parts.length, ...shape.slice(1)], values: all };
}

function feedsOf(images: ImageBatch, input: ImageInput): Map<string, RawTensor> {
  return new Map([[input.name, imageTensor(images, input)]]);
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
    fix: 'Name a float32 tensor, or export the model in float32',
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
