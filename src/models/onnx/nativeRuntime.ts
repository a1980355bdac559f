import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf, UserError } from '../../errors.ts';
import type { RunnableEngine } from '../../records/engines.ts';
import type { SessionOptions } from '../engine.ts';
import { hasGpu, hasNvidiaGpu } from '../engines/gpus.ts';
import { brief, placesOf } from '../engines/installedPackage.ts';
import { type RawTensor, type RunModel, rawTensors, type StartModel, type Tensors } from './runtime.ts';
import { smallestModel } from './smallestModel.ts';

const NAME = 'onnxruntime-node';
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
  const runtime = load(engine);
  // The default prints warnings on stderr for graphs that are merely unusual.
  if (runtime.env.logLevel !== 'fatal') runtime.env.logLevel = 'fatal';
  if (engine !== 'onnx-cpu') await checkGpu(runtime, engine, options);
  return (model, outputs) => start(runtime, engine, options, model, outputs);
}

function load(engine: NodeEngine): Package {
  if (engine === 'onnx-cuda') {
    checkCudaMachine();
    // TF32 rounds to ten bits: features 0.4 % away from every other engine's, gradients by half (docs/gpu.md).
    process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  }
  if (engine === 'onnx-webgpu' && !hasGpu())
    throw unusable(engine, 'this machine has no GPU', 'It needs a GPU; engine: auto takes what loads');
  const places = placesOf(NAME, engine);
  const [place] = engine === 'onnx-cuda' ? places.filter(hasCudaLibrary) : places;
  const install = `Run: barlow doctor --install ${engine}`;
  if (place === undefined) {
    const what = places.length > 0 ? 'its CUDA libraries are not installed' : `${NAME} is not installed`;
    throw unusable(engine, what, install);
  }
  try {
    const loaded: unknown = place(NAME);
    if (isPackage(loaded)) return loaded;
    throw new Error('it exports no InferenceSession');
  } catch (thrown) {
    throw unusable(engine, `${NAME} cannot load (${brief(thrown)})`, install);
  }
}

function isPackage(loaded: unknown): loaded is Package {
  return typeof loaded === 'object' && loaded !== null && 'InferenceSession' in loaded && 'env' in loaded;
}

/** A provider says only when a session starts that it lacks a driver or a library. */
async function checkGpu(runtime: Package, engine: NodeEngine, options: SessionOptions): Promise<void> {
  try {
    const model = await start(runtime, engine, options, smallestModel(), ['out']);
    await model.release();
  } catch (thrown) {
    // Its checks say where they stand in its source before they say what is wrong.
    const why = messageOf(thrown).split(' was false. ').slice(-1);
    const fix = 'See docs/gpu.md for the drivers and libraries that it needs';
    throw unusable(engine, `it does not start (${brief(why)})`, fix);
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

function checkCudaMachine(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw unusable('onnx-cuda', 'it is for Linux on x64 only', 'engine: auto takes what loads');
  }
  if (!hasNvidiaGpu())
    throw unusable(
      'onnx-cuda',
      'this machine has no NVIDIA GPU',
      'It needs an NVIDIA GPU; engine: auto takes what loads',
    );
}

/** The CUDA provider is a library beside the binding; where it is missing the runtime would print before it throws. */
function hasCudaLibrary(place: NodeJS.Require): boolean {
  const bin = join(dirname(place.resolve(NAME)), '..', 'bin', 'napi-v6', process.platform, process.arch);
  return existsSync(join(bin, 'libonnxruntime_providers_cuda.so'));
}

function unusable(engine: NodeEngine, what: string, fix: string): UserError {
  return new UserError({ what, where: `engine ${engine}`, fix });
}
