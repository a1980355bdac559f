import { codeOf, UserError } from '../errors.ts';
import type { BaselineEvent, BaselineRecord, Found, HistoryRow } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import { encodeBaseline } from './codec.ts';
import { isSameOutcome, outcomeOf } from './compared.ts';
import { rowOf } from './historyRow.ts';
import type { At, Medium, Snapshot } from './medium.ts';
import { tidiedSuite } from './pruning.ts';
import { safeName } from './safeName.ts';
import {
  decodeRecord,
  encodeRow,
  indexOfSuite,
  nameOfReplica,
  type RecordedCommit,
  recordPath,
  replicaName,
  replicaPath,
  rowPath,
  type SuitePlace,
  shortCommit,
} from './suiteFiles.ts';
import { encodeWatched, readWatched, watchedPath } from './watched.ts';

/** A small file that goes with a commit, such as a contact sheet for a pull request's comment. */
export interface ExtraFile {
  /** Lower-case letters, digits, '.', '_' and '-'. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Recorded {
  /** The commit of the baseline branch that holds the files; null for a folder. */
  readonly revision: string | null;
  /** Where each file lies in that commit or folder ('/'-separated), in the order given. */
  readonly paths: readonly string[];
}

/** A baseline that is kept, with the names of the further trainings beside it. */
export interface Listed extends HistoryRow {
  readonly replicas: readonly string[];
}

/** The baselines of one suite. Everything throws UserError where the place cannot be reached, read or written. */
export interface BaselineStore {
  /**
   * The baselines that a checkpoint at `head` may be compared with: those of the merge base with `base` or its ancestors, or those of
   * `head` or its ancestors; the nearest `window` of them and that of `head`. A damaged or lost one throws, it is never passed over.
   */
  readonly find: (at: At) => Promise<Found>;
  /** The baselines that are kept, the last recorded first. */
  readonly list: () => Promise<readonly Listed[]>;
  /** The accepted baseline of this very commit, in full; null where there is none. */
  readonly accepted: (commit: string) => Promise<BaselineRecord | null>;
  /** The accepted baseline of a commit, given by its name, hash or the start of the hash. */
  readonly show: (commit: string) => Promise<BaselineRecord>;
  /**
   * Keeps a baseline and its files. A replica goes beside the accepted one of its commit. Those beyond `keep` go, the longest recorded
   * first; never this one, nor one that a branch would be compared with.
   *
   * @throws UserError where another checkpoint is accepted at the commit (unless `replace`), or another suite has the name there
   */
  readonly record: (record: BaselineRecord, options?: RecordOptions) => Promise<Recorded>;
  /** Keeps files of a commit that has no baseline, such as a pull request's; `createdAt` is ISO 8601, UTC. */
  readonly attach: (commit: string, createdAt: string, files: readonly ExtraFile[]) => Promise<Recorded>;
  /** Events that once failed a run, by id: watched until they are dropped. */
  readonly watched: () => Promise<readonly BaselineEvent[]>;
  /** Watches events; of one that is watched already the images of both are watched, since whenever it was. */
  readonly watch: (events: readonly BaselineEvent[]) => Promise<void>;
  /** Watches an event no longer; false where none has the id. */
  readonly drop: (id: string) => Promise<boolean>;
  /** A row of every baseline ever recorded, the first recorded first; rows of pruned ones that cannot be read are left out, and said. */
  readonly history: (onNotice?: (line: string) => void) => Promise<readonly HistoryRow[]>;
}

export interface RecordOptions {
  readonly files?: readonly ExtraFile[];
  /** In place of another checkpoint that was accepted at the commit. */
  readonly replace?: boolean;
}

