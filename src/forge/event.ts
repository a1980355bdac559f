import { readFileSync } from 'node:fs';
import { compileSchema, firstProblem } from '../adapters/jsonSchema.ts';
import { messageOf, UserError } from '../errors.ts';

/** What happened in the repository, as far as the gate cares. */
export interface StepEvent {
  /** Of the workflow: `pull_request`, `push`, ... */
  readonly name: string;
  readonly owner: string;
  readonly repository: string;
  /** The commit that the checkpoint belongs to. */
  readonly commit: string;
  /** The branch that the commit is to be merged into; null: compare with the commit's own ancestors. */
  readonly base: string | null;
  /** Number of the pull request to comment on. */
  readonly pullRequest: number | null;
  /** Commits of which one is checked out where the workflow does what is usual; another at HEAD is what is judged then. */
  readonly checkedOut: readonly string[];
  /** Why GitHub gives this run a token that can only read; null where it need not. */
  readonly readOnly: string | null;
  /** Why the token can only read unless the workflow's `permissions` say more, which nobody can see from here; null where it need not. */
  readonly doubtful: string | null;
  /** A push to the default branch: what is recorded as a baseline of its own accord. */
  readonly pushToDefaultBranch: boolean;
  /** What the user should know about running on this event. */
  readonly warnings: readonly string[];
  /** Later runs and attempts have greater numbers. */
  readonly run: { readonly id: number; readonly attempt: number };
  /** Of github.com or of an Enterprise Server. */
  readonly apiUrl: string;
  readonly serverUrl: string;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Happened = Pick<
  StepEvent,
  'commit' | 'base' | 'pullRequest' | 'checkedOut' | 'readOnly' | 'doubtful' | 'pushToDefaultBranch' | 'warnings'
>;

interface PullRequestPayload {
  readonly pull_request: {
    readonly number: number;
    /** GitHub's merge of head and base; null while it makes one. */
    readonly merge_commit_sha?: string | null;
    readonly base: { readonly ref: string };
    /** A fork that was deleted has no repository. */
    readonly head: { readonly sha: string; readonly repo: { readonly full_name: string } | null };
  };
  readonly repository: { readonly full_name: string };
}

const text = { type: 'string', minLength: 1 };
const hash = { type: 'string', pattern: '^(?:[0-9a-f]{40}|[0-9a-f]{64})$' };
const object = (properties: Readonly<Record<string, unknown>>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});
const fullName = object({ full_name: text });
const pullRequestPayload = compileSchema<PullRequestPayload>(
  object({
    pull_request: object({
      number: { type: 'integer', minimum: 1 },
      base: object({ ref: text }),
      head: object({ sha: hash, repo: { anyOf: [fullName, { type: 'null' }] } }),
    }),
    repository: fullName,
  }),
);
const pushPayload = compileSchema<{ readonly ref: string; readonly repository: { readonly default_branch: string } }>(
  object({ ref: text, repository: object({ default_branch: text }) }),
);
const mergeGroupPayload = compileSchema<{
  readonly merge_group: { readonly head_sha: string; readonly base_ref: string };
}>(object({ merge_group: object({ head_sha: hash, base_ref: text }) }));

/**
 * Reads the event from the runner's environment (`GITHUB_*`) and its payload file.
 *
 * @throws UserError outside a workflow step, or where the payload is not what the event's name promises
 */
export function readEvent(env: Environment): StepEvent {
  const name = needed(env, 'GITHUB_EVENT_NAME');
  const [owner, repository, more] = needed(env, 'GITHUB_REPOSITORY').split('/');
  if (!isName(owner) || !isName(repository) || more !== undefined)
    throw notAStep('GITHUB_REPOSITORY', 'is no owner/name');
  return {
    name,
    owner,
    repository,
    ...happened(name, env),
    run: { id: Number(env.GITHUB_RUN_ID ?? 0), attempt: Number(env.GITHUB_RUN_ATTEMPT ?? 1) },
    apiUrl: env.GITHUB_API_URL || 'https://api.github.com',
    serverUrl: env.GITHUB_SERVER_URL || 'https://github.com',
  };
}

