import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { type Failure, failuresOf, isSameFailure } from '../../src/forge/failures.ts';
import { type GitHub, openGitHub } from '../../src/forge/githubApi.ts';
import { type Post, type Posted, postComment } from '../../src/forge/postComment.ts';
import type { Outcome } from '../../src/records/verdict.ts';
import { sampleCheckpoint, sampleEvent } from '../report/sampleResult.ts';
import { type Account, type GitHubServer, startGitHub } from './githubServer.ts';

const bot: Account = { login: 'github-actions[bot]', type: 'Bot', mayWrite: true };
const accounts: Record<string, Account> = {
  ghs_job: bot,
  ghs_fork: { ...bot, mayWrite: false },
  ghp_person: { login: 'alice', type: 'User', mayWrite: true },
  oldstyle: bot,
};
const mallory: Account = { login: 'mallory', type: 'User', mayWrite: false };

const commit = (digit: string) => digit.repeat(40);
/** What newly fails: four images of its own, and more where it is to grow. */
const failure = (title: string, more = 0): Failure => {
  const checkpoint = sampleCheckpoint();
  const images = Array.from({ length: 4 + more }, (_, i) => ({
    ...sampleEvent().images[0],
    name: `${title} ${i}.png`,
  }));
  const [made] = failuresOf({ ...checkpoint, comparison: null, events: [sampleEvent({ title, images })] });
  return made;
};
const postOf = (changes: Partial<Post> = {}): Post => ({
  issue: 5,
  suite: 'cars',
  report: '## Failed',
  push: { commit: commit('a'), outcome: 'failed', failures: [failure('car')] },
  run: { id: 1, attempt: 1 },
  onlyUpdate: false,
  ...changes,
});

/** A GitHub of a test's own, and what asks it. */
interface Asked {
  readonly server: GitHubServer;
  readonly connect: (token?: string) => GitHub;
  readonly post: (changes?: Partial<Post>, token?: string) => Promise<Posted>;
  readonly bodies: () => string[];
  readonly writes: () => string[];
}

/** A test with a GitHub of its own: they wait, for limits and between writes, and do so side by side. */
const asking = (test: (asked: Asked) => Promise<void>) => async (): Promise<void> => {
  const server = await startGitHub(accounts);
  const connect = (token = 'ghs_job') =>
    openGitHub({ token, apiUrl: server.url, owner: 'owner', repository: 'repo', second: 5 });
  await test({
    ...{ server, connect, post: (changes, token) => postComment(connect(token), postOf(changes)) },
    bodies: () => server.comments.map(({ body }) => body),
    writes: () => server.requests.filter((each) => !each.startsWith('GET')),
  }).finally(server.close);
  expect(server.problems).toEqual([]);
};
const refusalOf = async (posting: Promise<Posted>): Promise<UserError> => {
  const thrown = await posting.catch((each: unknown) => each);
  if (thrown instanceof UserError) return thrown;
  throw new Error(`no UserError but ${String(thrown)}`);
};

