import { UserError } from '../errors.ts';
import { gitFailure } from './gitFailure.ts';
import type { Ancestors, At } from './medium.ts';
import { commitOf, isHash, quietFetch, type Repository, remoteRefs, shallowBoundary } from './repository.ts';

/** How many commits further back a shallow clone is deepened, time after time, until the answer is sure; at last to the beginning. */
const deepenings = [50, 200, 1000, 5000, Number.POSITIVE_INFINITY] as const;

/**
 * The `count` commits of `recorded` that a baseline for `at` may come from, nearest first. For a pull request
 * they are the merge base or ancestors of it; for a plain commit, `head` or ancestors of it. Nearest means: none
 * is an ancestor of one before it, and of those side by side the youngest comes first. A shallow clone is
 * deepened as far as the answer needs.
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
  const branch = at.base === null ? null : await baseOf(repository, remote, at.base);
  const base = branch?.commit ?? null;
  const notes = branch?.note == null ? [] : [branch.note];
  const tips = base === null ? [head] : [head, base];
  const wanted = Math.min(count, recorded.size);
  for (const step of [...deepenings, null]) {
    const from = base === null ? head : await mergeBase(repository, head, base);
    const all = from === null ? [] : await revList(repository, ['--date-order', from]);
    const commits = all.filter((commit) => recorded.has(commit)).slice(0, wanted);
    const open = await cutBetween(repository, tips, commits.length === wanted ? commits.slice(-1) : []);
    if (open.length === 0) {
      return { commits, notes, reasons: commits.length > 0 ? [] : [from === null ? unrelated(at) : noneOf(at)] };
    }
    if (remote === null || step === null) {
      const cut = 'The clone is shallow, and older commits were not searched';
      return { commits, notes: [...notes, `${cut}.`], reasons: commits.length > 0 ? [] : [noneOf(at), cut] };
    }
    await deepen(repository, remote, open, step);
  }
  throw new Error('the last round returns');
}

function unrelated({ head, base }: At): string {
  return `${head} and ${base} have no common ancestor`;
}

function noneOf({ head, base }: At): string {
  const of = base === null ? `${short(head)} or an ancestor of it` : `where ${short(head)} left ${base}, or before`;
  return `none of them is of ${of}`;
}

const short = (commit: string | null) => (commit === null ? 'nothing' : isHash(commit) ? commit.slice(0, 12) : commit);

/**
 * A commit by its full hash, fetched where the repository lacks it.
 *
 * @throws UserError where the remote has no such commit either, or cannot be asked
 */
export async function obtain(repository: Repository, remote: string | null, name: string): Promise<string> {
  const local = await commitOf(repository, name);
  if (local !== null) return local;
  const where = `commit ${JSON.stringify(name)}`;
  if (remote !== null && isHash(name)) {
    const outcome = await repository.git(
      [...quietFetch, ...(await depthLike(repository)), '--', remote, name],
      repository.network,
    );
    const isUnknown = /not our ref|couldn't find remote ref/.test(outcome.stderr);
    if (outcome.code !== 0 && !isUnknown) throw gitFailure(outcome, `fetching the ${where}`, `remote ${remote}`);
    const fetched = await commitOf(repository, name);
    if (fetched !== null) return fetched;
  }
  throw new UserError({
    what: 'neither the repository nor its remote has this commit',
    where,
    fix: 'Push it first, or fetch it (actions/checkout: fetch-depth: 0)',
  });
}

/** Depth only where the clone is shallow already: it would make a complete clone shallow. */
async function depthLike(repository: Repository, depth = 1): Promise<string[]> {
  return (await shallowBoundary(repository)).size > 0 ? [`--depth=${depth}`] : [];
}

/**
 * The tip of the branch that a pull request is to be merged into, as the remote has it now. A tag, a local branch and the copy of
 * the remote's of some time ago may have its name and be anything: the copies count only where the remote cannot be asked.
 */
