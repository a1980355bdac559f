import { messageOf, UserError } from '../errors.ts';
import type { BaselineRecord, HistoryRow } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import { decodeBaseline } from './codec.ts';
import { parseHistoryRow, rowOf } from './historyRow.ts';
import type { Medium, Snapshot } from './medium.ts';
import { safeName } from './safeName.ts';

/** A suite in a medium. */
export interface SuitePlace {
  readonly medium: Medium;
  readonly suite: string;
}

/** Names of a suite's files, and what they say. */
export const recordName = /^([a-z0-9._-]+)\.baseline$/;
const rowName = /^history\/([a-z0-9._-]+)\.json$/;
export const filesFolder = /^(files\/[0-9tz]+-([a-z0-9._-]+))\//;

export const replicaName = /^replicas\/([a-z0-9._-]+)\/([a-z0-9._-]+)\.baseline$/;

export const replicaPath = ({ commit, checkpoint }: BaselineRecord) =>
  `replicas/${safeName(commit)}/${safeName(checkpoint)}.baseline`;
export const nameOfReplica = (path: string) => replicaName.exec(path)?.[2] ?? path;
export const recordPath = (commit: string) => `${safeName(commit)}.baseline`;
export const rowPath = (commit: string) => `history/${safeName(commit)}.json`;
export const shortCommit = (commit: string) => safeName(commit).slice(0, 12);

/** @throws UserError where the bytes are no record, or that of another suite or commit */
export function decodeRecord({ medium, suite }: SuitePlace, path: string, bytes: Uint8Array): BaselineRecord {
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
export interface RecordedCommit {
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
export async function indexOfSuite(
  place: SuitePlace,
  snapshot: Snapshot,
  except: string | null = null,
): Promise<{ entries: readonly RecordedCommit[]; notes: readonly string[] }> {
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
function rowFrom(place: SuitePlace, path: string, bytes: Uint8Array, isKept: boolean): HistoryRow | string {
  if (!rowName.test(path)) return rowOf(decodeRecord(place, path, bytes));
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

export function encodeRow(row: HistoryRow): Uint8Array {
  return Buffer.from(`${JSON.stringify(row)}\n`);
}

/** As they were recorded; by the clock only those of before they were counted. */
function byAge({ row: a }: RecordedCommit, { row: b }: RecordedCommit): number {
  const inTime = (row: HistoryRow) => `${row.createdAt} ${row.commit}`;
  return a.sequence - b.sequence || (inTime(a) < inTime(b) ? -1 : 1);
}
