import type * as core from '@tensorflow/tfjs-core';
import { UserError } from '../../errors.ts';
import { brief, placesOf } from '../engines/installedPackage.ts';

export type { KernelBackend, Rank, Tensor as TfTensor, TensorInfo } from '@tensorflow/tfjs-core';

/** The parts of TensorFlow.js that this room uses, the same in every package of it. */
export type Tfjs = typeof core &
  Pick<typeof import('@tensorflow/tfjs-layers'), 'loadLayersModel' | 'model'> &
  Pick<typeof import('@tensorflow/tfjs-converter'), 'loadGraphModel'>;

/** Whether a loaded package is TensorFlow.js. */
export function isTfjs(loaded: unknown): loaded is Tfjs {
  const parts = ['grad', 'setBackend', 'loadLayersModel', 'loadGraphModel'];
  return typeof loaded === 'object' && loaded !== null && parts.every((part) => part in loaded);
}

/**
 * Loads TensorFlow.js with its wasm backend, optional peers; it runs wherever Node does, on one thread.
 * @throws UserError where it is not installed or cannot load.
 */
export async function loadTfjsWasm(): Promise<Tfjs> {
  const tf = await load();
  if (tf.getBackend() === 'wasm') return tf;
  tf.enableProdMode(); // else it advertises its native package on standard error
  if (!(await keepingHandlers(() => tf.setBackend('wasm')))) {
    throw unusable('the wasm backend of TensorFlow.js does not start');
  }
  borrowCpuKernels(tf);
  return tf;
}

/** The wasm module takes over the process's handling of uncaught errors as it starts; gives it back. */
async function keepingHandlers<Outcome>(work: () => Promise<Outcome>): Promise<Outcome> {
  const before = new Set(process.listeners('uncaughtException'));
  const rejections = new Set(process.listeners('unhandledRejection'));
  try {
    return await work();
  } finally {
    for (const added of process.listeners('uncaughtException')) {
      if (!before.has(added)) process.off('uncaughtException', added);
    }
    for (const added of process.listeners('unhandledRejection')) {
      if (!rejections.has(added)) process.off('unhandledRejection', added);
    }
  }
}

async function load(): Promise<Tfjs> {
  try {
    return await loadOwn();
  } catch (thrown) {
    const [require] = placesOf('@tensorflow/tfjs-backend-wasm', 'tfjs-wasm').slice(-1);
    if (require === undefined) throw unusable('TensorFlow.js is not installed');
    const loaded: unknown = loadFrom(require);
    if (isTfjs(loaded)) return loaded;
    throw unusable(`TensorFlow.js cannot load (${brief(thrown)})`);
  }
}

/** Those beside this package, or bundled with it. Layers registers the gradients, core alone has none. */
async function loadOwn(): Promise<Tfjs> {
  const parts = [
    await import('@tensorflow/tfjs-core'),
    await import('@tensorflow/tfjs-layers'),
    await import('@tensorflow/tfjs-converter'),
    await import('@tensorflow/tfjs-backend-cpu'),
    await import('@tensorflow/tfjs-backend-wasm'),
  ];
  // They are CommonJS: a bundle gives what they export as the default only.
  const loaded: unknown = Object.assign({}, ...parts.map((part) => ('default' in part ? part.default : part)));
  if (isTfjs(loaded)) return loaded;
  throw new Error('the packages export no TensorFlow.js');
}

function loadFrom(require: NodeJS.Require): unknown {
  const parts = ['core', 'layers', 'converter', 'backend-cpu', 'backend-wasm'];
  return Object.assign({}, ...parts.map((part) => require(`@tensorflow/tfjs-${part}`)));
}

/**
 * The wasm backend lacks a few operators, among them the gradient of a depthwise convolution by its input (MobileNet).
 * Lends it those of the JavaScript backend: slow, but right.
 */
function borrowCpuKernels(tf: Tfjs): void {
  const wasm = tf.backend();
  const cpu = tf.findBackendFactory('cpu')();
  if (cpu instanceof Promise) throw new Error('the cpu backend is made at once');
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend('cpu')) {
    if (tf.getKernel(kernelName, 'wasm') !== undefined) continue;
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) => {
        const given = Object.entries(inputs).flatMap(([name, info]) =>
          info ? [[name, moved(wasm, cpu, info)] as const] : [],
        );
        const made = [kernelFunc({ inputs: Object.fromEntries(given), backend: cpu, ...(attrs && { attrs }) })].flat();
        const results = made.map((info) => moved(cpu, wasm, info));
        for (const { dataId } of [...given.map(([, info]) => info), ...made]) cpu.disposeData(dataId, true);
        const [only] = results;
        return only !== undefined && results.length === 1 ? only : results;
      },
    });
  }
}

function moved(from: core.KernelBackend, to: core.KernelBackend, { dataId, shape, dtype }: core.TensorInfo) {
  return { dataId: to.write(from.readSync(dataId), shape, dtype), shape, dtype };
}

function unusable(what: string): UserError {
  return new UserError({ what, where: 'engine tfjs-wasm', fix: 'Run: barlow doctor --install tfjs-wasm' });
}
