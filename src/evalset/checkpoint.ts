import { nearestWord } from '../adapters/nearestWord.ts';
import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint, ColumnNames, EvalSet } from '../records/evalSet.ts';
import { decimalIn } from './decimal.ts';
import { listed, rowsByName } from './imageNames.ts';
import { refusePlaces } from './integerClasses.ts';
import { namesAsKnown } from './namesAsKnown.ts';
import { isTableFile, readTable } from './readTable.ts';
import { withScoreColumns } from './scoreColumns.ts';
import { isNumpyFile, readScores } from './scores.ts';
import { requiredColumn, type Table } from './table.ts';
import { withUsualColumns } from './usualColumns.ts';

/**
 * Reads a checkpoint's predictions on an eval set: a table with the columns `image` and `prediction`, optionally
 * `confidence`; or `image` and one score per class (`withScoreColumns`); or `image` and `failed`, its rows in any order; or scores that NumPy saved (`readScores`).
 *
 * @param classOrder the classes by index of the model's output, for predictions that are indices; null: not known
 * @param onNotice is told what was assumed, a sentence each: of columns (`withUsualColumns`), of names (`namesAsKnown`)
 * @throws UserError for what `readTable` or `readScores` refuses; where columns are missing or both `prediction` and `failed` are there;
 *   images stand twice, are unknown to the eval set or are left out; a prediction is empty or names an unknown class; a
 *   confidence is not in 0 to 1; a `failed` is neither 0, 1, true nor false
 */
export async function readCheckpoint(
  file: string,
  name: string,
  evalSet: EvalSet,
  columns: ColumnNames,
  classOrder: readonly string[] | null = null,
  onNotice: (line: string) => void = () => {},
): Promise<Checkpoint> {
  const read = isNumpyFile(file) ? await readScores(file, evalSet, columns, classOrder) : await readTable(file);
  const { table, notices } = withUsualColumns(read, columns, ['image', 'prediction', 'failed', 'confidence']);
  for (const notice of notices) onNotice(notice);
  const { names: images, told } = namesAsKnown(requiredColumn(table, columns.image, 'image'), evalSet);
  if (told !== null) onNotice(`${file} names images ${told}: each is one of the eval set's.`);
  refuseShared(table, images, evalSet);
  const rows = rowsByName(table, images);
  const left: string[] = [];
  const found: number[] = [];
  for (const image of evalSet.images) {
    const row = rows.get(image);
    if (row === undefined) left.push(image);
    else found.push(row);
  }
  if (rows.size > found.length) refuseUnknown(table, images, evalSet);
  if (left.length > 0) {
    throw new UserError({
      what: `${left.length} of ${evalSet.images.length} images have no prediction: ${listed(left)}`,
      where: file,
      fix: 'Give one row per image of the eval set',
    });
  }
  return checkpointOf(table, name, evalSet, columns, Uint32Array.from(found), classOrder);
}

/** Whether a file holds predictions, by its ending; anything else given as a checkpoint is a model. */
export async function isPredictionFile(file: string): Promise<boolean> {
  return isNumpyFile(file) || (await isTableFile(file));
}

/** Whether a table says what a checkpoint predicts, or where it fails. */
export function holdsCheckpoint(table: Table, columns: ColumnNames): boolean {
  return [columns.prediction, columns.failed].some((name) => table.columns.has(name) || table.nested.has(name));
}

/**
 * The checkpoint of a table's columns.
 *
 * @param order the table's row of each row of the eval set
 * @throws UserError as `readCheckpoint` for the columns' values
 */
