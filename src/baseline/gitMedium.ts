import { randomInt } from 'node:crypto';
import { posix } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import type { GitOutcome } from './git.ts';
import { gitFailure } from './gitFailure.ts';
import { completeTree, listTree, readBlobs, type TreeEntry, writeBlob, writeTree } from './gitTree.ts';
import type { Change, Medium, Snapshot } from './medium.ts';
import { ancestorsIn, builtOnIn } from './named.ts';
import { chosenRemote, commitOf, localRef, quietFetch, type Repository, remoteRef } from './repository.ts';

/** A file at the root of the branch that tells a branch of baselines from any other; its name ends in the version of the layout. */
const marker = '.barlow-baselines-1';
const anyMarker = /^\.barlow-baselines-(\d+)$/;
const markerText =
  'Baselines of barlow-gate, one folder per suite. Written by the tool; delete the branch to start over.\n';

/** With eight writers each round lets at least one through; where none gets through, something else is in the way. */
const attempts = 24;
const attemptsWithoutMove = 6;

/** The mode of a symbolic link in a tree. */
const linkMode = '120000';

/** A branch of baselines: on the remote, or in the repository itself where that has no remote. */
interface Branch {
  readonly repository: Repository;
  /** `refs/heads/...`, on the remote or here. */
  readonly ref: string;
  readonly remote: string | null;
  /** For messages. */
  readonly where: string;
  /** After this many commits the branch starts over, so that what was pruned can be collected. */
  readonly longest: number;
}

/** The tip of the branch and all its files; null and none where there is no branch yet. */
interface Tip {
  readonly commit: string | null;
  readonly listing: ReadonlyMap<string, TreeEntry>;
}

/**
 * Keeps a suite's files in a git branch of its own, without touching work tree, index, HEAD, stash or any
 * other branch. `folder` is the suite's folder in the branch, `keep` the number of baselines kept.
 *
 * @throws UserError where the branch's name or the remote will not do
 */
export async function openGitMedium(
  repository: Repository,
  options: { branch: string; remote: string; keep: number; folder: string },
): Promise<Medium> {
  const branch = await openBranch(repository, options);
  const { folder } = options;
  return {
    folder,
    snapshot: async () => snapshotOf(repository, folder, (await readTip(branch)).listing, branch.where),
    update: (change) => update(branch, folder, change),
    ancestors: (at, recorded, count) => ancestorsIn(repository, branch.remote, at, recorded, count),
    builtOn: (recorded) => builtOnIn(repository, branch.remote, recorded),
    resolve: (name) => commitOf(repository, name),
    suites: async () => [
      ...new Set(
        [...(await readTip(branch)).listing.keys()].flatMap(
          (path) => /^([^/]+)\/[^/]+\.baseline$/.exec(path)?.[1] ?? [],
        ),
      ),
    ],
    where: (path) => `${folder}/${path} on ${branch.where}`,
    fixDamaged: () =>
      'Restore the branch from one of its earlier commits, or remove this file from it, then record the baseline again',
  };
}

async function openBranch(
  repository: Repository,
  { branch, remote: name, keep }: { branch: string; remote: string; keep: number },
): Promise<Branch> {
  const ref = `refs/heads/${branch}`;
  const valid =
    !branch.startsWith('-') && branch !== 'HEAD' && (await repository.git(['check-ref-format', ref])).code === 0;
  if (!valid) {
    throw new UserError({
      what: `${JSON.stringify(branch)} is no name for a branch`,
      where: 'baseline.branch',
      fix: 'Choose a name such as barlow-baselines',
    });
  }
  const remote = chosenRemote(repository, name);
  const where = remote === null ? `branch ${branch}` : `branch ${branch} of ${remote}`;
  return { repository, ref, remote, where, longest: 2 * keep };
}

async function readTip(branch: Branch): Promise<Tip> {
  const { repository, ref, remote } = branch;
  for (let attempt = 1; ; attempt++) {
    const commit = remote === null ? await localRef(repository, ref) : await remoteRef(repository, remote, ref);
    if (commit === null) return { commit, listing: new Map() };
    const here = await listTree(repository, commit);
    // Another process may hold the lock of the ref that is fetched to; the objects come all the same.
    const failure = here === null && remote !== null ? await fetchBranch(branch, remote) : null;
    const listing = here ?? (await listTree(repository, commit));
    if (listing) {
      checkOurs(branch, listing);
      if (remote !== null) await completeTree(repository, remote, commit);
      return { commit, listing };
    }
    // The branch may have moved on between asking and fetching.
    if (failure && attempt === 3) throw gitFailure(failure, 'fetching the baselines', branch.where);
    // What is here already and cannot be read is damaged: no waiting mends it.
    if (remote === null || attempt === attempts) throw damagedTip(branch, commit);
    await backOff(attempt);
  }
}