/** A suite's baselines in a medium. `keep` and `window` are at least 1. */
export function openSuite(medium: Medium, suite: string, limits: { keep: number; window: number }): BaselineStore {
  const place = { medium, suite };
  /** Files that go with a commit are written with, or without, its record. */
  const put = async (
    message: string,
    extras: ReadonlyMap<string, Uint8Array>,
    recorded: string | null,
    files: (before: Snapshot) => Promise<ReadonlyMap<string, Uint8Array>>,
  ): Promise<Recorded> => {
    const tidy = (after: Snapshot) => tidiedSuite(place, after, limits.keep, recorded, new Set(extras.keys()));
    const revision = await medium.update({ message, tidy, files });
    return { revision, paths: [...extras.keys()].map((name) => `${medium.folder}/${name}`) };
  };
  return {
    find: (at) => afresh(() => found(place, at, limits)),
    list: () =>
      afresh(async () => {
        const { entries } = await indexOfSuite(place, await medium.snapshot());
        const kept = entries.filter(({ isKept }) => isKept).toReversed();
        return kept.map(({ row, replicas }) => ({ ...row, replicas: replicas.map(nameOfReplica) }));
      }),
    accepted: (commit) =>
      afresh(async () => {
        const snapshot = await medium.snapshot();
        const path = recordPath(commit);
        if (!snapshot.paths.includes(path)) return null;
        return decodeRecord(place, path, entry(await snapshot.read([path]), 0));
      }),
    show: (commit) =>
      afresh(async () => {
        const snapshot = await medium.snapshot();
        const { entries } = await indexOfSuite(place, snapshot);
        const rows = entries.filter(({ isKept }) => isKept).map(({ row }) => row);
        const path = recordPath(await pick(commit, rows, place));
        return decodeRecord(place, path, entry(await snapshot.read([path]), 0));
      }),
    record: async (record, { files = [], replace = false } = {}) => {
      if (record.suite !== suite) throw new Error(`a record of ${record.suite} in the store of ${suite}`);
      const extras = filesOf(record.commit, record.createdAt, files);
      const message = `Record ${shortCommit(record.commit)} of ${JSON.stringify(suite)}`;
      return put(message, extras, record.commit, async (before) => {
        return new Map([...extras, ...(await filesOfRecord(place, before, record, replace))]);
      });
    },
    attach: async (commit, createdAt, files) => {
      const extras = filesOf(commit, createdAt, files);
      return put(
        `Attach files to ${shortCommit(commit)} of ${JSON.stringify(suite)}`,
        extras,
        null,
        async () => extras,
      );
    },
    watched: () => afresh(async () => readWatched(medium, await medium.snapshot())),
    watch: async (events) => {
      await medium.update({
        message: `Watch ${events.length} event(s) of ${JSON.stringify(suite)}`,
        files: async (before) => {
          const known = new Map((await readWatched(medium, before)).map((event) => [event.id, event]));
          const fresh = events.filter(
            ({ id, images }) => !images.every((name) => known.get(id)?.images.includes(name)),
          );
          return new Map(
            fresh.map((event) => [watchedPath(event.id), encodeWatched(both(known.get(event.id), event))]),
          );
        },
        tidy: async () => ({ files: new Map(), remove: [] }),
      });
    },
    drop: async (id) => {
      const path = watchedPath(id);
      if (!(await medium.snapshot()).paths.includes(path)) return false;
      await medium.update({
        message: `Watch an event of ${JSON.stringify(suite)} no longer`,
        files: async () => new Map(),
        tidy: async ({ paths }) => ({ files: new Map(), remove: paths.filter((each) => each === path) }),
      });
      return true;
    },
    history: (onNotice = () => {}) =>
      afresh(async () => {
        const { entries, notes } = await indexOfSuite(place, await medium.snapshot());
        for (const note of notes) onNotice(note);
        return entries.map(({ row }) => row);
      }),
  };
}

/** An event with the images that it had before. */
function both(before: BaselineEvent | undefined, event: BaselineEvent): BaselineEvent {
  if (before === undefined) return event;
  return { ...before, images: [...new Set([...before.images, ...event.images])].toSorted() };
}

/** Reads again where another writer has removed a file since the files were listed. */
async function afresh<T>(read: () => Promise<T>, tries = 5): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    const isGone = thrown instanceof UserError && codeOf(thrown.cause) === 'ENOENT';
    if (!isGone || tries === 1) throw thrown;
    return afresh(read, tries - 1);
  }
}

async function found(place: SuitePlace, at: At, { keep, window }: { keep: number; window: number }): Promise<Found> {
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

/** What recording a baseline writes, on top of what is there; throws where it must not. */
async function filesOfRecord(
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

const extraName = /^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*$/;

/** Files lie in a folder named by time and commit, so that the oldest can be told by name. */
function filesOf(commit: string, createdAt: string, files: readonly ExtraFile[]): Map<string, Uint8Array> {
  const time = new Date(createdAt)
    .toISOString()
    .toLowerCase()
    .replace(/[^0-9tz]/g, '');
  return new Map(
    files.map(({ name, bytes }) => {
      if (!extraName.test(name)) throw new Error(`not a name for a file that goes with a baseline: ${name}`);
      return [`files/${time}-${safeName(commit)}/${name}`, bytes];
    }),
  );
}

async function pick(commit: string, rows: readonly HistoryRow[], { medium, suite }: SuitePlace): Promise<string> {
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
