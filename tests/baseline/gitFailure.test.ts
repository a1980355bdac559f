import { describe, expect, it } from 'vitest';
import { gitFailure } from '../../src/baseline/gitFailure.ts';

const outcome = (stderr: string, more: { timedOut?: boolean; code?: number; stdout?: string } = {}) => ({
  ...{ code: more.code ?? 128, timedOut: more.timedOut ?? false, stderr, stdout: Buffer.from(more.stdout ?? '') },
});
const told = (stderr: string) => gitFailure(outcome(stderr), 'fetching', 'branch b of origin').what;

describe('what git says, without what must not be told', () => {
  it.each([
    "fatal: unable to access 'https://user:hunter2@example.org/x.git/': Could not resolve host: example.org",
    "fatal: unable to access 'https://hunter2@example.org/x.git/': The requested URL returned error: 500",
    "remote: denied\nfatal: Authentication failed for 'https://x-access-token:hunter2@example.org/a/b.git/'",
    "error: failed to push some refs to 'ssh://git:hunter2@example.org:22/x.git'",
    "fatal: repository 'https://a:hunter2@one.org/x' and 'https://b:hunter2@two.org/y' are not found",
  ])('%s', (stderr) => {
    expect(told(stderr)).not.toContain('hunter2');
    expect(told(stderr)).toMatch(/example\.org|one\.org/);
  });

  it('an address without a password stays as it is', () => {
    expect(told("fatal: unable to access 'https://example.org/a@b/x.git/': timed out")).toContain(
      'https://example.org/a@b/x.git',
    );
  });

  it('no control characters, each line once, 400 characters at most, and only lines that tell something', () => {
    const said = told('From origin\nerror: one\u001b[31m\nremote:\nremote: two\rerror: one\u001b[31m\n');
    expect(said).toBe('git failed (error: one [31m; remote: two), while fetching');
    expect(told(' ! [rejected] a -> b (stale) \n')).toBe('git failed (! [rejected] a -> b (stale)), while fetching');
    expect(told(`fatal: ${'x'.repeat(1000)}`)).toHaveLength('git failed (), while fetching'.length + 400);
  });

  it('the exit code where git says nothing', () => {
    expect(told('')).toBe('git failed (exit 128), while fetching');
  });

  it('that it did not end in time, whatever it said', () => {
    const { what } = gitFailure(outcome('fatal: x', { timedOut: true }), 'fetching', 'w');
    expect(what).toBe('git did not finish in time while fetching');
  });
});

