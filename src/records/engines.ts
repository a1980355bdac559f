/** Left to itself the package downloads its CUDA libraries, some hundreds of megabytes, on any Linux. */
const WITHOUT_CUDA = { ONNXRUNTIME_NODE_INSTALL: 'skip' };

/** What npm installs for an engine: pinned versions, which are the ones this code is tested with. */
export interface EngineInstall {
  /** `name@version` of each package, the one that the engine is first. */
  readonly packages: readonly string[];
  /** Environment of the packages' own install scripts. */
  readonly environment: Readonly<Record<string, string>>;
}

interface Row extends EngineInstall {
  readonly name: string;
  /** The kind of model that it runs. */
  readonly kind: 'onnx' | 'tfjs';
  /** Whether it runs on a GPU: then it shares no cores with those who decode. */
  readonly onGpu: boolean;
  /** Tells its folder from that of another engine of the same packages; empty where they are the same on disk. */
  readonly variant: string;
}

const tfjs = (...parts: readonly string[]) => parts.map((part) => `@tensorflow/tfjs-${part}@4.22.0`);
const onnxruntime = { packages: ['onnxruntime-node@1.30.0'], environment: WITHOUT_CUDA, variant: '' };

/**
 * The engines that run models, a row each; of a kind the best first, which is the order in which they are tried.
 * `tests/models/engines.test.ts` holds the config's schema, package.json and the docs to them.
 */
export const engines = [
  {
    ...{ name: 'onnx-cuda', kind: 'onnx', packages: onnxruntime.packages },
    ...{ environment: { ONNXRUNTIME_NODE_INSTALL: 'cuda12' }, variant: '-cuda12', onGpu: true },
  },
  { name: 'onnx-webgpu', kind: 'onnx', onGpu: true, ...onnxruntime },
  { name: 'onnx-cpu', kind: 'onnx', onGpu: false, ...onnxruntime },
  { name: 'onnx-wasm', kind: 'onnx', onGpu: false, packages: ['onnxruntime-web@1.30.0'], environment: {}, variant: '' },
  { name: 'tfjs-node-gpu', kind: 'tfjs', onGpu: true, packages: tfjs('node-gpu'), environment: {}, variant: '' },
  { name: 'tfjs-node', kind: 'tfjs', onGpu: false, packages: tfjs('node'), environment: {}, variant: '' },
  {
    ...{ name: 'tfjs-wasm', kind: 'tfjs', onGpu: false, environment: {}, variant: '' },
    packages: tfjs('core', 'layers', 'converter', 'backend-cpu', 'backend-wasm'),
  },
] as const satisfies readonly Row[];

/** An engine that runs models. */
export type RunnableEngine = (typeof engines)[number]['name'];
/** The kind of a model, and of the engines that run it. */
export type ModelKind = (typeof engines)[number]['kind'];
/** What a config may ask for: an engine, the best of a kind, or the best for the model. */
export type EngineName = 'auto' | ModelKind | RunnableEngine;

export const modelKinds: readonly ModelKind[] = [...new Set(engines.map(({ kind }) => kind))];

/** All that a config may ask for: `auto`, then each kind before its engines. */
export const engineNames: readonly ['auto', ...EngineName[]] = [
  'auto',
  ...modelKinds.flatMap((kind) => [kind, ...enginesFor(kind)]),
];

/** The engines for a kind of model, best first. */
export function enginesFor(kind: ModelKind): readonly RunnableEngine[] {
  return engines.filter((engine) => engine.kind === kind).map(({ name }) => name);
}

/** The engine of that name; null where there is none. */
export function engineNamed(name: string): (typeof engines)[number] | null {
  return engines.find((engine) => engine.name === name) ?? null;
}

/** What an engine is made of, and the variant of it. */
export function installOf(name: RunnableEngine): Row {
  const engine = engineNamed(name);
  if (engine === null) throw new Error(`no engine ${name}`);
  return engine;
}
