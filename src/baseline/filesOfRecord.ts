import { UserError } from '../errors.ts';
import type { BaselineRecord } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import { encodeBaseline } from './codec.ts';
import { isSameOutcome, outcomeOf } from './compared.ts';
import { rowOf } from './historyRow.ts';
import type { Snapshot } from './medium.ts';
import {
  decodeRecord,
  encodeRow,
  indexOfSuite,
  recordPath,
  replicaPath,
  rowPath,
  type SuitePlace,
  shortCommit,
} from './suiteFiles.ts';

/** What recording a baseline writes, on top of what is there; throws where it must not. */
export async function filesOfRecord(
  place: SuitePlace,
  before: Snapshot,
  record: BaselineRecord,
  replace: boolean,
): Promise<Map<string, Uint8Array>> {
  const { suite } = place;
  const path = record.replica ? replicaPath(record) : recordPath(record.commit);
  const accepted = recordPath(record.commit);
  const where = `baselines of suite ${JSON.stringify(suite)}`;
  if (record.replica && !before.paths.includes(accepted)) {
    throw new UserError({
      what: `a replica goes beside the accepted checkpoint of its commit, and ${shortCommit(record.commit)} has none`,
      where,
      fix: 'Record the accepted checkpoint first, without --replica',
    });
  }
  for (const each of new Set([path, accepted])) {
    if (!before.paths.includes(each)) continue;
    refuseOver(place, each, entry(await before.read([each]), 0), record, each === path, replace);
  }
  const bytes = encodeBaseline(record);
  if (record.replica) return new Map([[path, bytes]]);
  const { entries } = await indexOfSuite(place, before, replace ? rowPath(record.commit) : null);
  const own = entries.find(({ row }) => row.commit === record.commit)?.row.sequence ?? 0;
  const next = Math.max(0, ...entries.map(({ row }) => row.sequence)) + 1;
  // The row goes last: a record without one is read for it, a row without a record would look lost.
  return new Map([
    [path, bytes],
    [rowPath(record.commit), encodeRow(rowOf(record, own === 0 ? next : own))],
  ]);
}

/** @throws UserError where a record must not be put in the place, or beside, of what is there. */
function refuseOver(
  place: SuitePlace,
  path: string,
  bytes: Uint8Array,
  record: BaselineRecord,
  isInPlace: boolean,
  replace: boolean,
): void {
  // A damaged one is in the way too, unless it is to go: it may be of a newer version.
  if (isInPlace && replace && !isReadable(place, path, bytes)) return;
  const there = decodeRecord(place, path, bytes);
  if (isSameOutcome(outcomeOf(there), outcomeOf(record))) return;
  const commit = shortCommit(record.commit);
  if (there.config !== null && record.config !== null && there.config !== record.config) throw twins(there, record);
  if (!isInPlace || replace) return;
  throw new UserError({
    what: `${JSON.stringify(there.checkpoint)} is recorded at ${commit} already, and ${JSON.stringify(record.checkpoint)} predicts otherwise`,
    where: place.medium.where(path),
    fix: 'Commit, and record at the new commit; or give --replace to put it in its place, --replica for a further training beside it',
  });
}

function isReadable(place: SuitePlace, path: string, bytes: Uint8Array): boolean {
  try {
    decodeRecord(place, path, bytes);
    return true;
  } catch (thrown) {
    if (thrown instanceof UserError) return false;
    throw thrown;
  }
}

/** Two suites of one name would take each other's baselines for their own. */
export function twins(there: BaselineRecord, { suite, config }: Pick<BaselineRecord, 'suite' | 'config'>): UserError {
  return new UserError({
    what: `two suites have the name ${JSON.stringify(suite)}: the baseline at ${shortCommit(there.commit)} is of ${there.config}`,
    where: config ?? 'name',
    fix: 'Give each suite a name of its own (name in barlow.yml)',
  });
}
