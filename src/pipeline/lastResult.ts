import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSchema } from '../adapters/jsonSchema.ts';
import type { Result } from '../records/result.ts';

/** The result of the last run that wrote its reports to a folder; null where there is none that can be read. */
export function lastResult(out: string): Result | null {
  const file = join(out, 'result.json');
  const result = existsSync(file) ? parsed(readFileSync(file, 'utf8')) : null;
  return readSchema<Result>('result').accepts(result) ? result : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