function happened(name: string, env: Environment): Happened {
  if (name === 'pull_request' || name === 'pull_request_target') return pullRequest(name, env);
  const plain = {
    ...{ base: null, pullRequest: null, readOnly: null, doubtful: dependabot(env) },
    ...{ checkedOut: [commitOfRun(env)], pushToDefaultBranch: false, warnings: [] },
  };
  if (name === 'merge_group') {
    const { merge_group: group } = payload(env, mergeGroupPayload);
    return { ...plain, commit: group.head_sha, base: branchOf(group.base_ref), checkedOut: [group.head_sha] };
  }
  const commit = commitOfRun(env);
  if (name !== 'push') return { ...plain, commit };
  const { ref, repository } = payload(env, pushPayload);
  return { ...plain, commit, pushToDefaultBranch: ref === `refs/heads/${repository.default_branch}` };
}

const targetWarning =
  'pull_request_target runs with a token that may write and with secrets. Never check out, install or run what the pull request ' +
  'brings in such a job (model files included); use pull_request unless a fork has to be commented on.';

function pullRequest(name: string, env: Environment): Happened {
  const { pull_request: request, repository } = payload(env, pullRequestPayload);
  const isFork = request.head.repo?.full_name !== repository.full_name;
  const fork = isFork ? 'the pull request comes from a fork' : null;
  return {
    // GITHUB_SHA is a merge that GitHub made for the run: no one trained a checkpoint of it.
    commit: request.head.sha,
    base: request.base.ref,
    pullRequest: request.number,
    // With pull_request_target GITHUB_SHA is the base's tip: no state of the pull request.
    checkedOut: [
      request.head.sha,
      ...(request.merge_commit_sha ? [request.merge_commit_sha] : []),
      ...(name === 'pull_request' ? [commitOfRun(env)] : []),
    ],
    readOnly: name === 'pull_request' ? fork : null,
    doubtful: name === 'pull_request' ? dependabot(env) : null,
    pushToDefaultBranch: false,
    warnings: name === 'pull_request_target' ? [targetWarning] : [],
  };
}

/** GitHub runs what Dependabot sets off as if it came from a fork, unless the workflow gives it more. */
function dependabot(env: Environment): string | null {
  return env.GITHUB_ACTOR === 'dependabot[bot]' ? 'Dependabot set the run off' : null;
}

function branchOf(ref: string): string {
  return ref.replace(/^refs\/heads\//, '');
}

function commitOfRun(env: Environment): string {
  const commit = needed(env, 'GITHUB_SHA');
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return commit;
  throw notAStep('GITHUB_SHA', 'is no commit');
}

function payload<T>(env: Environment, schema: ReturnType<typeof compileSchema<T>>): T {
  const file = needed(env, 'GITHUB_EVENT_PATH');
  const value = readJson(file);
  if (schema.accepts(value)) return value;
  throw new UserError({
    what: `the payload of the event ${env.GITHUB_EVENT_NAME ?? ''} is not GitHub's: ${firstProblem(schema, value)}`,
    where: file,
    fix: 'Run the action in a workflow on one of the events its documentation names',
  });
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw notAStep('GITHUB_EVENT_PATH', `names a file that cannot be read (${messageOf(cause)})`);
  }
}

function needed(env: Environment, name: string): string {
  const value = env[name];
  if (value) return value;
  throw notAStep(name, 'is not set');
}

function isName(part: string | undefined): part is string {
  return part !== undefined && /^[\w.-]+$/.test(part) && !/^\.+$/.test(part);
}

function notAStep(variable: string, what: string): UserError {
  return new UserError({
    what: `the environment variable ${variable} ${what}`,
    where: 'the environment',
    fix: 'Run the action as a step of a workflow; elsewhere use the command barlow',
  });
}

/**
 * Where a browser finds a file of a commit. The address is the repository's own, not that of a host for raw files: GitHub shows
 * it to whoever may read the repository, public or private.
 */
export function pictureAddress({ serverUrl, owner, repository }: StepEvent, revision: string, path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${serverUrl}/${owner}/${repository}/blob/${revision}/${encoded}?raw=true`;
}
