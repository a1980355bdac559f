import type { SharedBuffers } from '../adapters/sharedBuffers.ts';
import type { Columns, ReadColumns } from '../records/features.ts';
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
  /** What the features are read into. */
  readonly buffers: SharedBuffers;
  readonly run: RunTask;
}

/** Values of a group that are held at once: 128 MB. */
const VALUES = 2 ** 25;
/** Parts of it, so that one is read while others are worked on. */
const PARTS = 2;

/** The family of a group. A group too large to be held whole is read twice, some features at a time; the outcome is the same. */
export async function openFamily(source: FamilySource, values = VALUES): Promise<Family> {
  const { rows, dimensions, run, open, expected, options } = source;
  if (rows.length * dimensions <= values) {
    return withColumns(source, 0, dimensions, (columns) => run(familyWorker, { columns, open, expected, options }));
  }
  const span = Math.max(1, Math.floor(values / PARTS / rows.length));
  const starts = Array.from({ length: Math.ceil(dimensions / span) }, (_, at) => at * span);
  const part = <Outcome>(from: number, job: (columns: Columns) => Promise<Outcome>) =>
    withColumns(source, from, Math.min(from + span, dimensions), job);
  const flags = openFlags(open, rows.length);
  const found = await boundedMap(options.conditions > 0 ? starts : [], PARTS, (from) =>
    part(from, (columns) => run(halfSpacesWorker, { columns, open: flags, expected })),
  );
  const spaces = joined(found);
  const paired = conditionsOfBoxes(spaces, rows.length, options);
  const points = pointsFor(rows.length, options);
  // Points are added to feature by feature: the order is their rounding's.
  const parts = await boundedMap(starts, points === null ? PARTS : 1, (from) =>
    part(from, (columns) => run(familyPartWorker, { columns, spaces, paired, open, expected, options, points })),
  );
  return run(joinFamilyWorker, { spaces, paired, parts, open, expected, options, points });
}

/** Does a job on some of the group's features, which are gone after it. */
async function withColumns<Outcome>(
  { rows, readColumns, buffers }: FamilySource,
  from: number,
  to: number,
  job: (columns: Columns) => Promise<Outcome>,
): Promise<Outcome> {
  const buffer = buffers.take(rows.length * (to - from) * Float32Array.BYTES_PER_ELEMENT);
  try {
    return await job(await readColumns(rows, from, to, buffer));
  } finally {
    buffers.giveBack(buffer);
  }
}
