import { codeOf, messageOf, UserError } from '../errors.ts';
import type { BaselineRecord, Found, HistoryRow } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import { decodeBaseline, encodeBaseline } from './codec.ts';
import { isSameOutcome, outcomeOf } from './compared.ts';
import { parseHistoryRow, rowOf } from './historyRow.ts';
import type { At, Medium, Snapshot, Tidying } from './medium.ts';
import { safeName } from './safeName.ts';

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
    const tidy = (after: Snapshot) => tidied(place, after, limits.keep, recorded, new Set(extras.keys()));
    const revision = await medium.update({ message, tidy, files });
    return { revision, paths: [...extras.keys()].map((name) => `${medium.folder}/${name}`) };
  };
  return {
    find: (at) => afresh(() => found(place, at, limits)),
    list: () =>
      afresh(async () => {
        const { entries } = await indexOf(place, await medium.snapshot());
        const kept = entries.filter(({ isKept }) => isKept).toReversed();
        return kept.map(({ row, replicas }) => ({ ...row, replicas: replicas.map(nameOfReplica) }));
      }),
    accepted: (commit) =>
      afresh(async () => {
        const snapshot = await medium.snapshot();
        const path = recordPath(commit);
        if (!snapshot.paths.includes(path)) return null;
        return decode(place, path, entry(await snapshot.read([path]), 0));
      }),
    show: (commit) =>
      afresh(async () => {
        const snapshot = await medium.snapshot();
        const { entries } = await indexOf(place, snapshot);
        const rows = entries.filter(({ isKept }) => isKept).map(({ row }) => row);
        const path = recordPath(await pick(commit, rows, place));
        return decode(place, path, entry(await snapshot.read([path]), 0));
      }),
    record: async (record, { files = [], replace = false } = {}) => {
      if (record.suite !== suite) throw new Error(`a record of ${record.suite} in the store of ${suite}`);
      const extras = filesOf(record.commit, record.createdAt, files);
      const message = `Record ${label(record.commit)} of ${JSON.stringify(suite)}`;
      return put(message, extras, record.commit, async (before) => {
        return new Map([...extras, ...(await filesOfRecord(place, before, record, replace))]);
      });
    },
    attach: async (commit, createdAt, files) => {
      const extras = filesOf(commit, createdAt, files);
      return put(`Attach files to ${label(commit)} of ${JSON.stringify(suite)}`, extras, null, async () => extras);
    },
    history: (onNotice = () => {}) =>
      afresh(async () => {
        const { entries, notes } = await indexOf(place, await medium.snapshot());
        for (const note of notes) onNotice(note);
        return entries.map(({ row }) => row);
      }),
  };
}

/** A suite in a medium. */
interface Place {
  readonly medium: Medium;
  readonly suite: string;
}

/** Reads anew where another writer has removed, since the files were listed, what is to be read. */
async function afresh<T>(read: () => Promise<T>, tries = 5): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    const isGone = thrown instanceof UserError && codeOf(thrown.cause) === 'ENOENT';
    if (!isGone || tries === 1) throw thrown;
    return afresh(read, tries - 1);
  }
}

