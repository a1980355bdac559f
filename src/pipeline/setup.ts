import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { isPredictionFile, readCheckpoint } from '../evalset/checkpoint.ts';
import { readEvalSet } from '../evalset/evalSet.ts';
import { imagesBelow } from '../evalset/imageFolder.ts';
import { scoreClasses } from '../evalset/scoreClasses.ts';
import { guessing } from '../gate/guessing.ts';
import { decodeImage } from '../images/decode.ts';
import { describeModel } from '../models/describeModel.ts';
import type { Config } from '../records/config.ts';
import { entry } from '../records/entry.ts';
import type { EvalSet } from '../records/evalSet.ts';
import { spreadPlaces } from '../records/spread.ts';
import { total } from '../statistics/sums.ts';
import { readTraining } from './read.ts';

/** One thing that a run needs, as it was found; `problem` is what a run would say of it. */
export interface SetupStep {
  readonly of: 'eval set' | 'classes' | 'images' | 'training set' | 'pool' | 'checkpoint';
  /** What was found, in a line. */
  readonly found: string;
  readonly problem: UserError | null;
}

/** Images that are decoded, evenly spread over the eval set. */
const SAMPLE = 24;

/** Reads what a config names, in the order in which a run does, and goes on past what is wrong as far as it can. */
export async function checkSetup(config: Config): Promise<readonly SetupStep[]> {
  const steps: SetupStep[] = [];
  let read: Awaited<ReturnType<typeof readEvalSet>>;
  try {
    read = await readEvalSet(config.evalSet);
  } catch (thrown) {
    return [{ of: 'eval set', found: 'cannot be used', problem: mendable(thrown) }];
  }
  const { evalSet, order, manifestCheckpoint } = read;
  const columns = evalSet.columns.size === 0 ? '' : `, columns ${[...evalSet.columns.keys()].join(', ')}`;
  steps.push({
    of: 'eval set',
    found: [`${evalSet.images.length} images of ${evalSet.classes.length} classes${columns}`, ...read.notices].join(
      '; ',
    ),
    problem: null,
  });
  const known = order === null ? 'as they sort' : 'in the order of evalSet.classes';
  steps.push({ of: 'classes', found: `${shortList(order ?? evalSet.classes)} (${known})`, problem: null });
  if (evalSet.folder !== null) steps.push(await imagesStep(evalSet, evalSet.folder));
  steps.push(...(await besides(config, evalSet)));
  for (const checkpoint of config.checkpoints) steps.push(await checkpointStep(checkpoint, config, evalSet, order));
  if (config.checkpoints.length > 0) return steps;
  const found = manifestCheckpoint === null ? 'none is named: give --checkpoint NAME=FILE' : 'stands in the manifest';
  return [...steps, { of: 'checkpoint', found, problem: null }];
}

/** What causes and actions are looked for in, where the config names it. */
async function besides(config: Config, evalSet: EvalSet): Promise<SetupStep[]> {
  const steps: SetupStep[] = [];
  const step = async (of: SetupStep['of'], read: () => Promise<string | null>) => {
    try {
      const found = await read();
      if (found !== null) steps.push({ of, found, problem: null });
    } catch (thrown) {
      steps.push({ of, found: 'cannot be used', problem: mendable(thrown) });
    }
  };
  await step('training set', async () => {
    const training = await readTraining(config, evalSet);
    return training && `${training.images.length} images of ${new Set(training.labels).size} classes`;
  });
  await step('pool', async () => {
    const images = config.pool && (await imagesBelow(config.pool.images));
    return images && `${images.length} images without labels`;
  });
  return steps;
}

async function imagesStep({ images }: EvalSet, folder: string): Promise<SetupStep> {
  const sample = spreadPlaces(images.length, SAMPLE);
  const count = sample.length;
  const sizes = new Set<string>();
  for (const [index, place] of sample.entries()) {
    const file = join(folder, entry(images, place));
    try {
      await using handle = await open(file);
      const { width, height } = await decodeImage(await handle.readFile());
      sizes.add(`${width} x ${height}`);
    } catch (thrown) {
      const problem = new UserError({
        what: `the image ${messageOf(thrown)}`,
        where: file,
        fix: 'Replace it, or set evalSet.onBadImage: skip',
        cause: thrown,
      });
      return { of: 'images', found: `${index} of ${count} looked at are well`, problem };
    }
  }
  return { of: 'images', found: `${count} looked at, all well: ${shortList([...sizes])}`, problem: null };
}

async function checkpointStep(
  { name, path }: Config['checkpoints'][number],
  { evalSet: { columns }, checkpointModel }: Config,
  evalSet: EvalSet,
  order: readonly string[] | null,
): Promise<SetupStep> {
  const of = 'checkpoint';
  try {
    if (await isPredictionFile(path)) {
      const notices: string[] = [];
      const checkpoint = await readCheckpoint(path, name, evalSet, columns, order, (line) => notices.push(line));
      const { failed, confidence } = checkpoint;
      const guess = guessing(checkpoint, evalSet);
      const rest = confidence === null ? '' : ', with confidence';
      const found = `${name}: fails on ${total(failed)} of ${failed.length} images${rest}`;
      return { of, found: [found, ...notices, ...(guess === null ? [] : [guess])].join('; '), problem: null };
    }
    const classes = await scoreClasses(checkpointModel.classes, order, evalSet.classes, path);
    const model = await describeModel(path);
    model.scoresLayer(checkpointModel.output);
    return { of, found: `${name}: a model of ${classes.length} classes, which is run`, problem: null };
  } catch (thrown) {
    return { of, found: `${name} cannot be used`, problem: mendable(thrown) };
  }
}

function mendable(thrown: unknown): UserError {
  if (thrown instanceof UserError) return thrown;
  throw thrown;
}

function shortList(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 5).join(', ')}, ... (${names.length})` : names.join(', ');
}
