import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { reasonUnread } from '../adapters/regularFile.ts';
import { messageOf, UserError } from '../errors.ts';

/** A YAML file's value as plain data, with the lines that its keys stand on. */
export interface YamlFile {
  readonly text: string;
  readonly value: unknown;
  /** The line (from 1) of the key or item at the path, or of its nearest ancestor that is there. */
  readonly lineOf: (path: readonly string[]) => number;
}

/** No configuration is larger; a larger file is a mistake or an attack. */
const maxBytes = 256 * 1024;

/**
 * Reads a YAML 1.2 file (core schema, so dates stay text) whose keys are all text. Anchors and aliases work within
 * bounds, and become copies: nothing written into one place of the value shows in another.
 *
 * @param ifMissing what the user can do where there is no such file, or nothing in it; null: it is an empty mapping then
 * @throws UserError where the file is missing, a folder, not UTF-8 text, over 256 KiB, empty, holds several documents,
 *   breaks the syntax, repeats a key, nests too deeply or uses aliases to blow up
 */
export async function readYaml(file: string, ifMissing: string | null): Promise<YamlFile> {
  return parseYaml(await readText(file, ifMissing), file, ifMissing);
}

/** A YAML text as `readYaml` reads it, which says what is thrown; `file` is named in errors. */
export function parseYaml(text: string, file: string, ifMissing: string | null): YamlFile {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      resolveKnownTags: false,
    });
    const [error] = document.errors;
    if (error !== undefined) {
      throw new UserError({ ...slip(error.code, error.message), where: `${file}:${lines.linePos(error.pos[0]).line}` });
    }
    const root = document.contents;
    if (root === null) {
      if (ifMissing === null) return { text, value: {}, lineOf: () => 1 };
      throw new UserError({ what: 'the file is empty', where: file, fix: ifMissing });
    }
    const resolve = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
    return {
      text,
      value: unshared(document.toJS({ maxAliasCount: 100 })),
      lineOf: (path) => lines.linePos(offsetOf(root, path, resolve)).line,
    };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    // The parser throws ReferenceError for aliases that lead nowhere or multiply, RangeError where the stack runs out.
    const what = cause instanceof RangeError ? 'the file nests too deeply' : `the YAML is refused: ${messageOf(cause)}`;
    throw new UserError({ what, where: file, fix: 'Write the values out in place of aliases, in a few levels', cause });
  }
}

/**
 * The text of a YAML mapping with a value at a path of keys, made where they are missing: first in its mapping or, if not
 * `first`, last. Comments and the order of keys stay; spacing may change. A mapping in place of a mapping keeps the comments
 * of the keys both have.
 *
 * @param file named in errors
 * @throws UserError where the path leads through an alias, a list or a text, an anchor in use would go, or the text
 *   grows over 256 KiB
 */
export function withYamlValue(
  text: string,
  path: readonly string[],
  value: string | Readonly<Record<string, string>>,
  { file, first = false }: { readonly file: string; readonly first?: boolean },
): string {
  const document = parseDocument(text, { prettyErrors: false, resolveKnownTags: false });
  let changed: string;
  try {
    setAt(document, path, value, first);
    changed = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  } catch (cause) {
    const fix = 'Write the values out in place of anchors and aliases';
    throw new UserError({ what: `the file cannot be changed (${messageOf(cause)})`, where: file, fix, cause });
  }
  const size = Buffer.byteLength(changed);
  if (size <= maxBytes) return changed;
  const what = `the file would have ${size} bytes, more than the ${maxBytes} that are read`;
  throw new UserError({ what, where: file, fix: 'Shorten or remove what is in it' });
}

function setAt(document: Document, path: readonly string[], value: unknown, first: boolean): void {
  document.contents ??= document.createNode({});
  let map: unknown = document.contents;
  for (const key of path.slice(0, -1)) {
    const inner = isMap(map) ? pairOf(map, key)?.value : undefined;
    map = inner == null || isEmpty(inner) ? place(document, map, key, {}, first) : inner;
  }
  place(document, map, path.at(-1) ?? '', value, first);
}

