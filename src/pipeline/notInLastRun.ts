import { join } from 'node:path';
import { nearestWord } from '../adapters/nearestWord.ts';
import { UserError } from '../errors.ts';

/**
 * An id that the last run has not, with the nearest that it has.
 *
 * @param ids all that it has. @param out folder of its reports, and the flag that names it
 */
export function notInLastRun(
  id: string,
  ids: readonly string[],
  { of, out, flag }: { readonly of: 'event' | 'event or slice'; readonly out: string; readonly flag: string },
): UserError {
  const near = nearestWord(id, ids);
  const which = of === 'event' ? 'the id of an event' : 'the id of an event or the name of a slice';
  return new UserError({
    what: `the last run has no ${of} ${JSON.stringify(id)}${ids.length === 0 ? ', nor any other' : ''}`,
    where: join(out, 'result.json'),
    fix:
      near === null
        ? `Give ${which} as the report shows it; ${flag} names the folder of the run`
        : `Did you mean ${JSON.stringify(near)}?`,
  });
}
