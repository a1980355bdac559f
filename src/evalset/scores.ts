import { readFile, stat } from 'node:fs/promises';
import { refuseForeign } from '../adapters/foreignFile.ts';
import { BadZip, unzip } from '../adapters/zipFile.ts';
import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import type { ColumnNames, EvalSet } from '../records/evalSet.ts';
import { areProbabilities, bestScore } from '../statistics/bestScore.ts';
import { type NumpyArray, readNumpyArray, UnfitArray } from './numpyArray.ts';
import { classesInOrder } from './scoreClasses.ts';
import type { Table } from './table.ts';
import { isTruth } from './truth.ts';

/** More than the scores of 500000 images for 1000 classes as float32 would be read at once. */
const maxBytes = 2 ** 31 - 1;

/** What an archive's array of scores may be called where there are several. */
const scoreNames = [
  ...['scores', 'score', 'probabilities', 'probs', 'prob', 'probas', 'proba', 'logits', 'softmax', 'outputs', 'output'],
  ...['predictions', 'prediction', 'preds', 'pred', 'y_prob', 'y_proba', 'y_score', 'y_scores', 'y_pred'],
];

/** What an archive's list of the images' names may be called; passed over, its scores would be read in another order. */
const imageNames = [
  ...['images', 'image', 'names', 'name', 'paths', 'path', 'files', 'file'],
  ...['filenames', 'filename', 'file_names', 'file_name', 'image_paths', 'image_names', 'ids', 'keys'],
];

/** What an archive's array of confidences may be called, beside one of predicted classes. */
const confidenceNames = [
  'confidence',
  'confidences',
  'conf',
  'confs',
  'max_prob',
  'max_probs',
  'top1_prob',
  'top1_probs',
];

/** What an archive's list of class names may be called, in the order of its scores. */
const classListNames = ['classes', 'class_names', 'classnames', 'categories'];

/** Whether a file holds arrays of NumPy, by its ending. */
export function isNumpyFile(file: string): boolean {
  return /\.np[yz]$/i.test(file);
}

/**
 * Reads what NumPy saved of a checkpoint as a table of image, prediction and, of scores, confidence: a `.npy`, or a `.npz` with one
 * array, or one called `scores`, `probs`, `logits` or the like. Of scores (images x classes) the greatest counts; a list
 * holds the predicted classes, as names or indices, and another of one number per image their confidences. Arrays that are called as the
 * labels are passed over; texts called `classes` or the like are the classes of the scores. Rows are those of the eval set in its order, unless the archive has
 * a list of names called as the column of images, `images`, `paths`, `filenames` or the like, or one of texts that name images of it.
 *
 * @param order the classes by index of a score; null: not known, and the eval set's sorted ones are taken
 * @throws UserError where the file is none of these or is damaged, has another number of rows or classes, or a score is not a number
 */
export async function readScores(
  file: string,
  evalSet: EvalSet,
  columns: ColumnNames,
  order: readonly string[] | null,
): Promise<Table> {
  const { predicted, confidence, images, classes } = await unlessUnfit(file, () =>
    arraysOf(file, columns, evalSet.images),
  );
  const names = images ?? evalSet.images;
  if (classes !== null && order !== null && JSON.stringify(classes) !== JSON.stringify(order))
    throw otherOrder(file, classes, order);
  if (predicted.rows !== names.length) throw otherRows(file, predicted.rows, names.length, images === null);
  const where = (row: number) => `${file}, row ${row} from 0 (image ${JSON.stringify(names[row])})`;
  const cells = await unlessUnfit(file, () => cellsOf(file, predicted, confidence, evalSet, classes ?? order, where));
  return {
    file,
    rows: names.length,
    columns: new Map([[columns.image, names], ...cellsByName(cells, columns)]),
    nested: new Set(),
    where,
    ...(cells.ofScores && { ofScores: true }),
  };
}

interface Cells {
  readonly predictions: readonly string[];
  readonly confidences: readonly string[] | null;
  readonly ofScores: boolean;
}

function cellsByName({ predictions, confidences }: Cells, columns: ColumnNames): [string, readonly string[]][] {
  return confidences === null
    ? [[columns.prediction, predictions]]
    : [
        [columns.prediction, predictions],
        [columns.confidence, confidences],
      ];
}

interface Arrays {
  readonly predicted: NumpyArray;
  /** One number per image, beside predicted classes; null: none is given. */
  readonly confidence: NumpyArray | null;
  /** The images' names where the file has them; null: rows are in the eval set's order. */
  readonly images: readonly string[] | null;
  /** The class of each score where the file says it. */
  readonly classes: readonly string[] | null;
}

