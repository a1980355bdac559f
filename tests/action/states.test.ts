import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Account, type GitHubServer, startGitHub } from '../forge/githubServer.ts';
import { type Ended, examplePayload, git, type Step } from './runner.ts';
import { runStepHere } from './runStepHere.ts';
import { addSmallSuite, predictAs, type State } from './smallSuite.ts';

const bot: Account = { login: 'github-actions[bot]', type: 'Bot', mayWrite: true };
const action = join(import.meta.dirname, '..', '..');
const both: readonly State[] = ['good', 'bad'];

let root = '';
let server: GitHubServer;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'barlow-states-'));
  server = await startGitHub({ ghs_job: bot, ghs_fork: { ...bot, mayWrite: false } });
  await makeFirstWorld();
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});
afterEach(() => {
  // The description that GitHub gives of its API.
  expect(server.problems).toEqual([]);
});

const remoteName = (world: string) => join(root, world, 'remote.git');
const head = (folder: string) => git(folder, 'rev-parse', 'HEAD');

function commitAll(folder: string, message = 'work'): string {
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--allow-empty', '--message', message);
  return head(folder);
}

let issue = 0;
let run = 1000;
function step(workspace: string, event: string, payload: object, more: Partial<Step> = {}): Promise<Ended> {
  return runStepHere({
    ...{
      action,
      workspace,
      apiUrl: server.url,
      event,
      payload,
      run: ++run,
      token: 'ghs_job',
    },
    ...{ sha: head(workspace), ref: 'refs/heads/main' },
    ...more,
  });
}
const repository = { default_branch: 'main', full_name: 'octo/cars' };
const pushed = (workspace: string, more: Partial<Step> = {}, ref = 'refs/heads/main') =>
  step(
    workspace,
    'push',
    examplePayload('push', (payload) => {
      Object.assign(payload, { ref });
      Object.assign(payload.repository ?? {}, repository);
    }),
    more,
  );
const pulled = (workspace: string, sha = head(workspace), more: Partial<Step> = {}, from = 'octo/cars') =>
  step(
    workspace,
    'pull_request',
    examplePayload('pull_request', (payload) => {
      Object.assign(payload.repository ?? {}, repository);
      const base = { ref: 'main', repo: { full_name: 'octo/cars' } };
      Object.assign(payload.pull_request ?? {}, {
        ...{ number: ++issue, base, head: { sha, repo: { full_name: from } } },
      });
    }),
    { sha: 'e'.repeat(40), ref: 'refs/pull/1/merge', ...more },
  );

/** Makes the repository that every world begins as: its main has a recorded baseline and a commit after it, pushed. */
async function makeFirstWorld(): Promise<void> {
  const [remote, work] = [remoteName('first'), join(root, 'first', 'work')];
  mkdirSync(join(root, 'first'));
  git(root, 'init', '--quiet', '--bare', '--initial-branch=main', remote);
  git(remote, 'config', 'uploadpack.allowFilter', 'true');
  git(root, 'init', '--quiet', '--initial-branch=main', work);
  git(work, 'remote', 'add', 'origin', remote);
  addSmallSuite(work);
  predictAs(work, 'accepted');
  commitAll(work, 'Accept');
  git(work, 'push', '--quiet', 'origin', 'main');
  const ended = await pushed(work);
  expect(ended.log).toContain('Recorded "candidate"');
  expect(ended.status).toBe(0);
  commitAll(work, 'Go on');
  git(work, 'push', '--quiet', 'origin', 'main');
}

/** A copy of the first world; the predictions are the accepted ones. */
function world(name: string): { work: string; remote: string; accepted: string } {
  cpSync(join(root, 'first'), join(root, name), { recursive: true });
  const [remote, work] = [remoteName(name), join(root, name, 'work')];
  git(work, 'remote', 'set-url', 'origin', remote);
  return { work, remote, accepted: git(work, 'rev-parse', 'HEAD~1') };
}

/** A branch off main with a state's predictions, pushed as a pull request's head with GitHub's merge of it; returns its head. */
function propose(work: string, state: State, from = 'main'): string {
  git(work, 'checkout', '--quiet', '-B', `train-${state}`, from);
  predictAs(work, state);
  const sha = commitAll(work, `Train ${state}`);
  git(work, 'push', '--quiet', '--force', 'origin', `HEAD:refs/heads/train-${state}`);
  git(work, 'checkout', '--quiet', '--detach', 'main');
  git(work, 'merge', '--quiet', '--no-ff', '--no-edit', sha);
  git(work, 'push', '--quiet', '--force', 'origin', `HEAD:refs/pull/${state}/merge`);
  git(work, 'checkout', '--quiet', `train-${state}`);
  return sha;
}

