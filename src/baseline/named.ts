import { UserError } from '../errors.ts';
import { nearestAncestors, obtain, recordsBuiltOn } from './ancestors.ts';
import type { Ancestors, At } from './medium.ts';
import { commitOf, findRepository, isHash, type Repository, remoteRefs } from './repository.ts';

/**
 * What a name of the user's stands for: the full hash of a commit of the repository or of its remote; where it is no commit, a name of
 * a state of the model, as it is given.
 *
 * @throws UserError for a hash that neither the repository nor its remote has, whole or its start
 */
export async function commitNamed(folder: string, name: string): Promise<string> {
  const repository = await findRepository(folder);
  if (!repository) return name;
  const local = await commitOf(repository, name);
  if (local !== null) return local;
  const lower = name.toLowerCase();
  const remote = usualRemote(repository);
  if (isHash(lower)) return obtain(repository, remote, lower);
  if (/^(?=.*[a-f])(?=.*\d)[0-9a-f]{7,}$/.test(lower)) {
    throw new UserError({
      what: `${JSON.stringify(name)} looks like the start of a hash, and the repository has no such commit`,
      where: '--commit',
      fix: 'Give the whole hash, or fetch the commit first (actions/checkout: fetch-depth: 0)',
    });
  }
  const refs = [`refs/heads/${name}`, `refs/tags/${name}^{}`, `refs/tags/${name}`];
  const there = remote === null ? new Map<string, string>() : await remoteRefs(repository, remote, refs).catch(nothing);
  const hash = refs.map((ref) => there.get(ref)).find((found) => found !== undefined);
  return hash === undefined ? name : obtain(repository, remote, hash);
}

/** Whether the repository of a folder, or its remote, has a commit. */
export async function hasCommit(folder: string, hash: string): Promise<boolean> {
  const repository = await findRepository(folder);
  if (!repository) return false;
  return obtain(repository, usualRemote(repository), hash).then(
    () => true,
    (thrown) => {
      if (thrown instanceof UserError) return false;
      throw thrown;
    },
  );
}

/** A name is a name, also where the remote cannot be asked. */
function nothing(thrown: unknown): ReadonlyMap<string, string> {
  if (thrown instanceof UserError) return new Map();
  throw thrown;
}

/** The remote of a repository whose baselines do not lie in it. */
export function usualRemote({ remotes }: Repository): string | null {
  return remotes.includes('origin') ? 'origin' : (remotes[0] ?? null);
}

/**
 * What a commit of a repository descends from, of the recorded commits and names; names that are no commits follow each other as
 * they were recorded.
 */
export async function ancestorsIn(
  repository: Repository | null,
  remote: string | null,
  at: At,
  recorded: readonly string[],
  count: number,
): Promise<Ancestors> {
  const { head, base } = at;
  const commits = recorded.filter(isHash);
  const names = recorded.filter((commit) => !isHash(commit));
  if (repository === null || (head !== null && !isHash(head))) {
    const newestFirst = recorded.toReversed();
    const own = newestFirst.filter((commit) => commit === head);
    const others = newestFirst.filter((commit) => commit !== head);
    const notes =
      repository === null || own.length > 0
        ? []
        : [`${JSON.stringify(head)} is no commit of the repository: it is compared with what was recorded last.`];
    return { commits: [...own, ...others].slice(0, count), reasons: [], notes };
  }
  if (head === null) return { commits: [], reasons: ['the repository has no commit yet'], notes: [] };
  const list = names.slice(-3).map((name) => JSON.stringify(name));
  const why =
    names.length === 0 ? [] : [`${names.length} of them are of names that are no commits here (${list.join(', ')})`];
  if (commits.length === 0) return { commits, reasons: why, notes: [] };
  const found = await nearestAncestors(repository, remote, { head, base }, new Set(commits), count);
  return found.commits.length > 0 ? found : { ...found, reasons: [...found.reasons, ...why] };
}

/** Those of the recorded that something is still compared with; null where a repository cannot tell. */
export async function builtOnIn(
  repository: Repository | null,
  remote: string | null,
  recorded: readonly string[],
): Promise<ReadonlySet<string> | null> {
  const names = recorded.filter((commit) => !isHash(commit) || repository === null).slice(-1);
  if (repository === null) return new Set(names);
  const commits = recorded.filter(isHash);
  if (commits.length === 0) return new Set(names);
  const built = await recordsBuiltOn(repository, remote, new Set(commits));
  return built && new Set([...built, ...names]);
}
