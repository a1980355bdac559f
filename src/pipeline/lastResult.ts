import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSchema } from '../adapters/jsonSchema.ts';
import { textIfReadable } from '../adapters/textIfReadable.ts';
import { UserError } from '../errors.ts';
import { jsonOrNull } from '../records/json.ts';
import type { Result } from '../records/result.ts';

const schema = readSchema<Result>('result');

/** The result of the last run that wrote its reports to a folder; null where there is none that can be read. */
export function lastResult(out: string): Result | null {
  const text = textIfReadable(join(out, 'result.json'));
  const result = text === null ? null : jsonOrNull(text);
  return result !== null && schema.accepts(result) ? result : null;
}

/** The same where it is needed. @param flag names the folder. @throws UserError where there is none, or one that cannot be read. */
export function neededResult(out: string, flag: '--from' | '--out'): Result {
  const result = lastResult(out);
  if (result !== null) return result;
  const file = join(out, 'result.json');
  const isThere = existsSync(file);
  throw new UserError({
    what: isThere ? 'it cannot be read as a result of this version of barlow-gate' : 'there is no result of a run',
    where: file,
    fix: isThere
      ? 'Run barlow run again'
      : `Run barlow run or barlow compare first, or name the folder of its reports by ${flag}`,
  });
}
