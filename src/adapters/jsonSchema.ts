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

/** A JSON schema for values of type `T`; that the two agree is what the schema's tests are for. */
export interface Schema<T> {
  readonly accepts: (value: unknown) => value is T;
  /** Everything that is wrong with the value; empty where the schema accepts it. */
  readonly problems: (value: unknown) => readonly SchemaProblem[];
}

interface SchemaOptions {
  /** Checking a value also writes the schema's defaults into it where keys are missing. */
  readonly fillDefaults?: boolean;
}

/**
 * A JSON schema (draft-07, which editors understand best) in Ajv's strict mode. It is compiled when first asked, which takes longer
 * than to check with it: a command asks few of the schemas that it loads.
 * @throws Error where the schema is no object; what is asked throws one where it is a wrong schema.
 */
export function compileSchema<T>(schema: unknown, options: SchemaOptions = {}): Schema<T> {
  if (!isSchemaObject(schema)) throw new Error('a JSON schema is an object');
  return schemaBy<T>(() => schema, options);
}

/** A schema published in `schemas/`, read when first asked: `readSchema<Result>('result')`; options as for `compileSchema`. */
export function readSchema<T>(name: string, options: SchemaOptions = {}): Schema<T> {
  return schemaBy<T>(() => JSON.parse(readSchemaText(name)), options);
}

function schemaBy<T>(read: () => SchemaObject, { fillDefaults = false }: SchemaOptions): Schema<T> {
  const validator = once(() => (fillDefaults ? filling : checking)().compile<T>(read()));
  return {
    accepts: (value): value is T => validator()(value),
    problems: (value) => {
      const validate = validator();
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

const checking = once(() => newAjv(false));
const filling = once(() => newAjv(true));

/** One for all schemas: each would compile the schema of schemas again. */
function newAjv(useDefaults: boolean): Ajv {
  // verbose: an error then carries the schema and the value, which messages name. A schema may be compiled twice: none is kept by its $id.
  return new Ajv({
    ...{ allErrors: true, verbose: true, strict: true, allowUnionTypes: true },
    ...{ useDefaults, addUsedSchema: false, validateSchema: false },
  });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The first thing that is wrong with a value that a schema does not accept: where, and what ("images.0 must be string"). */
export function firstProblem(schema: Pick<Schema<unknown>, 'problems'>, value: unknown): string {
  const [problem] = schema.problems(value);
  return `${problem?.path.join('.') || 'the whole'} ${problem?.message ?? 'is wrong'}`;
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