async function found(place: Place, at: At, { keep, window }: { keep: number; window: number }): Promise<Found> {
  const { medium, suite } = place;
  const snapshot = await medium.snapshot();
  const { entries, notes } = await indexOf(place, snapshot);
  if (entries.length === 0) {
    return { kind: 'empty-suite', others: (await medium.suites()).filter((each) => each !== medium.folder), notes };
  }
  const there = entries.filter(({ isKept, row }) => isKept || !row.pruned);
  const commitsOf = (some: readonly Entry[]) => some.map(({ row }) => row.commit);
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

const unusableFix =
  'Rebase onto, or merge, a commit that has one; or, where history was rewritten, accept a checkpoint of this line: barlow baseline record';

function lastOf(commits: readonly string[]): string {
  const last = commits.slice(-3).map((commit) => commit.slice(0, 12));
  return last.length === 0 ? '' : ` (the last of ${last.toReversed().join(', ')})`;
}

/** The accepted record of a commit and its replicas. */
async function recordsOf(place: Place, snapshot: Snapshot, of: Entry | undefined): Promise<BaselineRecord[]> {
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
  return contents.map((bytes, i) => decode(place, entry(paths, i), bytes));
}

/** What recording a baseline writes, on top of what is there; throws where it must not. */
async function filesOfRecord(
  place: Place,
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
      what: `a replica goes beside the accepted checkpoint of its commit, and ${label(record.commit)} has none`,
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
  const { entries } = await indexOf(place, before, replace ? rowPath(record.commit) : null);
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
  place: Place,
  path: string,
  bytes: Uint8Array,
  record: BaselineRecord,
  isInPlace: boolean,
  replace: boolean,
): void {
  // A damaged one is in the way too, unless it is to go: it may be of a newer version.
  if (isInPlace && replace && !isReadable(place, path, bytes)) return;
  const there = decode(place, path, bytes);
  if (isSameOutcome(outcomeOf(there), outcomeOf(record))) return;
  const commit = label(record.commit);
  if (there.config !== null && record.config !== null && there.config !== record.config) throw twins(there, record);
  if (!isInPlace || replace) return;
  throw new UserError({
    what: `${JSON.stringify(there.checkpoint)} is recorded at ${commit} already, and ${JSON.stringify(record.checkpoint)} predicts otherwise`,
    where: place.medium.where(path),
    fix: 'Commit, and record at the new commit; or give --replace to put it in its place, --replica for a further training beside it',
  });
}

function isReadable(place: Place, path: string, bytes: Uint8Array): boolean {
  try {
    decode(place, path, bytes);
    return true;
  } catch (thrown) {
    if (thrown instanceof UserError) return false;
    throw thrown;
  }
}

/** Two suites of one name would take each other's baselines for their own. */
export function twins(there: BaselineRecord, { suite, config }: Pick<BaselineRecord, 'suite' | 'config'>): UserError {
  return new UserError({
    what: `two suites have the name ${JSON.stringify(suite)}: the baseline at ${label(there.commit)} is of ${there.config}`,
    where: config ?? 'name',
    fix: 'Give each suite a name of its own (name in barlow.yml)',
  });
}

const recordName = /^([a-z0-9._-]+)\.baseline$/;
const rowName = /^history\/([a-z0-9._-]+)\.json$/;
const filesFolder = /^(files\/[0-9tz]+-([a-z0-9._-]+))\//;
const extraName = /^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*$/;

const replicaName = /^replicas\/([a-z0-9._-]+)\/([a-z0-9._-]+)\.baseline$/;

const replicaPath = ({ commit, checkpoint }: BaselineRecord) =>
  `replicas/${safeName(commit)}/${safeName(checkpoint)}.baseline`;
const nameOfReplica = (path: string) => replicaName.exec(path)?.[2] ?? path;
const recordPath = (commit: string) => `${safeName(commit)}.baseline`;
const rowPath = (commit: string) => `history/${safeName(commit)}.json`;
const label = (commit: string) => safeName(commit).slice(0, 12);

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

function decode({ medium, suite }: Place, path: string, bytes: Uint8Array): BaselineRecord {
  const record = decodeBaseline(bytes, medium.where(path), medium.fixDamaged(path));
  const own = record.replica ? replicaPath(record) : recordPath(record.commit);
  if (record.suite === suite && own === path) return record;
  throw new UserError({
    what: `this is the baseline of suite ${JSON.stringify(record.suite)} at ${JSON.stringify(record.commit)}, under another's name`,
    where: medium.where(path),
    fix: medium.fixDamaged(path),
  });
}

/** What is known of a commit that was ever recorded. */
interface Entry {
  readonly row: HistoryRow;
  /** The record is there. */
  readonly isKept: boolean;
  /** Paths, sorted. */
  readonly replicas: readonly string[];
}

/**
 * Every commit ever recorded, the first recorded first: those with a row, and those killed between record and row, in whose place
 * the record is read. A row that cannot be read is damage where its record is there, and a note where not. `except`: a row to pass over.
 */
async function indexOf(
  place: Place,
  snapshot: Snapshot,
  except: string | null = null,
): Promise<{ entries: readonly Entry[]; notes: readonly string[] }> {
  const kept = new Set(snapshot.paths.flatMap((path) => recordName.exec(path)?.[1] ?? []));
  const listed = new Set(snapshot.paths.flatMap((path) => rowName.exec(path)?.[1] ?? []));
  const replicas = Map.groupBy(snapshot.paths, (path) => replicaName.exec(path)?.[1]);
  const keys = [...new Set([...listed, ...kept])];
  const pathOf = (key: string) => (listed.has(key) ? `history/${key}.json` : `${key}.baseline`);
  const wanted = keys.filter((key) => pathOf(key) !== except);
  const contents = await snapshot.read(wanted.map(pathOf));
  const notes: string[] = [];
  const entries = wanted.flatMap((key, i) => {
    const isKept = kept.has(key);
    const row = rowFrom(place, pathOf(key), entry(contents, i), isKept);
    if (typeof row === 'string') notes.push(row);
    return typeof row === 'string' ? [] : [{ row, isKept, replicas: replicas.get(key) ?? [] }];
  });
  // A record whose writer was killed before the row was the last, as far as anyone can tell.
  const next = Math.max(0, ...entries.map(({ row }) => row.sequence)) + 1;
  const placed = entries.map((entry) =>
    listed.has(safeName(entry.row.commit)) ? entry : { ...entry, row: { ...entry.row, sequence: next } },
  );
  return { entries: placed.toSorted(byAge), notes };
}

/** A row, or what is wrong with that of a baseline which is pruned. */
function rowFrom(place: Place, path: string, bytes: Uint8Array, isKept: boolean): HistoryRow | string {
  if (!rowName.test(path)) return rowOf(decode(place, path, bytes));
  const where = place.medium.where(path);
  try {
    const row = parseHistoryRow(bytes);
    if (rowPath(row.commit) !== path) throw new Error(`it is of ${JSON.stringify(row.commit)}`);
    // Rows had no mark for pruned ones before they had a sequence.
    return row.sequence === 0 && !isKept ? { ...row, pruned: true } : row;
  } catch (cause) {
    const what = `this is no row of the history (${messageOf(cause)})`;
    if (!isKept) return `Left out of the trend: ${where}: ${what}.`;
    throw new UserError({ what, where, fix: place.medium.fixDamaged(path), cause });
  }
}

function encodeRow(row: HistoryRow): Uint8Array {
  return Buffer.from(`${JSON.stringify(row)}\n`);
}

/** As they were recorded; by the clock only those of before they were counted. */
function byAge({ row: a }: Entry, { row: b }: Entry): number {
  const inTime = (row: HistoryRow) => `${row.createdAt} ${row.commit}`;
  return a.sequence - b.sequence || (inTime(a) < inTime(b) ? -1 : 1);
}

/**
 * Keeps within bounds: records beyond the newest `keep` with their files, files that a later recording of the commit replaced, and
 * files without a record beyond `keep`. Kept all the same: what is just written, and what a branch would be compared with.
 */
async function tidied(
  place: Place,
  snapshot: Snapshot,
  keep: number,
  recorded: string | null,
  written: ReadonlySet<string>,
): Promise<Tidying> {
  const { entries } = await indexOf(place, snapshot);
  const kept = entries.filter(({ isKept }) => isKept);
  const gone = await toPrune(place, kept, keep, recorded);
  const isGone = (key: string | undefined) => key !== undefined && gone.has(key);
  const stale = staleFolders(snapshot, new Set(kept.map(({ row }) => safeName(row.commit))), gone, keep);
  const pruned = kept.filter(({ row }) => gone.has(safeName(row.commit)));
  return {
    // Marked before the record goes: a row alone that does not say so has lost its record.
    files: new Map(pruned.map(({ row }) => [rowPath(row.commit), encodeRow({ ...row, pruned: true })])),
    remove: snapshot.paths.filter(
      (path) =>
        !written.has(path) &&
        (isGone(recordName.exec(path)?.[1]) ||
          isGone(replicaName.exec(path)?.[1]) ||
          stale.has(filesFolder.exec(path)?.[1] ?? '')),
    ),
  };
}

/** Keys of the records to remove. */
async function toPrune(
  { medium }: Place,
  kept: readonly Entry[],
  keep: number,
  recorded: string | null,
): Promise<ReadonlySet<string>> {
  const excess = kept.length - keep;
  if (excess <= 0) return new Set();
  const commits = kept.map(({ row }) => row.commit);
  const built = await medium.builtOn(commits);
  // Nobody can tell which of them are needed still: another time.
  if (built === null) return new Set();
  return new Set(
    commits
      .filter((commit) => commit !== recorded && !built.has(commit))
      .slice(0, excess)
      .map(safeName),
  );
}

/** Folders of files to remove. */
function staleFolders(
  snapshot: Snapshot,
  kept: ReadonlySet<string>,
  gone: ReadonlySet<string>,
  keep: number,
): ReadonlySet<string> {
  const folders = [...new Set(snapshot.paths.flatMap((path) => filesFolder.exec(path)?.[1] ?? []))].toSorted();
  const keyOf = (folder: string) => filesFolder.exec(`${folder}/`)?.[2] ?? '';
  const newest = new Map(folders.map((folder) => [keyOf(folder), folder]));
  const loose = folders.filter((folder) => !kept.has(keyOf(folder)));
  return new Set([
    ...folders.filter((folder) => gone.has(keyOf(folder)) || newest.get(keyOf(folder)) !== folder),
    ...loose.slice(0, -keep),
  ]);
}

async function pick(commit: string, rows: readonly HistoryRow[], { medium, suite }: Place): Promise<string> {
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
