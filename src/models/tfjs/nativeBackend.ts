import util from 'node:util';
import { UserError } from '../../errors.ts';
import type { RunnableEngine } from '../../records/engines.ts';
import { hasNvidiaGpu } from '../engines/gpus.ts';
import { brief, placesOf } from '../engines/installedPackage.ts';
import { isTfjs, type Tfjs } from './wasmBackend.ts';

/** Packages of TensorFlow's native library, by engine. All that depends on them is in this file. */
const PACKAGES = { 'tfjs-node-gpu': '@tensorflow/tfjs-node-gpu', 'tfjs-node': '@tensorflow/tfjs-node' } as const;
type NativeEngine = keyof typeof PACKAGES;

/** Whether an engine is one of TensorFlow's native library. */
export function isTfjsNode(engine: RunnableEngine): engine is NativeEngine {
  return engine in PACKAGES;
}

/**
 * Loads TensorFlow.js with its native library, an optional peer.
 * @throws UserError where it is not installed, cannot load, or finds no GPU where one was asked for.
 */
export function loadTfjsNode(engine: NativeEngine): Tfjs {
  restoreIsNullOrUndefined();
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // errors only: TensorFlow greets on standard error
  const name = PACKAGES[engine];
  const [require] = placesOf(name, engine);
  if (require === undefined) throw absent(engine, name);
  const tf = load(engine, require, name);
  if (engine === 'tfjs-node-gpu' && !usesGpu(tf)) {
    throw unusable(engine, 'TensorFlow finds no GPU that it can use', 'It needs CUDA 11: see docs/gpu.md');
  }
  return tf;
}

/** Nobody needs the GPU package where there is no GPU for it. */
function absent(engine: NativeEngine, name: string): UserError {
  return engine === 'tfjs-node-gpu' && process.platform === 'linux' && !hasNvidiaGpu()
    ? unusable(engine, 'this machine has no NVIDIA GPU', 'It needs an NVIDIA GPU; engine: auto takes what loads')
    : unusable(engine, `${name} is not installed`, `Run: ${install(engine)}`);
}

function load(engine: NativeEngine, require: NodeJS.Require, name: string): Tfjs {
  try {
    const loaded: unknown = require(name);
    if (isTfjs(loaded)) return loaded;
    throw new Error('it exports no TensorFlow.js');
  } catch (thrown) {
    throw unusable(engine, `${name} cannot load (${brief(thrown)})`, `Run: ${install(engine)}`);
  }
}

/** The package calls a function that Node 23 took out of `util`. */
function restoreIsNullOrUndefined(): void {
  if ('isNullOrUndefined' in util) return;
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
}

/** Without CUDA the GPU package runs on the CPU and says so on standard error only. */
function usesGpu(tf: Tfjs): boolean {
  const backend: object = tf.backend();
  return 'isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true;
}

const install = (engine: NativeEngine) => `barlow doctor --install ${engine}`;

function unusable(engine: NativeEngine, what: string, fix: string): UserError {
  return new UserError({ what, where: `engine ${engine}`, fix });
}
