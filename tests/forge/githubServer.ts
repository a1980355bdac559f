import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';

/** Who a token belongs to and what it may do. */
export interface Account {
  readonly login: string;
  readonly type: 'Bot' | 'User';
  readonly mayWrite: boolean;
}

export interface StoredComment {
  readonly id: number;
  readonly issue: number;
  readonly author: Account;
  body: string;
}

/** What to answer instead of the right thing; `times` requests long. */
export interface Trouble {
  readonly method: string;
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  times: number;
  /** Does what is asked before it fails to say so. */
  readonly afterDoing?: boolean;
  /** A page, as a proxy between gives one, in place of JSON. */
  readonly html?: string;
}

export interface GitHubServer {
  readonly url: string;
  /** Oldest first; tests may put comments of others there. */
  readonly comments: StoredComment[];
  /** `METHOD /path?query` of every request. */
  readonly requests: string[];
  /** Every way in which a request or an answer broke GitHub's description; empty in a test that passes. */
  readonly problems: string[];
  readonly trouble: Trouble[];
  /** Called after each list of comments is answered. */
  onListed: () => void;
  readonly add: (issue: number, author: Account, body: string) => StoredComment;
  readonly close: () => Promise<void>;
}

type Json = Readonly<Record<string, unknown>>;
interface Operation {
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Json;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Json }>> }>
  >;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const description: Description = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'data', 'github-api.json'), 'utf8'),
);
const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: true, validateFormats: true });
ajvFormats.default(ajv);
const compiled = new Map<Json, ValidateFunction>();

