import { nearestWord } from '../adapters/nearestWord.ts';
import { UserError } from '../errors.ts';
import { isImageName } from './isImageName.ts';
import { isTruth } from './truth.ts';

/** A manifest or a prediction file as read, whatever its format: text by column. */
export interface Table {
  readonly file: string;
  readonly rows: number;
  /** In the file's order; missing values are empty text. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Columns that are left out because they hold lists, objects or bytes. */
  readonly nested: ReadonlySet<string>;
  /** Whether its predictions and confidences were computed of scores. */
  readonly ofScores?: true;
  /** Where a row (from 0) stands, as a UserError says it: `file:line` or `file, row N` (from 1). */
  readonly where: (row: number) => string;
}

/**
 * A column that must be there.
 *
 * @param role what the column is for, and its key under `evalSet.columns`
 * @throws UserError where it is not there (naming those that are, and the nearest), or holds no text
 */
export function requiredColumn(table: Table, name: string, role: string): readonly string[] {
  const column = table.columns.get(name);
  if (column !== undefined) return column;
  const quoted = JSON.stringify(name);
  if (table.nested.has(name)) {
    const what = `column ${quoted} holds lists, objects or bytes in place of text`;
    throw new UserError({
      what,
      where: table.file,
      fix: `Write text, numbers or booleans there${role === 'prediction' ? `. ${listHint}` : ''}`,
    });
  }
  const names = [...table.columns.keys(), ...table.nested];
  const near = nearestWord(name, names);
  throw new UserError({
    what: `there is no column ${quoted}; there are ${shownNames(names)}`,
    where: table.file,
    fix:
      separatorHint(names) ??
      (names[0]?.startsWith('#') ? commentHint(true) : null) ??
      (names.some(isImageName) ? 'Name the columns in the first line, such as image,prediction' : null) ??
      (role === 'prediction' ? hintForPredictions(table, names) : null) ??
      `Rename one, or set \`evalSet.columns.${role}\`${near === null ? '' : ` to ${JSON.stringify(near)}`} in the config`,
  });
}

/** Names that are shown of many. */
const MOST_NAMES = 12;

function shownNames(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => JSON.stringify(name));
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What to do with what libraries write in place of a prediction; the first that fits. */
function hintForPredictions({ columns, nested }: Table, names: readonly string[]): string | null {
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  const isListed = [...columns.values()].some(([first = '']) => /^\s*\[/.test(first));
  if (nested.size > 0 || isListed) return listHint;
  if (names.every((each) => each === 'image' || isTruth(each))) return predictionHint;
  const numbered = names.find((name) => /(^|\D)0$/.test(name) && names.includes(name.replace(/0$/, '1')));
  if (numbered !== undefined)
    return `If ${JSON.stringify(numbered)} and the like are scores, say which class each is of, in the model's order: \`evalSet.classes\` in the config (barlow compare: one class per line in a file, named by --classes)`;
  const first = names.find((name) => /^(pred(iction)?s?|class|label|top)[ _-]?1$/i.test(name));
  if (first !== undefined) return `If ${JSON.stringify(first)} is the likeliest class, call it prediction`;
  if (has(/^(is[ _-]?)?correct$/i)) return 'Call it failed and turn it round: df["failed"] = ~df["correct"]';
  if (has(/^label$/i) && has(/^(prob|probability|score|logit)s?$/i))
    return 'If "label" is what the model answers (as of timm\'s inference.py), call it prediction';
  return null;
}

/** What is right is no prediction: it would pass every image. */
const predictionHint = 'Give what the checkpoint answers in a column "prediction": labels are what is right';

/** What to do about a line that begins with #, which comments on the rest. */
export function commentHint(isHeader: boolean): string {
  return isHeader
    ? 'Remove the # before the names of the columns (np.savetxt: comments=""), or the lines of comment above them'
    : 'Remove the lines of comment, which begin with #';
}

/** One name that holds what separates others elsewhere. */
function separatorHint(names: readonly string[]): string | null {
  const [only] = names;
  if (names.length !== 1 || only === undefined || !/[;\t|]/.test(only)) return null;
  return 'Separate the fields by commas';
}

/** What to write of what Hugging Face's pipelines give, a list of such objects an image. */
export const pipelineHint =
  'Of a list of {label, score} write the first, beside the image: {"image": path, "prediction": result[0]["label"], "confidence": result[0]["score"]}';

/** The same, and what to write of a list of scores. */
const listHint = `${pipelineHint}; of a list of scores, one column per class, called as the class: {"image": path, "cat": 0.9, "dog": 0.1}`;
