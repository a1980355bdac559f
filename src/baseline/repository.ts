import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
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
  if (/not a git repository/.test(found.stderr)) return null;
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
  const { remotes, ssh } = await settings(git);
  const { GIT_SSH_COMMAND, GIT_SSH } = process.env;
  const env = GIT_SSH_COMMAND || GIT_SSH || ssh ? {} : { GIT_SSH_COMMAND: 'ssh -o BatchMode=yes' };
  return { folder, git, must, text, remotes, network: { env, limit: 300_000 } };
}

/** What git's configuration says of remotes, and whether it has a command for ssh. */
async function settings(git: Git): Promise<{ remotes: string[]; ssh: boolean }> {
  const keys = '^(remote\\..*\\.url|core\\.sshcommand)$';
  // No match is exit 1, and means neither.
  const { stdout } = await git(['config', '--null', '--name-only', '--get-regexp', keys]);
  const names = stdout.toString().split('\0');
  const remotes = names.flatMap((name) => /^remote\.(.*)\.url$/s.exec(name)?.[1] ?? []);
  return { remotes: [...new Set(remotes)], ssh: names.includes('core.sshcommand') };
}

/** The commit at HEAD; null outside a repository and before its first commit. */
export async function currentCommit(folder: string): Promise<string | null> {
  const repository = await findRepository(folder);
  return repository ? commitOf(repository, 'HEAD') : null;
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
  } catch {
    return new Set();
  }
}

/** What a remote has under the exact name of a ref; null where it has nothing. */
export async function remoteRef(repository: Repository, remote: string, ref: string): Promise<string | null> {
  const outcome = await repository.git(['ls-remote', '--', remote, ref], { ...repository.network, limit: 60_000 });
  if (outcome.code !== 0) throw gitFailure(outcome, 'asking the remote for its branches', `remote ${remote}`);
  const lines = outcome.stdout.toString().split('\n');
  const line = lines.find((candidate) => candidate.split('\t')[1] === ref);
  return line?.split('\t')[0] ?? null;
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