/** An API server that judges every request by GitHub's OpenAPI description and keeps comments as GitHub does. */
export async function startGitHub(accounts: Readonly<Record<string, Account>>, prefix = ''): Promise<GitHubServer> {
  let nextId = 1000;
  const state: GitHubServer = {
    url: '',
    comments: [],
    requests: [],
    problems: [],
    trouble: [],
    onListed: () => {},
    add: (issue, author, body) => {
      const comment = { id: nextId++, issue, author, body };
      state.comments.push(comment);
      return comment;
    },
    close: () => new Promise((done) => server.close(() => done())),
  };
  const server = createServer((request, response) => {
    answer(state, accounts, prefix, request, response).catch((thrown: unknown) => {
      state.problems.push(String(thrown));
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return Object.assign(state, { url: `http://127.0.0.1:${address.port}${prefix}` });
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function answer(
  state: GitHubServer,
  accounts: Readonly<Record<string, Account>>,
  prefix: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request;
  state.requests.push(`${method} ${url}`);
  const body = await readBody(request);
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const found = operationOf(method, pathname.slice(prefix.length));
  const trouble = state.trouble.find((each) => each.method === method && each.times > 0);
  if (trouble) trouble.times--;
  const send = ({ status, body: sent, headers = {} }: Reply) => {
    if (found && status < 400 && !trouble?.html) checkAnswer(state, found.operation, status, sent);
    if (trouble?.html) {
      response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(trouble.html);
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(status === 204 ? undefined : JSON.stringify(sent));
  };
  if (!pathname.startsWith(prefix) || found === null) {
    state.problems.push(`no operation ${method} ${pathname}`);
    return send({ status: 404, body: { message: 'Not Found' } });
  }
  checkRequest(state, request, found, searchParams, body);
  const account = accounts[(request.headers.authorization ?? '').replace(/^(?:token|bearer) /i, '')];
  if (!account) return send({ status: 401, body: { message: 'Bad credentials' } });
  if (trouble && !trouble.afterDoing) return send(troubled(trouble));
  const reply = perform(state, found, account, searchParams, body);
  send(trouble ? troubled(trouble) : reply);
  if (method === 'GET' && found.path.endsWith('/comments')) state.onListed();
}

function troubled({ status, message, headers = {} }: Trouble): Reply {
  return { status, body: { message }, headers };
}

interface Found {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
  readonly values: Readonly<Record<string, string>>;
}

function operationOf(method: string, pathname: string): Found | null {
  for (const [path, methods] of Object.entries(description.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const match = new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`).exec(pathname);
    const operation = methods[method.toLowerCase()];
    if (!match || !operation) continue;
    const values = Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]));
    return { path, method, operation, values };
  }
  return null;
}

function checkRequest(
  { problems }: GitHubServer,
  request: IncomingMessage,
  { path, method, operation, values }: Found,
  query: URLSearchParams,
  body: unknown,
): void {
  const where = `${method} ${path}`;
  for (const { name, in: place, required, schema } of operation.parameters) {
    const value = place === 'path' ? values[name] : query.get(name);
    if (value === null || value === undefined) {
      if (required) problems.push(`${where}: no ${name}`);
    } else check(problems, `${where} ${name}`, schema, value);
  }
  const known = operation.parameters.filter((each) => each.in === 'query').map(({ name }) => name);
  for (const name of query.keys()) if (!known.includes(name)) problems.push(`${where}: unknown query ${name}`);
  if (!request.headers['user-agent']) problems.push(`${where}: no user agent`);
  const schema = operation.requestBody?.content['application/json']?.schema;
  if (schema) check(problems, `${where} body`, schema, body);
  else if (body !== undefined) problems.push(`${where}: a body`);
}

function checkAnswer({ problems }: GitHubServer, operation: Operation, status: number, body: unknown): void {
  const response = operation.responses[status];
  if (!response) problems.push(`the server answers ${status}, which GitHub does not`);
  const schema = response?.content?.['application/json']?.schema;
  if (schema) check(problems, `answer ${status}`, schema, structuredClone(body));
}

function check(problems: string[], where: string, schema: Json, value: unknown): void {
  const validate = compiled.get(schema) ?? ajv.compile({ type: 'object', properties: { value: withNulls(schema) } });
  compiled.set(schema, validate);
  if (!validate({ value })) problems.push(`${where}: ${ajv.errorsText(validate.errors)}`);
}

/** OpenAPI 3.0 says `nullable`, JSON Schema says null is a type. */
function withNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNulls);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withNulls(each)]));
  return nullable === true ? { anyOf: [{ type: 'null' }, rest] } : rest;
}

function perform(
  state: GitHubServer,
  { path, method, values }: Found,
  account: Account,
  query: URLSearchParams,
  body: unknown,
): Reply {
  if (path === '/user') {
    if (account.type === 'Bot') return { status: 403, body: { message: 'Resource not accessible by integration' } };
    return { status: 200, body: { ...user(account), ...privateUser } };
  }
  if (method !== 'GET' && !account.mayWrite) {
    return { status: 403, body: { message: 'Resource not accessible by integration' } };
  }
  const text = typeof body === 'object' && body !== null && 'body' in body ? String(body.body) : '';
  // GitHub's limit; see COMMENT_LIMIT.
  if (text.length > 65_536) return { status: 422, body: { message: 'Validation Failed' } };
  if (method === 'GET') return listed(state, Number(values.issue_number), query, path, values);
  if (method === 'POST') {
    return { status: 201, body: comment(state.add(Number(values.issue_number), account, text)) };
  }
  const index = state.comments.findIndex(({ id }) => id === Number(values.comment_id));
  const target = state.comments[index];
  if (!target) return { status: 404, body: { message: 'Not Found' } };
  // An app edits what it wrote itself.
  if (account.type === 'Bot' && target.author.login !== account.login) {
    return { status: 403, body: { message: 'Resource not accessible by integration' } };
  }
  if (method === 'DELETE') {
    state.comments.splice(index, 1);
    return { status: 204, body: undefined };
  }
  target.body = text;
  return { status: 200, body: comment(target) };
}

function listed(
  state: GitHubServer,
  issue: number,
  query: URLSearchParams,
  path: string,
  values: Found['values'],
): Reply {
  const perPage = Math.min(100, Number(query.get('per_page') ?? 30));
  const page = Number(query.get('page') ?? 1);
  const all = state.comments.filter((each) => each.issue === issue);
  const body = all.slice((page - 1) * perPage, page * perPage).map(comment);
  const base = `${state.url}${path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')}`;
  const next = `<${base}?per_page=${perPage}&page=${page + 1}>; rel="next"`;
  return { status: 200, body, headers: page * perPage < all.length ? { link: next } : {} };
}

const links = (login: string) =>
  Object.fromEntries(
    [
      'followers',
      'following',
      'gists',
      'starred',
      'subscriptions',
      'organizations',
      'repos',
      'events',
      'received_events',
    ].map((name) => [`${name}_url`, `https://api.github.test/users/${login}/${name}`]),
  );

function user({ login, type }: Account): Json {
  return {
    ...{
      login,
      type,
      id: 7,
      node_id: 'U_7',
      avatar_url: 'https://github.test/a.png',
      gravatar_id: '',
      site_admin: false,
    },
    ...{ url: `https://api.github.test/users/${encodeURIComponent(login)}`, html_url: 'https://github.test/u' },
    ...links(encodeURIComponent(login)),
  };
}

const privateUser = {
  ...{ name: null, company: null, blog: null, location: null, email: null, hireable: null, bio: null, public_repos: 0 },
  ...{
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: '2020-01-01T00:00:00Z',
    updated_at: '2020-01-01T00:00:00Z',
  },
  ...{
    private_gists: 0,
    total_private_repos: 0,
    owned_private_repos: 0,
    disk_usage: 0,
    collaborators: 0,
    two_factor_authentication: true,
  },
};

function comment({ id, issue, author, body }: StoredComment): Json {
  return {
    ...{ id, node_id: `IC_${id}`, url: `https://api.github.test/comments/${id}`, body, user: user(author) },
    html_url: `https://github.test/owner/repo/pull/${issue}#issuecomment-${id}`,
    issue_url: `https://api.github.test/repos/owner/repo/issues/${issue}`,
    ...{ created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', author_association: 'NONE' },
  };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : JSON.parse(text);
}
