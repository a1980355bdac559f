import { UserError } from '../errors.ts';
import { gitFailure } from './gitFailure.ts';
import type { Ancestors, At } from './medium.ts';
import { commitOf, isHash, quietFetch, type Repository, remoteRef, shallowBoundary } from './repository.ts';

/** How many commits further back a shallow clone is deepened, time after time, until the answer is sure. */
const deepenings = [50, 200, 1000, 5000];

/**
 * The `count` commits of `recorded` that a baseline for `at` may come from, nearest first. For a pull request
 * they are ancestors of the merge base or the merge base itself; for a plain commit, ancestors of `head`;
 * never `head` itself. Nearest means: none is an ancestor of one before it, and of those side by side the
 * youngest comes first. A shallow clone is deepened as far as the answer needs, within bounds.
 *
 * @throws UserError where `head` or `base` is not known here nor on the remote
 */
export async function nearestAncestors(
  repository: Repository,
  remote: string | null,
  at: { head: string; base: string | null },
  recorded: ReadonlySet<string>,
  count: number,
): Promise<Ancestors> {
  const head = await obtain(repository, remote, at.head);
  const base = at.base === null ? null : await obtain(repository, remote, at.base);
  const tips = base === null ? [head] : [head, base];
  let found: readonly string[] = [];
  for (const step of [...deepenings, 0]) {
    const from = base === null ? head : await mergeBase(repository, head, base);
    const all = from === null ? [] : await revList(repository, ['--date-order', from]);
    found = all.filter((commit) => commit !== head && recorded.has(commit)).slice(0, count);
    const open = await cutBetween(repository, tips, found.length === count ? found.slice(-1) : []);
    if (open.length === 0) return { commits: found, note: from === null ? unrelated(at) : null };
    if (remote === null || step === 0) break;
    await deepen(repository, remote, open, step);
  }
  return {
    commits: found,
    note: 'The clone is shallow, and older commits were not searched: fetch more of the history (actions/checkout: fetch-depth: 0).',
  };
}

function unrelated({ head, base }: At): string {
  return `${head} and ${base} have no common ancestor.`;
}

/** The commit of a name or hash, fetched where the repository lacks it. */
async function obtain(repository: Repository, remote: string | null, name: string): Promise<string> {
  const local = await commitOf(repository, name);
  if (local) return local;
  const where = `commit ${JSON.stringify(name)}`;
  const tracking =
    remote === null || isHash(name) ? null : await commitOf(repository, `refs/remotes/${remote}/${name}`);
  if (tracking) return tracking;
  const hash = remote === null || isHash(name) ? name : await remoteRef(repository, remote, `refs/heads/${name}`);
  if (remote !== null && hash !== null && isHash(hash)) {
    // Depth only where the clone is shallow already: it would make a complete clone shallow.
    const depth = (await shallowBoundary(repository)).size > 0 ? ['--depth=1'] : [];
    const outcome = await repository.git([...quietFetch, ...depth, '--', remote, hash], repository.network);
    if (outcome.code !== 0) throw gitFailure(outcome, `fetching the ${where}`, `remote ${remote}`);
  }
  const fetched = hash === null ? null : await commitOf(repository, hash);
  if (fetched) return fetched;
  throw new UserError({
    what: 'neither the repository nor its remote has this commit',
    where,
    fix: 'Push it first, or fetch it (actions/checkout: fetch-depth: 0)',
  });
}

async function mergeBase({ git, folder }: Repository, head: string, base: string): Promise<string | null> {
  const outcome = await git(['merge-base', head, base]);
  if (outcome.code > 1) throw gitFailure(outcome, 'looking for the merge base', folder);
  return outcome.stdout.toString().trim() || null;
}

async function revList(repository: Repository, args: readonly string[]): Promise<string[]> {
  const text = await repository.text(['rev-list', ...args], 'walking the history', { limit: 300_000 });
  return text === '' ? [] : text.split('\n');
}

/** Commits at which a shallow clone ends, among those the tips descend from and `known` does not. */
async function cutBetween(
  repository: Repository,
  tips: readonly string[],
  known: readonly string[],
): Promise<string[]> {
  const boundary = await shallowBoundary(repository);
  if (boundary.size === 0) return [];
  const between = await revList(repository, [...tips, '--not', ...known]);
  return between.filter((commit) => boundary.has(commit));
}

async function deepen(repository: Repository, remote: string, from: readonly string[], by: number): Promise<void> {
  const wanted = from.slice(0, 100);
  const outcome = await repository.git([...quietFetch, `--deepen=${by}`, '--', remote, ...wanted], repository.network);
  if (outcome.code !== 0) throw gitFailure(outcome, 'fetching more of the history', `remote ${remote}`);
}
