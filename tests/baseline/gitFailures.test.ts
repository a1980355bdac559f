import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BaselineStore } from '../../src/baseline/store.ts';
import { UserError } from '../../src/errors.ts';
import { branch, foundAt, openGit, record } from './gitStoreOf.ts';
import { commit, git, temporaryFolder, withRemote } from './realGit.ts';
import { sampleRecord } from './sampleRecord.ts';

const root = temporaryFolder();

/** The message of the UserError that is thrown; any other outcome fails the test. */
async function messageOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function hook(remote: string, name: string, body: string): void {
  mkdirSync(join(remote, 'hooks'), { recursive: true });
  writeFileSync(join(remote, 'hooks', name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(remote, 'hooks', name), 0o755);
}

const anyHash = 'a'.repeat(40);

describe('the remote', () => {
  test('a protected branch: what the remote says, and nothing is written', async () => {
    const { work, remote, hashes } = withRemote(root, 'protected', 2);
    const store = await openGit(work);
    await record(store, hashes[0] ?? '');
    const before = git(remote, ['rev-parse', branch]);
    hook(
      remote,
      'pre-receive',
      'echo "GH006: Protected branch update failed for refs/heads/barlow-baselines." >&2; exit 1',
    );
    const message = await messageOf(() => record(store, hashes[1] ?? ''));
    expect(message).toContain('the remote refuses the push');
    expect(message).toContain('GH006: Protected branch update failed');
    expect(message).toContain('Let this job push to the branch');
    expect(message).toContain('branch barlow-baselines of origin');
    expect(git(remote, ['rev-parse', branch])).toBe(before);
    // Reading goes on.
    expect(await foundAt(store, hashes[1] ?? '')).toEqual([hashes[0]]);
  });

  test('a remote that is gone: an error, never "no baseline yet"', async () => {
    const { work, remote, hashes } = withRemote(root, 'gone', 2);
    const store = await openGit(work);
    await record(store, hashes[0] ?? '');
    renameSync(remote, `${remote}-moved`);
    for (const action of [
      () => store.find({ head: 'HEAD', base: null }),
      () => store.list(),
      () => store.history(),
      () => record(store, hashes[1] ?? ''),
    ]) {
      expect(await messageOf(action)).toContain('the remote cannot be reached');
    }
  });

  test.each<[string, string]>([
    ['no such host', 'https://barlow-gate.invalid/x.git'],
    ['nothing listens', 'http://127.0.0.1:1/x.git'],
  ])('no network: %s', async (_, url) => {
    const work = join(root, url.replaceAll(/\W/g, '-'));
    git(root, ['init', '--quiet', work]);
    git(work, ['remote', 'add', 'origin', url]);
    const store = await openGit(work);
    const message = await messageOf(() => store.find({ head: commit(work), base: null }));
    expect(message).toContain('the remote cannot be reached');
    expect(message).toContain('Check the network');
  });

  test('a server that asks for a password: no prompt, and the secret in the address is not repeated', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => {
        socket.end(
          'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('a port');
    const work = join(root, 'password');
    git(root, ['init', '--quiet', work]);
    for (const user of ['', 'x-token:hunter2@']) {
      git(work, ['config', 'remote.origin.url', `http://${user}127.0.0.1:${address.port}/x.git`]);
      const message = await messageOf(async () => (await openGit(work)).list());
      expect(message).toContain('there is no permission');
      expect(message).toContain('permissions: contents: write');
      expect(message).not.toContain('hunter2');
    }
    await new Promise((resolve) => server.close(resolve));
  });

  test.skipIf(process.getuid?.() === 0)('no permission to write (not as root, who may write anywhere)', async () => {
    const { work, remote, hashes } = withRemote(root, 'read-only', 1);
    const store = await openGit(work);
    chmodSync(join(remote, 'objects'), 0o500);
    expect(await messageOf(() => record(store, hashes[0] ?? ''))).toContain('there is no permission');
    chmodSync(join(remote, 'objects'), 0o700);
  });

  test('a remote rewritten behind our back: the remote is right, nothing is pushed over', async () => {
    const { work, remote, hashes } = withRemote(root, 'rewritten', 4);
    const store = await openGit(work);
    await record(store, hashes[0] ?? '');
    const early = git(remote, ['rev-parse', branch]);
    await record(store, hashes[1] ?? '');
    git(remote, ['update-ref', `refs/heads/${branch}`, early]);
    const clone = join(root, 'rewritten-clone');
    git(root, ['clone', '--quiet', remote, clone]);
    await record(await openGit(clone), hashes[2] ?? '');
    await record(store, hashes[3] ?? '');
    expect((await store.list()).map((row) => row.commit)).toEqual([hashes[3], hashes[2], hashes[0]]);
  });
});

describe('the branch', () => {
  test('exists and is not ours: refused, unchanged', async () => {
    const { work, remote, hashes } = withRemote(root, 'not-ours', 2);
    const store = await openGit(work, { branch: 'main' });
    for (const action of [
      () => store.list(),
      () => record(store, hashes[0] ?? ''),
      () => store.find({ head: 'HEAD', base: null }),
    ]) {
      const message = await messageOf(action);
      expect(message).toContain('the branch exists and holds something else');
      expect(message).toContain('branch main of origin');
    }
    expect(git(remote, ['rev-parse', 'main'])).toBe(hashes[1]);
    git(work, ['remote', 'remove', 'origin']);
    const local = await openGit(work, { branch: 'main' });
    expect(await messageOf(() => local.list())).toContain('the branch exists and holds something else');
  });
});

describe('a damaged baseline in the branch', () => {
  async function damage(
    name: string,
    change: (bytes: Buffer) => Buffer,
  ): Promise<{ store: BaselineStore; hashes: string[] }> {
    const { work, hashes } = withRemote(root, name, 3);
    const store = await openGit(work);
    await record(store, hashes[0] ?? '');
    const clone = `${work}-clone`;
    git(root, ['clone', '--quiet', '-b', branch, `${work}.git`, clone]);
    const file = join(clone, 'cifar10', `${hashes[0]}.baseline`);
    writeFileSync(file, change(readFileSync(file)));
    git(clone, ['add', '--all']);
    commit(clone, 'damage');
    git(clone, ['push', '--quiet']);
    return { store, hashes };
  }

  test.each<[string, (bytes: Buffer) => Buffer, string]>([
    [
      'garbled',
      (bytes) => Buffer.concat([bytes.subarray(0, 100), Buffer.from('x'), bytes.subarray(101)]),
      'cut off or garbled',
    ],
    ['newer', () => Buffer.from(`barlow-baseline 3 sha256:${'0'.repeat(64)}\n`), 'schema version 3'],
  ])('%s: an error wherever it is asked for, and never overwritten', async (name, change, expected) => {
    const { store, hashes } = await damage(`damaged-${name}`, change);
    const [damaged = '', next = ''] = hashes;
    expect(await messageOf(() => store.find({ head: next, base: null }))).toContain(expected);
    expect(await messageOf(() => store.show(damaged))).toContain(expected);
    expect(await messageOf(() => record(store, damaged))).toContain(expected);
    // Others of the suite are not held up.
    await record(store, next);
    expect((await store.show(next)).commit).toBe(next);
    expect(await messageOf(() => store.show(damaged))).toContain(expected);
  });

  test("under another commit's name", async () => {
    const { work, remote, hashes } = withRemote(root, 'swapped', 2);
    const store = await openGit(work);
    await record(store, hashes[0] ?? '');
    const clone = join(root, 'swapped-clone');
    git(root, ['clone', '--quiet', '-b', branch, remote, clone]);
    git(clone, ['mv', `cifar10/${hashes[0]}.baseline`, `cifar10/${hashes[1]}.baseline`]);
    commit(clone, 'swap');
    git(clone, ['push', '--quiet']);
    expect(await messageOf(() => store.show(hashes[1] ?? ''))).toContain("under another's name");
  });

  test('a record for another suite is a bug of the caller', async () => {
    const { work } = withRemote(root, 'wrong-suite', 1);
    const store = await openGit(work);
    await expect(store.record(sampleRecord({ suite: 'other', commit: anyHash }))).rejects.not.toBeInstanceOf(UserError);
  });
});