export function checkpointOf(
  read: Table,
  name: string,
  evalSet: EvalSet,
  columns: ColumnNames,
  order: Uint32Array,
  classOrder: readonly string[] | null = null,
): Checkpoint {
  const table = holdsCheckpoint(read, columns) ? read : withScoreColumns(read, evalSet.classes, columns, classOrder);
  const has = (column: string) => table.columns.has(column) || table.nested.has(column);
  if (has(columns.prediction) && has(columns.failed)) {
    throw new UserError({
      what: `both ${JSON.stringify(columns.prediction)} and ${JSON.stringify(columns.failed)} are there, and they may disagree`,
      where: table.file,
      fix: 'Keep the predictions; without classes, keep the failures',
    });
  }
  if (has(columns.failed)) {
    const failed = failuresOf(table, requiredColumn(table, columns.failed, 'failed'));
    return { name, predictions: null, failed: Uint8Array.from(order, (row) => entry(failed, row)), confidence: null };
  }
  const cells = requiredColumn(table, columns.prediction, 'prediction');
  const predicted = predictionsOf(table, namesOf(cells, evalSet.classes, classOrder), evalSet.classes);
  const predictions = Int32Array.from(order, (row) => entry(predicted, row));
  if (table.ofScores !== true) refusePlaces(predictions, evalSet, classOrder, table.file);
  const confidence = has(columns.confidence)
    ? confidencesOf(table, requiredColumn(table, columns.confidence, 'confidence'))
    : null;
  const failed = Uint8Array.from(predictions, (prediction, row) => (prediction === evalSet.labels[row] ? 0 : 1));
  if (table.ofScores === true && confidence?.every((each) => each === 1) && !failed.includes(1))
    throw labelsGiven(table);
  return {
    name,
    predictions,
    failed,
    confidence: confidence && Float64Array.from(order, (row) => entry(confidence, row)),
  };
}

/** Labels as a column of zeros and ones a class look like scores, and would pass every image. */
function labelsGiven({ file }: Table): UserError {
  return new UserError({
    what: 'the scores are zeros and ones, and those of the labels: they look like the labels themselves',
    where: file,
    fix: 'Give the scores that the model answers; if it is right on every image, give a column of predictions',
  });
}

/** File names alone that several folders have: told before that they stand twice. */
function refuseShared(table: Table, images: readonly string[], evalSet: EvalSet): void {
  const known = new Set(evalSet.images);
  const first = images.find((image) => !known.has(image));
  if (first !== undefined && foldersWith(evalSet.images, first) > 1) refuseUnknown(table, images, evalSet);
}

function refuseUnknown(table: Table, images: readonly string[], evalSet: EvalSet): void {
  const known = new Set(evalSet.images);
  const unknown = [...images.keys()].filter((row) => !known.has(entry(images, row)));
  const [first] = unknown;
  if (first === undefined) return;
  const name = entry(images, first);
  throw new UserError({
    what: `${unknown.length} of ${images.length} images are not in the eval set: ${listed(unknown.map((row) => entry(images, row)))}`,
    where: table.where(first),
    fix:
      known.has(name.normalize('NFC')) || known.has(name.normalize('NFD'))
        ? 'The names look alike and are other code points (Unicode NFC and NFD, as macOS writes them): normalise both alike, in Python by unicodedata.normalize("NFC", name)'
        : foldersWith(evalSet.images, name) > 1
          ? `Write the folder too, such as ${JSON.stringify(evalSet.images[0])}: several folders have a file of that name`
          : `Write the names of the eval set, such as ${JSON.stringify(evalSet.images[0])}, or remove the rows`,
  });
}

/** In how many folders a file of that name lies. */
function foldersWith(images: readonly string[], name: string): number {
  return images.filter((image) => image.endsWith(`/${name}`)).length;
}

/**
 * Predictions as names of classes: `3.0` is `3` (pandas writes integers so beside a missing value), and where all are
 * indices and none is a class's name, the class of that index.
 */
function namesOf(
  cells: readonly string[],
  classes: readonly string[],
  classOrder: readonly string[] | null,
): readonly string[] {
  const known = new Set(classes);
  const plain = cells.map((cell) => (known.has(cell) ? cell : cell.replace(/^(\d{1,15})\.0+$/, '$1')));
  if (classOrder === null || plain.some((cell) => known.has(cell))) return plain;
  // What is left empty is told as that.
  const names = plain.map((cell) =>
    /^\d{1,15}$/.test(cell) ? classOrder[Number(cell)] : cell.trim() === '' ? '' : undefined,
  );
  return names.every((name) => name !== undefined) ? names : plain;
}

