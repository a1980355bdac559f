import type { Snapshot, Tidying } from './medium.ts';
import { safeName } from './safeName.ts';
import {
  encodeRow,
  filesFolder,
  indexOfSuite,
  type RecordedCommit,
  recordName,
  replicaName,
  rowPath,
  type SuitePlace,
} from './suiteFiles.ts';

/**
 * Keeps within bounds: records beyond the newest `keep` with their files, files that a later recording of the commit replaced, and
 * files without a record beyond `keep`. Kept all the same: what is just written, and what a branch would be compared with.
 */
export async function tidiedSuite(
  place: SuitePlace,
  snapshot: Snapshot,
  keep: number,
  recorded: string | null,
  written: ReadonlySet<string>,
): Promise<Tidying> {
  const { entries } = await indexOfSuite(place, snapshot);
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
  { medium }: SuitePlace,
  kept: readonly RecordedCommit[],
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
