import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { configFile, readConfig } from '../config/config.ts';
import { messageOf, UserError } from '../errors.ts';
import { type FeaturePlan, planFeatures } from '../features/featurePlan.ts';
import { depthOf } from '../images/preprocess.ts';
import { describeModel } from '../models/describeModel.ts';
import type { ModelDescription } from '../models/engine.ts';
import { checkEngine, type EngineCheck } from '../models/engines/engineCheck.ts';
import { type Gpu, nvidiaGpus, renderNodes } from '../models/engines/gpus.ts';
import { installEngine } from '../models/engines/installEngine.ts';
import { engineCache, placesOf, versionIn } from '../models/engines/installedPackage.ts';
import type { Layers } from '../models/onnx/layers.ts';
import { type Config, defaultConfig, type FeatureModelOptions } from '../records/config.ts';
import {
  engines as allEngines,
  type EngineName,
  installOf,
  type ModelKind,
  type RunnableEngine,
} from '../records/engines.ts';
import { entry } from '../records/entry.ts';
import { diagnoseBaselines } from './baseline.ts';
import type { Request, Said } from './request.ts';
import { checkSetup } from './setup.ts';

/** What this machine and this model make possible. */
export interface Diagnosis {
  readonly machine: {
    readonly node: string;
    /** "linux x64, 6.1.0". */
    readonly system: string;
    readonly gpus: readonly Gpu[];
    /** Render nodes of Linux, NVIDIA's among them. */
    readonly graphics: readonly string[];
    /** Where `installEngine` puts engines. */
    readonly engineCache: string;
  };
  /** By kind of model, best first. */
  readonly engines: readonly DiagnosedEngine[];
  /** What `auto` takes for each kind of model; null: nothing loads. */
  readonly taken: Readonly<Record<ModelKind, RunnableEngine | null>>;
  /** Null where the config names no feature model. */
  readonly featureModel: DiagnosedModel | null;
}

/** An engine as it was found. */
export interface DiagnosedEngine extends EngineCheck {
  readonly kind: ModelKind;
  /** Version of its package; null where that is not installed. */
  readonly version: string | null;
}

/** What was found in a feature model; `problem` says why the rest is null. */
export interface DiagnosedModel {
  readonly file: string;
  readonly problem: string | null;
  readonly kind: ModelKind | null;
  /** What `layer: auto` finds. */
  readonly layers: Layers | null;
  /** The tensor that the features are taken from. */
  readonly features: string | null;
  readonly preprocess: FeaturePlan['pipeline'] | null;
  /** Images a run. */
  readonly batch: number | null;
  /** The engine that the config's `engine` comes to; null where none loads. */
  readonly engine: RunnableEngine | null;
}

/**
 * Finds which engines load, each in a process of its own, the GPUs, and what `layer: auto` finds in the feature model.
 * A bad model is part of the diagnosis, not an error.
 */
export async function diagnose(featureModel: FeatureModelOptions | null, engine: EngineName): Promise<Diagnosis> {
  const engines: readonly DiagnosedEngine[] = await Promise.all(
    allEngines.map(async ({ kind, name }) => ({ ...(await checkEngine(name)), kind, version: versionOf(name) })),
  );
  const first = (kind: ModelKind) => engines.find((each) => each.kind === kind && each.loads)?.engine ?? null;
  return {
    machine: {
      node: process.version,
      system: `${process.platform} ${process.arch}, ${release()}`,
      gpus: await nvidiaGpus(),
      graphics: renderNodes(),
      engineCache: engineCache(),
    },
    engines,
    taken: { onnx: first('onnx'), tfjs: first('tfjs') },
    featureModel: featureModel && (await diagnoseModel(featureModel, engine, engines)),
  };
}

function versionOf(engine: RunnableEngine): string | null {
  const spec = entry(installOf(engine).packages, 0);
  const name = spec.slice(0, spec.lastIndexOf('@'));
  const [place] = placesOf(name, engine);
  return place === undefined ? null : versionIn(place, name);
}

