import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gitIn } from '../../src/baseline/git.ts';
import { git, temporaryFolder } from './realGit.ts';

const folder = temporaryFolder();
git(folder, ['init', '--quiet']);

test('a server that accepts and never answers is given up on', async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a port');
  const started = performance.now();
  const outcome = await gitIn(folder)(['ls-remote', `http://127.0.0.1:${address.port}/x.git`], { limit: 1000 });
  expect(outcome).toMatchObject({ timedOut: true });
  expect(outcome.code).not.toBe(0);
  expect(performance.now() - started).toBeLessThan(8000);
  server.close();
});

test('a transport that outlives git, its pipes open, does not hold us', async () => {
  const env = { GIT_SSH_COMMAND: "trap '' INT TERM; sleep 20; true" };
  const started = performance.now();
  const outcome = await gitIn(folder)(['ls-remote', 'ssh://x@127.0.0.1/x.git'], { env, limit: 1000 });
  expect(outcome.timedOut).toBe(true);
  expect(performance.now() - started).toBeLessThan(8000);
});

test('output that is still in the pipe when git has ended is not lost, though the thread was busy', async () => {
  const text = 'x'.repeat(60_000);
  const oid = git(folder, ['hash-object', '-w', '--stdin'], { input: text });
  const pending = gitIn(folder)(['cat-file', 'blob', oid]);
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const until = performance.now() + 300;
    while (performance.now() < until);
  }
  expect((await pending).stdout.toString()).toBe(text);
});

test('bytes go in and come out as they are, and failures are outcomes', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const run = gitIn(folder);
  const oid = (await run(['hash-object', '-w', '--no-filters', '--stdin'], { input: bytes })).stdout.toString().trim();
  expect((await run(['cat-file', 'blob', oid])).stdout.equals(bytes)).toBe(true);
  expect(await run(['hash-object', '--stdin'], { input: '' })).toMatchObject({ code: 0 });
  expect(await run(['rev-parse', '--verify', '--quiet', 'none'])).toMatchObject({
    code: 1,
    stderr: '',
    timedOut: false,
  });
  expect((await run(['no-such-command'])).stderr).toContain('is not a git command');
});

test('git runs under a configuration of ours, whatever the user has', async () => {
  const run = gitIn(folder);
  const listed = (await run(['config', '--list', '--show-origin'])).stdout.toString().split('\n');
  expect(listed.filter((line) => line.startsWith('command line:')).map((line) => line.split('\t')[1])).toEqual([
    ...['core.hookspath=/dev/null', 'gc.auto=0', 'maintenance.auto=false', 'credential.interactive=false'],
    ...['user.name=barlow-gate', 'user.email=barlow-gate@localhost', 'i18n.commitencoding=utf-8'],
  ]);
  expect((await run(['version'], { env: { GIT_TRACE2: '1' } })).stderr).toContain('version');
});

test('git that is not installed is told as such', async () => {
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  try {
    await expect(gitIn(folder)(['version'])).rejects.toMatchObject({
      ...{ what: 'git is not installed', where: 'git', fix: 'Install git 2.30 or newer' },
    });
  } finally {
    process.env.PATH = PATH;
  }
});

test('no argument can have git run another program', async () => {
  const run = gitIn(folder);
  for (const args of [
    ['ls-remote', '--upload-pack=touch evil', '.'],
    ['-c', 'core.sshCommand=touch evil', 'ls-remote', 'ssh://x@127.0.0.1/x'],
    ['-c', 'alias.x=!touch evil', 'x'],
    ['push', '--receive-pack=touch evil', '.', 'HEAD'],
  ]) {
    await expect(run(args), args.join(' ')).rejects.toThrow('is not permitted without enabling');
  }
  expect(existsSync(join(folder, 'evil'))).toBe(false);
});

test.each([
  { GIT_SSH_COMMAND: 'false', GIT_ASKPASS: 'false', SSH_ASKPASS: 'false', GIT_SSH: 'false' },
  { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', GIT_PROXY_COMMAND: 'false' },
  { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'url./.insteadOf', GIT_CONFIG_VALUE_0: 'gh:' },
  { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'credential.https://x.helper', GIT_CONFIG_VALUE_0: '!true' },
  { GIT_CONFIG_PARAMETERS: "'alias.x=!true'" },
  { GIT_TRACE: '1', GIT_TRACE_SETUP: '2', GIT_TRACE2: 'true', GIT_TRACE2_PERF: '1', GIT_CURL_VERBOSE: '1' },
  { GIT_EDITOR: 'false', GIT_PAGER: 'false', GIT_TEMPLATE_DIR: '/nowhere', GIT_DIR: '/nowhere', PREFIX: '/x' },
])("the user's own environment is no argument: %o", async (env) => {
  const names = Object.keys(env);
  const before = names.map((name) => process.env[name]);
  Object.assign(process.env, env);
  try {
    expect(await gitIn(folder)(['rev-parse', '--git-dir'])).toMatchObject({ code: 0, stderr: '' });
  } finally {
    for (const [index, name] of names.entries()) {
      if (before[index] === undefined) delete process.env[name];
      else process.env[name] = before[index];
    }
  }
});

test('a command that cannot even begin leaves nothing that keeps a program alive', async () => {
  const gone = temporaryFolder();
  const run = gitIn(gone);
  rmSync(gone, { recursive: true });
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  await expect(run(['status'])).rejects.toThrow();
  expect(timers()).toBe(before);
});
