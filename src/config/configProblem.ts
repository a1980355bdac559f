import type { SchemaProblem } from '../adapters/jsonSchema.ts';
import { nearestWord } from '../adapters/nearestWord.ts';
import { UserError } from '../errors.ts';
import { allowedIn, recordOf, shown } from './schemaWords.ts';
import type { YamlFile } from './yaml.ts';

/**
 * The first problem in the file's order, in words: which key, on which line, what is allowed there.
 *
 * @param builtIn ids of the built-in checks
 */
export function configProblem(
  problems: readonly SchemaProblem[],
  yaml: YamlFile,
  file: string,
  builtIn: readonly string[],
): UserError {
  const found = problems
    .map((problem) => ({ problem, line: yaml.lineOf(pathOf(problem)) }))
    .toSorted((a, b) => a.line - b.line);
  const [first] = found;
  if (first === undefined) throw new Error('config.schema.json refuses a value without a reason');
  const { what, fix } = inWords(first.problem, builtIn);
  const others = new Set(found.map(({ line }) => line)).size - 1;
  const more = others > 0 ? `. ${others} more of its lines need${others === 1 ? 's' : ''} mending` : '';
  return new UserError({ what, where: `${file}:${first.line}`, fix: fix + more });
}

/** The path to what is wrong, down to an unknown key or an unfit name. */
function pathOf({ path, params }: SchemaProblem): readonly string[] {
  const key = params.additionalProperty ?? params.propertyName;
  return typeof key === 'string' ? [...path, key] : path;
}

function inWords(problem: SchemaProblem, builtIn: readonly string[]): { what: string; fix: string } {
  const { keyword, params, schema, value } = problem;
  const key = nameOf(pathOf(problem));
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(problem);
    case 'required': {
      const missing = nameOf([...problem.path, String(params.missingProperty)]);
      return { what: `${missing} is missing`, fix: `Give ${missing}` };
    }
    case 'propertyNames':
      return { what: `${key} is not a fit name`, fix: allowedBy(recordOf(schema.propertyNames)) };
    case 'uniqueItems':
      return { what: `${key} names ${shown(itemAt(value, params.i))} twice`, fix: 'Name each once' };
    case 'type':
      return isUnknownCheck(problem)
        ? { what: `there is no built-in check ${key}`, fix: checkFix(problem, builtIn) }
        : { what: `${key} is ${kindOf(value)}`, fix: allowedBy(schema) };
    default:
      return { what: `${key} is ${shown(value)}, which is not allowed`, fix: allowedBy(schema) };
  }
}

// ---------------------------------------------------------------- unknown keys

function unknownKey({ path, params, schema }: SchemaProblem): { what: string; fix: string } {
  const key = String(params.additionalProperty);
  const known = Object.keys(recordOf(schema.properties));
  const near = nearestWord(key, known);
  const deeper = placesOf(key, schema, path);
  const hint =
    deeper.length > 0
      ? `It belongs under ${deeper.map(nameOf).join(' or ')}. `
      : near !== null
        ? `Did you mean \`${near}\`? `
        : '';
  const list = known.map((name) => `\`${name}\``).join(', ');
  return { what: `unknown key ${nameOf([...path, key])}`, fix: `${hint}Known keys here: ${list}` };
}

/** Paths below `path` under which the schema knows the key. */
function placesOf(
  key: string,
  schema: Readonly<Record<string, unknown>>,
  path: readonly string[],
): readonly string[][] {
  return Object.entries(recordOf(schema.properties)).flatMap(([name, inner]) => {
    const below = recordOf(inner);
    const here = [...path, name];
    return [...(Object.hasOwn(recordOf(below.properties), key) ? [here] : []), ...placesOf(key, below, here)];
  });
}

/** A severity alone can only be given to a built-in check: most likely its name has a slip. */
function isUnknownCheck({ path, value }: SchemaProblem): boolean {
  return path.length === 3 && path[0] === 'gate' && path[1] === 'checks' && typeof value === 'string';
}

function checkFix({ path }: SchemaProblem, builtIn: readonly string[]): string {
  const near = nearestWord(path.at(-1) ?? '', builtIn);
  const hint = near === null ? '' : `Did you mean \`${near}\`? `;
  return `${hint}Built-in checks: ${builtIn.join(', ')}; one of your own has {severity, measure, groups, operator, value}`;
}

// ---------------------------------------------------------------- what is allowed

/** What to give; where types alone do not say it, in the description's words. */
function allowedBy(schema: Readonly<Record<string, unknown>>): string {
  const { description, pattern, examples, type } = schema;
  const example = Array.isArray(examples) && examples.length > 0 ? `, such as ${shown(examples[0])}` : '';
  const choice = schema.enum !== undefined || schema.const !== undefined;
  const unsaid = !choice && (pattern !== undefined || type === undefined || type === 'null');
  if (unsaid && typeof description === 'string') return firstSentence(description) + example;
  return `Give ${allowedIn(schema)}${example}`;
}

function firstSentence(text: string): string {
  const end = text.indexOf('. ');
  return end === -1 ? text.replace(/\.$/, '') : text.slice(0, end);
}

// ---------------------------------------------------------------- values and names, harmless to print

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return `text (${shown(value)})`;
  return `a ${typeof value} (${shown(value)})`;
}

function nameOf(path: readonly string[]): string {
  const keys = path.map((key) => (/^[\w.:-]+$/.test(key) ? key : shown(key)));
  return path.length === 0 ? 'the file' : `\`${keys.join('.').replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]')}\``;
}

function itemAt(value: unknown, index: unknown): unknown {
  return Array.isArray(value) && typeof index === 'number' ? value[index] : value;
}
