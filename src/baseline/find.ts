import { UserError } from '../errors.ts';
import type { BaselineRecord, Found, HistoryRow } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import type { At, Snapshot } from './medium.ts';
import {
  decodeRecord,
  indexOfSuite,
  type RecordedCommit,
  recordPath,
  replicaName,
  rowPath,
  type SuitePlace,
} from './suiteFiles.ts';

/** What a checkpoint at `at` is compared with, as `BaselineStore.find` says; `limits` are in records and checkpoints. */
export async function findRecords(
  place: SuitePlace,
  at: At,
  { keep, window }: { keep: number; window: number },
): Promise<Found> {
  const { medium, suite } = place;
  const snapshot = await medium.snapshot();
  const { entries, notes } = await indexOfSuite(place, snapshot);
  if (entries.length === 0) {
    const orphan = snapshot.paths.find((each) => replicaName.test(each));
    if (orphan !== undefined) {
      const what = `the record beside which a replica was made is gone, and so is its history (${medium.where(orphan)})`;
      return { kind: 'unusable', reasons: [what], fix: lostFix, notes };
    }
    return { kind: 'empty-suite', others: (await medium.suites()).filter((each) => each !== medium.folder), notes };
  }
  const there = entries.filter(({ isKept, row }) => isKept || !row.pruned);
  const commitsOf = (some: readonly RecordedCommit[]) => some.map(({ row }) => row.commit);
  // The run's own may be among them.
  const own = there.some(({ row }) => row.commit === at.head) ? 1 : 0;
  const search = await medium.ancestors(at, commitsOf(there), window + own);
  const told = [...notes, ...search.notes];
  if (search.commits.length === 0) {
    const pruned = await medium.ancestors(at, commitsOf(entries.filter((entry) => !there.includes(entry))), 1);
    const [gone] = pruned.commits;
    const reasons = [
      `${there.length} baseline(s) of suite ${JSON.stringify(suite)} are recorded${lastOf(commitsOf(there))}`,
      ...search.reasons,
      ...(gone === undefined
        ? []
        : [`that of ${gone.slice(0, 12)} was removed to keep no more than ${keep} (baseline.keep)`]),
    ];
    return { kind: 'unusable', reasons, fix: unusableFix, notes: told };
  }
  const byCommit = new Map(there.map((entry) => [entry.row.commit, entry]));
  const records: BaselineRecord[] = [];
  for (const commit of search.commits) records.push(...(await recordsOf(place, snapshot, byCommit.get(commit))));
  return { kind: 'found', head: at.head, records, notes: told };
}

const lostFix = 'Restore them from a copy, or accept a checkpoint: barlow baseline record';

const unusableFix =
  'Rebase onto, or merge, a commit that has one; or, where history was rewritten, accept a checkpoint of this line: barlow baseline record';

function lastOf(commits: readonly string[]): string {
  const last = commits.slice(-3).map((commit) => commit.slice(0, 12));
  return last.length === 0 ? '' : ` (the last of ${last.toReversed().join(', ')})`;
}

/** The accepted record of a commit and its replicas. */
async function recordsOf(
  place: SuitePlace,
  snapshot: Snapshot,
  of: RecordedCommit | undefined,
): Promise<BaselineRecord[]> {
  if (of === undefined) throw new Error('a commit that was recorded has an entry');
  const { row, isKept, replicas } = of;
  const path = recordPath(row.commit);
  if (!isKept) {
    throw new UserError({
      what: `the baseline of ${row.commit.slice(0, 12)} is lost: its row in the history stands and its file is gone`,
      where: place.medium.where(path),
      fix: `${place.medium.fixDamaged(path)}, or remove ${place.medium.where(rowPath(row.commit))} too`,
    });
  }
  const paths = [path, ...replicas];
  const contents = await snapshot.read(paths);
  return contents.map((bytes, i) => decodeRecord(place, entry(paths, i), bytes));
}

/**
 * The commit of a baseline by its name, hash or the start of the hash.
 * @throws UserError where none, or several, are meant
 */
export async function pickCommit(
  commit: string,
  rows: readonly HistoryRow[],
  { medium, suite }: SuitePlace,
): Promise<string> {
  const where = `baselines of suite ${JSON.stringify(suite)}`;
  const starts = rows.filter((row) => row.commit.startsWith(commit) && commit.length >= 4);
  const exact = rows.find((row) => row.commit === commit) ?? (starts.length === 1 ? starts[0] : undefined);
  if (exact) return exact.commit;
  const commits = rows.map((row) => row.commit.slice(0, 12));
  if (starts.length > 1) {
    const what = `${JSON.stringify(commit)} could be any of ${starts.map((row) => row.commit.slice(0, 12)).join(', ')}`;
    throw new UserError({ what, where, fix: 'Give more of the hash' });
  }
  const resolved = await medium.resolve(commit);
  const named = rows.find((row) => row.commit === resolved);
  if (named) return named.commit;
  throw new UserError({
    what: `there is no baseline of commit ${JSON.stringify(commit)}`,
    where,
    fix: commits.length === 0 ? 'Record one first' : `Choose one of: ${commits.toReversed().slice(0, 10).join(', ')}`,
  });
}
