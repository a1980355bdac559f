import { statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { GitPluginError, simpleGit } from 'simple-git';
import { messageOf, UserError } from '../errors.ts';

/** What a git command left; a failure is no exception, its code says so. */
export interface GitOutcome {
  /** Exit status, 0 where it succeeded. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** It ran longer than it might and was ended. */
  readonly timedOut: boolean;
}

export interface GitCall {
  readonly input?: Uint8Array | string;
  /** Environment variables beside the user's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which it is ended; default two minutes. */
  readonly limit?: number;
}

/** Runs one git command in one folder. */
export type Git = (args: readonly string[], call?: GitCall) => Promise<GitOutcome>;

/** What would point git at another repository or index, sign in another's name, open an editor, or talk where messages are read. */
const dropped =
  /^(?:GIT_(?:DIR|COMMON_DIR|WORK_TREE|IMPLICIT_WORK_TREE|INDEX_FILE|PREFIX|NAMESPACE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|QUARANTINE_PATH|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE|CONFIG|EDITOR|SEQUENCE_EDITOR|PAGER|EXTERNAL_DIFF|TEMPLATE_DIR|TRACE.*|CURL_VERBOSE|AUTHOR_.*|COMMITTER_.*)|EDITOR|VISUAL|PAGER|PREFIX)$/i;

/**
 * simple-git's guards stay on, so that no argument can have git run another program, but where they would refuse the
 * environment: it is the user's own, and git is to work as it does in their shell. By variable, in capitals.
 */
const guardOf: ReadonlyMap<string, string> = new Map([
  ['GIT_ASKPASS', 'AskPass'],
  ['SSH_ASKPASS', 'AskPass'],
  ['GIT_CONFIG_GLOBAL', 'ConfigPaths'],
  ['GIT_CONFIG_SYSTEM', 'ConfigPaths'],
  ['GIT_EXEC_PATH', 'Exec'],
  ['GIT_PROXY_COMMAND', 'GitProxy'],
  ['GIT_SSH', 'SshCommand'],
  ['GIT_SSH_COMMAND', 'SshCommand'],
]);
/** Variables that hold configuration, which may be of any kind: where one is set, no guard can stay on. */
const configuring = ['GIT_CONFIG_COUNT', 'GIT_CONFIG_PARAMETERS'];
const configGuards = [
  'Alias AskPass CommandBinaries ConfigEnvCount CredentialHelper DiffExternal DiffTextConv Editor Filter FsMonitor',
  'GitProxy GpgProgram Include MergeDriver Pack Pager ProtocolOverride SshCommand Submodule TemplateDir UrlRewrite',
].flatMap((names) => names.split(' '));

/** The guards to turn off for an environment; that of the path of hooks always, since `config` sets it to none. */
function withoutGuards(env: Readonly<Record<string, string>>): Readonly<Record<string, boolean>> {
  const names = new Set(Object.keys(env).map((name) => name.toUpperCase()));
  const off = [
    'HooksPath',
    ...[...guardOf].flatMap(([name, guard]) => (names.has(name) ? [guard] : [])),
    ...(configuring.some((name) => names.has(name)) ? configGuards : []),
  ];
  return Object.fromEntries(off.map((guard) => [`allowUnsafe${guard}`, true]));
}

/** The exit status of what was ended, as git's own of what went wrong. */
const died = 128;

/** No hooks of the user's, no housekeeping, no questions, and commits under the tool's own name. */
const config = [
  'core.hooksPath=/dev/null',
  'gc.auto=0',
  'maintenance.auto=false',
  'credential.interactive=false',
  'user.name=barlow-gate',
  'user.email=barlow-gate@localhost',
  'i18n.commitEncoding=utf-8',
];

/**
 * Runs git in a folder, as the user is set up to (configuration, credentials, proxies) but for what `config`
 * and `dropped` say. Every command goes through simple-git's `raw`, since its calls of their own (`fetch`, `push`,
 * `revparse`) give text where blobs are bytes, take no input for `cat-file --batch` and `mktree`, and have no exit status,
 * by which git says "no" apart from "failed".
 *
 * @throws UserError where the folder or git itself is missing
 */
export function gitIn(folder: string): Git {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError({ what: 'there is no such folder', where: folder, fix: 'Check the path' });
  }
  return async (args, call = {}) => {
    const env = environment(call.env ?? {});
    // No `AbortSignal.timeout`: that holds on to whoever listens, and so to the pipes of a process, until its time is up.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), call.limit ?? 120_000);
    let outcome: GitOutcome | null = null;
    try {
      const git = simpleGit({
        baseDir: folder,
        config,
        unsafe: withoutGuards(env),
        allowEnvironment: Object.keys(env),
        abort: limit.signal,
        // Output may still come in after the exit, however late: half a listing would be taken for a whole one.
        completion: { onClose: true, onExit: false },
        input: () => Buffer.from(call.input ?? ''),
        errors: (error, { exitCode, stdOut, stdErr }) => {
          const timedOut = error instanceof GitPluginError && error.plugin === 'abort';
          // A process that a signal ended has no exit code; 1 is what git says where it finds nothing.
          const code = Number.isInteger(exitCode) ? exitCode : died;
          outcome = { code, stdout: Buffer.concat(stdOut), stderr: Buffer.concat(stdErr).toString(), timedOut };
          return undefined;
        },
      })
        .env(env)
        .outputHandler((_, stdout, stderr) => limit.signal.addEventListener('abort', () => letGo([stdout, stderr])));
      await git.raw([...args]).catch(refuseUnstarted);
    } finally {
      clearTimeout(timer);
    }
    return checked(outcome);
  };
}

/** simple-git looks for the pipes of a process that never started. */
function refuseUnstarted(thrown: unknown): void {
  if (!/reading 'on'/.test(messageOf(thrown))) throw thrown;
  throw new UserError({
    what: 'git cannot be started',
    where: 'git',
    fix: 'Allow more open files and processes (ulimit -n 1024, ulimit -u), then run again',
    cause: thrown,
  });
}

/** Stops listening: a transport that outlives git would hold the pipes open, and us. */
function letGo(streams: readonly unknown[]): void {
  for (const stream of streams) if (stream instanceof Readable) stream.destroy();
}

function checked(outcome: GitOutcome | null): GitOutcome {
  if (!outcome) throw new Error('git ran and left nothing');
  if (outcome.code < 0 && outcome.stderr.includes('ENOENT')) {
    throw new UserError({ what: 'git is not installed', where: 'git', fix: 'Install git 2.30 or newer' });
  }
  return outcome.timedOut && outcome.code === 0 ? { ...outcome, code: died } : outcome;
}

/** The configuration can have git trace too. */
const untraced = { GIT_TRACE2: '0', GIT_TRACE2_PERF: '0', GIT_TRACE2_EVENT: '0' };

function environment(more: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || dropped.test(name) ? [] : [[name, value] as const],
  );
  // Messages are read for their meaning, so they must be in English.
  const fixed = { LC_ALL: 'C', LANGUAGE: 'C', GIT_TERMINAL_PROMPT: '0', GCM_INTERACTIVE: 'never', ...untraced };
  return { ...Object.fromEntries(own), ...fixed, ...more };
}