/** Puts a value under a key and returns its node; comments of what stood there stay. */
function place(document: Document, map: unknown, key: string, value: unknown, first: boolean): unknown {
  if (!isMap(map)) throw new Error(`\`${key}\` has no mapping to stand in`);
  const pair = pairOf(map, key);
  const old = pair?.value;
  if (isMap(old) && typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const item of [...old.items]) if (!Object.hasOwn(value, nameOf(item.key))) old.delete(item.key);
    for (const [inner, each] of Object.entries(value)) place(document, old, inner, each, false);
    return old;
  }
  const node = document.createNode(value, { flow: typeof value === 'object' && Object.keys(value ?? {}).length > 0 });
  if (pair === undefined) {
    const made = document.createPair(Number.isInteger(Number(key)) ? Number(key) : key, node);
    if (first) map.items.unshift(made);
    else map.items.push(made);
  } else {
    if (isScalar(old) || isMap(old)) {
      // The comment of an empty value may stand before it; that of any value, after it.
      if (old.comment != null) node.comment = old.comment;
      if (old.commentBefore != null) node.commentBefore = old.commentBefore;
    }
    pair.value = node;
  }
  return node;
}

function pairOf(map: YAMLMap, key: string) {
  return map.items.find((item) => nameOf(item.key) === key);
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

async function readText(file: string, ifMissing: string | null): Promise<string> {
  const found = await stat(file).catch((cause: unknown) => {
    if (ifMissing === null && cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new UserError({
      what: `the file cannot be opened (${reasonUnread(cause)})`,
      where: file,
      fix: ifMissing ?? 'Check the path and its permissions',
      cause,
    });
  });
  if (found === null) return '';
  if (!found.isFile()) {
    throw new UserError({
      what: found.isDirectory() ? 'this is a folder, not a YAML file' : 'this is a pipe or a device, not a YAML file',
      where: file,
      fix: 'Name the file in it',
    });
  }
  if (found.size > maxBytes) {
    const what = `the file has ${found.size} bytes, more than the ${maxBytes} that are read`;
    throw new UserError({ what, where: file, fix: 'Name a YAML file written by hand, not a data file' });
  }
  if (found.size === 0) return ''; // a file of /proc too, which may be waited on for ever
  const bytes = await readFile(file);
  if (!isUtf8(bytes) || bytes.includes(0)) {
    throw new UserError({ what: 'the file is not UTF-8 text', where: file, fix: 'Save it as UTF-8 text' });
  }
  return bytes.toString('utf8');
}

function slip(code: string, message: string): { what: string; fix: string } {
  if (code === 'DUPLICATE_KEY') return { what: 'a key stands twice in one mapping', fix: 'Remove one of the two' };
  if (code === 'MULTIPLE_DOCS') return { what: 'the file holds several documents', fix: 'Keep one; remove the `---`' };
  return {
    what: `the YAML is broken: ${message}`,
    fix: 'Mend the line; indentation, colons and quotes are the usual slips',
  };
}

/** Offset of the last key or item of the path that is there. */
function offsetOf(root: ParsedNode, path: readonly string[], resolve: (node: unknown) => unknown): number {
  let offset = root.range[0];
  let node: unknown = root;
  for (const key of path) {
    node = resolve(node);
    let position: Node | undefined;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      position = isScalar(pair?.key) ? pair.key : undefined;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      position = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node : undefined;
    }
    if (position?.range == null) return offset;
    offset = position.range[0];
  }
  return offset;
}

/** A deep copy in which no two places share an object. */
function unshared(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unshared);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unshared(inner)]));
}

/**
 * A YAML document with some of its values replaced, comments and order kept; a path whose value is undefined is removed.
 * Values are quoted where they must be: whatever their text, it reads back as the same text.
 *
 * @throws Error where the text is not YAML
 */
export function editYaml(
  text: string,
  edits: readonly { readonly path: readonly (string | number)[]; readonly value: string | undefined }[],
): string {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new Error(error.message);
  for (const { path, value } of edits) {
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, value);
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