/** A workspace as actions/checkout makes one: a single commit, fetched to `ref`. */
function checkout(name: string, remote: string, refspec: string, ...fetch: readonly string[]): string {
  const folder = mkdtempSync(join(root, `${name}-`));
  git(root, 'init', '--quiet', folder);
  git(folder, 'remote', 'add', 'origin', `file://${remote}`);
  git(folder, 'fetch', '--quiet', '--no-tags', ...fetch, 'origin', refspec);
  git(folder, 'checkout', '--quiet', '--detach', refspec.split(':')[1] ?? 'FETCH_HEAD');
  return folder;
}

/** The good one passes and was compared; the bad one fails on a new cluster. */
function expectJudged(state: State, ended: Ended): void {
  const [passed, status, clusters] = state === 'good' ? ['true', 0, '0'] : ['false', 1, '1'];
  expect({ state, status: ended.status, log: ended.log.slice(-3000), outputs: ended.outputs }).toMatchObject({
    state,
    status,
    outputs: { passed, 'new-clusters': clusters },
  });
  expect(ended.summary).not.toMatch(/not compared/i);
}

describe('a pull request', () => {
  it.each(both)(
    'from a workspace that was kept, with a stale copy, a tag and a local branch of the base: %s',
    async (state) => {
      const { work, remote } = world(`kept-${state}`);
      const first = git(work, 'rev-list', '--max-parents=0', 'main');
      const sha = propose(work, state);
      const workspace = join(root, `kept-${state}`, 'runner');
      git(root, 'clone', '--quiet', remote, workspace);
      git(workspace, 'checkout', '--quiet', '--detach', sha);
      const before = git(workspace, 'commit-tree', '-m', 'unrelated', `${first}^{tree}`);
      for (const ref of ['refs/remotes/origin/main', 'refs/tags/main', 'refs/heads/main']) {
        git(workspace, 'update-ref', ref, before);
      }
      expectJudged(state, await pulled(workspace));
    },
  );

  it.each(both)('at depth 1, checked out at the merge: %s', async (state) => {
    const { work, remote } = world(`depth-${state}`);
    const sha = propose(work, state);
    const workspace = checkout(
      `depth-${state}`,
      remote,
      `+refs/pull/${state}/merge:refs/remotes/pull/merge`,
      '--depth=1',
    );
    expectJudged(state, await pulled(workspace, sha, { sha: head(workspace) }));
  });

  it.each(both)('in a partial clone: %s', async (state) => {
    const { work, remote } = world(`partial-${state}`);
    const sha = propose(work, state);
    const workspace = join(root, `partial-${state}`, 'runner');
    git(root, 'clone', '--quiet', '--filter=blob:none', `file://${remote}`, workspace);
    git(workspace, 'checkout', '--quiet', '--detach', sha);
    expectJudged(state, await pulled(workspace));
  });

  it.each(both)('rebased: %s', async (state) => {
    const { work } = world(`rebased-${state}`);
    propose(work, state, 'main~1');
    git(work, 'rebase', '--quiet', 'main');
    expectJudged(state, await pulled(work));
  });

  it.each(both)('from a fork: %s', async (state) => {
    const { work } = world(`fork-${state}`);
    propose(work, state);
    expectJudged(state, await pulled(work, head(work), { token: 'ghs_fork' }, 'mallory/cars'));
  });

  it.each(both)('in the merge queue: %s', async (state) => {
    const { work } = world(`queue-${state}`);
    propose(work, state);
    const payload = examplePayload('merge_group', (each) => {
      Object.assign(each.merge_group ?? {}, { head_sha: head(work), base_ref: 'refs/heads/main' });
    });
    expectJudged(state, await step(work, 'merge_group', payload));
  });
});

