import type { ReadColumns } from '../records/features.ts';
import type { RunTask } from '../records/threads.ts';
import { boundedMap } from './boundedMap.ts';
import { familyPartWorker } from './familyPartTask.ts';
import { joined } from './halfSpaces.ts';
import { halfSpacesWorker } from './halfSpacesTask.ts';
import { joinFamilyWorker } from './joinFamilyTask.ts';
import { conditionsOfBoxes, type Family, type FamilyTask, familyWorker, openFlags, pointsFor } from './regionFamily.ts';

/** A group whose family is to be made. */
export interface FamilySource extends Omit<FamilyTask, 'columns'> {
  readonly rows: Uint32Array;
  /** Features an image. */
  readonly dimensions: number;
  readonly readColumns: ReadColumns;
  readonly run: RunTask;
}

/** Values of a group that are held at once: 128 MB. */
const VALUES = 2 ** 25;
/** Parts of it, so that one is read while others are worked on. */
const PARTS = 2;

/** The family of a group. A group too large to be held whole is read twice, some features at a time; the outcome is the same. */
export async function openFamily(source: FamilySource, values = VALUES): Promise<Family> {
  const { rows, dimensions, readColumns, run, open, expected, options } = source;
  if (rows.length * dimensions <= values) {
    return run(familyWorker, { columns: await readColumns(rows, 0, dimensions), open, expected, options });
  }
  const span = Math.max(1, Math.floor(values / PARTS / rows.length));
  const starts = Array.from({ length: Math.ceil(dimensions / span) }, (_, at) => at * span);
  const read = (from: number) => readColumns(rows, from, Math.min(from + span, dimensions));
  const flags = openFlags(open, rows.length);
  const found = await boundedMap(options.conditions > 0 ? starts : [], PARTS, async (from) =>
    run(halfSpacesWorker, { columns: await read(from), open: flags, expected }),
  );
  const spaces = joined(found);
  const paired = conditionsOfBoxes(spaces, rows.length, options);
  const points = pointsFor(rows.length, options);
  // Points are added to feature by feature: the order is their rounding's.
  const parts = await boundedMap(starts, points === null ? PARTS : 1, async (from) =>
    run(familyPartWorker, { columns: await read(from), spaces, paired, open, expected, options, points }),
  );
  return run(joinFamilyWorker, { spaces, paired, parts, open, expected, options, points });
}
