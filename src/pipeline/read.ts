import { analyseGroups } from '../analysis/analyseGroups.ts';
import { groupsOf } from '../analysis/groups.ts';
import { isBuiltIn } from '../config/config.ts';
import { UserError } from '../errors.ts';
import { isPredictionFile, readCheckpoint } from '../evalset/checkpoint.ts';
import { readEvalSet } from '../evalset/evalSet.ts';
import { imagesBelow } from '../evalset/imageFolder.ts';
import { listed } from '../evalset/imageNames.ts';
import { restrictCheckpoint, restrictEvalSet } from '../evalset/restrict.ts';
import { scoreClasses } from '../evalset/scoreClasses.ts';
import { isNumpyFile } from '../evalset/scores.ts';
import { readTrainingSet, type TrainingSet } from '../evalset/trainingSet.ts';
import { readNpy } from '../features/givenFeatures.ts';
import { type OpenedFeatures, openFeatures, readerOf } from '../features/openFeatures.ts';
import { unreadPreprocessing } from '../features/preprocessPresets.ts';
import { runCheckpoint } from '../features/runCheckpoint.ts';
import { withProperties } from '../features/withProperties.ts';
import { guessing } from '../gate/guessing.ts';
import { refuseNoModel } from '../models/describeModel.ts';
import type { Group, GroupAnalysis } from '../records/analysis.ts';
import type { Config } from '../records/config.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import { type FeatureFile, type ReadColumns, robust32Sees } from '../records/features.ts';
import { imageProperties } from '../records/imageProperties.ts';
import { groupsFor } from './groupsFor.ts';
import { type Run, storeFolder, threadsOf } from './request.ts';

/** A checkpoint as it is given: its predictions, or a model file that is yet to be run. */
export type GivenCheckpoint =
  | { readonly table: Checkpoint }
  | { readonly model: { readonly name: string; readonly path: string; readonly classes: readonly string[] } };

/** What was read before anything is computed, so that mistakes show at once. */
export interface Inputs {
  readonly evalSet: EvalSet;
  readonly given: readonly GivenCheckpoint[];
  /** Null where none is configured. */
  readonly training: TrainingSet | null;
  /** Names of the pool's images; null where none is configured. */
  readonly pool: readonly string[] | null;
}

/** The features of an eval set, with the reading of them. */
export interface Features {
  /** Without the images that were skipped. */
  readonly evalSet: EvalSet;
  /** Rows aligned with `evalSet`. */
  readonly file: FeatureFile;
  /** Reads them. */
  readonly read: ReadColumns;
  /** SHA-256 (hex) of the bytes of each image of `evalSet`; null where no image was read. */
  readonly hashes: readonly string[] | null;
  /** Names of the images that cannot be used, in manifest order; empty unless `evalSet.onBadImage` is `skip`. */
  readonly skipped: readonly string[];
  /** Names of the image properties, which `read` gives as features after those of the file; empty where no image was read. */
  readonly properties: readonly string[];
  /** Rows of the manifest that are left. */
  readonly rows: Uint32Array;
}

/** Reads the eval set and the checkpoints that are predictions; of models, whether they can be some. */
export async function readInputs({ config, request }: Run): Promise<Inputs> {
  const { evalSet, manifestCheckpoint, order, notices } = await readEvalSet(config.evalSet);
  for (const notice of notices) request.onNotice(notice);
  const training = await readTraining(config, evalSet);
  const pool = config.pool && (await imagesBelow(config.pool.images));
  if (config.checkpoints.length === 0 && manifestCheckpoint !== null) {
    return { evalSet, given: [{ table: manifestCheckpoint }], training, pool };
  }
  refuseRepeats(config);
  const given: GivenCheckpoint[] = [];
  const { columns } = config.evalSet;
  for (const { name, path } of config.checkpoints) {
    if (await isPredictionFile(path)) {
      given.push({ table: await readCheckpoint(path, name, evalSet, columns, order, request.onNotice) });
    } else {
      const classes = await scoreClasses(config.checkpointModel.classes, order, evalSet.classes, path);
      await refuseNoModel(path);
      const unread = unreadPreprocessing(path, config.checkpointModel.preprocess);
      if (unread !== null) request.onNotice(unread);
      given.push({ model: { name, path, classes } });
    }
  }
  const scored = config.checkpoints.some(({ path }) => isNumpyFile(path)) || given.some((each) => 'model' in each);
  // One folder per class has the order that torchvision and Keras give it; of a manifest it is a guess.
  if (scored && order === null && config.checkpointModel.classes === null && config.evalSet.manifest !== null) {
    request.onNotice(
      `Scores are taken for the classes as they sort (${listed(evalSet.classes)}): another order stands in evalSet.classes.`,
    );
  }
  if (given.length > 0) return { evalSet, given, training, pool };
  throw new UserError({
    what: 'there is no checkpoint to judge',
    where: config.file,
    fix: 'Name one under checkpoints, give --checkpoint NAME=FILE, or put a prediction column into the manifest',
  });
}