describe.concurrent('the sticky comment', () => {
  it(
    'is created once, then edited in place',
    asking(async ({ server, post, bodies }) => {
      expect(await post()).toMatchObject({ kind: 'created' });
      expect(await post({ report: '## Passed', run: { id: 2, attempt: 1 } })).toMatchObject({ kind: 'updated' });
      expect(server.comments).toHaveLength(1);
      expect(bodies()[0]).toContain('## Passed');
      expect(bodies()[0]).not.toContain('## Failed');
    }),
  );

  it(
    'asks for no write where nothing changed',
    asking(async ({ post, writes }) => {
      await post();
      const before = writes().length;
      expect(await post()).toMatchObject({ kind: 'unchanged' });
      expect(writes()).toHaveLength(before);
    }),
  );

  it(
    'is found behind two hundred other comments, page by page',
    asking(async ({ server, post }) => {
      for (let index = 0; index < 205; index++) server.add(5, mallory, `talk ${index}`);
      await post();
      for (let index = 0; index < 105; index++) server.add(5, mallory, `more ${index}`);
      await post({ run: { id: 2, attempt: 1 }, report: 'again' });
      expect(server.comments.filter(({ author }) => author === bot)).toHaveLength(1);
      expect(server.requests.some((each) => each.includes('page=3'))).toBe(true);
    }),
  );

  it(
    'keeps suites and pull requests apart, whatever a suite is called',
    asking(async ({ server, post, bodies }) => {
      const suites = ['cars', 'cars ', '-->', '<!-- -->', '', 'a--b', '\u202e', 'cars\nb'];
      for (const suite of suites) await post({ suite });
      await post({ issue: 6 });
      for (const suite of suites) await post({ suite, report: 'two', run: { id: 2, attempt: 1 } });
      expect(server.comments).toHaveLength(suites.length + 1);
      expect(bodies().filter((body) => body.includes('two'))).toHaveLength(suites.length);
      for (const body of bodies()) expect(body.split('-->').length - 1).toBe(body.split('<!--').length - 1);
    }),
    60_000,
  );

  it(
    'is not made where only an old one is to be kept current',
    asking(async ({ post }) => {
      expect(await post({ onlyUpdate: true })).toEqual({ kind: 'none' });
      await post();
      expect(await post({ onlyUpdate: true, report: 'fixed', run: { id: 2, attempt: 1 } })).toMatchObject({
        kind: 'updated',
      });
    }),
  );

  it(
    "never takes over another's comment that carries the marker, for an app's token or a person's",
    asking(async ({ server, post, bodies }) => {
      await post();
      const forged = server.add(7, mallory, bodies()[0] ?? '');
      await post({ issue: 7 });
      expect(forged.body).toBe(bodies()[0]);
      expect(server.comments.filter(({ issue }) => issue === 7)).toHaveLength(2);
      await post({ issue: 7, report: 'mine' }, 'ghp_person');
      expect(server.comments.filter(({ author }) => author.login === 'alice')).toHaveLength(1);
      expect(server.requests.filter((each) => each === 'GET /user')).toHaveLength(1);
    }),
  );

  it(
    "takes a token that GitHub will not name for an app's",
    asking(async ({ server, post }) => {
      await post({}, 'oldstyle');
      await post({ report: 'x', run: { id: 2, attempt: 1 } }, 'oldstyle');
      expect(server.comments).toHaveLength(1);
    }),
  );
});

