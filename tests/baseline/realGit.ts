import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll } from 'vitest';

/** A folder that goes when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-baseline-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

const plainUser = {
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.org',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
};

/** Runs real git in a folder and returns what it printed, trimmed. */
export function git(folder: string, args: readonly string[], options: ExecFileSyncOptions = {}): string {
  const env = { ...process.env, ...plainUser, ...options.env };
  return execFileSync('git', args, { cwd: folder, stdio: 'pipe', ...options, env, encoding: 'utf8' }).trim();
}

let clock = Date.UTC(2026, 0, 1);

/** An empty commit on the current branch, a minute after the one before; returns its hash. */
export function commit(folder: string, message = 'work'): string {
  clock += 60_000;
  const date = new Date(clock).toISOString();
  git(folder, ['commit', '--quiet', '--allow-empty', '-m', message], {
    env: { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
  });
  return git(folder, ['rev-parse', 'HEAD']);
}

/** `count` commits on `main`, made at once; returns their hashes, oldest first. */
function chain(folder: string, count: number): string[] {
  const commands = Array.from({ length: count }, () => {
    clock += 60_000;
    return `commit refs/heads/main\ncommitter A <a@example.org> ${clock / 1000} +0000\ndata 4\nwork\n`;
  });
  git(folder, ['fast-import', '--quiet'], { input: commands.join('') });
  return git(folder, ['rev-list', '--reverse', 'main']).split('\n');
}

/** A repository on branch `main` with some commits, and a bare one it has pushed to as `origin`. */
export function withRemote(root: string, name: string, commits: number, format = 'sha1') {
  const remote = join(root, `${name}.git`);
  const work = join(root, name);
  git(root, ['init', '--quiet', '--bare', `--object-format=${format}`, '-b', 'main', remote]);
  git(root, ['init', '--quiet', `--object-format=${format}`, '-b', 'main', work]);
  git(work, ['remote', 'add', 'origin', remote]);
  const hashes = chain(work, commits);
  git(work, ['push', '--quiet', 'origin', 'main']);
  return { remote, work, hashes };
}

/** SHA-256 of every file of the repository but its objects, by path: two equal prints mean nothing else was touched. */
export function fingerprint(folder: string, ignored: RegExp = /^$/): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(folder, path), path] as const)
      .filter(([name]) => !/(?:^|\/)objects\//.test(name) && !ignored.test(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, path]) => [name, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}
