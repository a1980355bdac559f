import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';
import { messageOf, UserError } from './errors.ts';

/** A YAML file's value as plain data, with the lines that its keys stand on. */
export interface YamlFile {
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
 * @param ifMissing what the user can do where there is no such file, or nothing in it
 * @throws UserError where the file is missing, a folder, not UTF-8 text, over 256 KiB, empty, holds several documents,
 *   breaks the syntax, repeats a key, nests too deeply or uses aliases to blow up
 */
export async function readYaml(file: string, ifMissing: string): Promise<YamlFile> {
  const text = await readText(file, ifMissing);
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
    if (root === null) throw new UserError({ what: 'the file is empty', where: file, fix: ifMissing });
    const resolve = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
    return {
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

async function readText(file: string, ifMissing: string): Promise<string> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new UserError({
      what: `the file cannot be opened (${messageOf(cause)})`,
      where: file,
      fix: ifMissing,
      cause,
    });
  });
  if (!found.isFile()) {
    throw new UserError({ what: 'this is a folder, not a YAML file', where: file, fix: 'Name the file in it' });
  }
  if (found.size > maxBytes) {
    const what = `the file has ${found.size} bytes, more than the ${maxBytes} that are read`;
    throw new UserError({ what, where: file, fix: 'Name a YAML file written by hand, not a data file' });
  }
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