describe.concurrent('the comment of another bot', () => {
  const other: Account = { login: 'some-app[bot]', type: 'Bot', mayWrite: true };

  it(
    'that carries the marker does not stand in the way of ours, though it claims to be of a later run',
    asking(async ({ server, post, bodies }) => {
      await post({ run: { id: 10 ** 12, attempt: 1 } });
      const [mine] = server.comments.splice(0);
      const forged = server.add(5, other, mine?.body ?? '');
      expect(await post({ report: 'one' })).toMatchObject({ kind: 'created' });
      expect(await post({ report: 'two', run: { id: 2, attempt: 1 } })).toMatchObject({ kind: 'updated' });
      expect(server.comments).toHaveLength(2);
      expect(forged.body).toBe(mine?.body);
      expect(bodies()[1]).toContain('two');
    }),
  );

  it("is ours where the token is that bot's, and the job's is not", async () => {
    const app = await startGitHub({ ...accounts, ghs_app: other });
    const github = (token: string) =>
      openGitHub({ token, apiUrl: app.url, owner: 'owner', repository: 'repo', second: 5 });
    await postComment(github('ghs_job'), postOf({ report: "the job's" }));
    await postComment(github('ghs_app'), postOf({ report: "the app's" }));
    await postComment(github('ghs_app'), postOf({ report: "the app's again", run: { id: 2, attempt: 1 } }));
    expect(app.comments.map(({ body, author }) => [author.login, /the [\w' ]+/.exec(body)?.[0]])).toEqual([
      [bot.login, "the job's"],
      [other.login, "the app's again"],
    ]);
    expect(app.problems).toEqual([]);
    await app.close();
  });
});

describe.concurrent('a run that could not judge', () => {
  it(
    'says so where the last one said that all is well, and the next compares with the last that judged',
    asking(async ({ post, bodies }) => {
      await post({ report: 'Passed', push: { commit: commit('a'), outcome: 'passed', failures: [] } });
      const erred = { push: { commit: commit('b'), outcome: 'not compared' as const, failures: [] }, erred: true };
      await post({ ...erred, report: 'not judged', run: { id: 2, attempt: 1 } });
      expect(bodies()).toEqual([expect.stringContaining('not judged')]);
      expect(bodies()[0]).not.toMatch(/Passed|Since the last push/);
      const next = { push: { commit: commit('c'), outcome: 'failed' as const, failures: [failure('car')] } };
      await post({ ...next, run: { id: 3, attempt: 1 } });
      expect(bodies()[0]).toContain('(aaaaaaa): now fails. new: `car` (4 images).');
    }),
  );
});

describe.concurrent('two jobs at once', () => {
  it(
    'both create one: the later deletes the second and leaves the newest words',
    asking(async ({ server, connect, post, bodies }) => {
      // Both list before either writes.
      let waiting: (() => void)[] = [];
      const gate = () =>
        new Promise<void>((open) => {
          waiting.push(open);
          if (waiting.length === 2) {
            for (const each of waiting) each();
            waiting = [];
          }
        });
      const racing = (token: string) => {
        const github = connect(token);
        let first = true;
        return {
          ...github,
          comments: async (issue: number) => {
            const found = await github.comments(issue);
            if (first) {
              first = false;
              await gate();
            }
            return found;
          },
        };
      };
      await Promise.all([
        postComment(racing('ghs_job'), postOf({ report: 'old', run: { id: 1, attempt: 1 } })),
        postComment(
          racing('ghs_job'),
          postOf({
            report: 'new',
            run: { id: 2, attempt: 1 },
            push: { commit: commit('b'), outcome: 'passed', failures: [] },
          }),
        ),
      ]);
      expect(server.comments).toHaveLength(1);
      expect(bodies()[0]).toContain('new');
      expect(await post({ report: 'newer', run: { id: 3, attempt: 1 } })).toMatchObject({ kind: 'updated' });
      expect(server.comments).toHaveLength(1);
    }),
  );

  it(
    'duplicates left by whatever are merged into the oldest',
    asking(async ({ server, post, bodies }) => {
      await post();
      for (let copy = 0; copy < 3; copy++) server.add(5, bot, bodies()[0] ?? '');
      const oldest = server.comments[0]?.id;
      await post({ report: 'healed', run: { id: 9, attempt: 1 } });
      expect(server.comments.map(({ id }) => id)).toEqual([oldest]);
      expect(bodies()[0]).toContain('healed');
    }),
  );

  it(
    'an earlier run that ends late does not overwrite a later one, a second attempt of the same run does',
    asking(async ({ post, bodies }) => {
      await post({ run: { id: 5, attempt: 1 }, report: 'five' });
      expect(await post({ run: { id: 4, attempt: 9 }, report: 'four' })).toEqual({ kind: 'superseded' });
      expect(await post({ run: { id: 5, attempt: 2 }, report: 'again' })).toMatchObject({ kind: 'updated' });
      expect(bodies()[0]).toContain('again');
    }),
  );

  it(
    'a comment deleted between finding and editing is written anew',
    asking(async ({ server, post }) => {
      await post();
      server.onListed = () => {
        server.comments.length = 0;
        server.onListed = () => {};
      };
      expect(await post({ report: 'anew', run: { id: 2, attempt: 1 } })).toMatchObject({ kind: 'created' });
      expect(server.comments).toHaveLength(1);
    }),
  );
});

describe.concurrent('what changed since the last push', () => {
  const push = (digit: string, failures: readonly Failure[], outcome: Outcome = 'failed') => ({
    push: { commit: commit(digit), outcome, failures },
  });

  it(
    'names what is gone, what is new and what is still there, right under the heading',
    asking(async ({ post, bodies }) => {
      await post({ ...push('a', [failure('car'), failure('cat')]), report: '## Failed\n\nThe rest.' });
      expect(bodies()[0]).not.toContain('Since the last push');
      await post({
        ...push('b', [failure('cat', 2), failure('dog')]),
        run: { id: 2, attempt: 1 },
        report: '## Failed\n\nThe rest.',
      });
      expect(bodies()[0]).toContain(
        '## Failed\n\n> **Since the last push** (aaaaaaa): gone: `car` (4 images); new: `dog` (4 images); still there: `cat` (4 → 6 images).\n\nThe rest.',
      );
      await post({ ...push('c', [], 'passed'), run: { id: 3, attempt: 1 } });
      expect(bodies()[0]).toContain('(bbbbbbb): now passes. gone: `cat` (6 images), `dog` (4 images).');
    }),
  );

  it('two are one where they share half of the images of the smaller, however many there are', () => {
    const sharing = (from: number, count: number) => {
      const images = Array.from({ length: count }, (_, i) => ({ ...sampleEvent().images[0], name: `${from + i}.png` }));
      return failuresOf({ ...sampleCheckpoint(), comparison: null, events: [sampleEvent({ images })] })[0];
    };
    expect(isSameFailure(sharing(0, 10), sharing(5, 10))).toBe(true);
    expect(isSameFailure(sharing(0, 10), sharing(6, 10))).toBe(false);
    expect(isSameFailure(sharing(0, 10), sharing(4, 6))).toBe(true);
    // Samples of sixteen stand for thousands.
    expect(isSameFailure(sharing(0, 4_000), sharing(400, 4_000))).toBe(true);
    expect(isSameFailure(sharing(0, 4_000), sharing(3_600, 4_000))).toBe(false);
    expect(isSameFailure(sharing(0, 4_000), sharing(4_000, 4_000))).toBe(false);
    // All of a part of ten in a hundred is in both.
    expect(isSameFailure(sharing(0, 4_000), sharing(100, 400))).toBe(true);
  });

  it(
    'is the same for another run on the same push',
    asking(async ({ post, bodies }) => {
      await post({ ...push('a', [failure('car')]) });
      await post({ ...push('b', []), run: { id: 2, attempt: 1 } });
      const told = bodies()[0];
      await post({ ...push('b', []), run: { id: 2, attempt: 2 } });
      expect(bodies()[0]?.split('\n')[3]).toBe(told?.split('\n')[3]);
      expect(bodies()[0]).toContain('(aaaaaaa): gone: `car` (4 images).');
    }),
  );

  it(
    'survives a state that someone edited, names from data and a thousand failures',
    asking(async ({ server, post, bodies }) => {
      await post();
      const [comment] = server.comments;
      if (comment) comment.body = comment.body.replace(/state [\w+/=]+/, 'state e30=');
      await post({ ...push('b', [failure('`x` @everyone\n<b>')]), run: { id: 2, attempt: 1 } });
      await post({ ...push('c', [failure('`y`\n@all <i>-->')]), run: { id: 3, attempt: 1 } });
      expect(bodies()[0]).toContain('gone: `x @everyone␊<b>` (4 images); new: `y ␊@all <i>-->` (4 images)');
      const many = Array.from({ length: 1_000 }, (_, index) => failure(`class ${index}`));
      await post({ ...push('d', many), run: { id: 4, attempt: 1 }, report: 'x'.repeat(57_000) });
      await post({ ...push('e', many), run: { id: 5, attempt: 1 }, report: 'x'.repeat(57_000) });
      expect(bodies()[0]).toContain('Too many failures to compare');
      expect(bodies()[0]?.length).toBeLessThan(65_536);
    }),
  );
});

describe.concurrent('when GitHub does not play along', () => {
  it(
    'tries again after 502s and lost answers, and heals what a lost answer left',
    asking(async ({ server, post }) => {
      server.trouble.push({ method: 'GET', status: 502, message: 'Bad Gateway', times: 2 });
      server.trouble.push({ method: 'POST', status: 500, message: 'oops', times: 1, afterDoing: true });
      await post();
      expect(server.comments).toHaveLength(1);
    }),
  );

  it(
    'gives up after four tries and says where to look',
    asking(async ({ server, post }) => {
      server.trouble.push({ method: 'GET', status: 503, message: 'Service Unavailable', times: 99 });
      const { what, fix } = await refusalOf(post());
      expect(`${what} ${fix}`).toMatch(/does not answer.*503.*githubstatus/);
      expect(server.requests).toHaveLength(4);
    }),
  );

  it(
    'waits for a rate limit that ends soon, and not for one that does not',
    asking(async ({ server, post }) => {
      const limited = (seconds: number) => ({
        ...{ method: 'GET', status: 403, message: 'API rate limit exceeded' },
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + seconds) },
      });
      server.trouble.push({ ...limited(20), times: 1 });
      expect(await post()).toMatchObject({ kind: 'created' });
      server.trouble.push({ ...limited(3000), times: 1 });
      const { what, fix } = await refusalOf(post({ run: { id: 2, attempt: 1 } }));
      expect(`${what} ${fix}`).toMatch(/rate limit is used up.*Run the job again after \d\d:\d\d UTC/);
    }),
  );

  it(
    'waits out a secondary limit',
    asking(async ({ server, post }) => {
      server.trouble.push({
        method: 'POST',
        status: 403,
        message: 'You have exceeded a secondary rate limit',
        headers: { 'retry-after': '3' },
        times: 1,
      });
      expect(await post()).toMatchObject({ kind: 'created' });
    }),
  );

  it(
    'says which line of the workflow is missing where the token may not write',
    asking(async ({ post, writes }) => {
      const { what, fix } = await refusalOf(post({}, 'ghs_fork'));
      expect(what).toContain('Resource not accessible by integration');
      expect(fix).toContain('permissions: {contents: write, pull-requests: write}');
      expect(writes()).toHaveLength(1);
    }),
  );

  it(
    'tells a bad token, a locked conversation and a dead network apart',
    asking(async ({ server, post }) => {
      expect((await refusalOf(post({}, 'ghs_unknown'))).what).toContain('does not accept the token');
      server.trouble.push({
        method: 'POST',
        status: 403,
        message: 'Unable to create comment because issue is locked.',
        times: 1,
      });
      expect((await refusalOf(post())).what).toContain('locked');
      const dead = openGitHub({
        token: 'ghs_job',
        apiUrl: 'http://127.0.0.1:9',
        owner: 'o',
        repository: 'r',
        second: 1,
      });
      expect((await refusalOf(postComment(dead, postOf()))).what).toContain('does not answer');
    }),
  );
});