async function arraysOf(file: string, columns: ColumnNames, known: readonly string[]): Promise<Arrays> {
  const { size } = await stat(file);
  if (size > maxBytes) {
    throw new UnfitArray(
      `has ${size} bytes, more than the ${maxBytes} that are read`,
      'Save float16, or predicted classes',
    );
  }
  const bytes = await readFile(file);
  if (!/\.npz$/i.test(file)) {
    refuseForeign(bytes, file, 'the file of scores', 'a NumPy array (.npy)');
    return { predicted: readNumpyArray(bytes), confidence: null, images: null, classes: null };
  }
  if (bytes.length >= 4 && bytes.readUInt32LE(0) !== 0x04034b50) refuseForeign(bytes, file, 'the file of scores');
  const arrays = new Map<string, Buffer>();
  for (const [name, array] of await unzip(bytes, maxBytes)) arrays.set(name.replace(/\.npy$/, ''), array);
  const imagesName = [columns.image, ...imageNames].find((name) => arrays.has(name)) ?? namesAmong(arrays, known);
  const images = imagesName === undefined ? null : textsOf(imagesName, entryOf(arrays, imagesName));
  const read = (name: string) => readNumpyArray(entryOf(arrays, name));
  const given = [...arrays.keys()].filter((name) => name !== imagesName);
  // Alone, or of numbers, they are what is predicted.
  const classesName =
    given.length < 2 ? undefined : given.find((name) => classListNames.includes(name) && read(name).kind === 'texts');
  const classes = classesName === undefined ? null : textsOf(classesName, entryOf(arrays, classesName));
  const others = given.filter((name) => name !== classesName);
  const { predicted, confidence } = predictedAmong(others, columns.confidence, read);
  if (images === null) refuseOtherOrder(others, read);
  return { predicted, confidence, images, classes };
}

/** What a list of the images' places may be called, as a loader that shuffles gives them. */
const placeNames = /^(ind(ices|ex|exes)|idxs?|ids?|order|rows?|positions?|perm(utation)?)$/i;

/** Refuses images in another order than the eval set's: the scores would be taken for those of others. */
function refuseOtherOrder(names: readonly string[], read: (name: string) => NumpyArray): void {
  const name = names.find((each) => {
    if (!placeNames.test(each)) return false;
    const { kind, columns, values, rows } = read(each);
    const isPlaces = kind === 'integers' && columns === null && new Set(values).size === rows;
    return isPlaces && values.every((value) => value < rows) && values.some((value, at) => value !== at);
  });
  if (name === undefined) return;
  throw new UnfitArray(
    `has a list ${JSON.stringify(name)} of other places than its rows have`,
    'Save the rows in the manifest\'s order, or the images\' names too: np.savez("scores.npz", scores=scores, images=names)',
  );
}

/** What is predicted among an archive's arrays, and how confidently. */
function predictedAmong(names: readonly string[], confidenceName: string, read: (name: string) => NumpyArray) {
  const own = names.filter((name) => !isTruth(name));
  const [truth] = names;
  if (own.length === 0 && truth !== undefined) {
    throw new UnfitArray(
      `holds ${JSON.stringify(truth)}, which by its name are the labels themselves`,
      'Save what the model answers: np.savez("scores.npz", scores=scores), or predictions=...',
    );
  }
  const isConfidence = (name: string) => name === confidenceName || confidenceNames.includes(name);
  const confidences = own.filter(isConfidence);
  const rest = own.filter((name) => !isConfidence(name));
  // Of two that could be scores, a list of classes and one of numbers are what is predicted and how surely.
  const isPair = rest.length === 2 && confidences.length === 0 && rest.some((name) => scoreNames.includes(name));
  const lists = isPair ? rest.map(read) : [];
  const classes = lists.find((list) => list.columns === null && list.kind !== 'numbers');
  const numbers = lists.find((list) => list.columns === null && list.kind === 'numbers');
  if (classes !== undefined && numbers !== undefined) return { predicted: classes, confidence: numbers };
  const predicted = read(scoresAmong(rest.length === 0 ? own : rest));
  const [confidence, ...more] = rest.length === 0 ? [] : confidences;
  return { predicted, confidence: confidence === undefined || more.length > 0 ? null : read(confidence) };
}

/** The array that lists images, whatever it is called: passed over, the scores would be taken for those of other images. */
function namesAmong(arrays: ReadonlyMap<string, Buffer>, known: readonly string[]): string | undefined {
  const last = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  const names = new Set(known.map(last));
  return [...arrays.keys()].find((name) => {
    const texts = textsIn(entryOf(arrays, name));
    return texts?.some((text) => names.has(last(text)));
  });
}

/** Null where an array is no list of texts. */
function textsIn(bytes: Buffer): readonly string[] | null {
  try {
    const array = readNumpyArray(bytes);
    return array.kind === 'texts' && array.columns === null ? array.values : null;
  } catch (thrown) {
    if (thrown instanceof UnfitArray) return null;
    throw thrown;
  }
}

function entryOf(arrays: ReadonlyMap<string, Buffer>, name: string): Buffer {
  return arrays.get(name) ?? Buffer.alloc(0);
}

function scoresAmong(names: readonly string[]): string {
  const [only, ...more] = names;
  if (only !== undefined && more.length === 0) return only;
  const named = names.find((name) => scoreNames.includes(name));
  const isOne = names.filter((name) => scoreNames.includes(name)).length === 1;
  if (named !== undefined && isOne) return named;
  const shown = names.map((name) => JSON.stringify(name)).join(', ');
  throw new UnfitArray(
    names.length === 0
      ? 'holds no array of scores'
      : `holds ${names.length} arrays (${shown}), and it is not known which are the scores`,
    'Call it scores: np.savez("scores.npz", scores=scores)',
  );
}

