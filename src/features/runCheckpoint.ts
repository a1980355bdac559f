import { UserError } from '../errors.ts';
import { describeModel } from '../models/describeModel.ts';
import type { Tensor } from '../models/engine.ts';
import type { CheckpointModelOptions } from '../records/config.ts';
import type { EngineName, ModelKind } from '../records/engines.ts';
import { entry, lookUp } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import { bestScore } from '../statistics/bestScore.ts';
import { type FeaturePlan, planFeatures } from './featurePlan.ts';
import { openVectors, type VectorSource } from './openVectors.ts';
import { readColumns } from './readColumns.ts';

/** What is kept of the scores of an image: the place of the greatest, its softmax, and how many there are. */
const KEPT = 3;

/** A checkpoint given as a model file. */
export interface CheckpointModel {
  readonly name: string;
  readonly path: string;
  /** The class of each score, all of them classes of the eval set. */
  readonly classes: readonly string[];
  readonly options: CheckpointModelOptions;
}

/**
 * Runs a checkpoint over an eval set. What it predicts is kept by the content of model and images, so a second run
 * runs nothing.
 * @throws UserError as `openVectors`; where there are no images, or the number of classes is not that of the scores.
 */
export async function runCheckpoint(
  { name, path, classes, options }: CheckpointModel,
  evalSet: EvalSet,
  source: Omit<VectorSource, 'images' | 'stage' | 'onBadImage'>,
): Promise<Checkpoint> {
  if (evalSet.folder === null) {
    throw new UserError({
      what: `the checkpoint ${JSON.stringify(name)} is a model and there are no images to run it on`,
      where: path,
      fix: 'Set evalSet.images, or give its predictions as a table',
    });
  }
  const { classOf, plan, scoresOf } = await planCheckpoint({ path, classes, options }, evalSet.classes);
  const images = { folder: evalSet.folder, names: evalSet.images };
  const engine = engineFor(plan.model.kind, source.engine);
  const file = await openVectors(
    { ...plan, vectorsOf: scoresOf },
    { ...source, engine, images, stage: 'predict', onBadImage: 'fail' },
  );
  const rows = Uint32Array.from(evalSet.images.keys());
  const { values } = await readColumns(file)(rows, 0, KEPT);
  const scores = entry(values, 2 * rows.length);
  if (scores !== classOf.length) throw otherNumber(path, scores, classOf.length, options.classes);
  const predictions = Int32Array.from(rows, (row) => entry(classOf, entry(values, row)));
  return {
    name,
    predictions,
    failed: Uint8Array.from(rows, (row) => (predictions[row] === evalSet.labels[row] ? 0 : 1)),
    confidence: Float64Array.from(rows, (row) => entry(values, rows.length + row)),
  };
}

/** How a checkpoint is run, and what its scores stand for. */
export interface CheckpointPlan {
  readonly plan: FeaturePlan;
  /** Index into the eval set's classes of each score. */
  readonly classOf: Int32Array;
  /** Of each image of a batch: the place of the greatest score, its softmax, and how many scores there are. */
  readonly scoresOf: (tensor: Tensor) => Float32Array;
}

/**
 * Settles how a checkpoint is run.
 *
 * @param known the eval set's classes
 * @throws UserError where there is no tensor of scores
 */
export async function planCheckpoint(
  { path, classes, options }: Omit<CheckpointModel, 'name'>,
  known: readonly string[],
): Promise<CheckpointPlan> {
  const indexOf = new Map(known.map((each, index) => [each, index]));
  const classOf = Int32Array.from(classes, (each) => lookUp(indexOf, each));
  const model = await describeModel(path);
  const output = model.scoresLayer(options.output);
  const layer = { features: output, featureMap: null };
  const plan = planFeatures(model, { path, layer, preprocess: options.preprocess });
  return { plan, classOf, scoresOf: (tensor) => best(tensor, plan.batch, output, path) };
}

/** The engine asked for; where that was meant for a feature model of the other kind, the best that loads. */
export function engineFor(kind: ModelKind, asked: EngineName): EngineName {
  const fits = asked === 'auto' || asked.startsWith(kind);
  return fits ? asked : 'auto';
}

function otherNumber(
  path: string,
  scores: number,
  classes: number,
  given: CheckpointModelOptions['classes'],
): UserError {
  const known = given === null ? 'the eval set has' : 'checkpointModel.classes names';
  return new UserError({
    what: `the model gives ${scores} scores per image where ${known} ${classes} classes`,
    where: path,
    fix: "Name the class of each score, in the model's order, in checkpointModel.classes",
  });
}

/** Of each image's scores: the place of the greatest (the first of equals), its softmax, and how many there are. */
function best({ shape, values }: Tensor, batch: number, output: string, file: string): Float32Array {
  const [, classes, ...rest] = shape;
  if (classes === undefined || !(classes > 1) || rest.some((length) => length !== 1)) {
    throw new UserError({
      what: `the tensor ${JSON.stringify(output)} has shape [${shape.join(', ')}]: it does not hold the scores of classes`,
      where: file,
      fix:
        classes === 1
          ? 'Of one score for two classes (a sigmoid) export both, such as torch.cat([1 - p, p], 1), or give what it predicts as a table'
          : 'Name a tensor of images x classes in checkpointModel.output',
    });
  }
  const kept = new Float32Array(batch * KEPT);
  for (let image = 0; image < batch; image++) {
    const scores = values.subarray(image * classes, (image + 1) * classes);
    kept.set([...bestScore(scores), classes], image * KEPT);
  }
  return kept;
}