async function diagnoseModel(
  options: FeatureModelOptions,
  wanted: EngineName,
  engines: readonly DiagnosedEngine[],
): Promise<DiagnosedModel> {
  const unknown = { kind: null, layers: null, features: null, preprocess: null, batch: null, engine: null };
  let model: ModelDescription;
  try {
    model = await describeModel(options.path);
  } catch (thrown) {
    return { ...unknown, file: options.path, problem: messageOf(thrown) };
  }
  const { kind, layers } = model;
  const known = { ...unknown, file: options.path, kind, layers, engine: engineFor(kind, wanted, engines) };
  let planned: DiagnosedModel = { ...known, problem: null };
  try {
    const plan = planFeatures(model, options);
    planned = { ...planned, features: plan.layer, preprocess: plan.pipeline, batch: plan.batch };
    if (known.engine !== null) await tryOut(plan, known.engine);
    return planned;
  } catch (thrown) {
    return { ...planned, problem: messageOf(thrown) };
  }
}

/**
 * Runs a black image through all that a run may ask of the model: engines say only then what they do not take.
 * @throws UserError with the engine's reason.
 */
async function tryOut(
  { model, layer, featureMap, pipeline, batch }: FeaturePlan,
  engine: RunnableEngine,
): Promise<void> {
  const session = await model.open(engine, pipeline.crop, { threads: null });
  try {
    const count = Math.min(batch, model.geometry(pipeline.crop).batch ?? 1);
    const values = new Float32Array(count * pipeline.height * pipeline.width * depthOf(pipeline));
    const outputs = [layer, featureMap, model.layers.logits].filter((name) => name !== null);
    await session.run({ count, values }, [...new Set(outputs)]);
  } finally {
    await session.close();
  }
}

function engineFor(kind: ModelKind, wanted: EngineName, engines: readonly DiagnosedEngine[]) {
  const any = wanted === 'auto' || wanted === kind;
  return engines.find((each) => each.kind === kind && each.loads && (any || each.engine === wanted))?.engine ?? null;
}

/** A diagnosis in lines for people: machine, a table of engines with what to do, the model. */
export function diagnosisLines({ machine, engines, taken, featureModel }: Diagnosis): readonly string[] {
  return [
    `node      ${machine.node}, ${machine.system}`,
    ...gpuLines(machine),
    `engines   kept in ${machine.engineCache}`,
    '',
    ...engines.flatMap(({ engine, kind, loads, version, reason, fix }) => [
      [
        taken[kind] === engine ? '>' : ' ',
        engine.padEnd(13),
        loads ? 'loads' : '-    ',
        (version ?? '').padEnd(8),
        reason ?? '',
      ]
        .join(' ')
        .trimEnd(),
      ...(fix === null ? [] : [`${' '.repeat(31)}${fix}`]),
    ]),
    '',
    `> is what engine: auto takes (ONNX models: ${taken.onnx ?? 'none'}; TF.js models: ${taken.tfjs ?? 'none'}).`,
    ...(featureModel === null ? [] : ['', ...modelLines(featureModel)]),
  ];
}

function gpuLines({ gpus, graphics }: Diagnosis['machine']): string[] {
  if (gpus.length === 0) return [`gpu       ${graphics.join('; ') || 'none found'}`];
  return gpus.map(
    ({ name, memory, freeMemory, driver, computeCapability }) =>
      `gpu       ${name}, ${memory} MiB (${freeMemory} free), driver ${driver}, compute capability ${computeCapability}`,
  );
}

