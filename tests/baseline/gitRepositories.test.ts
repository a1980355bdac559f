import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { branch, foundAt, openGit, record } from './gitStoreOf.ts';
import { commit, fingerprint, git, temporaryFolder, withRemote } from './realGit.ts';

const root = temporaryFolder();

describe('nothing of the user is touched', () => {
  test('work tree, index, HEAD, stash, branches, config, hooks: byte for byte', async () => {
    const { work, remote, hashes } = withRemote(root, 'untouched', 3);
    writeFileSync(join(work, 'kept.txt'), 'kept\n');
    git(work, ['add', 'kept.txt']);
    commit(work);
    writeFileSync(join(work, 'kept.txt'), 'stashed\n');
    git(work, ['stash', '--quiet']);
    writeFileSync(join(work, 'kept.txt'), 'changed\r\n');
    writeFileSync(join(work, 'staged.txt'), 'staged');
    git(work, ['add', 'staged.txt']);
    writeFileSync(join(work, 'untracked.txt'), 'untracked');
    writeFileSync(join(work, '.gitattributes'), '* text=auto eol=crlf filter=evil\n');
    const settings = {
      'commit.gpgSign': 'true',
      'push.gpgSign': 'if-asked',
      'gpg.program': '/bin/false',
      'core.autocrlf': 'true',
      'core.fsmonitor': '/bin/false',
      'core.splitIndex': 'true',
      'filter.evil.clean': '/bin/false',
      'filter.evil.required': 'true',
      'user.useConfigOnly': 'true',
      'push.followTags': 'true',
      'push.default': 'nothing',
      'fetch.prune': 'true',
      'fetch.pruneTags': 'true',
      'log.showSignature': 'true',
      'core.quotePath': 'true',
      'alias.push': '!false',
      'init.templateDir': '/nowhere',
      'core.editor': '/bin/false',
      'status.showUntrackedFiles': 'no',
    };
    for (const [key, value] of Object.entries(settings)) git(work, ['config', key, value]);
    git(work, ['tag', '-a', '--no-sign', 'local-tag', '-m', 'x'], {
      env: { GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z' },
    });
    const hooks = join(work, '.git', 'hooks');
    mkdirSync(hooks, { recursive: true });
    for (const hook of [
      'pre-push',
      'reference-transaction',
      'post-index-change',
      'pre-auto-gc',
      'commit-msg',
      'post-commit',
    ]) {
      writeFileSync(join(hooks, hook), `#!/bin/sh\necho ${hook} >> '${join(root, 'hooks-run')}'\nexit 1\n`);
      chmodSync(join(hooks, hook), 0o755);
    }
    const before = fingerprint(work);
    const store = await openGit(work);
    for (const hash of hashes) await record(store, hash);
    expect(await foundAt(store, hashes[2] ?? '')).toEqual([hashes[1]]);
    const after = fingerprint(work);
    // git push itself notes where the remote's branch is now.
    const tracking = [`.git/logs/refs/remotes/origin/${branch}`, `.git/refs/remotes/origin/${branch}`];
    expect(Object.keys(after).filter((name) => !(name in before))).toEqual(tracking);
    expect(Object.fromEntries(Object.entries(after).filter(([name]) => !tracking.includes(name)))).toEqual(before);
    expect(existsSync(join(root, 'hooks-run'))).toBe(false);
    expect(git(remote, ['for-each-ref', '--format=%(refname)']).split('\n')).toEqual([
      `refs/heads/${branch}`,
      'refs/heads/main',
    ]);
  });

  test('run from a hook with GIT_DIR and GIT_INDEX_FILE of another repository, it works in its own', async () => {
    const { work, hashes } = withRemote(root, 'from-hook', 2);
    const other = withRemote(root, 'other', 1);
    const before = fingerprint(other.work);
    const set = {
      GIT_DIR: join(other.work, '.git'),
      GIT_INDEX_FILE: join(other.work, '.git', 'index'),
      EDITOR: 'false',
      PREFIX: '/x',
    };
    const saved = Object.keys(set).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, set);
    try {
      const store = await openGit(work);
      await record(store, hashes[0] ?? '');
      expect(await foundAt(store, hashes[1] ?? '')).toEqual([hashes[0]]);
    } finally {
      for (const [name, value] of saved) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    expect(fingerprint(other.work)).toEqual(before);
  });

  test('a git that is told to trace is not taken for a damaged branch', async () => {
    const work = join(root, 'traced');
    git(root, ['init', '--quiet', '-b', 'main', work]);
    const hash = commit(work);
    const global = join(root, 'traced.config');
    writeFileSync(global, '[trace2]\n\tnormalTarget = 1\n');
    const set = { GIT_TRACE: '1', GIT_CONFIG_GLOBAL: global };
    const saved = Object.keys(set).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, set);
    try {
      const store = await openGit(work);
      expect(await store.list()).toEqual([]);
      await record(store, hash);
      expect(await store.list()).toHaveLength(1);
    } finally {
      for (const [name, value] of saved) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  test('configuration given through the environment is heeded, whatever it sets', async () => {
    const { remote, hashes } = withRemote(root, 'env-config', 2);
    const clone = join(root, 'env-config-clone');
    git(root, ['clone', '--quiet', remote, clone]);
    git(clone, ['remote', 'set-url', 'origin', 'forge:env-config.git']);
    const set = {
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: `url.${root}/.insteadOf`,
      GIT_CONFIG_VALUE_0: 'forge:',
      GIT_CONFIG_KEY_1: 'alias.x',
      GIT_CONFIG_VALUE_1: 'status',
    };
    Object.assign(process.env, set);
    try {
      const store = await openGit(clone);
      await record(store, hashes[0] ?? '');
      expect(git(remote, ['rev-parse', '--verify', branch])).toMatch(/^[0-9a-f]{40}$/);
    } finally {
      for (const name of Object.keys(set)) delete process.env[name];
    }
  });
});

describe('kinds of repositories', () => {
  test('detached HEAD, from a folder below the root', async () => {
    const { work, hashes } = withRemote(root, 'detached', 3);
    git(work, ['checkout', '--quiet', '--detach', 'HEAD~1']);
    mkdirSync(join(work, 'deep', 'er'), { recursive: true });
    const store = await openGit(join(work, 'deep', 'er'));
    await record(store, hashes[0] ?? '');
    expect(await foundAt(store, 'HEAD')).toEqual([hashes[0]]);
    expect(git(work, ['status', '--porcelain', '--branch'])).toBe('## HEAD (no branch)');
  });

  test('no remote: a local orphan branch', async () => {
    const { work, hashes } = withRemote(root, 'local', 3);
    git(work, ['remote', 'remove', 'origin']);
    const store = await openGit(work, { keep: 1 });
    for (const hash of hashes) await record(store, hash);
    expect(await foundAt(store, commit(work))).toEqual([hashes[2]]);
    expect(git(work, ['branch', '--format=%(refname:short)']).split('\n')).toEqual([branch, 'main']);
    expect(() => git(work, ['merge-base', 'main', branch])).toThrow();
    expect(git(work, ['status', '--porcelain'])).toBe('');
  });

  test('a worktree', async () => {
    const { work, hashes } = withRemote(root, 'main-tree', 2);
    const tree = join(root, 'linked-tree');
    git(work, ['worktree', 'add', '--quiet', '--detach', tree]);
    const store = await openGit(tree);
    await record(store, hashes[0] ?? '');
    expect(await foundAt(store, 'HEAD')).toEqual([hashes[0]]);
    expect(await foundAt(await openGit(work), 'main')).toEqual([hashes[0]]);
  });

  test("a submodule: its own remote and history, not the outer repository's", async () => {
    const inner = withRemote(root, 'inner', 3);
    const outer = withRemote(root, 'outer', 1);
    git(outer.work, ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.remote, 'model']);
    const store = await openGit(join(outer.work, 'model'));
    await record(store, inner.hashes[1] ?? '');
    expect(await foundAt(store, 'HEAD')).toEqual([inner.hashes[1]]);
    expect(git(inner.remote, ['branch', '--list', branch])).toContain(branch);
    expect(git(outer.remote, ['branch', '--list', branch])).toBe('');
  });

  test('a SHA-256 repository with a SHA-256 remote, and one without a remote', async () => {
    const { work, remote, hashes } = withRemote(root, 'sha256', 3, 'sha256');
    const store = await openGit(work);
    for (const hash of hashes) await record(store, hash);
    expect(hashes[0]).toHaveLength(64);
    expect(await foundAt(store, 'HEAD')).toEqual([hashes[1]]);
    git(remote, ['fsck', '--strict']);
    git(work, ['remote', 'remove', 'origin']);
    const local = await openGit(work);
    expect(await local.list()).toEqual([]);
    for (const hash of hashes) await record(local, hash);
    expect(await foundAt(local, 'HEAD')).toEqual([hashes[1]]);
  });

  test("a bare repository of one's own, and a partial clone", async () => {
    const { remote, work, hashes } = withRemote(root, 'partial', 3);
    git(remote, ['config', 'uploadpack.allowFilter', 'true']);
    await record(await openGit(work), hashes[1] ?? '');
    const bare = join(root, 'own.git');
    git(root, ['clone', '--quiet', '--bare', `file://${remote}`, bare]);
    expect(await foundAt(await openGit(bare), hashes[2] ?? '')).toEqual([hashes[1]]);
    const partial = join(root, 'partial-clone');
    git(root, ['clone', '--quiet', '--filter=blob:none', `file://${remote}`, partial]);
    const store = await openGit(partial);
    expect(await foundAt(store, 'HEAD')).toEqual([hashes[1]]);
    await record(store, hashes[2] ?? '');
    expect(await store.list()).toHaveLength(2);
  });

  test('a branch name with odd characters', async () => {
    const { work, remote, hashes } = withRemote(root, 'odd', 2);
    const odd = "bär/lo'w $(x) baselines;&".replaceAll(' ', '_');
    const store = await openGit(work, { branch: odd });
    await record(store, hashes[0] ?? '');
    expect(await foundAt(store, 'HEAD')).toEqual([hashes[0]]);
    expect(git(remote, ['rev-parse', '--verify', `refs/heads/${odd}`])).toMatch(/^[0-9a-f]{40}$/);
  });
});
