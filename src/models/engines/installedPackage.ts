import { readFileSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../errors.ts';
import type { RunnableEngine } from '../engine.ts';

/** What npm installs for an engine: pinned versions, which are the ones this code is tested with. */
export interface EngineInstall {
  /** `name@version` of each package. */
  readonly packages: readonly string[];
  /** Environment of the packages' own install scripts. */
  readonly environment: Readonly<Record<string, string>>;
}

const ONNX_NODE = 'onnxruntime-node@1.30.0';
const TFJS_WASM = ['core', 'layers', 'converter', 'backend-cpu', 'backend-wasm'].map(
  (part) => `@tensorflow/tfjs-${part}@4.22.0`,
);
/** Left to itself the package downloads its CUDA libraries, some hundreds of megabytes, on any Linux. */
const WITHOUT_CUDA = { ONNXRUNTIME_NODE_INSTALL: 'skip' };

/** What each engine is made of. */
export const ENGINE_INSTALLS: Readonly<Record<RunnableEngine, EngineInstall>> = {
  'onnx-cuda': { packages: [ONNX_NODE], environment: { ONNXRUNTIME_NODE_INSTALL: 'cuda12' } },
  'onnx-webgpu': { packages: [ONNX_NODE], environment: WITHOUT_CUDA },
  'onnx-cpu': { packages: [ONNX_NODE], environment: WITHOUT_CUDA },
  // A dependency of this package.
  'onnx-wasm': { packages: ['onnxruntime-web@1.30.0'], environment: {} },
  'tfjs-node-gpu': { packages: ['@tensorflow/tfjs-node-gpu@4.22.0'], environment: {} },
  'tfjs-node': { packages: ['@tensorflow/tfjs-node@4.22.0'], environment: {} },
  'tfjs-wasm': { packages: TFJS_WASM, environment: {} },
};

/** The cache folder of installed engines: the runner's tool cache, or the user's cache. */
export function engineCache(): string {
  const { RUNNER_TOOL_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  return join(RUNNER_TOOL_CACHE || XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'barlow-gate');
}

/** The folder that an engine is installed into; engines made of the same packages share it. */
export function engineFolder(engine: RunnableEngine, cache: string): string {
  const { packages, environment } = ENGINE_INSTALLS[engine];
  const [first] = packages;
  const variant = environment.ONNXRUNTIME_NODE_INSTALL === 'cuda12' ? '-cuda12' : '';
  return join(cache, `${first.replace(/^@tensorflow\//, '')}${variant}`);
}

/**
 * Where a package may lie: beside this one (the project's `node_modules`) first, then where `installEngine` put it.
 * @returns requires of the places that have it, best first.
 */
export function placesOf(name: string, engine: RunnableEngine): NodeJS.Require[] {
  const places = [createRequire(import.meta.url), createRequire(join(engineFolder(engine, engineCache()), 'index.js'))];
  return places.filter((require) => {
    try {
      return require.resolve(name) !== '';
    } catch {
      return false;
    }
  });
}

/** The version of a package in one of its places. */
export function versionIn(place: NodeJS.Require, name: string): string | null {
  const file = findPackageJSON(pathToFileURL(place.resolve(name)));
  const parsed: unknown = file === undefined ? null : JSON.parse(readFileSync(file, 'utf8'));
  if (typeof parsed !== 'object' || parsed === null || !('version' in parsed)) return null;
  return typeof parsed.version === 'string' ? parsed.version : null;
}

/** What went wrong, for the middle of a line: the first line of the message, folders left out of its paths. */
export function brief(thrown: unknown): string {
  const [line] = messageOf(thrown).split('\n');
  const short = line
    .replace(/(?:[A-Za-z]:)?[\\/](?:[^\s\\/'":]+[\\/])+/g, '')
    .replace(/\.+$/, '')
    .trim();
  return short.length > 160 ? `${short.slice(0, 157)}...` : short;
}