function damagedTip({ where }: Branch, commit: string): UserError {
  return new UserError({
    what: `the commit ${commit.slice(0, 12)} of the branch cannot be read: it or a folder of it is damaged or missing`,
    where,
    fix: 'Run git fsck, and restore the branch from another clone, or delete it to start over',
  });
}

/** Fetches the branch to a ref of our own, so that the next fetch brings only what is new. */
function fetchBranch({ repository, ref }: Branch, remote: string): Promise<GitOutcome> {
  const own = `refs/barlow/${remote}/${ref.slice('refs/heads/'.length)}`;
  return repository.git([...quietFetch, ...whole(repository), '--', remote, `+${ref}:${own}`], repository.network);
}

/** A partial clone's filter would have every file fetched by itself. */
function whole({ partial }: Repository): string[] {
  return partial ? ['--no-filter'] : [];
}

function checkOurs({ where }: Branch, listing: ReadonlyMap<string, TreeEntry>): void {
  if (listing.has(marker)) return;
  const version = [...listing.keys()].flatMap((path) => anyMarker.exec(path)?.[1] ?? [])[0];
  if (version === undefined) {
    throw new UserError({
      what: `the branch exists and holds something else: it has no file ${marker}`,
      where,
      fix: 'Choose a branch that does not exist yet with baseline.branch',
    });
  }
  throw new UserError({
    what: `the branch has the layout of another barlow-gate (version ${version}; this one reads version 1)`,
    where,
    fix: 'Use the version of barlow-gate that wrote it, or a newer one',
  });
}

function snapshotOf(repository: Repository, folder: string, listing: Tip['listing'], where: string): Snapshot {
  const files = new Map(
    [...listing].flatMap(([path, { type }]) =>
      type === 'blob' && path.startsWith(`${folder}/`) ? [[path.slice(folder.length + 1), path] as const] : [],
    ),
  );
  return {
    paths: [...files.keys()],
    read: async (paths) => {
      const oids: string[] = [];
      for (const path of paths) {
        const full = files.get(path);
        if (full === undefined) throw new Error(`not in the branch: ${path}`);
        oids.push(await followed(repository, listing, full, where));
      }
      return readBlobs(repository, oids);
    },
  };
}

const longestChain = 10;

/** The blob of a file, or of the file that a link leads to within the branch. */
async function followed(
  repository: Repository,
  listing: Tip['listing'],
  path: string,
  where: string,
  links = 0,
): Promise<string> {
  const entry = listing.get(path);
  if (entry?.type === 'blob' && entry.mode !== linkMode) return entry.oid;
  if (entry?.mode === linkMode && links < longestChain) {
    const [target] = await readBlobs(repository, [entry.oid]);
    return followed(repository, listing, posix.join(posix.dirname(path), String(target)), where, links + 1);
  }
  throw new UserError({
    what: 'a link leads to no file of the branch',
    where: `${path} on ${where}`,
    fix: 'Put the file itself in its place',
  });
}

/** Fetch, apply, push; where another writer came first, again on top of theirs. */
async function update(branch: Branch, folder: string, change: Change): Promise<string> {
  const { repository } = branch;
  if (branch.remote === null) await checkNotCheckedOut(branch);
  let last: string | null = null;
  let unmoved = 0;
  for (let attempt = 1; ; attempt++) {
    const tip = await readTip(branch);
    unmoved = tip.commit === last ? unmoved + 1 : 0;
    last = tip.commit;
    const edits = await editsOn(tip, branch, folder, change);
    const isDone = [...edits].every(([path, oid]) => tip.listing.get(path)?.oid === oid);
    if (tip.commit !== null && isDone) return tip.commit;
    const tree = await writeTree(repository, tip.listing, edits);
    const published = await publish(branch, tip.commit, tree, change.message);
    if (typeof published === 'string') return published;
    const raced = !published.timedOut && (await lostRace(branch, tip.commit, published));
    if (!raced || attempt === attempts || unmoved === attemptsWithoutMove)
      throw gitFailure(published, 'recording the baseline', branch.where);
    await backOff(attempt);
  }
}