describe('what git says, in words, and what to do about it', () => {
  const run = 'Run: git config --global --add safe.directory <the repository>';
  const credentials =
    'Give the job credentials that may push to this repository (GitHub Actions: permissions: contents: write), or run without --record';
  const lock = 'Remove the .lock file it names if no other git is running, then run again';
  const protection =
    'Let this job push to the branch (lift the protection or rule for it), or choose another with baseline.branch';
  const damage =
    'Run git fsck there to see which, and restore it from another clone; a branch of baselines can be deleted to start over';
  const network = "Check the network and the remote's address (git remote -v), then run again";
  const again = 'Run again; if it fails again, run the same git command by hand';
  const permission = 'there is no permission';
  const damaged = 'a ref or an object of the repository is damaged or missing';
  const refused = 'the remote refuses the push';
  const unreachable = 'the remote cannot be reached';
  const hash = '0123456789abcdef0123456789abcdef01234567';

  // As git 2.39 and GitHub's server print them.
  it.each([
    [
      "fatal: detected dubious ownership in repository at '/x'",
      'git refuses to work in a repository of another user',
      run,
    ],
    [
      'fatal: not a git repository (or any of the parent directories): .git',
      'this is not a git repository',
      'Run inside a git repository, or set baseline.store to folder',
    ],
    [
      'fatal: this operation must be run in a work tree',
      'this is not a git repository',
      'Run inside a git repository, or set baseline.store to folder',
    ],
    ['git@x: Permission denied (publickey).', permission, credentials],
    ["fatal: Authentication failed for 'https://x/'", permission, credentials],
    ['remote: Invalid username or password.', permission, credentials],
    ["fatal: could not read Username for 'https://x': No such device or address", permission, credentials],
    ["fatal: could not read Password for 'https://x': terminal prompts disabled", permission, credentials],
    ['fatal: The requested URL returned error: 403', permission, credentials],
    ['fatal: The requested URL returned error: 401', permission, credentials],
    ['remote: Permission to a/b.git denied to c.', permission, credentials],
    [
      'remote: error: insufficient permission for adding an object to repository database ./objects',
      permission,
      credentials,
    ],
    ['Host key verification failed.', permission, credentials],
    ['error: unable to create temporary file: Read-only file system', permission, credentials],
    ['remote: Write access to repository not granted.', permission, credentials],
    ["fatal: Unable to create '/x/.git/index.lock': File exists.", 'a lock is in the way', lock],
    ["error: cannot lock ref 'refs/heads/b'", 'a lock is in the way', lock],
    ['remote: error: GH006: Protected branch update failed', refused, protection],
    ['remote: error: GH013: Repository rule violations found', refused, protection],
    [' ! [remote rejected] b -> b (pre-receive hook declined)', refused, protection],
    ['remote: error: denying non-fast-forward refs/heads/b', refused, protection],
    ['remote: error: refusing to update checked out branch: currently checked out', refused, protection],
    ['warning: ignoring broken ref refs/heads/b', damaged, damage],
    [`fatal: remote error: upload-pack: not our ref ${hash}`, damaged, damage],
    [`error: refs/heads/b does not point to a valid object!`, damaged, damage],
    [`fatal: bad object ${hash}`, damaged, damage],
    [`fatal: unable to read tree ${hash}`, damaged, damage],
    [`fatal: unable to read ${hash}`, damaged, damage],
    [`error: object file .git/objects/01/x is empty`, damaged, damage],
    [`fatal: loose object ${hash} (stored in .git/objects/01/x) is corrupt`, damaged, damage],
    [`error: inflate: data stream error (incorrect header check)`, damaged, damage],
    [`fatal: missing blob ${hash}`, damaged, damage],
    [`error: packfile .git/objects/pack/pack-x.pack cannot be accessed`, damaged, damage],
    [`fatal: Could not read ${hash}`, damaged, damage],
    ['fatal: Could not resolve host: x', unreachable, network],
    ['fatal: unable to connect to x', unreachable, network],
    ["fatal: '/x' does not appear to be a git repository", unreachable, network],
    ['fatal: Could not read from remote repository.', unreachable, network],
    ["fatal: repository 'https://x/' not found", unreachable, network],
    ['fatal: early EOF', unreachable, network],
    ['fatal: the remote end hung up unexpectedly', unreachable, network],
    ['ssh: connect to host x port 22: Connection refused', unreachable, network],
    ['ssh: connect to host x port 22: No route to host', unreachable, network],
    ['ssh: connect to host x port 22: Network is unreachable', unreachable, network],
    ['fatal: something else', 'git failed', again],
  ])('%s', (stderr, what, fix) => {
    const failure = gitFailure(outcome(stderr), 'fetching', 'branch b of origin');
    expect(failure.where).toBe('branch b of origin');
    expect(failure.fix).toBe(fix);
    expect(failure.what).toMatch(new RegExp(`^${what}(?: \\(.*\\))?, while fetching$`));
  });

  it('its own words stand with its meaning, also those that it says in its answer', () => {
    expect(told("fatal: Authentication failed for 'https://x/'")).toBe(
      "there is no permission (fatal: Authentication failed for 'https://x/'), while fetching",
    );
    const { what } = gitFailure(
      outcome('error: failed', { stdout: '!\ta:b\t[remote rejected] (no)\nDone' }),
      'pushing',
      'w',
    );
    expect(what).toBe('the remote refuses the push (error: failed; ! a:b [remote rejected] (no)), while pushing');
    // Words that mean something to replace(): they stand as they are.
    expect(told('fatal: Authentication failed $& $1')).toContain('failed $& $1)');
  });

  it('a command that did not end: what to check', () => {
    const failure = gitFailure(outcome('', { timedOut: true }), 'fetching', 'remote origin');
    expect(failure.fix).toBe('Check the network and that the remote asks for no password, then run again');
    expect(failure.where).toBe('remote origin');
  });
});
