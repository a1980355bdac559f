import { readFile } from 'node:fs/promises';
import { nearestWord } from '../adapters/nearestWord.ts';
import { refuseSpecialFile } from '../adapters/regularFile.ts';
import { messageOf, UserError } from '../errors.ts';
import { describeModel } from '../models/describeModel.ts';
import type { Tensor } from '../models/engine.ts';
import type { CheckpointModelOptions } from '../records/config.ts';
import type { EngineName, ModelKind } from '../records/engines.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import { planFeatures } from './featurePlan.ts';
import { openVectors, type VectorSource } from './openVectors.ts';
import { readColumns } from './readColumns.ts';

/** What is kept of the scores of an image: the place of the greatest, its softmax, and how many there are. */
const KEPT = 3;
/** Scores that sum to 1 within this are probabilities already. */
const SUM_ERROR = 1e-5;

/** A checkpoint given as a model file. */
export interface CheckpointModel {
  readonly name: string;
  readonly path: string;
  readonly options: CheckpointModelOptions;
}

/**
 * Runs a checkpoint over an eval set. What it predicts is kept by the content of model and images, so a second run
 * runs nothing.
 * @throws UserError as `openVectors`; where there are no images; where the classes of the scores are not known: their
 *   number is not that of the scores, or one is not in the eval set.
 */
export async function runCheckpoint(
  { name, path, options }: CheckpointModel,
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
  const classOf = await classesOf(options.classes, evalSet.classes);
  const model = await describeModel(path);
  const output = model.scoresLayer(options.output);
  const layer = { features: output, featureMap: null };
  const plan = planFeatures(model, { path, layer, preprocess: options.preprocess });
  const vectorsOf = (tensor: Tensor) => best(tensor, plan.batch, output, path);
  const images = { folder: evalSet.folder, names: evalSet.images };
  const engine = engineFor(model.kind, source.engine);
  const file = await openVectors(
    { ...plan, vectorsOf },
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

/** The engine asked for; where that was meant for a feature model of the other kind, the best that loads. */
function engineFor(kind: ModelKind, asked: EngineName): EngineName {
  const fits = asked === 'auto' || asked.startsWith(kind);
  return fits ? asked : 'auto';
}

/** Index into the eval set's classes of each score. */
async function classesOf(given: CheckpointModelOptions['classes'], classes: readonly string[]): Promise<Int32Array> {
  if (given === null) {
    refuseIntegers(classes);
    return Int32Array.from(classes.keys());
  }
  const where = typeof given === 'string' ? given : 'checkpointModel.classes';
  const names = typeof given === 'string' ? await readLabels(given) : given;
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const seen = new Set<string>();
  return Int32Array.from(names, (name, line) => {
    const index = indexOf.get(name);
    const place = typeof given === 'string' ? `${where}:${line + 1}` : where;
    if (index === undefined) throw unknownClass(name, classes, place);
    if (seen.has(name)) {
      const what = `the class ${JSON.stringify(name)} stands twice`;
      throw new UserError({ what, where: place, fix: 'Name each class once, in the order of the scores' });
    }
    seen.add(name);
    return index;
  });
}

/** Classes sort as text (0, 1, 10, 2), a model's outputs as numbers: every prediction from the third class on would be another's. */
function refuseIntegers(classes: readonly string[]): void {
  if (!classes.every((name) => /^-?\d+$/.test(name))) return;
  const byNumber = classes.toSorted((a, b) => Number(a) - Number(b));
  if (classes.every((name, place) => name === byNumber[place])) return;
  throw new UserError({
    what: `the classes are integers, which sort otherwise as text (${classes.slice(0, 4).join(', ')}) than as numbers (${byNumber.slice(0, 4).join(', ')}): it is not known which score is whose`,
    where: 'checkpointModel.classes',
    fix: "Name the class of each score, in the model's order, in checkpointModel.classes",
  });
}

async function readLabels(file: string): Promise<string[]> {
  await refuseSpecialFile(file, 'the file of class names', 'Check checkpointModel.classes in the config');
  try {
    const text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
    return text.replace(/(\r?\n)+$/, '').split(/\r?\n/);
  } catch (cause) {
    throw new UserError({
      what: `the file of class names cannot be read (${messageOf(cause)})`,
      where: file,
      fix: 'Check checkpointModel.classes in the config',
      cause,
    });
  }
}

function unknownClass(name: string, classes: readonly string[], where: string): UserError {
  const near = nearestWord(name, classes);
  const meant = near === null ? 'Add' : `Write ${JSON.stringify(near)} where that is meant, or add`;
  return new UserError({
    what: `no label has the class ${JSON.stringify(name)}`,
    where,
    fix: `${meant} it to evalSet.classes in the config`,
  });
}

function otherNumber(
  path: string,
  scores: number,
  classes: number,
  given: CheckpointModelOptions['classes'],
): UserError {
  const known = given === null ? 'the eval set has' : 'checkpointModel.classes names';
  return new UserError({
    what: `the model gives ${scores} scores an image where ${known} ${classes} classes`,
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
      fix: 'Name a tensor of images x classes in checkpointModel.output',
    });
  }
  const kept = new Float32Array(batch * KEPT);
  for (let image = 0; image < batch; image++) {
    const scores = values.subarray(image * classes, (image + 1) * classes);
    kept.set([...bestOf(scores), classes], image * KEPT);
  }
  return kept;
}

/** NaN scores make NaN of both, which is refused where the vectors are stored. */
function bestOf(scores: Float32Array): [number, number] {
  let place = 0;
  let top = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let least = 0;
  for (const [index, score] of scores.entries()) {
    if (score > top) [place, top] = [index, score];
    sum += score;
    least = Math.min(least, score);
  }
  if (Number.isNaN(sum) && scores.some(Number.isNaN)) return [Number.NaN, Number.NaN];
  if (least >= 0 && Math.abs(sum - 1) <= SUM_ERROR) return [place, top];
  return [place, 1 / scores.reduce((total, score) => total + Math.exp(score - top), 0)];
}
