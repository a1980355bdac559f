import { UserError } from '../errors.ts';
import { gitFailure } from './gitFailure.ts';
import { quietFetch, type Repository } from './repository.ts';

/** A file or folder in a git tree. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: string;
  readonly oid: string;
}

/** Every file and folder below a commit's tree, by its path; null where the repository lacks the commit. */
export async function listTree({ git }: Repository, commit: string): Promise<Map<string, TreeEntry> | null> {
  const { code, stdout } = await git(['ls-tree', '-r', '-t', '-z', '--full-tree', commit]);
  if (code !== 0) return null;
  const lines = stdout.toString().split('\0').slice(0, -1);
  return new Map(
    lines.map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', type = '', oid = ''] = line.slice(0, tab).split(' ');
      return [line.slice(tab + 1), { mode, type, oid }];
    }),
  );
}

/** Contents of blobs, in the order asked for. */
export async function readBlobs(repository: Repository, oids: readonly string[]): Promise<Buffer[]> {
  if (oids.length === 0) return [];
  const input = oids.map((oid) => `${oid}\n`).join('');
  const output = await repository.must(['cat-file', '--batch'], 'reading the baselines', { input, limit: 300_000 });
  const contents: Buffer[] = [];
  let start = 0;
  for (const oid of oids) {
    const end = output.indexOf('\n', start);
    const [name, type, size] = output.subarray(start, end).toString().split(' ');
    if (name !== oid || type !== 'blob') throw damagedBlob(oid, `git cat-file says "${type}" of it`);
    const next = end + 1 + Number(size);
    if (next >= output.length) throw damagedBlob(oid, 'it ends too early');
    contents.push(output.subarray(end + 1, next));
    start = next + 1;
  }
  return contents;
}

function damagedBlob(oid: string, how: string): UserError {
  return new UserError({
    what: `an object of the baselines is damaged or missing: ${how}`,
    where: `git object ${oid}`,
    fix: 'Run git fsck to see what else is, and restore it from another clone, or delete the branch of baselines to start over',
  });
}

/** Brings what a partial clone lacks of a commit's files in one request; git would ask for each by itself once it is read. */
export async function completeTree(repository: Repository, remote: string, commit: string): Promise<void> {
  if (!repository.partial) return;
  const args = ['rev-list', '--objects', '--missing=print', '--no-walk', commit];
  const lines = (await repository.text(args, 'reading the baselines')).split('\n');
  const missing = lines.flatMap((line) => /^\?([0-9a-f]+)$/.exec(line)?.[1] ?? []);
  if (missing.length === 0) return;
  const call = { ...repository.network, input: `${missing.join('\n')}\n` };
  const outcome = await repository.git([...quietFetch, '--no-filter', '--stdin', '--', remote], call);
  if (outcome.code !== 0) throw gitFailure(outcome, 'fetching the baselines', `remote ${remote}`);
}

/** Stores the bytes as they are: no filters, no line-end conversion. */
export async function writeBlob(repository: Repository, bytes: Uint8Array): Promise<string> {
  return repository.text(['hash-object', '-w', '--no-filters', '--stdin'], 'storing the baseline', { input: bytes });
}

/**
 * Writes the tree that `listing` becomes by the edits (path -> blob, or null to remove it) and returns its
 * hash. Trees are built by `mktree`, so no index is needed; folders without an edit keep theirs.
 */
export async function writeTree(
  repository: Repository,
  listing: ReadonlyMap<string, TreeEntry>,
  edits: ReadonlyMap<string, string | null>,
): Promise<string> {
  const entries = new Map(listing);
  for (const [path, oid] of edits) {
    if (oid === null) entries.delete(path);
    else entries.set(path, { mode: '100644', type: 'blob', oid });
  }
  const touched = new Set(['', ...[...edits.keys()].flatMap(foldersOf)]);
  const depth = (folder: string) => (folder === '' ? 0 : folder.split('/').length);
  const deepestFirst = [...touched].toSorted((a, b) => depth(b) - depth(a));
  let root = '';
  for (const folder of deepestFirst) {
    const lines = [...entries].filter(([path]) => parentOf(path) === folder).map(treeLine);
    if (lines.length === 0 && folder !== '') {
      entries.delete(folder);
      continue;
    }
    const input = lines.join('');
    root = await repository.text(['mktree', '-z', '--missing'], 'storing the baseline', { input });
    if (folder !== '') entries.set(folder, { mode: '040000', type: 'tree', oid: root });
  }
  return root;
}

function treeLine([path, { mode, type, oid }]: readonly [string, TreeEntry]): string {
  return `${mode} ${type} ${oid}\t${path.slice(path.lastIndexOf('/') + 1)}\0`;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The folders a path lies in, but for the root. */
function foldersOf(path: string): string[] {
  const parent = parentOf(path);
  return parent === '' ? [] : [parent, ...foldersOf(parent)];
}
