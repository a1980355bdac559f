import { lstat, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { writeFileAtomic, writeNewFile } from '../adapters/atomicFile.ts';
import { codeOf, messageOf, UserError } from '../errors.ts';
import type { Change, Medium, Snapshot } from './medium.ts';
import { ancestorsIn, builtOnIn, usualRemote } from './named.ts';
import { commitOf, type Repository } from './repository.ts';

/** What a killed writer left aside is removed once it is this old, in milliseconds. */
const abandoned = 3_600_000;
const aside = /\.\d+$/;

/**
 * Keeps a suite's files in `path/folder`. Where the evaluation lies in a git repository, the baseline is looked
 * for among its commits as in the git store; elsewhere, and where git does not know the commit, it is what was recorded last.
 */
export function openFolderMedium(path: string, folder: string, repository: Repository | null): Medium {
  const root = join(path, folder);
  const inside = (name: string) => join(root, ...name.split('/'));
  const remote = repository && usualRemote(repository);
  return {
    folder,
    snapshot: async () => {
      await refuseSuite(path);
      return snapshotOf(root);
    },
    update: async (change) => {
      await refuseSuite(path);
      await update(root, change);
      return null;
    },
    ancestors: (at, recorded, count) => ancestorsIn(repository, remote, at, recorded, count),
    builtOn: (recorded) => builtOnIn(repository, remote, recorded).catch(nobodyCanTell),
    resolve: async (name) => (repository ? commitOf(repository, name) : null),
    suites: () => suitesIn(path),
    where: inside,
    fixDamaged: (name) => `Restore ${inside(name)} from a copy, or record the baseline again with --replace`,
  };
}

/** Taken for the folder of all suites, that of one suite would hold none: a first run. */
async function refuseSuite(path: string): Promise<void> {
  const names = await readdir(path).catch((): string[] => []);
  if (!names.some((name) => name.endsWith('.baseline'))) return;
  throw new UserError({
    what: 'this folder holds the baselines of one suite, and the folder of all suites is to be named',
    where: path,
    fix: `Name the folder above it: ${dirname(path)}`,
  });
}

/** A folder needs no remote: where it cannot be asked, all is kept for now. */
function nobodyCanTell(thrown: unknown): null {
  if (thrown instanceof UserError) return null;
  throw thrown;
}

async function snapshotOf(root: string): Promise<Snapshot> {
  const paths = (await filesBelow(root)).filter((path) => !aside.test(path));
  return {
    paths,
    read: (wanted) => Promise.all(wanted.map((path) => readOne(join(root, ...path.split('/'))))),
  };
}

async function readOne(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const fix = 'Check that it may be read, and that a link leads to a file';
    throw new UserError({
      what: `cannot read this file of the baselines (${messageOf(cause)})`,
      where: file,
      fix,
      cause,
    });
  }
}

/** Paths of all files and of links below a folder, sorted; none where it does not exist. */
async function filesBelow(root: string, tries = 5): Promise<string[]> {
  try {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const paths: string[] = [];
    for (const entry of entries) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile() || (entry.isSymbolicLink() && !(await isFolder(file)))) paths.push(relative(root, file));
    }
    return paths.map((path) => path.split(sep).join('/')).toSorted();
  } catch (cause) {
    const isMissing = codeOf(cause) === 'ENOENT';
    if (isMissing && !(await isThere(root))) return [];
    // A folder below went while it was listed: another writer's.
    if (isMissing && tries > 1) return filesBelow(root, tries - 1);
    const fix = 'Check that baseline.path is a folder that may be read';
    throw new UserError({ what: `cannot read the baselines (${messageOf(cause)})`, where: root, fix, cause });
  }
}

/** A link that leads nowhere is there, too. */
async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (thrown) => codeOf(thrown) !== 'ENOENT',
  );
}

/** A link that leads nowhere counts as a file, so that reading it says what is wrong. */
async function isFolder(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function suitesIn(path: string): Promise<readonly string[]> {
  const files = await filesBelow(path);
  return [...new Set(files.flatMap((file) => /^([^/]+)\/[^/]+\.baseline$/.exec(file)?.[1] ?? []))];
}

/** As often as others may have made a file of the same name in the meantime. */
const tries = 10;

async function update(root: string, change: Change): Promise<void> {
  const at = (path: string) => join(root, ...path.split('/'));
  // Each file is whole whenever it is seen, and every writer has its own: no lock is needed.
  for (let attempt = 1; !(await putAll(root, change)); attempt++) {
    if (attempt < tries) continue;
    const fix = 'Run again once the others have ended';
    throw new UserError({ what: 'others write the same baselines all the time', where: root, fix });
  }
  const { files, remove } = await change.tidy(await snapshotOf(root));
  for (const [path, bytes] of files) await writeFileAtomic(at(path), bytes);
  for (const path of remove) await removed(at(path));
  await removeAbandoned(root);
}

/** Writes the files of a change on what is there; false where another writer has since made one that was not: it is to be seen first. */
async function putAll(root: string, change: Change): Promise<boolean> {
  const before = await snapshotOf(root);
  const there = new Set(before.paths);
  for (const [path, bytes] of await change.files(before)) {
    const file = join(root, ...path.split('/'));
    if (there.has(path)) await writeFileAtomic(file, bytes);
    else if (!(await writeNewFile(file, bytes))) return false;
  }
  return true;
}

async function removed(file: string): Promise<void> {
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
