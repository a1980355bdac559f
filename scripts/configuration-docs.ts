/**
 * Writes docs/configuration.md from schemas/config.schema.json: `node scripts/configuration-docs.ts`.
 * A test fails where the page is not current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { allowedIn, recordOf } from '../src/config/schemaWords.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

const schemaFile = new URL('../schemas/config.schema.json', import.meta.url);
const pageFile = new URL('../docs/configuration.md', import.meta.url);

const intro = `# barlow.yml

<!-- Written by scripts/configuration-docs.ts from schemas/config.schema.json; change that. -->

`;

const example = `
The least there is:

\`\`\`yaml
evalSet:
  images: val
checkpoints:
  candidate: predictions/candidate.csv
\`\`\`

An unknown key, a wrong type or a value out of range is refused with its line and with what is allowed. Editors that
know JSON Schema help while you write, with this as the first line:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/barlow-gate/schemas/config.schema.json
\`\`\`
`;

/** The page as Markdown: a section per top-level key, a table of the keys below it. */
export function configurationDocs(): string {
  const root: JsonSchema = recordOf(JSON.parse(readFileSync(schemaFile, 'utf8')));
  const sections = Object.entries(recordOf(root.properties)).map(([key, value]) => section(key, recordOf(value), root));
  return `${intro}${text(root.description)}\n${example}${sections.join('')}`;
}

function section(key: string, schema: JsonSchema, root: JsonSchema): string {
  const below = rowsBelow([key], schema, root);
  const facts = below.length > 0 ? '' : `\n\nValue: ${allowedHere(schema)}. Default: ${defaultOf(schema)}.`;
  const table = below.length > 0 ? `\n| key | value | default | meaning |\n|---|---|---|---|\n${below.join('')}` : '';
  return `\n## ${key}\n\n${text(schema.description)}${facts}${exampleOf(schema)}\n${table}`;
}

/** A table row for every key that holds a value, by its path. */
function rowsBelow(path: readonly string[], schema: JsonSchema, root: JsonSchema): string[] {
  const needed: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(recordOf(schema.properties)).flatMap(([key, value]) => {
    const inner = resolved(recordOf(value), root);
    const here = [...path, key];
    const deeper = [...rowsBelow(here, inner, root), ...alternatives(here, inner, root)];
    if (deeper.length > 0 && inner.type === 'object') return deeper;
    const otherwise = defaultOf(inner) || (needed.includes(key) ? 'needed' : '');
    return [row(here, inner, otherwise), ...deeper];
  });
}

/** Keys of what may stand in place of a plain value: the object form, the items of a list, entries of one's own. */
function alternatives(path: readonly string[], schema: JsonSchema, root: JsonSchema): string[] {
  const object = recordOf(schema.else);
  const entries = resolved(recordOf(schema.additionalProperties), root);
  return [
    ...rowsBelow(path, object, root),
    ...rowsBelow([...path, 'NAME'], entries, root),
    ...rowsBelow([...path.slice(0, -1), `${path.at(-1)}[]`], recordOf(schema.items), root),
  ];
}

/** References followed, those of the built-in checks not: their keys are said once, under NAME. */
function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const references = Array.isArray(schema.allOf) ? schema.allOf.map((part) => recordOf(part).$ref) : [schema.$ref];
  const name = references
    .map(String)
    .find((reference) => reference.startsWith('#/definitions/'))
    ?.slice(14);
  if (name === undefined) return schema;
  const { if: _if, else: _else, ...target } = recordOf(recordOf(root.definitions)[name]);
  const properties = recordOf(schema.properties);
  const merged = Object.entries(recordOf(target.properties)).map(([key, value]) => {
    const own = properties[key] === true ? {} : recordOf(properties[key]);
    return [key, { ...resolved(recordOf(value), root), ...own }];
  });
  return { ...target, ...schema, ...(merged.length > 0 ? { properties: Object.fromEntries(merged) } : {}) };
}

function row(path: readonly string[], schema: JsonSchema, otherwise: string): string {
  const [, ...below] = path;
  const cells = [
    `\`${below.join('.')}\``,
    allowedHere(schema),
    otherwise,
    text(schema.description) + exampleOf(schema),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

/** Null stands for "left out", which the description explains. */
function defaultOf({ default: value }: JsonSchema): string {
  return value === undefined ? '' : value === null ? 'none' : code(value);
}

function exampleOf({ examples }: JsonSchema): string {
  return Array.isArray(examples) ? ` E.g. ${examples.map(code).join(' or ')}.` : '';
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

/** That text is not empty goes without saying here. */
function allowedHere(schema: JsonSchema): string {
  return allowedIn(schema).replace(' that is not empty', '');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

if (import.meta.main) writeFileSync(pageFile, configurationDocs());
