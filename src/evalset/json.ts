import { messageOf, UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import { isJsonObject, type JsonObject, jsonOrNull } from '../records/json.ts';
import { isImageName } from './isImageName.ts';
import { objectTable } from './objectRows.ts';
import { pipelineHint, type Table } from './table.ts';
import { readUtf8 } from './textFile.ts';

/**
 * Reads a JSON file: a list of objects, or what pandas writes with any `orient` that keeps names: `records`, `table`, `split`,
 * `columns` (`{"image": {"0": "a.png"}}`), `index` (`{"0": {"image": "a.png"}}`), and lists by column;
 * or what is said of each image, by its name: `{"a.png": "cat"}`, `{"a.png": {"prediction": "cat"}}`, scores in the order of classes or by name.
 *
 * @throws UserError where the file is not UTF-8 or not JSON, holds none of these, columns differ in length, and for what
 *   `objectTable` refuses
 */
export async function readJson(file: string): Promise<Table> {
  const text = (await readUtf8(file)).toString('utf8').replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError({ what: `the file is not JSON (${messageOf(cause)})`, where: file, fix: hint(text), cause });
  }
  const table = objectTable(file, (row) => `${file}, row ${row}`);
  for (const [index, row] of rowsOf(value, file).entries()) table.add(row, index + 1);
  return table.end();
}

/** What is most often the matter with a text that is not JSON. */
function hint(text: string): string {
  if (/(^|[[:,\s])-?(NaN|Infinity)\b/.test(text))
    return 'Write null in place of NaN: df.to_json does, json.dump does not';
  const [first = '', ...rest] = text.trim().split(/\r?\n/, 2);
  return rest.length > 0 && isJsonObject(jsonOrNull(first))
    ? 'One object per line is JSON Lines: give it the ending .jsonl'
    : 'Write it again: df.to_json("predictions.json", orient="records")';
}

function rowsOf(value: unknown, file: string): readonly object[] {
  if (Array.isArray(value)) return value.map((row: unknown, index) => objectAt(row, index, file));
  if (!isJsonObject(value)) throw noTable('holds no list and no object', file);
  if (isJsonObject(value.schema) && Array.isArray(value.data)) return rowsOf(value.data, file);
  if (Array.isArray(value.columns) && Array.isArray(value.data))
    return withNames(splitRows(value.columns, value.data, file), value.index);
  const inner = Object.entries(value);
  if (isByImage(value)) return inner.map(([image, said]) => ({ image, ...fieldsSaid(said) }));
  const [rows, ...more] = inner.map(([, each]) => each).filter((each) => typeof each === 'object' && each !== null);
  // One list of rows, perhaps beside what is said of all of them.
  if (more.length === 0 && isRows(rows)) return rowsOf(rows, file);
  if (inner.length > 0 && inner.every(([, each]) => Array.isArray(each))) return rowsByColumn(inner, file);
  if (inner.length === 0 || !inner.every(([, each]) => isJsonObject(each))) {
    throw noTable('holds one object, which is no list of rows', file);
  }
  return inner.every(([key]) => /^\d+$/.test(key)) ? inner.map(([, row]) => fieldsOf(row)) : rowsByColumn(inner, file);
}

/** Whether it is a list of objects: `{"predictions": [{...}, ...]}`, or of what is said of each image. */
function isRows(value: unknown): boolean {
  if (isJsonObject(value)) return isByImage(value) && Object.values(value).every(isJsonObject);
  return Array.isArray(value) && value.length > 0 && value.every(isJsonObject);
}

/** Whether the keys are images. */
function isByImage(value: JsonObject): boolean {
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every(isImageName);
}

/** What is said of an image: of a list each by its place, of anything else but an object the prediction. */
function fieldsSaid(said: unknown): JsonObject {
  return typeof said === 'object' && said !== null ? fieldsOf(said) : { prediction: said };
}

/** Rows with the images that are pandas' index, where they are. */
function withNames(rows: readonly object[], index: unknown): readonly object[] {
  const names: readonly unknown[] = Array.isArray(index) ? index : [];
  const isNamed = names.length === rows.length && names.every((name) => typeof name === 'string' && isImageName(name));
  return isNamed ? rows.map((row, at) => ({ image: names[at], ...row })) : rows;
}

function splitRows(names: readonly unknown[], data: readonly unknown[], file: string): readonly object[] {
  return data.map((cells: unknown, index) => {
    if (!Array.isArray(cells) || cells.length !== names.length) {
      throw noTable(`has ${names.length} columns, and row ${index + 1} is not as long`, file);
    }
    return Object.fromEntries(names.map((name, column): [string, unknown] => [String(name), cells[column]]));
  });
}

/** Columns by name: lists, or objects whose keys are pandas' index. */
function rowsByColumn(columns: readonly (readonly [string, unknown])[], file: string): readonly object[] {
  const [firstName, first] = entry(columns, 0);
  const keys = Object.keys(fieldsOf(first));
  for (const [name, column] of columns) {
    const fields = fieldsOf(column);
    const alike = Object.keys(fields).length === keys.length && keys.every((key) => Object.hasOwn(fields, key));
    if (!alike) throw noTable(`has other rows in ${JSON.stringify(name)} than in ${JSON.stringify(firstName)}`, file);
  }
  const rows = keys.map((key) => Object.fromEntries(columns.map(([name, column]) => [name, fieldsOf(column)[key]])));
  return withNames(rows, keys);
}

function fieldsOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : Object.fromEntries(Array.isArray(value) ? value.entries() : []);
}

function objectAt(row: unknown, index: number, file: string): object {
  if (isJsonObject(row)) return row;
  const [first] = Array.isArray(row) ? row : [];
  if (isJsonObject(first) && 'label' in first && 'score' in first) {
    const what = 'the file has a list of {label, score} an image, as pipelines give them, and no name of the image';
    throw new UserError({ what, where: file, fix: pipelineHint });
  }
  throw noTable(`has ${JSON.stringify(row)?.slice(0, 40)} in place of an object in row ${index + 1}`, file);
}

function noTable(problem: string, where: string): UserError {
  const fix =
    'Write a list of objects, [{"image": "a.png", "prediction": "cat"}]: df.to_json("predictions.json", orient="records")';
  return new UserError({ what: `the file ${problem}`, where, fix });
}
