import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { usual } from '../../src/images/preprocess.ts';
import { type Account, type GitHubServer, startGitHub } from '../forge/githubServer.ts';
import { addSuite, type Ended, examplePayload, git, predict, runStep, type Step, unpackAction } from './runner.ts';

const bot: Account = { login: 'github-actions[bot]', type: 'Bot', mayWrite: true };

let folder = '';
let action = '';
let server: GitHubServer;
let run = 100;
/** The push of the accepted predictions to main, which every other test compares with. */
let first: Ended;
let refsAfterFirst = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'barlow-story-'));
  action = unpackAction();
  server = await startGitHub({ ghs_job: bot, ghs_fork: { ...bot, mayWrite: false } });
  git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', 'remote.git');
  git(folder, 'init', '--quiet', '--initial-branch=main', 'work');
  git(work(), 'remote', 'add', 'origin', join(folder, 'remote.git'));
  addSuite(work());
  predict(work(), 'baseline');
  commitAll('Accept the baseline');
  git(work(), 'push', '--quiet', 'origin', 'main');
  first = await step({ event: 'push', payload: push() });
  refsAfterFirst = refs();
}, 120_000);

afterEach(() => {
  // The description that GitHub gives of its API.
  expect(server.problems).toEqual([]);
});

afterAll(async () => {
  await server.close();
  for (const each of [folder, action]) rmSync(each, { recursive: true, force: true });
});

const work = () => join(folder, 'work');
const head = (repository = work()) => git(repository, 'rev-parse', 'HEAD');
const commitAll = (message: string) => {
  git(work(), 'add', '--all');
  git(work(), 'commit', '--quiet', '--allow-empty', '--message', message);
};
/** A branch off main with other predictions, pushed. */
const branch = (name: string, checkpoint: 'retrained' | 'candidate') => {
  git(work(), 'checkout', '--quiet', '-B', name, 'main');
  predict(work(), checkpoint);
  commitAll(`Train ${name}`);
  git(work(), 'push', '--quiet', 'origin', name);
};
const refs = () => git(folder, '--git-dir=remote.git', 'for-each-ref', '--format=%(refname) %(objectname)');

const step = (changes: Partial<Step> & Pick<Step, 'event' | 'payload'>): Promise<Ended> =>
  runStep({
    ...{
      action,
      workspace: work(),
      apiUrl: server.url,
      sha: head(),
      ref: 'refs/heads/main',
      run: ++run,
      token: 'ghs_job',
    },
    ...changes,
  });
const push = () =>
  examplePayload('push', (payload) => {
    Object.assign(payload, { ref: 'refs/heads/main' });
    Object.assign(payload.repository ?? {}, { default_branch: 'main', full_name: 'octo/cars' });
  });
const pullRequest = (number: number, sha: string, from = 'octo/cars') =>
  examplePayload('pull_request', (payload) => {
    Object.assign(payload.repository ?? {}, { default_branch: 'main', full_name: 'octo/cars' });
    const base = { ref: 'main', repo: { full_name: 'octo/cars' } };
    Object.assign(payload.pull_request ?? {}, { number, base, head: { sha, repo: { full_name: from } } });
  });
const judge = (number: number, changes: Partial<Step> = {}, from?: string) => {
  const sha = head(changes.workspace);
  // GITHUB_SHA is GitHub's merge commit, which no clone has.
  const ref = `refs/pull/${number}/merge`;
  return step({ event: 'pull_request', payload: pullRequest(number, sha, from), sha: 'e'.repeat(40), ref, ...changes });
};
const commentsOn = (number: number) => server.comments.filter(({ issue }) => issue === number).map(({ body }) => body);
/** The files of the baseline branch that a comment shows. */
const sheetsIn = (body: string) =>
  [...body.matchAll(/!\[[^\]]*\]\(https:\/\/github\.test\/octo\/cars\/blob\/([0-9a-f]{40})\/([^?]+)\?raw=true\)/g)].map(
    ([, revision = '', path = '']) =>
      git(folder, '--git-dir=remote.git', 'cat-file', '-s', `${revision}:${decodeURIComponent(path)}`),
  );

