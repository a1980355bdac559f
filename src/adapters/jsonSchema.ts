import { readFileSync } from 'node:fs';
import { Ajv, type SchemaObject } from 'ajv';
import { packageFolder } from '../packageFolder.ts';

/** One way in which a value breaks its schema. */
export interface SchemaProblem {
  /** Keys and indices from the root to the value that is wrong. */
  readonly path: readonly string[];
  /** The schema keyword that is broken: `type`, `enum`, `required`, `additionalProperties`, ... */
  readonly keyword: string;
  /** The part of the schema that the keyword stands in: its siblings say what else is allowed. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** What was found there. */
  readonly value: unknown;
  /** What the keyword says of it, e.g. `{ missingProperty }` or `{ additionalProperty }`. */
  readonly params: Readonly<Record<string, unknown>>;
  /** In words, without the path: "must be <= 5". */
  readonly message: string;
}

/** A compiled JSON schema for values of type `T`; that the two agree is what the schema's tests are for. */
export interface Schema<T> {
  readonly accepts: (value: unknown) => value is T;
  /** Everything that is wrong with the value; empty where the schema accepts it. */
  readonly problems: (value: unknown) => readonly SchemaProblem[];
}

/**
 * Compiles a JSON schema (draft-07, which editors understand best) in Ajv's strict mode.
 * With `fillDefaults`, checking a value also writes the schema's defaults into it where keys are missing.
 * @throws Error where the schema itself is wrong.
 */
export function compileSchema<T>(schema: unknown, options: { readonly fillDefaults?: boolean } = {}): Schema<T> {
  if (!isSchemaObject(schema)) throw new Error('a JSON schema is an object');
  // verbose: an error then carries the schema and the value, which messages name.
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    allowUnionTypes: true,
    useDefaults: options.fillDefaults ?? false,
  });
  const validate = ajv.compile<T>(schema);
  return {
    accepts: (value): value is T => validate(value),
    problems: (value) => {
      if (validate(value)) return [];
      // What is wrong with a name says `propertyNames` already, and an `if` only repeats its branch.
      const errors = validate.errors?.filter(
        (error) => error.propertyName === undefined || error.keyword === 'propertyNames',
      );
      return (errors ?? [])
        .filter(({ keyword }) => keyword !== 'if')
        .map(({ instancePath, keyword, parentSchema, data, params, message }) => ({
          path: keysOf(instancePath),
          keyword,
          schema: parentSchema ?? {},
          value: data,
          params,
          message: message ?? keyword,
        }));
    },
  };
}

/**
 * Reads and compiles a schema published in `schemas/`, e.g. `readSchema<Result>('result')`; options as for `compileSchema`.
 */
export function readSchema<T>(name: string, options: { readonly fillDefaults?: boolean } = {}): Schema<T> {
  return compileSchema<T>(JSON.parse(readSchemaText(name)), options);
}

/** The text of a published schema. */
export function readSchemaText(name: string): string {
  return readFileSync(new URL(`schemas/${name}.schema.json`, packageFolder), 'utf8');
}

function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The keys of a JSON pointer (RFC 6901). */
function keysOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}
