import { messageOf, UserError } from '../errors.ts';
import type { BaselineRecord, HistoryRow } from '../records/baseline.ts';
import { decodeBaseline, encodeBaseline } from './codec.ts';
import { parseHistoryRow, rowOf } from './historyRow.ts';
import type { At, Medium, Snapshot } from './medium.ts';
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

export interface Found {
  /** Nearest first, at most the window; empty where there is no baseline to compare with. */
  readonly records: readonly BaselineRecord[];
  /** Why there are fewer than the window; null where there are not. */
  readonly note: string | null;
}

/** The baselines of one suite. Everything throws UserError where the place cannot be reached, read or written. */
export interface BaselineStore {
  /**
   * The baselines a checkpoint at `head` is compared with: of the merge base with `base` and its ancestors, or
   * of the ancestors of `head`, the nearest that have one. A damaged one throws, it is never passed over.
   */
  readonly find: (at: At) => Promise<Found>;
  /** The baselines that are kept, newest first. */
  readonly list: () => Promise<readonly HistoryRow[]>;
  /** The baseline of a commit, given by its name, hash or the start of the hash. */
  readonly show: (commit: string) => Promise<BaselineRecord>;
  /** Keeps a baseline and its files, in place of an earlier one of the same commit; the oldest beyond `keep` go. */
  readonly record: (record: BaselineRecord, files?: readonly ExtraFile[]) => Promise<Recorded>;
  /** Keeps files of a commit that has no baseline, such as a pull request's; `createdAt` is ISO 8601, UTC. */
  readonly attach: (commit: string, createdAt: string, files: readonly ExtraFile[]) => Promise<Recorded>;
  /** A row of every baseline ever recorded, oldest first. */
  readonly history: () => Promise<readonly HistoryRow[]>;
}

/** A suite's baselines in a medium. `keep` and `window` are at least 1. */
export function openSuite(medium: Medium, suite: string, limits: { keep: number; window: number }): BaselineStore {
  const where = `baselines of suite ${JSON.stringify(suite)}`;
  const load = async (snapshot: Snapshot, commits: readonly string[]): Promise<BaselineRecord[]> => {
    const paths = commits.map(recordPath);
    const contents = await snapshot.read(paths);
    return contents.map((bytes, i) => decode(medium, suite, paths[i] ?? '', bytes));
  };
  const put = async (message: string, files: ReadonlyMap<string, Uint8Array>, guard: Guard): Promise<string | null> =>
    medium.update({ message, files, guard, stale: (after) => stalePaths(medium, suite, after, limits.keep) });

  return {
    find: async (at) => {
      const snapshot = await medium.snapshot();
      const rows = await keptRows(medium, suite, snapshot);
      if (rows.length === 0)
        return { records: [], note: `No baseline of suite ${JSON.stringify(suite)} has been recorded yet.` };
      const recorded = new Map(rows.map((row) => [row.commit, row.createdAt]));
      const { commits, note } = await medium.ancestors(at, recorded, limits.window);
      const found = await load(snapshot, commits);
      if (found.length >= limits.window) return { records: found, note: null };
      const none = `${rows.length} baseline(s) are recorded, ${found.length} of them for an ancestor of this commit.`;
      return { records: found, note: note === null ? none : `${none} ${note}` };
    },
    list: async () => (await keptRows(medium, suite, await medium.snapshot())).toReversed(),
    show: async (commit) => {
      const snapshot = await medium.snapshot();
      const rows = await keptRows(medium, suite, snapshot);
      const key = await pick(commit, rows, medium, where);
      const [record] = await load(snapshot, [key]);
      if (!record) throw new Error('a snapshot reads what is asked for');
      return record;
    },
    record: async (record, files = []) => {
      if (record.suite !== suite) throw new Error(`a record of ${record.suite} in the store of ${suite}`);
      const path = recordPath(record.commit);
      const extras = filesOf(record.commit, record.createdAt, files);
      // The row goes last: a record without one is read for it, a row without a record would look pruned.
      const puts = new Map([
        ...extras,
        [path, encodeBaseline(record)],
        [rowPath(record.commit), encodeRow(rowOf(record))],
      ]);
      const revision = await put(`Record ${label(record.commit)} of ${JSON.stringify(suite)}`, puts, async (before) => {
        // What cannot be read may be of a newer version: it is not ours to overwrite.
        if (before.paths.includes(path)) await load(before, [record.commit]);
      });
      return { revision, paths: [...extras.keys()].map((name) => `${medium.folder}/${name}`) };
    },
    attach: async (commit, createdAt, files) => {
      const extras = filesOf(commit, createdAt, files);
      const revision = await put(
        `Attach files to ${label(commit)} of ${JSON.stringify(suite)}`,
        extras,
        async () => {},
      );
      return { revision, paths: [...extras.keys()].map((name) => `${medium.folder}/${name}`) };
    },
    history: async () => {
      const snapshot = await medium.snapshot();
      return byAge(await readRows(medium, suite, snapshot, rowKeys(snapshot)));
    },
  };
}

