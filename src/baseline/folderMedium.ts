import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { messageOf, UserError } from '../errors.ts';
import { nearestAncestors } from './ancestors.ts';
import type { Ancestors, At, Change, Medium, Snapshot } from './medium.ts';
import { commitOf, type Repository } from './repository.ts';

/** What a killed writer left aside is removed once it is this old, in milliseconds. */
const abandoned = 3_600_000;
const aside = /\.\d+$/;

/**
 * Keeps a suite's files in `path/folder`. Where the evaluation lies in a git repository, the baseline is looked
 * for among its commits as in the git store; elsewhere, and where git does not know the commit, it is the newest of another commit.
 */
export function openFolderMedium(path: string, folder: string, repository: Repository | null): Medium {
  const root = join(path, folder);
  const inside = (name: string) => join(root, ...name.split('/'));
  return {
    folder,
    snapshot: () => snapshotOf(root),
    update: async (change) => {
      await update(root, change);
      return null;
    },
    ancestors: (at, recorded, count) => ancestors(repository, at, recorded, count),
    resolve: async (name) => (repository ? commitOf(repository, name) : null),
    where: inside,
    fixDamaged: (name) => `Restore ${inside(name)} from a copy, or delete it and record the baseline again`,
  };
}

async function snapshotOf(root: string): Promise<Snapshot> {
  const paths = (await filesBelow(root)).filter((path) => !aside.test(path));
  return {
    paths,
    read: (wanted) => Promise.all(wanted.map((path) => readFile(join(root, ...path.split('/'))))),
  };
}

/** Paths of all files below a folder, sorted; none where it does not exist. */
async function filesBelow(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .toSorted();
  } catch (cause) {
    if (isMissing(cause)) return [];
    const fix = 'Check that baseline.path is a folder that may be read';
    throw new UserError({ what: `cannot read the baselines (${messageOf(cause)})`, where: root, fix, cause });
  }
}

async function update(root: string, change: Change): Promise<void> {
  await change.guard(await snapshotOf(root));
  // Each file is whole whenever it is seen, and every writer has its own: no lock is needed.
  for (const [path, bytes] of change.files) await writeFileAtomic(join(root, ...path.split('/')), bytes);
  for (const path of await change.stale(await snapshotOf(root))) await remove(join(root, ...path.split('/')));
  await removeAbandoned(root);
}

async function remove(file: string): Promise<void> {
  await rm(file, { force: true });
  // The folder goes with its last file; with others in it, it stays.
  await rmdir(dirname(file)).catch(() => {});
}

async function removeAbandoned(root: string): Promise<void> {
  for (const path of await filesBelow(root)) {
    if (!aside.test(path)) continue;
    const file = join(root, ...path.split('/'));
    const age = await stat(file).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > abandoned) await rm(file, { force: true });
  }
}

async function ancestors(
  repository: Repository | null,
  at: At,
  recorded: ReadonlyMap<string, string>,
  count: number,
): Promise<Ancestors> {
  const { head, base } = at;
  // A commit that git does not know is the user's own name for a state of the model.
  if (repository && head !== null && (await commitOf(repository, head)) !== null) {
    const remote = repository.remotes.includes('origin') ? 'origin' : (repository.remotes[0] ?? null);
    return nearestAncestors(repository, remote, { head, base }, new Set(recorded.keys()), count);
  }
  const newestFirst = [...recorded.keys()].toReversed().filter((commit) => commit !== head);
  return { commits: newestFirst.slice(0, count), note: null };
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
