import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import type { RunnableEngine, SessionOptions } from './engine.ts';
import { type RawTensor, type RunModel, rawTensors, type StartModel, type Tensors } from './onnxRuntime.ts';

type Package = typeof import('onnxruntime-node');

/** Providers of the package, by engine. */
const PROVIDERS = { 'onnx-cuda': 'cuda', 'onnx-webgpu': 'webgpu', 'onnx-cpu': 'cpu' } as const;
type NodeEngine = keyof typeof PROVIDERS;

/** Whether an engine is one of onnxruntime-node's. */
export function isOnnxruntimeNode(engine: RunnableEngine): engine is NodeEngine {
  return engine in PROVIDERS;
}

/**
 * Loads onnxruntime-node, an optional peer, for one of its providers.
 * @throws UserError that says how to install it, or that the provider has nothing to run on.
 */
export async function loadOnnxruntimeNode(engine: NodeEngine, options: SessionOptions): Promise<StartModel> {
  const runtime = await load(engine);
  const lacks = engine === 'onnx-cuda' ? missingCuda() : engine === 'onnx-webgpu' ? missingGpu() : null;
  if (lacks !== null) throw unusable(engine, lacks.what, lacks.fix);
  // The default prints warnings on stderr for graphs that are merely unusual.
  if (runtime.env.logLevel !== 'fatal') runtime.env.logLevel = 'fatal';
  return (model, outputs) => start(runtime, engine, options, model, outputs);
}

async function load(engine: NodeEngine): Promise<Package> {
  try {
    return await import('onnxruntime-node');
  } catch (thrown) {
    throw unusable(engine, `onnxruntime-node cannot be loaded (${messageOf(thrown)})`, 'Run: npm i onnxruntime-node');
  }
}

async function start(
  runtime: Package,
  engine: NodeEngine,
  { threads }: SessionOptions,
  model: Uint8Array,
  outputs: readonly string[],
): Promise<RunModel> {
  const session = await runtime.InferenceSession.create(model, {
    executionProviders: [PROVIDERS[engine]],
    graphOptimizationLevel: 'all',
    // Left alone, the runtime counts one core on some virtual machines with two.
    intraOpNumThreads: threads ?? availableParallelism(),
    // Waiting threads sleep: the decoding workers need the cores.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  return {
    run: async (feeds) => rawTensors(await session.run(tensorsOf(runtime, feeds), outputs), outputs),
    release: () => session.release(),
  };
}

function tensorsOf(runtime: Package, feeds: Tensors) {
  return Object.fromEntries([...feeds].map(([name, tensor]) => [name, tensorOf(runtime, tensor)]));
}

function tensorOf({ Tensor }: Package, { shape, values }: RawTensor) {
  if (values instanceof Float32Array) return new Tensor('float32', values, shape);
  return values instanceof Int32Array ? new Tensor('int32', values, shape) : new Tensor('int64', values, shape);
}

/** The CUDA provider is a library beside the binding; where it is missing the runtime would print before it throws. */
function missingCuda(): { what: string; fix: string } | null {
  const bin = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')), '..', 'bin', 'napi-v6');
  const library = join(bin, process.platform, process.arch, 'libonnxruntime_providers_cuda.so');
  if (existsSync(library)) return null;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { what: 'onnxruntime-node has CUDA for Linux on x64 only', fix: 'Use engine: onnx-webgpu.' };
  }
  return {
    what: `onnxruntime-node was installed without its CUDA libraries (no ${library})`,
    fix: 'Run: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node',
  };
}

/** Without a device file a WebGPU adapter could only be a software one, slower than the CPU engine. */
function missingGpu(): { what: string; fix: string } | null {
  const found = process.platform !== 'linux' || ['/dev/dri', '/dev/nvidiactl', '/dev/dxg'].some(existsSync);
  return found
    ? null
    : { what: 'this machine shows no GPU (no /dev/dri, /dev/nvidiactl)', fix: 'Use engine: onnx-cpu.' };
}

function unusable(engine: NodeEngine, what: string, fix: string): UserError {
  return new UserError({ what, where: `engine ${engine}`, fix });
}
