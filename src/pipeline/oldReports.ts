import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { NEWLY_FAILED_FILE } from '../report/changes.ts';
import { suiteIn } from './baseline.ts';
import { errorReports } from './errorReport.ts';
import { removeOldLists } from './poolEvidence.ts';
import type { Request } from './request.ts';

/** What a judging run writes into its folder; pictures are in the pages. */
const reports = [
  ...['result.json', 'junit.xml', 'metrics.json', 'summary.json', 'report.md', 'report.html'],
  NEWLY_FAILED_FILE,
];

/**
 * Does what a run does once the reports of the run before it are out of the way: one that errs, or is killed, must not leave an old
 * green where its own would lie. Where it errs, report.md, junit.xml and summary.json say so.
 */
export async function overOldReports<Outcome>(
  { config, out, now }: Pick<Request, 'config' | 'out' | 'now'>,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  // A folder that cannot be written is told when the new ones are.
  await Promise.allSettled(reports.map((name) => rm(join(out, name), { force: true })));
  await Promise.allSettled([removeOldLists(out)]);
  try {
    return await run();
  } catch (thrown) {
    const suite = await suiteIn(config);
    // Where no config was read, the folder may be nobody's.
    if (suite !== null || existsSync(out)) {
      const told = errorReports(thrown, suite ?? config, now);
      await Promise.allSettled(told.map(([name, text]) => writeFileAtomic(join(out, name), text)));
    }
    throw thrown;
  }
}
