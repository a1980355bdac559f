import { isJsonObject, type JsonObject } from '../records/json.ts';

/** What a schema allows, in words: "a whole number from 1 to 5", "text that is not empty or a list". */
export function allowedIn(schema: JsonObject): string {
  if (Array.isArray(schema.enum)) return `one of ${schema.enum.map(shown).join(', ')}`;
  if (schema.const !== undefined) return shown(schema.const);
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map((choice) => allowedIn(recordOf(choice))).join(' or ');
  const types: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type];
  return types
    .filter((type) => type !== 'null')
    .map((type) => inWords(type, schema))
    .join(' or ');
}

function inWords(type: unknown, schema: JsonObject): string {
  switch (type) {
    case 'integer':
      return `a whole number${rangeOf(schema)}`;
    case 'number':
      return `a number${rangeOf(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'array': {
      const { minItems, maxItems } = schema;
      if (minItems !== undefined && minItems === maxItems) return `a list of ${shown(minItems)}`;
      return minItems === undefined ? 'a list' : 'a list that is not empty';
    }
    case 'object':
      return 'a mapping of keys to values';
    case 'string':
      return 'text that is not empty';
    default:
      throw new Error(`no words for the type ${String(type)} of a schema`);
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: JsonObject): string {
  if (exclusiveMinimum !== undefined) {
    return ` above ${exclusiveMinimum}${maximum === undefined ? '' : `, at most ${maximum}`}`;
  }
  if (minimum === undefined) return '';
  return maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
}

/** JSON of at most 60 characters; it escapes control characters. */
export function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** The value as a mapping; an empty one where it is something else. */
export function recordOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