describe("main's tip, where the accepted baseline is the commit's own", () => {
  const events = [
    ['a re-run of the push', (work: string) => pushed(work, { attempt: 2 })],
    [
      'a dispatch that is to record',
      (work: string) => step(work, 'workflow_dispatch', {}, { inputs: { record: 'true' } }),
    ],
    ['a nightly run', (work: string) => step(work, 'schedule', { schedule: '0 3 * * *' })],
    ['a workflow_run with uploaded predictions', (work: string) => step(work, 'workflow_run', {})],
  ] as const;

  it.each(events)(
    '%s: good and bad',
    async (name, event) => {
      const { work, remote, accepted } = world(name.replaceAll(' ', '-'));
      git(work, 'checkout', '--quiet', accepted);
      const baseline = () => git(remote, 'rev-parse', `barlow-baselines:pets/${accepted}.baseline`);
      const before = baseline();
      for (const state of both) {
        predictAs(work, state);
        expectJudged(state, await event(work));
        // What was accepted stays accepted.
        expect(baseline()).toBe(before);
      }
      predictAs(work, 'accepted');
      const itself = await event(work);
      expect(itself.status).toBe(0);
      expect(itself.summary).toMatch(/not compared/i);
      expect(itself.summary).toContain('the accepted checkpoint of');
    },
    60_000,
  );
});

describe('main after its history changed', () => {
  it.each(both)('a squashed pull request is compared with what main had: %s', async (state) => {
    const { work } = world(`squash-${state}`);
    propose(work, state);
    git(work, 'checkout', '--quiet', 'main');
    git(work, 'merge', '--quiet', '--squash', `train-${state}`);
    commitAll(work, 'Squash');
    git(work, 'push', '--quiet', 'origin', 'main');
    expectJudged(state, await pushed(work));
  });

  it.each(both)(
    'a force-push over the baseline ends in the reason and the way out, and never in green: %s',
    async (state) => {
      const { work } = world(`forced-${state}`);
      git(work, 'checkout', '--quiet', '--orphan', 'anew');
      predictAs(work, state);
      const sha = commitAll(work, 'All anew');
      git(work, 'push', '--quiet', '--force', 'origin', 'HEAD:main');
      const ended = await pushed(work);
      expect(ended.status).toBe(1);
      expect(ended.log).toMatch(/^::error .*baselines exist and none can be used.*barlow baseline record/m);
      expect(ended.summary).toContain('not judged');
      const request = await pulled(work, sha);
      expect(request.status).toBe(1);
      const [comment] = server.comments.filter(({ issue: on }) => on === issue);
      expect(comment?.body).toMatch(/not judged[\s\S]*none can be used[\s\S]*barlow baseline record/);
    },
  );

  it('a push to main where no baselines are kept is compared with nothing, and no error', async () => {
    const { work } = world('keeps-none');
    const ended = await pushed(work, { inputs: { baseline: 'none' } });
    expect({ status: ended.status, outcome: ended.outputs.outcome }).toEqual({ status: 0, outcome: 'not compared' });
    const asked = await pushed(work, { inputs: { baseline: 'none', record: 'true' } });
    expect(asked.status).toBe(1);
    expect(asked.log).toContain('no baselines are kept');
  });

  it('a damaged branch of baselines is said in annotation, summary and comment, over a comment that passed', async () => {
    const { work, remote } = world('damaged');
    propose(work, 'good');
    const payload = { head: head(work) };
    expectJudged('good', await pulled(work, payload.head));
    writeFileSync(join(remote, 'refs', 'heads', 'barlow-baselines'), '');
    issue -= 1;
    for (const state of both) {
      predictAs(work, state);
      const ended = await pulled(work, payload.head);
      issue -= 1;
      expect(ended.status).toBe(1);
      expect(ended.log).toMatch(/^::error .*damaged or missing/m);
    }
    issue += 1;
    const bodies = server.comments.filter(({ issue: on }) => on === issue).map(({ body }) => body);
    expect(bodies).toEqual([expect.stringMatching(/not judged[\s\S]*damaged or missing/)]);
    expect(bodies[0]).not.toContain('Passed');
  });
});

