import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.ts';
import { type Git, type GitCall, gitIn } from './git.ts';
import { gitFailure } from './gitFailure.ts';

/** A user's git repository: objects are added to it, nothing else of it is touched. */
export interface Repository {
  readonly folder: string;
  readonly git: Git;
  /** Standard output of a command that must succeed; throws UserError otherwise. `doing` completes "while ...". */
  readonly must: (args: readonly string[], doing: string, call?: GitCall) => Promise<Buffer>;
  /** The same as text without the white space around it. */
  readonly text: (args: readonly string[], doing: string, call?: GitCall) => Promise<string>;
  /** Names of its remotes. */
  readonly remotes: readonly string[];
  /** A partial clone: objects may be missing that its remote has. */
  readonly partial: boolean;
  /** For commands that talk to a remote: ssh must not ask, unless the user has set up ssh otherwise. */
  readonly network: GitCall;
}

const hash = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Whether the text is a full object name, of SHA-1 or SHA-256. */
export function isHash(text: string): boolean {
  return hash.test(text);
}

/** The repository a folder lies in (a work tree, a worktree, a submodule or a bare one); null where it lies in none. */
export async function findRepository(folder: string): Promise<Repository | null> {
  const git = gitIn(folder);
  const found = await git(['rev-parse', '--git-dir']);
  if (found.code === 0) return describe(folder, git);
  // "not a git repository: PATH" is said of a worktree or submodule whose repository is gone: that is no folder outside of any.
  if (/not a git repository \(or any/.test(found.stderr)) return null;
  throw gitFailure(found, 'looking for the repository', folder);
}

async function describe(folder: string, git: Git): Promise<Repository> {
  const must = async (args: readonly string[], doing: string, call?: GitCall) => {
    const outcome = await git(args, call);
    if (outcome.code !== 0) throw gitFailure(outcome, doing, folder);
    return outcome.stdout;
  };
  const text = async (args: readonly string[], doing: string, call?: GitCall) =>
    (await must(args, doing, call)).toString().trim();
  const { remotes, ssh, partial } = await settings(folder, git);
  const { GIT_SSH_COMMAND, GIT_SSH } = process.env;
  const env = GIT_SSH_COMMAND || GIT_SSH || ssh ? {} : { GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' };
  return { folder, git, must, text, remotes, partial, network: { env, limit: 300_000 } };
}

/** What git's configuration says of remotes, whether it has a command for ssh, and whether the clone is partial. */
async function settings(folder: string, git: Git): Promise<{ remotes: string[]; ssh: boolean; partial: boolean }> {
  const keys = '^(remote\\..*\\.(url|promisor|partialclonefilter)|core\\.sshcommand|extensions\\.partialclone)$';
  const outcome = await git(['config', '--null', '--name-only', '--get-regexp', keys]);
  // No match is exit 1, and means none of them; a git that failed must not be taken for a repository without remotes.
  if (outcome.code > 1) throw gitFailure(outcome, 'reading the configuration of git', folder);
  const names = outcome.stdout.toString().split('\0');
  const remotes = names.flatMap((name) => /^remote\.(.*)\.url$/s.exec(name)?.[1] ?? []);
  return {
    remotes: [...new Set(remotes)],
    ssh: names.includes('core.sshcommand'),
    partial: names.some((name) => /promisor$|partialclone/.test(name)),
  };
}

/**
 * The commit at HEAD; null outside a repository and before its first commit.
 *
 * @throws UserError where HEAD names a commit that is missing or damaged
 */
export async function currentCommit(folder: string): Promise<string | null> {
  const repository = await findRepository(folder);
  if (!repository) return null;
  const commit = await commitOf(repository, 'HEAD');
  if (commit !== null) return commit;
  const named = await repository.git(['rev-parse', '--verify', '--quiet', 'HEAD']);
  const branch = (await repository.git(['symbolic-ref', '--quiet', 'HEAD'])).stdout.toString().trim();
  if (named.code !== 0 && branch !== '' && (await localRef(repository, branch)) === null) return null;
  throw new UserError({
    what: 'HEAD names a commit that is missing or damaged',
    where: folder,
    fix: 'Run git fsck, and fetch what is missing or clone again',
  });
}

/**
 * The commit that a ref of this repository names; null where there is no such ref.
 *
 * @throws UserError where the ref or its commit is damaged: it must not count as none
 */
export async function localRef(repository: Repository, ref: string): Promise<string | null> {
  const commit = await commitOf(repository, ref);
  if (commit !== null) return commit;
  const outcome = await repository.git(['for-each-ref', '--format=%(refname)', ref]);
  if (outcome.code === 0 && outcome.stderr === '' && outcome.stdout.length === 0) return null;
  // Another process may have made it between the two questions.
  const since = await commitOf(repository, ref);
  if (since !== null) return since;
  throw new UserError({
    what: `the ref ${ref} is damaged, or the commit that it names is missing`,
    where: repository.folder,
    fix: `Restore it from its reflog or another clone, or delete it: git update-ref -d ${ref}`,
  });
}

/** The root of the work tree that a file lies in, and its path from there, '/'-separated, that of what a link leads to; null outside one. */
export async function placeOf(file: string): Promise<{ readonly root: string; readonly path: string } | null> {
  const repository = await findRepository(dirname(file));
  if (!repository) return null;
  const { code, stdout } = await repository.git(['rev-parse', '--show-toplevel', '--show-prefix']);
  const [root = '', prefix = ''] = stdout.toString().split('\n');
  if (code !== 0 || root === '') return null;
  const real = relative(root, await realpath(file).catch(() => file));
  const isInside = real !== '' && !isAbsolute(real) && real.split(sep)[0] !== '..';
  return { root, path: isInside ? real.split(sep).join('/') : `${prefix}${basename(file)}` };
}

/** The full hash of a commit's name, if the repository has that commit; null otherwise. */
export async function commitOf({ git }: Repository, name: string): Promise<string | null> {
  // `--end-of-options` comes back in the output of rev-parse before git 2.45 unless --verify is given.
  const outcome = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]);
  const text = outcome.stdout.toString().trim();
  return outcome.code === 0 && isHash(text) ? text : null;
}