/** The training set of the config; null where none is. What is wrong with its table or its features shows before anything is computed. */
export async function readTraining({ trainingSet, evalSet: { columns } }: Config, evalSet: EvalSet) {
  if (trainingSet === null) return null;
  if (trainingSet.features !== null && !/\.parquet$/i.test(trainingSet.features)) await readNpy(trainingSet.features);
  return readTrainingSet(trainingSet, evalSet, columns);
}

/** Names tell checkpoints apart in reports. */
function refuseRepeats({ checkpoints, file }: Config): void {
  const repeated = checkpoints.find(({ name }, i) => checkpoints.findIndex((other) => other.name === name) < i);
  if (repeated === undefined) return;
  throw new UserError({
    what: `two checkpoints have the name ${JSON.stringify(repeated.name)}`,
    where: file,
    fix: 'Give each a name of its own: --checkpoint NAME=FILE',
  });
}

/** Extracts the features of an eval set, or takes those given. */
export async function extract({ config, request, pool }: Run, evalSet: EvalSet): Promise<Features> {
  if (isBuiltIn(config)) request.onNotice(`Features by the built-in network ${robust32Sees}.`);
  const { featureModel, features, engine } = config;
  const unread = featureModel && unreadPreprocessing(featureModel.path, featureModel.preprocess);
  if (unread !== null) request.onNotice(unread);
  const { shard, onProgress, onNotice } = request;
  const file = await openFeatures({
    ...{ evalSet, featureModel, features, engine, shard, onProgress, onNotice },
    imageColumn: config.evalSet.columns.image,
    onBadImage: config.evalSet.onBadImage,
    storeFolder: storeFolder(config, 'features'),
    run: pool.run,
    threads: threadsOf(request),
  });
  const bad = new Set(file.unusable.map(({ index }) => index));
  for (const { index, why } of file.unusable) onNotice(`Skipped ${JSON.stringify(evalSet.images[index])}: it ${why}.`);
  refuseManyBad(file.unusable.length, evalSet, config);
  const rows = Uint32Array.from(evalSet.images.keys()).filter((row) => !bad.has(row));
  return {
    evalSet: bad.size === 0 ? evalSet : restrictEvalSet(evalSet, rows),
    file,
    read: readerOfAll(file),
    hashes: file.hashes,
    properties: file.properties === null ? [] : imageProperties.map(({ name }) => name),
    skipped: file.unusable.map(({ index }) => entry(evalSet.images, index)),
    rows,
  };
}

/** A share of images that cannot be used makes another eval set of the rest, on which a broken checkpoint may pass. */
function refuseManyBad(bad: number, { images, folder }: EvalSet, { evalSet: { maxBadImages }, file }: Config): void {
  if (bad <= maxBadImages * images.length) return;
  throw new UserError({
    what: `${bad} of ${images.length} images cannot be used, more than evalSet.maxBadImages lets be skipped (${100 * maxBadImages} %)`,
    where: folder ?? file,
    fix: 'Replace them (each is named in the log), or set evalSet.maxBadImages',
  });
}

/** Reads the features of the file, and after them the image properties where there are some. */
export function readerOfAll(file: OpenedFeatures): ReadColumns {
  const { dimensions, properties } = file;
  const read = readerOf(file);
  return properties === null ? read : withProperties(read, dimensions, properties, imageProperties.length);
}

/** The checkpoints on the images that have features: tables cut to them, models run on them. */
export async function openCheckpoints(
  { config, request, pool }: Run,
  given: readonly GivenCheckpoint[],
  { evalSet, hashes, rows, skipped }: Features,
): Promise<readonly Checkpoint[]> {
  const { engine, checkpointModel: options } = config;
  const { onProgress, onNotice } = request;
  const checkpoints: Checkpoint[] = [];
  for (const each of given) {
    if ('table' in each) {
      checkpoints.push(skipped.length === 0 ? each.table : restrictCheckpoint(each.table, rows));
      continue;
    }
    const folder = storeFolder(config, 'predictions');
    const source = {
      hashes,
      engine,
      onProgress,
      onNotice,
      run: pool.run,
      storeFolder: folder,
      threads: threadsOf(request),
    };
    checkpoints.push(await runCheckpoint({ ...each.model, options }, evalSet, source));
  }
  for (const checkpoint of checkpoints) {
    const told = guessing(checkpoint, evalSet);
    if (told !== null) onNotice(`${told}.`);
  }
  return checkpoints;
}

/** The groups of a checkpoint that trees are grown on. */
export function groupsAnalysed(run: Run, evalSet: EvalSet, checkpoint: Checkpoint): readonly Group[] {
  return groupsOf(groupsFor(run, [checkpoint]), evalSet, checkpoint);
}

/** Grows the trees of a checkpoint's groups. */
export function analyseCheckpoint(
  run: Run,
  { evalSet, file, read, properties }: Features,
  checkpoint: Checkpoint,
  groups: readonly Group[] = groupsAnalysed(run, evalSet, checkpoint),
): Promise<readonly GroupAnalysis[]> {
  const { config, request, pool } = run;
  return analyseGroups(groups, {
    readColumns: read,
    dimensions: file.dimensions + (config.analysis.properties === true ? properties.length : 0),
    run: pool.run,
    options: config.analysis,
    concurrency: request.workers + 1,
    onProgress: request.onProgress,
    imageName: (row) => entry(evalSet.images, row),
  });
}
