/**
 * A value of a JSON or Parquet file as text, so that classes compare alike whatever the format: whole numbers without
 * a point (1, 1.0 and 1n are "1"), NaN and null as missing (""), booleans as "true" and "false", instants in ISO 8601.
 * Null for lists, objects and bytes, which have no text.
 */
export function cellText(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return Number.isNaN(value) ? '' : String(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return '';
    default:
      if (value === null) return '';
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : null;
  }
}