function textsOf(name: string, bytes: Buffer): readonly string[] {
  const array = readNumpyArray(bytes);
  if (array.kind === 'texts' && array.columns === null) return array.values;
  throw new UnfitArray(
    `has an array ${JSON.stringify(name)} that is no list of texts`,
    'Save names as one: np.array(names)',
  );
}

async function cellsOf(
  file: string,
  array: NumpyArray,
  confidence: NumpyArray | null,
  evalSet: EvalSet,
  order: readonly string[] | null,
  where: (row: number) => string,
): Promise<Cells> {
  if (array.columns === null && array.kind !== 'numbers')
    return {
      predictions: array.values.map(String),
      confidences: confidencesOf(confidence, array.rows),
      ofScores: false,
    };
  if (array.columns === null || array.columns === 1 || array.kind === 'texts') {
    throw new UnfitArray(
      `has one ${array.kind === 'texts' ? 'text' : 'number'} per image in shape (${[array.rows, array.columns].filter((length) => length !== null).join(', ')})`,
      array.kind === 'numbers'
        ? 'Save one score per class: of a probability p of the second class, np.stack([1 - p, p], axis=1); predicted classes as whole numbers: p.astype("int64")'
        : 'Save predicted classes as a list: array.ravel()',
    );
  }
  const names = classesInOrder(order, evalSet.classes);
  const width = array.columns;
  if (width !== names.length) throw otherClasses(file, width, names.length, order !== null);
  const values = array.kind === 'numbers' ? array.values : Float64Array.from(array.values);
  const isProbability = areProbabilities(values, width);
  const predictions: string[] = [];
  const confidences: string[] = [];
  for (let row = 0; row < array.rows; row++) {
    const scores = values.subarray(row * width, (row + 1) * width);
    const [place, probability] = bestScore(scores, isProbability);
    if (!Number.isFinite(probability)) throw notANumber(scores, where(row));
    predictions.push(entry(names, place));
    confidences.push(String(probability));
  }
  return { predictions, confidences, ofScores: true };
}

function confidencesOf(array: NumpyArray | null, rows: number): readonly string[] | null {
  if (array === null) return null;
  if (array.rows === rows && (array.columns ?? 1) === 1 && array.kind !== 'texts')
    return Array.from(array.values, String);
  throw new UnfitArray(
    `has confidences in shape (${[array.rows, array.columns].filter((length) => length !== null).join(', ')}), and ${rows} predictions`,
    'Save one number per image, from 0 to 1',
  );
}

function notANumber(scores: Float32Array | Float64Array, where: string): UserError {
  const place = scores.findIndex((score) => Number.isNaN(score) || score === Number.POSITIVE_INFINITY);
  const what = place < 0 ? 'every score is minus infinity' : `the score of class ${place} is ${scores[place]}`;
  return new UserError({ what, where, fix: 'Find out why the checkpoint gives it; write scores that are numbers' });
}

function otherRows(file: string, rows: number, images: number, isInOrder: boolean): UserError {
  return new UserError({
    what: `the scores have ${rows} rows where ${isInOrder ? 'the eval set' : 'the list of names'} has ${images} images`,
    where: file,
    fix: isInOrder
      ? 'Give one row per image in the order of the manifest (with one folder per class: torchvision\'s ImageFolder), or save the names too: np.savez("scores.npz", scores=scores, images=names)'
      : 'Save one row per name',
  });
}

function otherOrder(file: string, classes: readonly string[], order: readonly string[]): UserError {
  const named = [classes, order].toSorted((a, b) => b.length - a.length)[0] ?? [];
  const place = named.findIndex((_, at) => classes[at] !== order[at]);
  const at = (list: readonly string[]) => JSON.stringify(list[place] ?? null);
  return new UserError({
    what: `the file names other classes for its scores than \`evalSet.classes\` or --classes: ${at(classes)} for score ${place}, where that has ${at(order)}`,
    where: file,
    fix: 'Leave one of the two out, or make them agree',
  });
}

function otherClasses(file: string, scores: number, classes: number, isNamed: boolean): UserError {
  return new UserError({
    what: `there are ${scores} scores per image where ${isNamed ? '`evalSet.classes` names' : 'the eval set has'} ${classes} classes`,
    where: file,
    fix: "Name the class of each score, in the model's order, in `evalSet.classes` (barlow compare: one class per line in a file, named by --classes)",
  });
}

async function unlessUnfit<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof UnfitArray) {
      throw new UserError({ what: `the file of scores ${thrown.message}`, where: file, fix: thrown.fix });
    }
    if (thrown instanceof BadZip) {
      throw new UserError({ what: `the file of scores ${thrown.message}`, where: file, fix: 'Write or copy it again' });
    }
    throw thrown;
  }
}