describe('several in one repository', () => {
  it('two suites keep their own baselines; two of one name are refused', async () => {
    const { work } = world('suites');
    const other = join(work, 'other');
    addSmallSuite(other, { name: 'others' });
    predictAs(other, 'bad');
    commitAll(work);
    git(work, 'push', '--quiet', 'origin', 'main');
    const inputs = { 'working-directory': 'other' };
    const first = await pushed(work, { inputs });
    expect(first.status).toBe(0);
    expect(first.log).toMatch(/No baseline of suite "others" was ever recorded; others have some: pets/);
    for (const state of both) {
      predictAs(work, state);
      expectJudged(state, await pushed(work, { attempt: 2 }));
    }
    predictAs(other, 'accepted');
    expect((await pushed(work, { inputs, attempt: 2 })).status).toBe(0);
    addSmallSuite(other, { name: 'pets' });
    const twin = await pushed(work, { inputs, attempt: 2 });
    expect(twin.status).toBe(1);
    expect(twin.log).toMatch(/^::error .*two suites have the name "pets"/m);
  });

  it('of two checkpoints the first is recorded, or the one that is named, and both are judged', async () => {
    const more = ['checkpoints: {stable: predictions.csv, next: next.csv}'];
    const { work, remote } = world('checkpoints');
    addSmallSuite(work, { more });
    predictAs(work, 'good');
    predictAs(work, 'accepted', 'next.csv');
    const first = commitAll(work);
    git(work, 'push', '--quiet', 'origin', 'main');
    const ended = await pushed(work);
    expect(ended.status).toBe(0);
    expect(ended.log).toContain('Recorded "stable"');
    expect(git(remote, 'ls-tree', '--name-only', 'barlow-baselines:pets')).toContain(first);
    addSmallSuite(work, { more: [...more, 'baseline: {checkpoint: next}'] });
    predictAs(work, 'good', 'next.csv');
    commitAll(work);
    git(work, 'push', '--quiet', 'origin', 'main');
    const named = await pushed(work);
    expect(named.log).toContain('Recorded "next"');
    predictAs(work, 'bad', 'next.csv');
    expect(await pushed(work, { attempt: 2 })).toMatchObject({ status: 1, outputs: { passed: 'false' } });
    addSmallSuite(work, { more: [...more, 'baseline: {checkpoint: nxt}'] });
    predictAs(work, 'good', 'next.csv');
    const slip = await pushed(work, { attempt: 2 });
    expect(slip.status).toBe(1);
    expect(slip.log).toMatch(/^::error .*there is no checkpoint "nxt" to record/m);
  });

  it('a submodule and a second repository are judged at their own commits, by their own baselines', async () => {
    const { work, remote } = world('inner');
    const outer = join(root, 'inner', 'outer');
    git(root, 'init', '--quiet', '--initial-branch=main', outer);
    commitAll(outer);
    git(outer, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', remote, 'suite');
    commitAll(outer);
    const sub = join(outer, 'suite');
    const inputs = { 'working-directory': 'suite' };
    for (const state of both) {
      predictAs(sub, state);
      expectJudged(state, await pushed(outer, { inputs }));
      expectJudged(state, await pulled(outer, head(outer), { inputs }));
    }
    expect(git(remote, 'ls-tree', '-r', '--name-only', 'barlow-baselines')).not.toContain(head(outer));
    expect(head(sub)).toBe(head(work));
  });

  it("another branch that a push to main checks out is judged as itself, and not recorded as main's", async () => {
    const { work, remote } = world('elsewhere');
    const main = head(work);
    for (const state of both) {
      const sha = propose(work, state);
      const ended = await pushed(work, { sha: main });
      expectJudged(state, ended);
      expect(ended.log).toMatch(
        new RegExp(`${sha.slice(0, 12)} is checked out, another commit than the event is about`),
      );
      const recorded = git(remote, 'ls-tree', '-r', '--name-only', 'barlow-baselines');
      for (const each of [sha, main]) expect(recorded).not.toContain(each);
    }
  });
});

describe('a change that once locked main', () => {
  it('another feature model: the trees are grown again, and bad is still bad', async () => {
    const { work } = world('features');
    addSmallSuite(work, { mirrored: true });
    for (const state of both) {
      predictAs(work, state);
      commitAll(work);
      const ended = await pulled(work);
      expectJudged(state, ended);
      expect(ended.log).toContain('its trees are grown again on the features of now');
    }
  });

  it('another class: images whose label is the same are compared', async () => {
    const { work } = world('classes');
    addSmallSuite(work, { more: ['# one more class'] });
    const config =
      'version: 1\nname: pets\nevalSet: {manifest: eval.csv, classes: [ant, cat, dog]}\nfeatures: features.npy\n';
    writeFileSync(
      join(work, 'barlow.yml'),
      `${config}groups: [label]\nanalysis: {shuffles: 0}\ncheckpoints: {candidate: predictions.csv}\n`,
    );
    for (const state of both) {
      predictAs(work, state);
      commitAll(work);
      const ended = await pulled(work);
      expectJudged(state, ended);
      expect(ended.log).toContain('The classes are not those of baseline');
    }
  });
});
