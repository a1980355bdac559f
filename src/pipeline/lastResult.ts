import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSchema } from '../adapters/jsonSchema.ts';
import { UserError } from '../errors.ts';
import type { Result } from '../records/result.ts';

/** The result of the last run that wrote its reports to a folder; null where there is none that can be read. */
export function lastResult(out: string): Result | null {
  const file = join(out, 'result.json');
  const result = existsSync(file) ? parsed(readFileSync(file, 'utf8')) : null;
  return readSchema<Result>('result').accepts(result) ? result : null;
}

/** The same where it is needed. @throws UserError where there is none, or one that cannot be read. */
export function neededResult(out: string): Result {
  const result = lastResult(out);
  if (result !== null) return result;
  const file = join(out, 'result.json');
  const isThere = existsSync(file);
  throw new UserError({
    what: isThere ? 'it is no result of this version of barlow-gate' : 'there is no result of a run',
    where: file,
    fix: isThere
      ? 'Run barlow run again'
      : 'Run barlow run or barlow compare first, or name the folder of its reports by --from',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