describe.concurrent('what GitHub, or a proxy before it, may answer', () => {
  it.each([
    ['GET', 'GitHub API'],
    ['POST', 'GitHub API'],
  ])('%s: a page of HTML under 200 is an error in words, and no bug', (method, where) =>
    asking(async ({ server, post }) => {
      server.trouble.push({
        method,
        status: 200,
        message: '',
        times: 9,
        html: '<!doctype html><title>Sign in</title>',
      });
      const refused = await refusalOf(post());
      expect(refused.where).toBe(where);
      expect(`${refused.what} ${refused.fix}`).toMatch(/the answer is (?:no comment|none).*proxy/);
    })(),
  );

  it.each([403, 429])('%i with ten minutes to wait: asked once', (status) =>
    asking(async ({ server, post, writes }) => {
      const headers = { 'retry-after': '600' };
      const message = 'You have exceeded a secondary rate limit';
      server.trouble.push({ method: 'POST', status, message, headers, times: 9 });
      const { what, fix } = await refusalOf(post());
      expect(`${what} ${fix}`).toMatch(/rate limit.*in 10 minutes/);
      expect(writes()).toHaveLength(1);
    })(),
  );

  it.each([
    [410, 'gone or takes no comments'],
    [422, 'does not take the text'],
  ])('%i: what to do, once', (status, words) =>
    asking(async ({ server, post, writes }) => {
      server.trouble.push({ method: 'POST', status, message: 'This was refused', times: 9 });
      const { what, fix } = await refusalOf(post());
      expect(what).toContain(words);
      expect(fix).toContain('job summary');
      expect(writes()).toHaveLength(1);
    })(),
  );

  it(
    '410 for a comment that was deleted: written anew',
    asking(async ({ server, post }) => {
      await post();
      server.trouble.push({ method: 'PATCH', status: 410, message: 'Gone', times: 1 });
      expect(await post({ report: 'anew', run: { id: 2, attempt: 1 } })).toMatchObject({ kind: 'created' });
      expect(server.comments).toHaveLength(1);
    }),
  );
});

describe.concurrent('GitHub Enterprise Server', () => {
  it('is asked below its own address', async () => {
    const enterprise = await startGitHub(accounts, '/api/v3');
    const github = openGitHub({ token: 'ghs_job', apiUrl: `${enterprise.url}/`, owner: 'o', repository: 'r' });
    await postComment(github, postOf());
    expect(enterprise.requests.every((each) => each.includes(' /api/v3/repos/o/r/'))).toBe(true);
    expect(enterprise.problems).toEqual([]);
    await enterprise.close();
  });
});