async function baseOf(
  repository: Repository,
  remote: string | null,
  base: string,
): Promise<{ commit: string; note: string | null }> {
  if (isHash(base)) return { commit: await obtain(repository, remote, base), note: null };
  const ref = base.startsWith('refs/') ? base : `refs/heads/${base}`;
  const here = (name: string) => commitOf(repository, name);
  if (remote === null) {
    const commit = await here(ref);
    if (commit === null) throw noBranch(base, 'the repository');
    return { commit, note: null };
  }
  // `origin/main` is what `git branch -r` calls the branch.
  const prefix = `refs/heads/${remote}/`;
  const names = ref.startsWith(prefix) ? [ref, `refs/heads/${ref.slice(prefix.length)}`] : [ref];
  try {
    const there = await remoteRefs(repository, remote, names);
    const commit = names.map((name) => there.get(name)).find((found) => found !== undefined);
    if (commit === undefined) throw noBranch(base, `the remote ${remote}`);
    return { commit: await obtain(repository, remote, commit), note: null };
  } catch (thrown) {
    const branch = names.at(-1)?.replace(/^refs\/heads\//, '');
    const copy = (await here(`refs/remotes/${remote}/${branch}`)) ?? (await here(`refs/heads/${branch}`));
    if (!(thrown instanceof UserError) || thrown.where === baseWhere || copy === null) throw thrown;
    const note = `The remote cannot be asked for branch ${base} (${thrown.what}): its copy here is taken, ${copy.slice(0, 12)}, which may be old.`;
    return { commit: copy, note };
  }
}

const baseWhere = 'the base branch (--base)';

function noBranch(base: string, what: string): UserError {
  return new UserError({
    what: `${what} has no branch ${JSON.stringify(base)}`,
    where: baseWhere,
    fix: 'Name the branch that the change is to be merged into, as the remote calls it',
  });
}

async function mergeBase({ git, folder }: Repository, head: string, base: string): Promise<string | null> {
  const outcome = await git(['merge-base', head, base]);
  if (outcome.code > 1) throw gitFailure(outcome, 'looking for the merge base', folder);
  return outcome.stdout.toString().trim() || null;
}

/** The commits that `git rev-list` names; a single empty text where it names none. */
async function revList(repository: Repository, args: readonly string[]): Promise<string[]> {
  return (await repository.text(['rev-list', ...args], 'walking the history', { limit: 300_000 })).split('\n');
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
  const far = Number.isFinite(by) ? `--deepen=${by}` : '--unshallow';
  const outcome = await repository.git([...quietFetch, far, '--', remote, ...from.slice(0, 100)], repository.network);
  if (outcome.code !== 0) throw gitFailure(outcome, 'fetching more of the history', `remote ${remote}`);
}

/**
 * Those of the `recorded` commits that a branch of the remote, or of the repository where that has none, would be compared with: the
 * first ones on every way back from its tip. Null where a branch cannot be followed as far as that.
 */
export async function recordsBuiltOn(
  repository: Repository,
  remote: string | null,
  recorded: ReadonlySet<string>,
): Promise<ReadonlySet<string> | null> {
  const tips = await tipsOf(repository, remote);
  for (const step of [...deepenings.slice(0, 3), null]) {
    const boundary = await shallowBoundary(repository);
    const { met, cut } = firstMet(await parentsOf(repository, tips), tips, recorded, boundary);
    if (cut.length === 0) return met;
    if (remote === null || step === null) return null;
    await deepen(repository, remote, cut, step);
  }
  return null;
}

/** Tips of all branches, fetched where the repository lacks them. */
async function tipsOf(repository: Repository, remote: string | null): Promise<readonly string[]> {
  if (remote === null) {
    const lines = await repository.text(
      ['for-each-ref', '--format=%(objectname)', 'refs/heads', 'refs/remotes'],
      'reading the branches',
    );
    return [...new Set(lines.split('\n').filter(isHash))];
  }
  const tips = [...new Set((await remoteRefs(repository, remote, ['refs/heads/*'])).values())];
  const known = await Promise.all(tips.map((tip) => commitOf(repository, tip)));
  const lacking = tips.filter((_, i) => known[i] === null);
  if (lacking.length === 0) return tips;
  const depth = await depthLike(repository, deepenings[0]);
  const outcome = await repository.git([...quietFetch, ...depth, '--', remote, ...lacking], repository.network);
  if (outcome.code !== 0) throw gitFailure(outcome, 'fetching the branches', `remote ${remote}`);
  return tips;
}

/** The parents of every commit that the tips descend from, themselves included. */
async function parentsOf(
  repository: Repository,
  tips: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (tips.length === 0) return new Map();
  const call = { input: `${tips.join('\n')}\n`, limit: 300_000 };
  const text = await repository.text(['rev-list', '--parents', '--stdin'], 'walking the history', call);
  return new Map(
    text.split('\n').map((line) => {
      const [commit = '', ...parents] = line.split(' ');
      return [commit, parents];
    }),
  );
}

/** The first recorded commits on every way back from the tips, and where a way is cut off before one. */
function firstMet(
  parents: ReadonlyMap<string, readonly string[]>,
  tips: readonly string[],
  recorded: ReadonlySet<string>,
  boundary: ReadonlySet<string>,
): { met: ReadonlySet<string>; cut: readonly string[] } {
  const met = new Set<string>();
  const cut: string[] = [];
  const seen = new Set(tips);
  const open = [...tips];
  for (let commit = open.pop(); commit !== undefined; commit = open.pop()) {
    if (recorded.has(commit)) {
      met.add(commit);
      continue;
    }
    if (boundary.has(commit)) cut.push(commit);
    for (const parent of parents.get(commit) ?? []) {
      if (!seen.has(parent)) open.push(parent);
      seen.add(parent);
    }
  }
  return { met, cut };
}
