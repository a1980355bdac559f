import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);

/** The action as a runner unpacks it: what is committed, and no node_modules anywhere above. */
export function unpackAction(): string {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-action-'));
  for (const part of ['dist', 'templates', 'schemas', 'package.json', 'action.yml']) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  return folder;
}

/** What the action's `inputs` default to, but for expressions. */
function defaults(action: string): Record<string, string> {
  const [, inputs = ''] = /^inputs:\n([\s\S]*?)^outputs:/m.exec(readFileSync(join(action, 'action.yml'), 'utf8')) ?? [];
  const found = [...inputs.matchAll(/^ {2}([\w-]+):\n(?:(?! {2}\w)[\s\S])*?^ {4}default: (.*)$/gm)];
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, value.replace(/^'(.*)'$/, '$1')]));
}

export interface Step {
  /** Of `unpackAction`, or the repository itself with `entry`. */
  readonly action: string;
  /** What is run of it, or in its place; by default the bundle. */
  readonly entry?: string;
  readonly attempt?: number;
  readonly actor?: string;
  readonly workspace: string;
  readonly apiUrl: string;
  readonly event: string;
  readonly payload: object;
  readonly sha: string;
  readonly ref: string;
  readonly run: number;
  readonly token: string;
  readonly inputs?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly status: number;
  /** What the runner would show, standard error included. */
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** What the runner says in a step's environment, and the files that it reads afterwards. */
export function stepEnvironment(step: Step): { env: NodeJS.ProcessEnv; output: string; summary: string } {
  const scratch = mkdtempSync(join(tmpdir(), 'barlow-step-'));
  const file = (name: string, text = '') => {
    writeFileSync(join(scratch, name), text);
    return join(scratch, name);
  };
  const inputs = { ...defaults(step.action), 'github-token': step.token, ...step.inputs };
  const [output, summary] = [file('output'), file('summary')];
  const env = {
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
    ...{ GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary },
    ...{
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTION_PATH: step.action,
      RUNNER_TOOL_CACHE: join(scratch, 'tools'),
    },
    ...{ GITHUB_EVENT_NAME: step.event, GITHUB_EVENT_PATH: file('event.json', JSON.stringify(step.payload)) },
    ...{ GITHUB_REPOSITORY: 'octo/cars', GITHUB_SHA: step.sha, GITHUB_REF: step.ref, GITHUB_WORKSPACE: step.workspace },
    ...{ GITHUB_RUN_ID: String(step.run), GITHUB_RUN_ATTEMPT: String(step.attempt ?? 1) },
    GITHUB_ACTOR: step.actor ?? 'octocat',
    ...{ GITHUB_API_URL: step.apiUrl, GITHUB_SERVER_URL: 'https://github.test' },
    ...{ PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, HOME: scratch },
  };
  return { env, output, summary };
}

/** Runs the built action as the runner does: its environment, its files, its folder. */
export async function runStep(step: Step): Promise<Ended> {
  const { env, output, summary } = stepEnvironment(step);
  const { status, log } = await new Promise<{ status: number; log: string }>((done) => {
    const options = { cwd: step.workspace, env, maxBuffer: 1 << 26 };
    execFile(
      process.execPath,
      [resolve(step.action, step.entry ?? 'dist/action.js')],
      options,
      (error, stdout, stderr) => {
        done({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : 99, log: stdout + stderr });
      },
    );
  });
  return {
    status,
    log,
    outputs: outputsIn(readFileSync(output, 'utf8')),
    summary: readFileSync(summary, 'utf8'),
  };
}

/** What a step put into the file of its outputs. */
export function outputsIn(text: string): Record<string, string> {
  const found = text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...found].map(([, name = '', , value = '']) => [name, value]));
}

/** Git as a user runs it, apart from this machine's settings. */
export function git(folder: string, ...args: readonly string[]): string {
  const env = {
    ...{ PATH: process.env.PATH ?? '', HOME: folder, GIT_CONFIG_NOSYSTEM: '1' },
    ...{ GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@test', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@test' },
  };
  return execFileSync('git', [...args], { cwd: folder, env, encoding: 'utf8' }).trim();
}

type Payload = Record<string, Record<string, unknown>>;

const examplesOf = new Map<string, Payload | undefined>();

/** GitHub's own example of an event; the file of all is large. */
function exampleOf(event: string): Payload | undefined {
  if (examplesOf.size === 0) {
    const file = require.resolve('@octokit/webhooks-examples/api.github.com/index.json');
    const all: readonly { readonly name: string; readonly examples: readonly Payload[] }[] = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    for (const { name, examples } of all) examplesOf.set(name, examples[0]);
  }
  return examplesOf.get(event);
}

/** GitHub's own example of an event, changed where the story needs it. */
export function examplePayload(event: string, change: (payload: Payload) => void): object {
  const payload = structuredClone(exampleOf(event));
  if (payload === undefined) throw new Error(`no example of ${event}`);
  change(payload);
  return payload;
}

const example = join(root, 'examples', 'cifar10');
const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/** Of the demonstration as many as tell what the gate must find, by class. */
const shown = { automobile: 420, truck: 80 } as const;

/** Puts some of the demonstration's automobiles and trucks into a repository; predictions follow by `predict`. */
export function addSuite(repository: string): void {
  const [head = '', ...rows] = readFileSync(join(example, 'eval.csv'), 'utf8').trim().split('\n');
  const kept = Object.entries(shown).flatMap(([label, count]) =>
    rows.filter((row) => row.split(',')[1]?.trim() === label).slice(0, count),
  );
  mkdirSync(join(repository, 'images'), { recursive: true });
  for (const row of kept) {
    const [image = ''] = row.split(',');
    cpSync(join(example, 'images', image), join(repository, 'images', image));
  }
  writeFileSync(join(repository, 'eval.csv'), `${[head, ...kept].join('\n')}\n`);
  cpSync(join(example, '..', '..', 'models', 'robust-32.onnx'), join(repository, 'robust.onnx'));
  const config = [
    'version: 1',
    'name: cars',
    `evalSet: {images: images, manifest: eval.csv, classes: [${classes.join(', ')}]}`,
    'checkpoints: {candidate: predictions.csv}',
    'featureModel: {path: robust.onnx}',
    'groups: [label]',
    'analysis: {shuffles: 0}',
    // A quarter of the steps: each bad checkpoint is attacked in wasm.
    'report: {attack: {steps: 5}}',
  ];
  writeFileSync(join(repository, 'barlow.yml'), `${config.join('\n')}\n`);
  writeFileSync(join(repository, '.gitignore'), '.barlow/\nbarlow-report/\n');
}

/** Makes the suite's predictions those of one of the demonstration's checkpoints. */
export function predict(repository: string, checkpoint: 'baseline' | 'retrained' | 'candidate'): void {
  const evaluated = new Set(
    readFileSync(join(repository, 'eval.csv'), 'utf8')
      .split('\n')
      .map((row) => row.split(',')[0]),
  );
  const rows = readFileSync(join(example, 'predictions', `${checkpoint}.csv`), 'utf8')
    .trim()
    .split('\n');
  const kept = rows.filter((row) => evaluated.has(row.split(',')[0]));
  writeFileSync(join(repository, 'predictions.csv'), `${kept.join('\n')}\n`);
}