type Guard = (before: Snapshot) => Promise<void>;

const recordName = /^([a-z0-9._-]+)\.baseline$/;
const rowName = /^history\/([a-z0-9._-]+)\.json$/;
const filesFolder = /^(files\/[0-9tz]+-([a-z0-9._-]+))\//;
const extraName = /^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*$/;

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

function decode(medium: Medium, suite: string, path: string, bytes: Uint8Array): BaselineRecord {
  const record = decodeBaseline(bytes, medium.where(path), medium.fixDamaged(path));
  if (record.suite === suite && recordPath(record.commit) === path) return record;
  throw new UserError({
    what: `this is the baseline of suite ${JSON.stringify(record.suite)} at ${JSON.stringify(record.commit)}, under another's name`,
    where: medium.where(path),
    fix: medium.fixDamaged(path),
  });
}

/** Keys of records, as in their file names. */
function recordKeys(snapshot: Snapshot): string[] {
  return snapshot.paths.flatMap((path) => recordName.exec(path)?.[1] ?? []);
}

/** Keys of all that were ever recorded: those with a row, and those killed between record and row. */
function rowKeys(snapshot: Snapshot): string[] {
  return [...new Set([...snapshot.paths.flatMap((path) => rowName.exec(path)?.[1] ?? []), ...recordKeys(snapshot)])];
}

async function keptRows(medium: Medium, suite: string, snapshot: Snapshot): Promise<HistoryRow[]> {
  return byAge(await readRows(medium, suite, snapshot, recordKeys(snapshot)));
}

async function readRows(
  medium: Medium,
  suite: string,
  snapshot: Snapshot,
  keys: readonly string[],
): Promise<HistoryRow[]> {
  const there = new Set(snapshot.paths);
  const paths = keys.map((key) => (there.has(`history/${key}.json`) ? `history/${key}.json` : `${key}.baseline`));
  const contents = await snapshot.read(paths);
  return contents.map((bytes, i) => {
    const path = paths[i] ?? '';
    if (!rowName.test(path)) return rowOf(decode(medium, suite, path, bytes));
    try {
      return parseHistoryRow(bytes);
    } catch (cause) {
      const what = `this is no row of the history (${messageOf(cause)})`;
      throw new UserError({ what, where: medium.where(path), fix: medium.fixDamaged(path), cause });
    }
  });
}

function encodeRow(row: HistoryRow): Uint8Array {
  return Buffer.from(`${JSON.stringify(row)}\n`);
}

/** Oldest first; those of one moment by commit. */
function byAge(rows: readonly HistoryRow[]): HistoryRow[] {
  const key = (row: HistoryRow) => `${new Date(row.createdAt).toISOString()} ${row.commit}`;
  return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Records beyond the newest `keep` with their files, files a later recording of the commit replaced, and files without a record beyond `keep`. */
async function stalePaths(medium: Medium, suite: string, snapshot: Snapshot, keep: number): Promise<string[]> {
  const rows = await keptRows(medium, suite, snapshot);
  const gone = new Set(rows.slice(0, -keep).map((row) => safeName(row.commit)));
  const kept = new Set(rows.slice(-keep).map((row) => safeName(row.commit)));
  const folders = [...new Set(snapshot.paths.flatMap((path) => filesFolder.exec(path)?.[1] ?? []))].toSorted();
  const commitOf = (folder: string) => filesFolder.exec(`${folder}/`)?.[2] ?? '';
  const newest = new Map(folders.map((folder) => [commitOf(folder), folder]));
  const loose = folders.filter((folder) => !kept.has(commitOf(folder)) && !gone.has(commitOf(folder)));
  const dropped = new Set([
    ...folders.filter((folder) => gone.has(commitOf(folder)) || newest.get(commitOf(folder)) !== folder),
    ...loose.slice(0, -keep),
  ]);
  return snapshot.paths.filter(
    (path) => gone.has(recordName.exec(path)?.[1] ?? '') || dropped.has(filesFolder.exec(path)?.[1] ?? ''),
  );
}

async function pick(commit: string, rows: readonly HistoryRow[], medium: Medium, where: string): Promise<string> {
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
