import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseForeign } from '../adapters/foreignFile.ts';
import { meantPath, reasonUnread } from '../adapters/regularFile.ts';
import { messageOf, UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, jsonOrNull } from '../records/json.ts';

/** Names of the classes by index: `names[3]` is what a model's output 3 stands for. */
type Order = readonly string[];

/**
 * Reads the order of a model's classes: a text file or a CSV with one name per line, each after or before its index (`0 cat`, `cat,0`) or after its
 * ImageNet id (`n01440764 tench, Tinca tinca`) perhaps, below the names of columns perhaps; a Python list or dictionary as it is printed; or JSON: a list, of
 * names or of `{"id": 0, "name": "cat"}`, `class_to_idx` either way round (`{"cat": 0}`, `{"0": "cat"}`), Keras' `imagenet_class_index.json`
 * (`{"0": ["n01440764", "tench"]}`), or any of these where Hugging Face (`id2label`), timm (`label_names`), Teachable Machine (`labels`) and others put them.
 * A file may be read in several ways, of which labels tell the one that is meant: each is an order.
 *
 * @throws UserError where the file cannot be read, is none of these, leaves an index out or names a class twice
 */
export async function readClassOrders(file: string): Promise<readonly Order[]> {
  const bytes = await readFile(file).catch(async (cause: unknown) => {
    const what = `the file of class names cannot be read (${reasonUnread(cause)})`;
    const fix = `${await meantPath(file)}Check \`evalSet.classes\` in the config, or --classes`;
    throw new UserError({ what, where: file, fix, cause });
  });
  refuseForeign(bytes, file, 'the file of class names');
  if (!isUtf8(bytes) || bytes.includes(0)) throw unknownForm(file, 'is not UTF-8 text');
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const rare = /\.(ya?ml|jsonl|ndjson|pbtxt|toml|xml)$/i.exec(file);
  if (rare !== null) throw unknownForm(file, `is of a kind that is not read (${rare[0]})`);
  const orders = file.toLowerCase().endsWith('.json') ? jsonOrders(parsed(text, file), file) : textOrders(text, file);
  const fit = orders.filter((order) => problemOf(order) === null);
  if (fit.length === 0) throw unknownForm(file, problemOf(orders[0] ?? []) ?? 'names no class');
  return fit.filter((order, at) => fit.findIndex((other) => JSON.stringify(other) === JSON.stringify(order)) === at);
}

