import { randomUUID } from 'node:crypto';
import { Octokit } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { messageOf } from '../errors.ts';
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
  /** Null where the comment is gone. */
  readonly update: (id: number, body: string) => Promise<Comment | null>;
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
    retry: { retryAfterBaseValue: second },
    // Waiting is shared by all of an id: two clients in one process are two tokens' worth.
    throttle: { id: randomUUID(), retryAfterBaseValue: second, onRateLimit: patient, onSecondaryRateLimit: patient },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  return {
    login: async () => {
      // Tokens of apps are no users: asking would be refused.
      if (token.startsWith('ghs_')) return null;
      const asked = attempt('asking whose token this is', () => client.request('GET /user'), [403]);
      return (await asked)?.data.login ?? null;
    },
    comments: async (issue) => {
      const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments';
      const all = () => client.paginate(route, { owner, repo, issue_number: issue, per_page: 100 });
      return (await granted('reading the comments', all)).map(commentOf);
    },
    create: async (issue, body) => {
      const route = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';
      const create = () => client.request(route, { owner, repo, issue_number: issue, body });
      return commentOf((await granted('writing the comment', create)).data);
    },
    update: async (id, body) => {
      const route = 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}';
      const update = () => client.request(route, { owner, repo, comment_id: id, body });
      const updated = await attempt('updating the comment', update, [404]);
      return updated === null ? null : commentOf(updated.data);
    },
    remove: async (id) => {
      const route = 'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}';
      await attempt('deleting a duplicate', () => client.request(route, { owner, repo, comment_id: id }), [404]);
    },
  };
}

/** A connection that says nothing must not hold the job. */
function withLimit(url: string, options: RequestInit): Promise<Response> {
  return fetch(url, { ...options, signal: AbortSignal.timeout(requestLimit) });
}

interface ApiComment {
  readonly id: number | bigint;
  readonly body?: string | undefined;
  readonly html_url: string;
  readonly user: { readonly login: string; readonly type: string } | null;
}

function commentOf({ id, body, html_url: url, user }: ApiComment): Comment {
  return { id: Number(id), body: body ?? '', url, author: { login: user?.login ?? '', isBot: user?.type === 'Bot' } };
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
    if (refused === null) throw thrown;
    if (expected.includes(refused.status)) return null;
    throw refusal(refused, doing);
  }
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
