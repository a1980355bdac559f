import { nearestWord } from '../adapters/nearestWord.ts';
import { UserError } from '../errors.ts';
import type { TrainingSetOptions } from '../records/config.ts';
import { entry } from '../records/entry.ts';
import type { ColumnNames, EvalSet } from '../records/evalSet.ts';
import { readClassOrders } from './classOrder.ts';
import { readEvalSet } from './evalSet.ts';
import { listed } from './imageNames.ts';

/** The images that checkpoints were trained on. */
export interface TrainingSet {
  /** Names below `folder`, unique, in the order of the manifest. */
  readonly images: readonly string[];
  /** Null where features are given and there is no folder. */
  readonly folder: string | null;
  /** The class of each image, as the eval set calls it where it knows it. */
  readonly labels: readonly string[];
}

/** A name that no column has: what checkpoints predict on their training images is of no interest. */
const NO_COLUMN = '\u0000';

/**
 * Reads the training set as an eval set is read. Labels that are indices become names by `classes`.
 *
 * @throws UserError as `readEvalSet`; where it has no class in common with the eval set, or a file of class names cannot be read
 */
export async function readTrainingSet(
  options: Pick<TrainingSetOptions, 'images' | 'manifest' | 'classes'>,
  { classes, folder }: Pick<EvalSet, 'classes' | 'folder'>,
  columns: ColumnNames,
): Promise<TrainingSet> {
  const { images, manifest } = options;
  const names = { ...columns, prediction: NO_COLUMN, failed: NO_COLUMN, confidence: NO_COLUMN };
  const read = await inItsTerms(() => readEvalSet({ images, manifest, classes: [], columns: names }));
  const found = read.evalSet;
  const orders = await inItsTerms(() => ordersOf(options.classes));
  const called = namesFor(found.classes, orders, new Set(classes));
  if (!called.some((name) => classes.includes(name))) throw strangers(found.classes, classes, manifest ?? images ?? '');
  if (images !== null && images === folder && manifest === null) {
    throw new UserError({
      what: 'the training set is the folder of the eval set',
      where: images,
      fix: 'Make `trainingSet.images` the folder of the images that were trained on, or name a manifest of them',
    });
  }
  return {
    images: found.images,
    folder: found.folder,
    labels: Array.from(found.labels, (index) => entry(called, index)),
  };
}

/** What is said of an eval set's keys, said of the training set's. */
async function inItsTerms<Made>(read: () => Promise<Made>): Promise<Made> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    const { what, where, fix, cause } = thrown;
    throw new UserError({
      what: `training set: ${what}`,
      where,
      fix: fix.replaceAll(/\bevalSet\b/g, 'trainingSet'),
      cause,
    });
  }
}

async function ordersOf(classes: TrainingSetOptions['classes']): Promise<readonly (readonly string[])[]> {
  return typeof classes === 'string' ? readClassOrders(classes) : [classes];
}

/** Labels as the eval set calls them: themselves, or the class of that index where all of them are indices. */
function namesFor(
  labels: readonly string[],
  orders: readonly (readonly string[])[],
  known: ReadonlySet<string>,
): readonly string[] {
  for (const order of orders) {
    const names = labels.map((label) => (/^\d{1,15}$/.test(label) ? order[Number(label)] : undefined));
    if (names.some((name) => name !== undefined && known.has(name)) && names.every((name) => name !== undefined))
      return names;
  }
  return labels;
}

function strangers(own: readonly string[], classes: readonly string[], where: string): UserError {
  const near = nearestWord(own[0] ?? '', classes);
  const indices = own.every((label) => /^\d+$/.test(label));
  const called = `name both alike${near === null ? '' : ` (${JSON.stringify(near)})`}`;
  return new UserError({
    what: `training set: none of its classes (${listed(own)}) is one of the eval set's (${listed(classes)})`,
    where,
    fix: indices ? 'Name the classes by index in `trainingSet.classes`' : `Check \`trainingSet\`, or ${called}`,
  });
}