/** What the change comes to on top of a tip: the blob of each path to write, null for each to remove. */
async function editsOn(
  tip: Tip,
  { repository, where }: Branch,
  folder: string,
  change: Change,
): Promise<Map<string, string | null>> {
  const edits = new Map<string, string | null>();
  const after = new Map(tip.listing);
  const put = async (files: ReadonlyMap<string, Uint8Array>) => {
    for (const [path, bytes] of files) {
      const entry = { mode: '100644', type: 'blob', oid: await writeBlob(repository, bytes) };
      edits.set(`${folder}/${path}`, entry.oid);
      after.set(`${folder}/${path}`, entry);
    }
  };
  await put(await change.files(snapshotOf(repository, folder, tip.listing, where)));
  if (!tip.listing.has(marker)) edits.set(marker, await writeBlob(repository, Buffer.from(markerText)));
  const { files, remove } = await change.tidy(snapshotOf(repository, folder, after, where));
  await put(files);
  for (const path of remove) edits.set(`${folder}/${path}`, null);
  return edits;
}

/** Makes a commit of the tree and moves the branch to it from `old`; returns the commit, or how that failed. */
async function publish(
  branch: Branch,
  old: string | null,
  tree: string,
  message: string,
): Promise<string | GitOutcome> {
  const { repository, longest } = branch;
  const length = old === null ? 0 : await chainLength(repository, old);
  const startsOver = length >= longest;
  const first = await commitTree(repository, tree, startsOver ? null : old, message);
  const failure = await move(branch, old, first);
  if (failure === null) return first;
  // Where the remote forbids rewriting, the branch grows on.
  if (!startsOver || failure.timedOut || !/rejected/.test(failure.stdout.toString())) return failure;
  const second = await commitTree(repository, tree, old, message);
  return (await move(branch, old, second)) ?? second;
}

async function chainLength(repository: Repository, commit: string): Promise<number> {
  return Number(await repository.text(['rev-list', '--count', commit], 'reading the branch'));
}

function commitTree(repository: Repository, tree: string, parent: string | null, message: string): Promise<string> {
  const parents = parent === null ? [] : ['-p', parent];
  return repository.text(['commit-tree', tree, ...parents, '-m', message], 'storing the baseline');
}

/** Moves the branch from `old` (null: it must not exist) to `commit`; null where that succeeded. */
async function move(
  { repository, ref, remote }: Branch,
  old: string | null,
  commit: string,
): Promise<GitOutcome | null> {
  if (remote === null) {
    const outcome = await repository.git(['update-ref', '-m', 'barlow-gate: record', ref, commit, old ?? '']);
    return outcome.code === 0 ? null : outcome;
  }
  const options = [
    '--porcelain',
    '--no-verify',
    '--no-follow-tags',
    '--no-signed',
    '--no-recurse-submodules',
    '--no-thin',
  ];
  const lease = `--force-with-lease=${ref}:${old ?? ''}`;
  const outcome = await repository.git(
    ['push', ...options, lease, '--', remote, `${commit}:${ref}`],
    repository.network,
  );
  return outcome.code === 0 ? null : outcome;
}

/** Whether a failed move was lost to another writer: the branch has moved, or its lock was taken. */
async function lostRace(
  { repository, ref, remote }: Branch,
  old: string | null,
  failure: GitOutcome,
): Promise<boolean> {
  const said = failure.stderr + failure.stdout.toString();
  if (/cannot lock ref|failed to update ref|failed to lock|reference already exists|stale info|fetch first/.test(said))
    return true;
  const now =
    remote === null ? await commitOf(repository, ref) : await remoteRef(repository, remote, ref).catch(() => old);
  return now !== old;
}

async function checkNotCheckedOut({ repository, ref, where }: Branch): Promise<void> {
  const path = await repository.text(['for-each-ref', '--format=%(worktreepath)', ref], 'reading the branch');
  if (path === '') return;
  throw new UserError({
    what: `the branch is checked out in ${path}, and its files there would be out of step`,
    where,
    fix: 'Check out another branch, or choose another with baseline.branch',
  });
}

/** Waits longer each time, by chance, so that writers who met once do not meet again. */
async function backOff(attempt: number): Promise<void> {
  await setTimeout(randomInt(20, 100 * Math.min(attempt, 10)));
}