/** Index of each class, by row of the table. */
function predictionsOf(table: Table, cells: readonly string[], classes: readonly string[]): Int32Array {
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const predictions = Int32Array.from(cells, (cell) => indexOf.get(cell) ?? -1);
  const row = predictions.indexOf(-1);
  if (row === -1) return predictions;
  const empty = cells.findIndex((each) => each.trim() === '');
  if (empty !== -1) {
    throw new UserError({ what: 'there is no prediction', where: table.where(empty), fix: 'Give the predicted class' });
  }
  const cell = entry(cells, row);
  const indices = indicesIn(cells, indexOf);
  if (indices !== null) throw new UserError({ ...indices, where: table.where(row) });
  const unknown = new Set(cells.filter((other) => !indexOf.has(other)));
  const near = nearestWord(cell, classes);
  const isNone = near === null && cells.every((other) => !indexOf.has(other));
  throw new UserError({
    what: `no label has the predicted class${unknown.size > 1 ? 'es' : ''} ${listed([...unknown])}`,
    where: table.where(row),
    fix: isNone
      ? hintForNone(cell, classes)
      : `${near === null ? 'Add' : `Write ${JSON.stringify(near)} where that is meant, or add`} it to \`evalSet.classes\` in the config (barlow compare: to a file, one class per line, named by \`--classes\`)`,
  });
}

/** What to do where no prediction is a class: to add them all would make every one wrong. */
function hintForNone(cell: string, classes: readonly string[]): string {
  if (/^LABEL_\d+$/.test(cell))
    return 'transformers writes LABEL_0 where a model does not name its classes: set id2label in its config.json, or write the names';
  if (/^(tensor\(|\[).*\d/.test(cell))
    return 'Write the number alone, not the list or tensor that it stands in: int(prediction)';
  return `Write the classes as the labels name them: ${listed(classes)}; none of the predictions is one`;
}

/** Of the predictions, the share that may be classes where the rest are taken for indices. */
const HARDLY_ANY = 0.05;

/** Predictions that are numbers of classes in place of names; null where they are not. */
function indicesIn(
  cells: readonly string[],
  indexOf: ReadonlyMap<string, number>,
): { what: string; fix: string } | null {
  const known = cells.filter((cell) => indexOf.has(cell)).length;
  if (known > HARDLY_ANY * cells.length) return null;
  if (!cells.every((cell) => /^\d{1,9}$/.test(cell) && Number(cell) < indexOf.size)) return null;
  return {
    what: `the predictions are numbers from 0 to ${indexOf.size - 1}, the places of the ${indexOf.size} classes in the model's output, and labels are names`,
    fix: `Write the name of each class in place of its number, or say the order the model was trained with (torchvision: dataset.classes) in the config, all of it: evalSet: {classes: [${shownClasses(indexOf)}]} (barlow compare: one class per line in a file, named by --classes)`,
  };
}

/** Sorted, as torchvision and Keras order folders, to paste; a long list is cut. */
function shownClasses(indexOf: ReadonlyMap<string, number>): string {
  const names = [...indexOf.keys()].map((name) => JSON.stringify(name));
  return names.length > 20 ? `${names.slice(0, 3).join(', ')}, ...` : names.join(', ');
}

/** 1 where the checkpoint fails, by row of the table. */
function failuresOf(table: Table, cells: readonly string[]): Uint8Array {
  const values = new Map([
    ['0', 0],
    ['1', 1],
    // pandas writes integers so beside a missing value.
    ['0.0', 0],
    ['1.0', 1],
    ['false', 0],
    ['true', 1],
  ]);
  return Uint8Array.from(cells, (cell, row) => {
    const value = values.get(cell.toLowerCase());
    if (value !== undefined) return value;
    const what = `${JSON.stringify(cell)} does not say whether the checkpoint failed`;
    throw new UserError({
      what,
      where: table.where(row),
      fix: 'Write 1 or true where it failed, 0 or false where not',
    });
  });
}

/** By so much a softmax in single precision exceeds 1. */
const ROUNDING = 1e-6;

function confidencesOf(table: Table, cells: readonly string[]): Float64Array {
  return Float64Array.from(cells, (cell, row) => {
    const value = decimalIn(cell);
    if (value >= 0 && value <= 1 + ROUNDING) return Math.min(1, value);
    const what = `the confidence ${JSON.stringify(cell)} is not a number from 0 to 1`;
    throw new UserError({ what, where: table.where(row), fix: 'Give a probability, or leave the column out' });
  });
}
