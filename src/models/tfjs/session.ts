import { UserError } from '../../errors.ts';
import type { RunnableEngine } from '../../records/engines.ts';
import { entry } from '../../records/entry.ts';
import type { ImageBatch, Session, Tensor } from '../engine.ts';
import { brief } from '../engines/installedPackage.ts';
import { mapOfMean } from '../nameOfMean.ts';
import type { InputGeometry } from '../onnx/layers.ts';
import type { TfjsFiles } from './files.ts';
import { checkLayer, isGraphModel, type TfjsGraph } from './graph.ts';
import { withScales } from './scales.ts';
import type { KernelBackend, Rank, TensorInfo, Tfjs, TfTensor } from './wasmBackend.ts';

/** Images in, the tensors of the layers asked for out; every step can be differentiated. */
interface Network {
  readonly forward: (images: TfTensor, outputs: readonly string[]) => readonly TfTensor[];
  readonly dispose: () => void;
}

/**
 * A TF.js model in memory. Maps come out as N x C x height x width, as from ONNX models, whatever the model's layout.
 * @throws UserError where TF.js cannot take the model.
 */
export async function openTfjsSession(
  tf: Tfjs,
  engine: RunnableEngine,
  files: TfjsFiles,
  graph: TfjsGraph,
  geometry: InputGeometry,
): Promise<Session> {
  const network = await explained(files.file, 'TF.js cannot take the model', () => load(tf, files, graph));
  const forward = (images: TfTensor, outputs: readonly string[]) => {
    // TF.js takes each layer once, and both a map and its mean may be asked for.
    const layers = [...new Set(outputs.map((name) => mapOfMean(name) ?? name))];
    const tensors = network
      .forward(graph.readsPixels ? tf.mul(images, 255) : images, layers)
      .map((tensor) => (geometry.layout === 'NHWC' && tensor.rank === 4 ? tf.transpose(tensor, [0, 3, 1, 2]) : tensor));
    return outputs.map((name) => {
      const tensor = entry(tensors, layers.indexOf(mapOfMean(name) ?? name));
      return mapOfMean(name) !== null && tensor.rank === 4 ? tf.mean(tensor, [2, 3]) : tensor;
    });
  };
  return {
    engine,
    run: async (images, outputs) => {
      for (const name of outputs) checkLayer(graph, name);
      const tensors = await explained(files.file, 'TF.js cannot run the model', () =>
        tf.tidy(() => [...forward(imageTensor(tf, images, geometry), outputs)]),
      );
      const values = await Promise.all(tensors.map((tensor) => tensor.data()));
      tf.dispose(tensors);
      return new Map(outputs.map((name, i) => [name, floats(name, entry(tensors, i).shape, entry(values, i))]));
    },
    gradient: async (images, output, units) => {
      checkLayer(graph, output);
      const score = (batch: TfTensor) => {
        const flat = tf.reshape(entry(forward(batch, [output]), 0), [images.count, -1]);
        // A product with zeros and ones: `gather` would need an operator that the wasm backend lacks.
        return tf.sum(tf.mul(flat, tf.oneHot(tf.tensor1d(units, 'int32'), flat.shape[1] ?? 0)));
      };
      const gradient = await explained(files.file, 'TF.js cannot differentiate the model', () =>
        withoutFilterGradients(tf, () => tf.tidy(() => tf.grad(score)(imageTensor(tf, images, geometry)))),
      );
      const values = await gradient.data();
      gradient.dispose();
      return floats(output, gradient.shape, values).values;
    },
    close: async () => network.dispose(),
  };
}

async function load(tf: Tfjs, files: TfjsFiles, graph: TfjsGraph): Promise<Network> {
  if (isGraphModel(files)) {
    const model = await tf.loadGraphModel(artifacts(tf, files));
    return {
      forward: (images, outputs) => [model.execute({ [graph.input.name]: images }, [...outputs])].flat(),
      dispose: () => model.dispose(),
    };
  }
  const model = await tf.loadLayersModel(artifacts(tf, withScales(files)));
  return {
    forward: (images, outputs) => {
      const layers = outputs.map((name) => model.getLayer(name).output);
      // `predict` cannot be differentiated, `apply` can.
      const results = tf.model({ inputs: model.inputs, outputs: layers.flat() }).apply(images, { training: false });
      return [results].flat().filter((result) => result instanceof tf.Tensor);
    },
    dispose: () => {
      model.dispose();
    },
  };
}

/** Kernels of gradients by a convolution's filter. */
const FILTER_GRADIENTS = ['Conv2DBackpropFilter', 'DepthwiseConv2dNativeBackpropFilter'];

/**
 * TF.js differentiates convolutions with a bias by their filters too, though nobody asks: most of the time on native
 * backends, minutes on wasm, which lacks the operators. Stands in for them meanwhile; NaN would show in the outcome, were
 * it ever used.
 */
function withoutFilterGradients<Outcome>(tf: Tfjs, work: () => Outcome): Outcome {
  const backend = tf.backend();
  const backendName = tf.getBackend();
  const known = FILTER_GRADIENTS.flatMap((name) => tf.getKernel(name, backendName) ?? []);
  for (const { kernelName } of known) {
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({ kernelName, backendName, kernelFunc: ({ attrs }) => unused(backend, attrs?.filterShape) });
  }
  try {
    return work();
  } finally {
    for (const kernel of known) {
      tf.unregisterKernel(kernel.kernelName, backendName);
      tf.registerKernel(kernel);
    }
  }
}

function unused(backend: KernelBackend, filterShape: unknown): TensorInfo {
  const shape = [filterShape].flat().map(Number);
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1)).fill(Number.NaN);
  return { dataId: backend.write(values, shape, 'float32'), shape, dtype: 'float32' };
}

function artifacts(tf: Tfjs, { topology, weights, data }: TfjsFiles) {
  return tf.io.fromMemory({ modelTopology: topology, weightSpecs: [...weights], weightData: data.buffer });
}

function imageTensor(tf: Tfjs, { count, values }: ImageBatch, { layout, height, width, channels }: InputGeometry) {
  const shape: [number, number, number, number] =
    layout === 'NCHW' ? [count, channels, height, width] : [count, height, width, channels];
  // A copy: batches lie in shared memory, which native backends refuse.
  return tf.tensor<Rank.R4>(values.slice(), shape);
}

function floats(name: string, shape: readonly number[], values: ArrayLike<number>): Tensor {
  if (values instanceof Float32Array) return { shape, values };
  throw new UserError({
    what: `the layer ${JSON.stringify(name)} does not hold float32 values`,
    where: 'the layer named in the config',
    fix: 'Name a layer of float32 values',
  });
}

/** What goes wrong inside TF.js is nearly always the model's: an operator that it does not know. */
async function explained<Outcome>(file: string, what: string, work: () => Outcome | Promise<Outcome>) {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    throw new UserError({
      what: `${what} (${brief(thrown)})`,
      where: file,
      fix: 'Export the model without that operator, or to ONNX',
      cause: thrown,
    });
  }
}
