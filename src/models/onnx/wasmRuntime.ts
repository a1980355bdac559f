import { availableParallelism } from 'node:os';
import { UserError } from '../../errors.ts';
import type { SessionOptions } from '../engine.ts';
import { brief } from '../engines/installedPackage.ts';
import { type RawTensor, rawTensors, type StartModel, type Tensors } from './runtime.ts';

type Package = typeof import('onnxruntime-web');

/**
 * Loads onnxruntime-web, whose wasm runs wherever Node does: for machines where no native library can be loaded.
 * @throws UserError where it cannot load.
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
    return await import('onnxruntime-web');
  } catch (thrown) {
    throw new UserError({
      what: `onnxruntime-web cannot load (${brief(thrown)})`,
      where: 'engine onnx-wasm',
      fix: 'Install barlow-gate again: it is among its dependencies',
      cause: thrown,
    });
  }
}

function tensorsOf(runtime: Package, feeds: Tensors) {
  return Object.fromEntries([...feeds].map(([name, tensor]) => [name, tensorOf(runtime, tensor)]));
}

function tensorOf({ Tensor }: Package, { shape, values }: RawTensor) {
  if (values instanceof Float32Array) return new Tensor('float32', values, shape);
  return values instanceof Int32Array ? new Tensor('int32', values, shape) : new Tensor('int64', values, shape);
}