describe('dist/ alone, with a real repository and remote', () => {
  it('a push to main records what it finds', () => {
    expect(first.log).toContain('Recorded "candidate"');
    expect(first).toMatchObject({
      status: 0,
      outputs: { outcome: 'not compared', passed: 'false', 'new-clusters': '0' },
    });
    expect(refsAfterFirst).toContain('refs/heads/barlow-baselines');
    expect(first.log).toContain('onnx-wasm');
    expect(first.log).not.toContain('Comment ');
  });

  it('a pull request with a plain retraining passes, and is told so', async () => {
    branch('retrained', 'retrained');
    const ended = await judge(1);
    expect(ended).toMatchObject({ status: 0, outputs: { passed: 'true', 'new-clusters': '0' } });
    expect(commentsOn(1)).toEqual([expect.stringContaining('✅ Passed')]);
    expect(ended.summary).toContain('✅ Passed');
  }, 120_000);

  it('one trained without red cars fails, with annotations, outputs and a comment with pictures that later pushes edit', async () => {
    branch('no-red-cars', 'candidate');
    const ended = await judge(2);
    expect(ended.status).toBe(1);
    expect(ended.outputs).toMatchObject({ passed: 'false', 'new-clusters': '1' });
    expect(ended.log).toMatch(/^::error title=barlow-gate%3A new-cluster on .*,file=barlow\.yml,line=1::/m);
    const [comment = '', second] = commentsOn(2);
    expect(second).toBeUndefined();
    expect(comment).toContain('images of automobile');
    // What newly fails, and what is most like it and right.
    const isPicture = expect.toSatisfy((size: number) => size > 5000);
    expect(sheetsIn(comment).map(Number)).toEqual([isPicture, isPicture]);
    expect(comment).toContain(
      `**[Open the run, which has the full report](https://github.test/octo/cars/actions/runs/${run})**`,
    );
    expect(comment).not.toContain('Since the last push');

    commitAll('Say why');
    git(work(), 'push', '--quiet', 'origin', 'no-red-cars');
    expect((await judge(2)).status).toBe(1);
    expect(commentsOn(2)).toEqual([expect.stringMatching(/still there: `Automobiles taken for trucks/)]);

    // The fix turns it green.
    predict(work(), 'retrained');
    commitAll('Train with red cars');
    git(work(), 'push', '--quiet', 'origin', 'no-red-cars');
    expect((await judge(2)).status).toBe(0);
    expect(commentsOn(2)).toEqual([
      expect.stringMatching(/✅ Passed[\s\S]*now passes\. gone: `Automobiles taken for trucks/),
    ]);
  }, 240_000);

  it('two at once both comment and keep their pictures', async () => {
    const clones = ['left', 'right'].map((name) => {
      branch(name, 'candidate');
      git(folder, 'clone', '--quiet', '--branch', name, 'remote.git', name);
      // The features, as a cache brings them.
      cpSync(join(folder, 'work', '.barlow'), join(folder, name, '.barlow'), { recursive: true });
      return join(folder, name);
    });
    const ended = await Promise.all(clones.map((workspace, index) => judge(3 + index, { workspace })));
    expect(ended.map(({ status }) => status)).toEqual([1, 1]);
    for (const number of [3, 4]) {
      expect(commentsOn(number)).toHaveLength(1);
      expect(sheetsIn(commentsOn(number)[0] ?? '')).toHaveLength(2);
    }
  }, 240_000);

  it('a fork is judged all the same: nothing is written but the summary', async () => {
    branch('fork', 'candidate');
    const before = refs();
    const requests = server.requests.length;
    const ended = await judge(5, { token: 'ghs_fork' }, 'mallory/cars');
    expect(ended.status).toBe(1);
    expect(ended.summary).toContain('images of automobile');
    expect(ended.log).toMatch(
      /^::notice title=barlow-gate::No comment, see the job summary: the pull request comes from a fork/m,
    );
    expect(refs()).toBe(before);
    expect(server.requests).toHaveLength(requests);
  }, 120_000);

  it('a token without permission leaves the verdict as it is and says what to add', async () => {
    branch('forbidden', 'retrained');
    const ended = await judge(6, { token: 'ghs_fork' });
    expect(ended.status).toBe(0);
    expect(ended.log).toMatch(/^::warning .*No comment: .*permissions: \{contents: write, pull-requests: write\}/m);
  }, 120_000);

  it('a remote that takes no baseline leaves the verdict told, and fails the step with the reason', async () => {
    branch('unrecorded', 'retrained');
    const hook = join(folder, 'remote.git', 'hooks', 'pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho "protected branch" >&2\nexit 1\n', { mode: 0o755 });
    const ended = await step({ event: 'push', payload: push(), inputs: { record: 'true' } }).finally(() =>
      rmSync(hook),
    );
    expect(ended.status).toBe(1);
    expect(ended.outputs).toMatchObject({ passed: 'true' });
    expect(ended.summary).toContain('✅ Passed');
    expect(ended.log).toMatch(/^::error title=barlow-gate::.*protected branch/m);
  }, 120_000);

  it('inputs decide what is told and what fails', async () => {
    branch('quiet', 'candidate');
    const requests = server.requests.length;
    const never = await judge(7, { inputs: { 'fail-on': 'never', comment: 'never', out: 'reports' } });
    expect(never).toMatchObject({
      status: 0,
      outputs: { passed: 'false', result: join(work(), 'reports', 'result.json') },
    });
    expect(server.requests).toHaveLength(requests);
    branch('mild', 'retrained');
    const onFailure = await judge(8, { inputs: { comment: 'on-failure' } });
    expect(onFailure.status).toBe(0);
    expect(commentsOn(8)).toEqual([]);
  }, 240_000);

  it('what the user can mend is one annotation at its line', async () => {
    const wrong = await judge(9, { inputs: { record: 'perhaps' } });
    expect(wrong.status).toBe(1);
    expect(wrong.log).toMatch(
      /^::error title=barlow-gate::input record: "perhaps" is no choice\. Give one of: auto, true, false\.$/m,
    );
    const missing = await judge(9, { inputs: { config: 'none.yml' } });
    expect(missing.log).toMatch(/^::error title=barlow-gate::.*none\.yml/m);
  }, 120_000);

  it('a native engine that the workspace has is taken', async () => {
    git(folder, 'clone', '--quiet', '--branch', 'main', 'remote.git', 'native');
    const workspace = join(folder, 'native');
    mkdirSync(join(workspace, 'node_modules'));
    const installed = join(import.meta.dirname, '..', '..', 'node_modules', 'onnxruntime-node');
    symlinkSync(installed, join(workspace, 'node_modules', 'onnxruntime-node'));
    const ended = await judge(10, { workspace, inputs: { comment: 'never', engine: 'onnx-cpu' } });
    // Main's tip has the accepted predictions: there is nothing to compare them with but themselves.
    expect(ended).toMatchObject({ status: 0, outputs: { outcome: 'not compared', passed: 'false' } });
    const result: unknown = JSON.parse(readFileSync(ended.outputs.result ?? '', 'utf8'));
    expect(result).toMatchObject({ featureModel: { engine: 'onnx-cpu' } });
  }, 120_000);

  it('an engine that there is not is not installed', async () => {
    const ended = await judge(11, { inputs: { comment: 'never', 'install-engine': '--global evil' } });
    expect(ended.status).toBe(1);
    expect(ended.log).toMatch(/^::error .*there is no engine "--global evil" to install/m);
  }, 120_000);

  it('every codec is there', () => {
    const names = ['base.jpg', 'cmyk.jpg', 'lossy.webp', 'lossless.webp', 'palette.png', 'rgb-16-bit.png'];
    const images = join(import.meta.dirname, '..', 'data', 'inference', 'images');
    const pipeline = {
      ...usual,
      resize: 8,
      crop: 8,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      height: 8,
      width: 8,
      layout: 'NCHW',
    };
    const script = `import decode from ${JSON.stringify(join(action, 'dist', 'decodeWorker.js'))};
      const task = { folder: ${JSON.stringify(images)}, names: ${JSON.stringify(names)}, pipeline: ${JSON.stringify(pipeline)} };
      const out = new SharedArrayBuffer(${names.length} * 8 * 8 * 3 * 4);
      console.log(JSON.stringify(await decode({ ...task, out })));`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
    });
    const { hashes, unreadable } = JSON.parse(said);
    expect(unreadable).toEqual([]);
    expect(hashes).toHaveLength(names.length);
  });
});
