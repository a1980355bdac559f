import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { meantPath, reasonUnread } from '../adapters/regularFile.ts';
import { messageOf, UserError } from '../errors.ts';

/** Names of the classes by index: `names[3]` is what a model's output 3 stands for. */
type Order = readonly string[];

/**
 * Reads the order of a model's classes: a text file with a name a line, each after its index (`0 cat`) or its ImageNet id
 * (`n01440764 tench, Tinca tinca`) perhaps; or JSON: a list, `class_to_idx` either way round (`{"cat": 0}`, `{"0": "cat"}`), Keras'
 * `imagenet_class_index.json` (`{"0": ["n01440764", "tench"]}`), a Hugging Face `config.json` (`id2label`), or Teachable
 * Machine's `metadata.json` (`labels`). Where a file has ids and names, or names that may be shorter, each is an order.
 *
 * @throws UserError where the file cannot be read, is none of these, leaves an index out or names a class twice
 */
export async function readClassOrders(file: string): Promise<readonly Order[]> {
  const text = await readFile(file, 'utf8').catch(async (cause: unknown) => {
    const what = `the file of class names cannot be read (${reasonUnread(cause)})`;
    const fix = `${await meantPath(file)}Check \`evalSet.classes\` in the config, or --classes`;
    throw new UserError({ what, where: file, fix, cause });
  });
  const orders = file.toLowerCase().endsWith('.json') ? jsonOrders(text, file) : textOrders(lines(text));
  for (const order of orders) refuseBadOrder(order, file);
  return orders;
}

/** The `config.json` of a model's folder where it names classes; null where it has none, or those that transformers fills in (LABEL_0). */
export async function classFileOf(folder: string): Promise<string | null> {
  const file = join(folder, 'config.json');
  const text = await readFile(file, 'utf8').catch(() => '');
  return /"id2label"\s*:\s*\{/.test(text) && !/"0"\s*:\s*"LABEL_0"/.test(text) ? file : null;
}

function lines(text: string): Order {
  const plain = text.replace(/^\uFEFF/, '').replace(/\s+$/, '');
  return plain === '' ? [] : plain.split(/\r?\n/).map((line) => line.trim());
}

/** The lines as they are, and as names after indices or after ImageNet's ids: the names in full, and to the first comma. */
function textOrders(whole: Order): readonly Order[] {
  const numbered = whole.map((line, index) => /^(\d+)[ \t:,]+(.*\S)/.exec(line)?.slice(1) ?? [String(index), '']);
  if (whole.length > 0 && numbered.every(([number, name], index) => Number(number) === index && name !== '')) {
    return [whole, numbered.map(([, name = '']) => name)];
  }
  const synsets = whole.map((line) => /^(n\d{8})[ \t:,]+(.*\S)/.exec(line)?.slice(1) ?? []);
  if (whole.length === 0 || synsets.some(({ length }) => length === 0)) return [whole];
  const names = synsets.map(([, name = '']) => name);
  const orders = [synsets.map(([id = '']) => id), names, names.map((name) => name.replace(/,.*/, ''))];
  // The short names of two classes may be one: "crane, Old World crane" and "crane, lifting device".
  return orders.filter((order) => new Set(order).size === order.length);
}

function jsonOrders(text: string, file: string): readonly Order[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw unknownForm(file, `is not JSON (${messageOf(cause)})`);
  }
  if (typeof value === 'object' && value !== null && 'id2label' in value) value = value.id2label;
  if (typeof value === 'object' && value !== null && 'labels' in value && Array.isArray(value.labels))
    value = value.labels;
  if (Array.isArray(value)) return [value.map((name: unknown) => nameOf(name, file))];
  if (typeof value !== 'object' || value === null) throw unknownForm(file, 'holds no list and no object');
  const pairs: (readonly [string, unknown])[] = Object.entries(value);
  if (pairs.every(([, index]) => typeof index === 'number')) {
    return [
      inOrder(
        pairs.map(([name, index]) => [Number(index), name] as const),
        file,
      ),
    ];
  }
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

function inOrder(pairs: readonly (readonly [number, string])[], file: string): Order {
  const byIndex = new Map(pairs);
  return pairs.map((_, index) => {
    const name = byIndex.get(index);
    if (name !== undefined) return name;
    throw unknownForm(file, `names ${pairs.length} classes, but none for the index ${index}`);
  });
}

function nameOf(name: unknown, file: string): string {
  if (typeof name === 'string') return name;
  throw unknownForm(file, `gives ${JSON.stringify(name)} as the name of a class`);
}

function refuseBadOrder(order: Order, file: string): void {
  if (order.length === 0) throw unknownForm(file, 'names no class');
  const empty = order.indexOf('');
  if (empty !== -1) throw unknownForm(file, `gives the class ${empty} no name`);
  const twin = order.find((name, index) => order.indexOf(name) < index);
  if (twin !== undefined) throw unknownForm(file, `names the class ${JSON.stringify(twin)} twice`);
}

function unknownForm(where: string, problem: string): UserError {
  const fix = 'Write a name a line (.txt), or JSON: ["cat", "dog"], {"cat": 0} or {"0": "cat"}';
  return new UserError({ what: `the file of class names ${problem}`, where, fix });
}
