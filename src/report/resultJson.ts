import type { Result } from '../records/result.ts';

/** Values whose JSON is no longer than this stand on one line. */
const LINE = 160;
/** Characters after which text becomes bytes: that of 30,000 classes is longer than a string may be. */
const PIECE = 2 ** 20;

/**
 * result.json, in UTF-8: equal results give equal bytes. The top level keeps the order of `Result`, deeper keys are sorted by code
 * unit, and what is short stands on one line, so that a diff shows one line per node or leaf. Throws where a number is not finite.
 */
export function resultJson(result: Result): Uint8Array {
  const top: Record<keyof Result, unknown> = {
    schemaVersion: result.schemaVersion,
    suite: result.suite,
    commit: result.commit,
    createdAt: result.createdAt,
    tool: result.tool,
    evalSet: result.evalSet,
    featureModel: result.featureModel,
    properties: result.properties,
    options: result.options,
    checkpoints: result.checkpoints,
    trainingSet: result.trainingSet,
  };
  const pieces: Buffer[] = [];
  let text = '';
  const put = (more: string) => {
    text += more;
    if (text.length < PIECE) return;
    pieces.push(Buffer.from(text));
    text = '';
  };
  for (const [at, [key, value]] of Object.entries(top).entries()) {
    put(`${at === 0 ? '{' : ','}\n  ${JSON.stringify(key)}: `);
    layOut(value, key, '  ', put);
  }
  return Buffer.concat([...pieces, Buffer.from(`${text}\n}\n`)]);
}

/** Puts a value's JSON. */
function layOut(value: unknown, where: string, indent: string, put: (text: string) => void): void {
  const line = onOneLine(value, where);
  if (line !== null) put(line);
  else if (typeof value === 'object' && value !== null) putItems(value, where, indent, put);
}

/** JSON of a value that stands on one line: what is short, and what has no items; else null. */
function onOneLine(value: unknown, where: string): string | null {
  const hasItems = typeof value === 'object' && value !== null;
  if (hasItems && leastLength(value, LINE) > LINE) return null;
  const line = JSON.stringify(sorted(value, where));
  return hasItems && line.length > LINE ? null : line;
}

function putItems(value: object, where: string, indent: string, put: (text: string) => void): void {
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items: readonly (readonly [string, unknown, string])[] = Array.isArray(value)
    ? value.map((item, at) => ['', item, `${where}[${at}]`])
    : sortedEntries(value).map(([key, item]) => [`${JSON.stringify(key)}: `, item, `${where}.${key}`]);
  const deeper = `${indent}  `;
  for (const [at, [name, item, place]] of items.entries()) {
    put(`${at === 0 ? open : ','}\n${deeper}${name}`);
    layOut(item, place, deeper, put);
  }
  put(`\n${indent}${close}`);
}

/** A length that a value's JSON has at the least; what takes it beyond `most` is not looked for. */
function leastLength(value: unknown, most: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 1;
  const items: unknown[] = Array.isArray(value) ? value : Object.values(value);
  // A bracket and, for each item, a comma or the other bracket.
  let length = 1 + items.length;
  for (let at = 0; at < items.length && length <= most; at++) length += leastLength(items[at], most - length);
  return length;
}

/** A copy with every object's keys sorted. */
function sorted(value: unknown, where: string): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Error(`${where} is ${value}, which JSON cannot hold`);
  if (Array.isArray(value)) return value.map((item, index) => sorted(item, `${where}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(sortedEntries(value).map(([key, item]) => [key, sorted(item, `${where}.${key}`)]));
}

function sortedEntries(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