/** Commits whose parents a shallow clone lacks; none in a complete clone. */
export async function shallowBoundary(repository: Repository): Promise<ReadonlySet<string>> {
  const path = await repository.text(['rev-parse', '--git-path', 'shallow'], 'asking whether the clone is shallow');
  try {
    const text = await readFile(resolve(repository.folder, path), 'utf8');
    return new Set(text.split('\n').filter(isHash));
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return new Set();
    const fix = 'Check that the repository may be read';
    throw new UserError({ what: `cannot tell how deep the clone is (${messageOf(cause)})`, where: path, fix, cause });
  }
}

/** What a remote has under the exact names of refs, or under patterns that end in `*`; what it lacks is left out. */
export async function remoteRefs(
  repository: Repository,
  remote: string,
  refs: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const outcome = await repository.git(['ls-remote', '--', remote, ...refs], { ...repository.network, limit: 60_000 });
  // A ref that is damaged there is left out of the list, with a word about it: to be read, or it would count as none.
  const damage = /ignoring broken ref|does not point to a valid object|bad (?:ref|object)/.test(outcome.stderr);
  if (outcome.code !== 0 || damage) throw gitFailure(outcome, 'asking the remote for its branches', `remote ${remote}`);
  const lines = outcome.stdout.toString().split('\n');
  const found = lines.map((line) => line.split('\t')).filter(([, name = '']) => refs.some((ref) => isMatch(name, ref)));
  return new Map(found.map(([hash = '', name = '']) => [name, hash]));
}

/** `ls-remote main` would list `refs/heads/x/main` too. */
function isMatch(name: string, ref: string): boolean {
  return ref.endsWith('*') ? name.startsWith(ref.slice(0, -1)) : name === ref;
}

/** What a remote has under the exact name of a ref; null where it has nothing. */
export async function remoteRef(repository: Repository, remote: string, ref: string): Promise<string | null> {
  return (await remoteRefs(repository, remote, [ref])).get(ref) ?? null;
}

/** Options under which a fetch brings objects and leaves refs, FETCH_HEAD and submodules alone. */
export const quietFetch = [
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--refmap=',
  '--no-recurse-submodules',
  '--no-prune',
  '--no-show-forced-updates',
] as const;

/** The remote to use, of those the repository has; null where it has none at all. */
export function chosenRemote(repository: Repository, remote: string): string | null {
  if (repository.remotes.includes(remote)) return remote;
  if (repository.remotes.length === 0) return null;
  throw new UserError({
    what: `the repository has no remote ${JSON.stringify(remote)}; it has ${repository.remotes.join(', ')}`,
    where: 'baseline.remote',
    fix: 'Name one of them',
  });
}
