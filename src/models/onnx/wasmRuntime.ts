import { availableParallelism } from 'node:os';
import { UserError } from '../../errors.ts';
import type { SessionOptions } from '../engine.ts';
import { brief, placesOf } from '../engines/installedPackage.ts';
import { type RawTensor, rawTensors, type StartModel, type Tensors } from './runtime.ts';

const NAME = 'onnxruntime-web';
type Package = typeof import('onnxruntime-web');

/**
 * Loads onnxruntime-web, an optional peer, whose wasm runs wherever Node does: for machines where no native library can be loaded.
 * @throws UserError where it is not installed or cannot load.
 */
export async function loadOnnxruntimeWeb({ threads }: SessionOptions): Promise<StartModel> {
  const runtime = await load();
  runtime.env.wasm.numThreads = threads ?? availableParallelism();
  runtime.env.logLevel = 'fatal';
  return async (model, outputs) => {
    const session = await runtime.InferenceSession.create(model, {
      executionProviders: ['wasm'],
      graphOptimizationLevel: 'all',
    });
    return {
      run: async (feeds) => rawTensors(await session.run(tensorsOf(runtime, feeds), outputs), outputs),
      release: () => session.release(),
    };
  };
}

async function load(): Promise<Package> {
  try {
    return await loadOwn();
  } catch (thrown) {
    const [place] = placesOf(NAME, 'onnx-wasm').slice(-1);
    if (place === undefined) throw unusable(`${NAME} is not installed`);
    const loaded: unknown = place(NAME);
    if (isPackage(loaded)) return loaded;
    throw unusable(`${NAME} cannot load (${brief(thrown)})`);
  }
}

/** The one beside this package, or bundled with it. */
async function loadOwn(): Promise<Package> {
  return import('onnxruntime-web');
}

function isPackage(loaded: unknown): loaded is Package {
  return typeof loaded === 'object' && loaded !== null && 'InferenceSession' in loaded && 'env' in loaded;
}

function unusable(what: string): UserError {
  return new UserError({ what, where: 'engine onnx-wasm', fix: 'Run: barlow doctor --install onnx-wasm' });
}

function tensorsOf(runtime: Package, feeds: Tensors) {
  return Object.fromEntries([...feeds].map(([name, tensor]) => [name, tensorOf(runtime, tensor)]));
}

function tensorOf({ Tensor }: Package, { shape, values }: RawTensor) {
  if (values instanceof Float32Array) return new Tensor('float32', values, shape);
  return values instanceof Int32Array ? new Tensor('int32', values, shape) : new Tensor('int64', values, shape);
}
