import { release } from 'node:os';
import { messageOf } from '../errors.ts';
import { type FeaturePlan, planFeatures } from '../features/featurePlan.ts';
import { depthOf } from '../images/preprocess.ts';
import { describeModel } from '../models/describeModel.ts';
import type { ModelDescription } from '../models/engine.ts';
import { checkEngine, type EngineCheck } from '../models/engines/engineCheck.ts';
import { type Gpu, nvidiaGpus, renderNodes } from '../models/engines/gpus.ts';
import { engineCache, placesOf, versionIn } from '../models/engines/installedPackage.ts';
import type { Layers } from '../models/onnx/layers.ts';
import type { FeatureModelOptions } from '../records/config.ts';
import {
  engines as allEngines,
  type EngineName,
  installOf,
  type ModelKind,
  type RunnableEngine,
} from '../records/engines.ts';
import { entry } from '../records/entry.ts';

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
  /** Whether it scales pixels from 0 to 255 itself, and is handed such; null where it cannot be read. */
  readonly wholePixels: boolean | null;
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
  const unknown = {
    ...{ kind: null, layers: null, features: null, preprocess: null, wholePixels: null, batch: null, engine: null },
  };
  let model: ModelDescription;
  try {
    model = await describeModel(options.path);
  } catch (thrown) {
    return { ...unknown, file: options.path, problem: messageOf(thrown) };
  }
  const { kind, layers, wholePixels } = model;
  const known = { ...unknown, file: options.path, kind, layers, wholePixels, engine: engineFor(kind, wanted, engines) };
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

function modelLines({ file, problem, layers, features, batch, engine, ...how }: DiagnosedModel): string[] {
  const { preprocess, wholePixels } = how;
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
    ...(preprocess === null
      ? []
      : [
          `images    ${pipelineText(preprocess)}${wholePixels ? ', as pixels from 0 to 255, which it scales itself' : ''}, ${batch} a run`,
        ]),
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