/** The `config.json` of a model's folder where it names classes; null where it has none, or those that transformers fills in (LABEL_0). */
export async function classFileOf(folder: string): Promise<string | null> {
  const file = join(folder, 'config.json');
  const text = await readFile(file, 'utf8').catch(() => '');
  const isFilledIn = /"0"\s*:\s*"LABEL_0"/.test(text);
  return /"(id2label"\s*:\s*\{|label_names"\s*:\s*\[)/.test(text) && !isFilledIn ? file : null;
}

/** What stands above names, where something does. */
const header = /^(#.*|"?(class(es|[ _]names?)?|labels?|label[ _]names?|names?|categor(y|ies))"?)$/i;

/** The lines as they are, without what is above them, and as names beside indices or after ImageNet's ids. */
function textOrders(text: string, file: string): readonly Order[] {
  const plain = text.trimEnd();
  const lines = plain === '' ? [] : plain.split(/\r\n|\r|\n/).map((line) => line.trim());
  const [first = ''] = lines;
  const below = lines.length > 2 ? lines.slice(1) : [];
  const numbered = [lines, below].flatMap((each) => [numberedOrder(each), numberedOrder(each.map(turned))]);
  const synsets = synsetOrders(lines);
  return [
    ...printedOrders(plain, file),
    ...synsets,
    ...(header.test(first) ? [below.map(bare)] : []),
    ...(synsets.length > 0 ? [] : [lines.map(bare)]),
    ...numbered.filter((order) => order !== null),
    ...(lines.length === 1 && first.includes(',') ? [first.split(',').map((name) => bare(name.trim()))] : []),
  ];
}

/** Without quotes around it, and a comma behind. */
function bare(line: string): string {
  return line.replace(/,$/, '').replace(/^"(.*)"$|^'(.*)'$/, '$1$2');
}

/** The names of lines that begin with their indices, by these; null where not all do, or one from 0 on is missing. */
function numberedOrder(lines: Order): Order | null {
  const pairs = lines.map((line) => /^(\d+)[ \t:,;]+(.*\S)/.exec(line)?.slice(1) ?? []);
  const byIndex = new Map(pairs.map(([number, name]) => [Number(number ?? Number.NaN), bare(name ?? '')]));
  const names = lines.map((_, index) => byIndex.get(index) ?? '');
  return names.every((name) => name !== '') ? names : null;
}

/** A line that ends in a number, with that number first. */
function turned(line: string): string {
  const isAt = (characters: string, place: number) => characters.includes(line[place] ?? '-');
  let number = line.length;
  while (number > 0 && isAt('0123456789', number - 1)) number -= 1;
  let end = number;
  while (end > 0 && isAt(' \t:,;', end - 1)) end -= 1;
  return number < line.length && end > 0 && end < number ? `${line.slice(number)} ${line.slice(0, end)}` : line;
}

/** By ImageNet's ids, and by the names behind them, in full and to the first comma; none where a line has none. */
function synsetOrders(lines: Order): readonly Order[] {
  const synsets = lines.map((line) => /^(n\d{8})[ \t:,]+(.*\S)/.exec(line)?.slice(1) ?? []);
  if (lines.length === 0 || synsets.some(({ length }) => length === 0)) return [];
  const names = synsets.map(([, name = '']) => name);
  const orders = [synsets.map(([id = '']) => id), names, names.map((name) => name.replace(/,.*/, ''))];
  // The short names of two classes may be one: "crane, Old World crane" and "crane, lifting device".
  return orders.filter((order) => new Set(order).size === order.length);
}

/** Of a Python list or dictionary as it is printed, which is JSON but for its quotes; none where the text is none. */
function printedOrders(text: string, file: string): readonly Order[] {
  if (!/^[[{]/.test(text)) return [];
  const value =
    jsonOrNull(text) ?? jsonOrNull(text.replaceAll("'", '"').replaceAll(/([{,]\s*)(\d+)(\s*:)/g, '$1"$2"$3'));
  return value === null ? [] : jsonOrders(value, file);
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unknownForm(file, `is not JSON (${messageOf(cause)})`);
  }
}

/** Where tools put the classes of a model or a data set; the first that is there counts. */
const places = [
  ...['id2label', 'idx_to_class', 'index_to_class', 'class_to_idx', 'label2id', 'label_names', 'class_names', 'labels'],
  ...['classes', 'names', 'categories', 'features', 'label'],
];

/** What lies where a tool puts its classes, one place in another perhaps; a value that has no such place, as it is. */
function innerClasses(value: unknown): unknown {
  let inner = value;
  while (isJsonObject(inner)) {
    const fields: JsonObject = inner;
    const place = places.find((name) => typeof fields[name] === 'object' && fields[name] !== null);
    if (place === undefined) return inner;
    inner = fields[place];
  }
  return inner;
}

function jsonOrders(whole: unknown, file: string): readonly Order[] {
  const value = innerClasses(whole);
  if (Array.isArray(value)) return [listedOrder(value, file)];
  if (!isJsonObject(value)) throw unknownForm(file, 'holds no list and no object');
  const pairs = Object.entries(value);
  const isIndex = (each: unknown) => typeof each === 'number' || (typeof each === 'string' && /^\d+$/.test(each));
  const isByName = pairs.every(([, index]) => typeof index === 'number') || !pairs.every(([key]) => isIndex(key));
  if (isByName && pairs.every(([, index]) => isIndex(index)))
    return [
      inOrder(
        pairs.map(([name, index]) => [Number(index), name] as const),
        file,
      ),
    ];
  const lists = pairs.map(([index, names]): [number, readonly unknown[]] => [
    /^\d+$/.test(index) ? Number(index) : Number.NaN,
    Array.isArray(names) ? names : [names],
  ]);
  const forms = Math.min(...lists.map(([, names]) => names.length));
  return Array.from({ length: forms }, (_, form) =>
    inOrder(
      lists.map(([index, names]) => [index, nameOf(names[form], file)] as const),
      file,
    ),
  );
}

/** A list of names, or of objects that have an `id` (or `index`) and a `name` (or `label`). */
function listedOrder(list: readonly unknown[], file: string): Order {
  if (list.length === 0 || !list.every(isJsonObject)) return list.map((name) => nameOf(name, file));
  const names = list.map((each) => nameOf(each.name ?? each.label ?? each, file));
  const indices = list.map((each) => each.id ?? each.index);
  if (indices.every((index) => index === undefined)) return names;
  return inOrder(
    names.map((name, at) => [Number(indices[at]), name] as const),
    file,
  );
}

function inOrder(pairs: readonly (readonly [number, string])[], file: string): Order {
  const byIndex = new Map(pairs);
  return pairs.map((_, index) => {
    const name = byIndex.get(index);
    if (name !== undefined) return name;
    const isFromOne = index === 0 && byIndex.has(pairs.length);
    throw unknownForm(
      file,
      `names ${pairs.length} classes, but none for the index ${index}${isFromOne ? " (a model's outputs are numbered from 0)" : ''}`,
    );
  });
}

function nameOf(name: unknown, file: string): string {
  if (typeof name === 'string') return name;
  throw unknownForm(file, `gives ${JSON.stringify(name)} as the name of a class`);
}

/** Why an order is none, a clause; null where it is one. */
function problemOf(order: Order): string | null {
  if (order.length === 0) return 'names no class';
  const empty = order.indexOf('');
  if (empty !== -1) return `gives the class ${empty} no name`;
  const seen = new Set<string>();
  const twin = order.find((name) => seen.size === seen.add(name).size);
  return twin === undefined ? null : `names the class ${JSON.stringify(twin)} twice`;
}

function unknownForm(where: string, problem: string): UserError {
  const fix = 'Write one name per line (.txt), or JSON: ["cat", "dog"], {"cat": 0} or {"0": "cat"}';
  return new UserError({ what: `the file of class names ${problem}`, where, fix });
}