function modelLines({ file, problem, layers, features, preprocess, batch, engine }: DiagnosedModel): string[] {
  const quoted = (name: string | null) => (name === null ? 'not found' : JSON.stringify(name));
  const shape = layers?.input.shape.map((length) => length ?? '?').join(' x ');
  return [
    `model     ${file}`,
    ...(layers === null
      ? []
      : [
          `input     ${quoted(layers.input.name)} ${shape}`,
          `layers    features ${quoted(features ?? layers.features)}, feature map ${quoted(layers.featureMap)}, logits ${quoted(layers.logits)}`,
        ]),
    ...(preprocess === null ? [] : [`images    ${pipelineText(preprocess)}, ${batch} a run`]),
    `engine    ${engine ?? 'none that loads'}`,
    ...(problem === null ? [] : [`problem   ${problem}`]),
  ];
}

function pipelineText({ resize, crop, mean, std, width, height, layout, ...how }: FeaturePlan['pipeline']): string {
  const size = Array.isArray(resize) ? resize.toReversed().join(' x ') : resize;
  const by = `${how.interpolation}${how.antialias ? '' : ' without antialiasing'}`;
  const steps = [resize === null ? [] : `resized to ${size} (${by})`, crop === null ? [] : `cropped to ${crop}`].flat();
  return `${[...steps, `${width} x ${height}`].join(', ')}, mean [${mean.join(', ')}], std [${std.join(', ')}], ${how.channels.toUpperCase()}, ${layout}`;
}

/**
 * Reads the whole set-up in the order of a run: config, eval set, classes, images (some of them), checkpoints, feature model and its
 * engine, baselines. Says of each what was found or what would go wrong; the first thing that would is the problem. Where there
 * is no config, engines alone.
 * @param install engine to install first; null: none.
 */
export async function examine({ config: named, onNotice }: Request, install: string | null): Promise<Said> {
  if (install !== null) onNotice(`${install} is installed in ${await installEngine(install, onNotice)}`);
  const file = configFile(named);
  const config = existsSync(file) ? await readConfig(file) : null;
  if (config === null && named !== defaultConfig) await readConfig(file);
  const setup = config === null ? [] : await checkSetup(config);
  const diagnosis = await diagnose(config?.featureModel ?? null, config?.engine ?? 'auto');
  const baselines = config && (await baselinesFound(config));
  const problems = [
    ...setup.map(({ problem }) => problem),
    problemOf(diagnosis.featureModel),
    baselines?.problem ?? null,
  ];
  const [first = null, ...others] = problems.filter((problem) => problem !== null);
  return {
    json: {
      ...diagnosis,
      setup: setup.map(({ of, found, problem }) => ({ of, found, problem: problem && told(problem) })),
      baselines: baselines?.found ?? null,
      problems: problems.filter((problem) => problem !== null).map(told),
    },
    lines: [
      ...(config === null ? ['config      none: `barlow init` writes one'] : [`config      ${config.file}`]),
      ...setup.map(({ of, found, problem }) => `${(problem === null ? of : `! ${of}`).padEnd(11)} ${found}`),
      ...(baselines === null
        ? []
        : [`${(baselines.problem === null ? 'baselines' : '! baselines').padEnd(11)} ${baselines.found}`]),
      '',
      ...diagnosisLines(diagnosis),
      ...(first === null ? [] : ['', 'What would go wrong, first things first:', ...[first, ...others].map(lineOf)]),
    ],
    passed: true,
    problem: first,
  };
}

function told({ what, where, fix }: UserError) {
  return { what, where, fix };
}

function lineOf({ what, where, fix }: UserError, index: number): string {
  return `${index + 1}. ${where}: ${what}. ${fix}.`;
}

async function baselinesFound(config: Config): Promise<{ readonly found: string; readonly problem: UserError | null }> {
  try {
    return { found: await diagnoseBaselines(config), problem: null };
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return { found: 'cannot be read', problem: thrown };
  }
}

/** A model that cannot be used, as an error of the input. */
function problemOf(model: DiagnosedModel | null): UserError | null {
  if (model === null || model.problem === null) return null;
  const [where, what] = [model.file, model.problem.replace(`${model.file}: `, '')];
  return new UserError({ what, where, fix: 'Mend the feature model, or name another one in featureModel.path' });
}
