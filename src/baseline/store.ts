import { codeOf, UserError } from '../errors.ts';
import type { BaselineEvent, BaselineRecord, Found, HistoryRow } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import { filesOfRecord } from './filesOfRecord.ts';
import { findRecords, pickCommit } from './find.ts';
import type { At, Medium, Snapshot } from './medium.ts';
import { tidiedSuite } from './pruning.ts';
import { safeName } from './safeName.ts';
import { decodeRecord, indexOfSuite, nameOfReplica, recordPath, type SuitePlace, shortCommit } from './suiteFiles.ts';
import { readWatched, unwatchEvent, watchEvents } from './watched.ts';

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
    find: (at) => afresh(() => findRecords(place, at, limits)),
    list: () => afresh(() => listed(place)),
    accepted: (commit) => afresh(() => acceptedAt(place, commit)),
    show: (commit) => afresh(() => shown(place, commit)),
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
      const message = `Attach files to ${shortCommit(commit)} of ${JSON.stringify(suite)}`;
      return put(message, extras, null, async () => extras);
    },
    watched: () => afresh(async () => readWatched(medium, await medium.snapshot())),
    watch: (events) => watchEvents(place, events),
    drop: (id) => unwatchEvent(place, id),
    history: (onNotice = () => {}) => afresh(() => historyOf(place, onNotice)),
  };
}

/** As `BaselineStore.list`. */
async function listed(place: SuitePlace): Promise<readonly Listed[]> {
  const { entries } = await indexOfSuite(place, await place.medium.snapshot());
  const kept = entries.filter(({ isKept }) => isKept).toReversed();
  return kept.map(({ row, replicas }) => ({ ...row, replicas: replicas.map(nameOfReplica) }));
}

/** As `BaselineStore.accepted`. */
async function acceptedAt(place: SuitePlace, commit: string): Promise<BaselineRecord | null> {
  const snapshot = await place.medium.snapshot();
  const path = recordPath(commit);
  if (!snapshot.paths.includes(path)) return null;
  return decodeRecord(place, path, entry(await snapshot.read([path]), 0));
}

/** As `BaselineStore.show`. */
async function shown(place: SuitePlace, commit: string): Promise<BaselineRecord> {
  const snapshot = await place.medium.snapshot();
  const { entries } = await indexOfSuite(place, snapshot);
  const rows = entries.filter(({ isKept }) => isKept).map(({ row }) => row);
  const path = recordPath(await pickCommit(commit, rows, place));
  return decodeRecord(place, path, entry(await snapshot.read([path]), 0));
}

/** As `BaselineStore.history`. */
async function historyOf(place: SuitePlace, onNotice: (line: string) => void): Promise<readonly HistoryRow[]> {
  const { entries, notes } = await indexOfSuite(place, await place.medium.snapshot());
  for (const note of notes) onNotice(note);
  return entries.map(({ row }) => row);
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
