import { randomUUID } from 'node:crypto';
import { Octokit } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { compileSchema } from '../adapters/jsonSchema.ts';
import { messageOf, UserError } from '../errors.ts';
import { type Refused, refusal } from './refusal.ts';

/** A comment on a pull request. */
export interface Comment {
  readonly id: number;
  readonly body: string;
  readonly author: { readonly login: string; readonly isBot: boolean };
  readonly url: string;
}

/**
 * What the action asks of GitHub. Everything throws UserError where GitHub refuses or does not answer: 5xx and lost
 * connections are tried four times, rate limits waited for if that takes no more than a minute.
 */
export interface GitHub {
  /** Login of the user whose token this is; null for the token of an app, such as a job's own. */
  readonly login: () => Promise<string | null>;
  readonly comments: (issue: number) => Promise<readonly Comment[]>;
  readonly create: (issue: number, body: string) => Promise<Comment>;
  /** `gone`, or `foreign` where the token may not edit this one. */
  readonly update: (id: number, body: string) => Promise<Comment | 'gone' | 'foreign'>;
  /** Does nothing where the comment is gone. */
  readonly remove: (id: number) => Promise<void>;
}

export interface Access {
  readonly token: string;
  readonly apiUrl: string;
  readonly owner: string;
  readonly repository: string;
  /** Milliseconds that a second of waiting takes; tests hurry. */
  readonly second?: number;
}

const longestWait = 60;
const requestLimit = 30_000;

const Client = Octokit.plugin(retry, throttling, paginateRest);

/** Opens the API of github.com or of an Enterprise Server. */
export function openGitHub({ token, apiUrl, owner, repository: repo, second = 1000 }: Access): GitHub {
  const patient = (seconds: number, _: unknown, __: unknown, tries: number) => seconds <= longestWait && tries < 2;
  const client = new Client({
    auth: token,
    baseUrl: apiUrl.replace(/\/+$/, ''),
    userAgent: 'barlow-gate',
    request: { fetch: withLimit },
    // What a limit or a refusal answers is answered again to whoever asks again at once.
    retry: { retryAfterBaseValue: second, doNotRetry: [400, 401, 403, 404, 409, 410, 413, 422, 429, 451] },
    // Waiting is shared by all of an id: two clients in one process are two tokens' worth.
    throttle: { id: randomUUID(), retryAfterBaseValue: second, onRateLimit: patient, onSecondaryRateLimit: patient },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  return {
    login: async () => {
      // Tokens of apps are no users: asking would be refused.
      if (token.startsWith('ghs_')) return null;
      const asked = attempt('asking whose token this is', () => client.request('GET /user'), [403]);
      return loginOf((await asked)?.data) ?? null;
    },
    comments: async (issue) => {
      const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments';
      const all = () => client.paginate(route, { owner, repo, issue_number: issue, per_page: 100 });
      return (await granted('reading the comments', all)).map((each) => commentOf(each));
    },
    create: async (issue, body) => {
      const route = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';
      const create = () => client.request(route, { owner, repo, issue_number: issue, body });
      return commentOf((await granted('writing the comment', create)).data);
    },
    update: async (id, body) => {
      const route = 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}';
      const update = () => client.request(route, { owner, repo, comment_id: id, body });
      try {
        const updated = await attempt('updating the comment', update, [404, 410]);
        return updated === null ? 'gone' : commentOf(updated.data);
      } catch (thrown) {
        if (thrown instanceof UserError && isForeign(thrown.cause)) return 'foreign';
        throw thrown;
      }
    },
    remove: async (id) => {
      const route = 'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}';
      await attempt(
        'deleting a duplicate',
        () => client.request(route, { owner, repo, comment_id: id }),
        [403, 404, 410],
      );
    },
  };
}

/** A connection that says nothing must not hold the job. */
function withLimit(url: string, options: RequestInit): Promise<Response> {
  return fetch(url, { ...options, signal: AbortSignal.timeout(requestLimit) });
}

interface ApiComment {
  readonly id: number;
  readonly body?: string | null;
  readonly html_url: string;
  readonly user: { readonly login: string; readonly type: string } | null;
}

const user = {
  type: 'object',
  required: ['login'],
  properties: { login: { type: 'string' }, type: { type: 'string' } },
};
const apiComment = compileSchema<ApiComment>({
  type: 'object',
  required: ['id', 'html_url', 'user'],
  properties: {
    id: { type: 'number' },
    body: { type: ['string', 'null'] },
    html_url: { type: 'string' },
    user: { anyOf: [user, { type: 'null' }] },
  },
});
const apiUser = compileSchema<{ readonly login: string }>(user);

/** What stands between us and GitHub may answer 200 with a page of its own. */
function commentOf(answer: unknown): Comment {
  if (!apiComment.accepts(answer)) throw notGitHub('no comment');
  const { id, body, html_url: url, user: author } = answer;
  return { id, body: body ?? '', url, author: { login: author?.login ?? '', isBot: author?.type === 'Bot' } };
}

function loginOf(answer: unknown): string | null {
  return apiUser.accepts(answer) ? answer.login : null;
}

function notGitHub(what: string, cause?: unknown): UserError {
  return new UserError({
    what: `the answer is ${what} as GitHub gives one`,
    where: 'GitHub API',
    fix: 'See whether a proxy stands between the runner and GitHub, and githubstatus.com',
    cause,
  });
}

async function granted<T>(doing: string, request: () => Promise<T>): Promise<T> {
  const outcome = await attempt(doing, request, []);
  if (outcome === null) throw new Error('only an expected status leaves nothing');
  return outcome;
}

/** Null where GitHub answers with one of the `expected` statuses. */
async function attempt<T>(doing: string, request: () => Promise<T>, expected: readonly number[]): Promise<T | null> {
  try {
    return await request();
  } catch (thrown) {
    const refused = refusedOf(thrown);
    // Neither an answer of GitHub's nor a lost connection: a body that cannot be parsed or paged through.
    if (refused === null) throw thrown instanceof UserError ? thrown : notGitHub(`none (${messageOf(thrown)})`, thrown);
    if (expected.includes(refused.status)) return null;
    throw refusal(refused, doing);
  }
}

/** A comment of another app's, as far as the status tells it from a token that may write nothing. */
function isForeign(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'status' in cause && cause.status === 403;
}

function refusedOf(thrown: unknown): Refused | null {
  if (!(thrown instanceof Error) || !('status' in thrown) || typeof thrown.status !== 'number') return null;
  return { status: thrown.status, message: messageOf(thrown), headers: headersOf(thrown) };
}

function headersOf(thrown: object): Readonly<Record<string, unknown>> {
  if (!('response' in thrown) || typeof thrown.response !== 'object' || thrown.response === null) return {};
  const { response } = thrown;
  if (!('headers' in response) || typeof response.headers !== 'object' || response.headers === null) return {};
  return { ...response.headers };
}
