import { existsSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import {
  type Answers,
  type Given,
  type InitFile,
  initFiles,
  type Key,
  questions,
  workflowNames,
  workflows,
} from '../config/initFiles.ts';
import { UserError } from '../errors.ts';
import { packageFolder } from '../packageFolder.ts';
import { defaultConfig } from '../records/config.ts';
import { lookUp } from '../records/entry.ts';
import { compareCheckpoints } from './compare.ts';
import { lookAround, type Surroundings } from './lookAround.ts';
import type { Request, Said } from './request.ts';
import { type GateOutcome, runGate } from './run.ts';

export { type Given, questions } from '../config/initFiles.ts';

/** A terminal to ask on. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

export interface InitRequest {
  /** The folder to set up. */
  readonly folder: string;
  readonly given: Given;
  /** Overwrite files that are there. */
  readonly force: boolean;
  /** Where to ask what is neither given nor seen; null: the suggestions are taken. */
  readonly terminal: Terminal | null;
  /** How to run what was set up, in the end; null: it is not run. */
  readonly run?: Request | null;
}

/**
 * Sets a folder up for barlow: looks at what is there, asks what is neither given nor seen, then writes all files or none. Where
 * nothing is missing then it runs: of two files of predictions the newer against the other, else what the config says.
 *
 * @throws UserError where an answer will not do, a file is there already (and `force` is not given), the folder is not the
 *   top of its repository and the workflow must lie there, or a file cannot be written; and for what a run refuses
 */
export async function initialise(request: InitRequest): Promise<Said | GateOutcome> {
  const { folder, given, force, terminal, run = null } = request;
  checkGiven(given);
  const around = await lookAround(folder);
  const known = { ...answersSeen(around, folder), ...given };
  const asked = terminal === null ? known : await ask(known, around, terminal);
  const answers = answersOf(asked, around, folder);
  const workflow = answers.workflow === 'none' ? null : workflows[answers.workflow];
  if (workflow?.atTop === true) checkTop(folder);
  const files = initFiles(answers, workflow && (await readTemplate(workflow.template)));
  if (!force) await checkFree(folder, files);
  for (const { path, text } of files) await writeFileAtomic(join(folder, path), text);
  const written = files.map(({ path }) => path);
  const { manifest, images, featureModel, checkpoint } = answers;
  const wanted = [manifest, images, featureModel, answers.workflow === 'matrix' ? null : checkpoint];
  const missing = wanted.filter((path) => path !== null).filter((path) => !existsSync(resolve(folder, path)));
  const seen = [...around.seen, ...(answers.baseline === 'none' ? [noRepository] : [])];
  const lines = [...seen, ...closingLines(written, missing, workflow?.next ?? null)];
  const json = { written, missing, ...(around.seen.length > 0 && { seen }) };
  if (run === null || missing.length > 0 || answers.workflow === 'matrix') return { json, lines, passed: true };
  for (const line of lines) run.onNotice(line);
  const outcome = await firstRun(run, answers, around);
  return { ...outcome, json: { ...json, result: outcome.json } };
}

const noRepository =
  'There is no git repository here, so that no baseline is kept: `git init`, then take `baseline` out of barlow.yml.';

/** Compares the newer of two files of predictions with the older; otherwise, or where the user named a feature model, runs the config. */
function firstRun(run: Request, { images, manifest, classes, featureModel }: Answers, around: Surroundings) {
  const [old, candidate, ...more] = around.checkpoints;
  if (old === undefined || candidate === undefined || more.length > 0 || featureModel !== null) return runGate(run);
  const sides = { old, new: candidate, images, manifest, classes: classes ?? null, preprocess: null };
  return compareCheckpoints(run, sides);
}

/** The answers that what was seen in the folder gives, so that nothing need be asked; what was not seen is left to its default. */
function answersSeen(around: Surroundings, folder: string): Given {
  const checkpoint = around.checkpoints.at(-1);
  return {
    ...(around.images !== null && { images: around.images }),
    ...(around.manifest !== null && { manifest: around.manifest }),
    ...(around.featureModel !== null && { featureModel: around.featureModel }),
    ...(checkpoint !== undefined && { checkpoint }),
    ...(around.images !== null && repositoryAbove(resolve(folder)) === null && { workflow: 'none' }),
  };
}

function closingLines(written: readonly string[], missing: readonly string[], next: string | null): readonly string[] {
  return [
    `Wrote ${written.join(', ')}.`,
    ...(missing.length === 0 ? [] : [`Not there yet: ${missing.map(shown).join(', ')}.`]),
    ...(next === null ? [] : [`${next}.`]),
    'Next: `barlow doctor` says whether all fits together; `barlow baseline record --checkpoint NAME=FILE` accepts the checkpoint in use.',
    'Keep .barlow/ (features) and barlow-report/ out of git.',
  ];
}

/** A path as it may stand in a line on a terminal. */
function shown(path: string): string {
  return /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(path) ? path : JSON.stringify(path);
}

function answersOf(given: Given, around: Surroundings, folder: string): Answers {
  const answer = (key: Key) => given[key] ?? suggestionOf(key);
  const workflow = workflowNames.find((name) => name === answer('workflow'));
  if (workflow === undefined) throw noWorkflow(answer('workflow'));
  const isSeen = around.images !== null && given.images === around.images;
  return {
    name: suiteName(folder),
    manifest: given.manifest ?? (isSeen ? null : suggestionOf('manifest')),
    images: answer('images'),
    featureModel: given.featureModel ?? (isSeen ? null : suggestionOf('featureModel')),
    checkpoint: answer('checkpoint'),
    workflow,
    classes: around.classes,
    baseline: isSeen && repositoryAbove(resolve(folder)) === null ? 'none' : null,
  };
}

const suggestions = new Map<Key, string>(questions.map(({ key, suggestion }) => [key, suggestion]));

function suggestionOf(key: Key): string {
  return lookUp(suggestions, key);
}

/** The folder's name, as far as a suite may have it. */
function suiteName(folder: string): string {
  const name = basename(resolve(folder))
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return name || 'default';
}

function checkGiven(given: Given): void {
  for (const { key, flag } of questions) {
    if (given[key] === '')
      throw new UserError({ what: 'the answer is empty', where: flag, fix: 'Give a path, or leave the flag out' });
  }
  const { workflow } = given;
  if (workflow !== undefined && !workflowNames.some((name) => name === workflow)) throw noWorkflow(workflow);
}

function noWorkflow(name: string): UserError {
  return new UserError({
    what: `there is no workflow ${JSON.stringify(name)}`,
    where: '--workflow',
    fix: `Give one of: ${workflowNames.join(', ')}`,
  });
}

/** Asks what is not given, nor done without; an empty answer takes the suggestion. */
async function ask(given: Given, around: Surroundings, { input, output }: Terminal): Promise<Given> {
  const lines = createInterface({ input, output });
  // Else readline would keep Ctrl-C to itself.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const ended = new Promise<never>((_, reject) => {
    const fix = 'Answer the questions, or give flags: `barlow init --help` lists them';
    lines.once('close', () =>
      reject(new UserError({ what: 'the input ended before the last answer', where: 'barlow init', fix })),
    );
  });
  ended.catch(() => {});
  const answers: { [key in Key]?: string } = {};
  const needless = around.images === null || given.images !== around.images ? [] : ['manifest', 'featureModel'];
  try {
    for (const { key, text, suggestion } of questions) {
      if (needless.includes(key) && given[key] === undefined) continue;
      let answer = given[key];
      while (answer === undefined) {
        const said = (await Promise.race([lines.question(`${text} [${suggestion}]: `), ended])).trim() || suggestion;
        if (key !== 'workflow' || workflowNames.some((name) => name === said)) answer = said;
        else output.write(`There is no workflow ${JSON.stringify(said)}.\n`);
      }
      answers[key] = answer;
    }
    return answers;
  } finally {
    lines.close();
  }
}

/** A forge reads workflows at the top of the repository only. */
function checkTop(folder: string): void {
  const top = repositoryAbove(resolve(folder));
  if (top === null || top === resolve(folder)) return;
  throw new UserError({
    what: `workflows lie at the top of the repository, which is ${top}`,
    where: resolve(folder),
    fix: 'Run `barlow init` there, or here with --workflow none',
  });
}

/** The folder at or above this one that holds `.git`; null where none does. */
function repositoryAbove(folder: string): string | null {
  if (existsSync(join(folder, '.git'))) return folder;
  const above = dirname(folder);
  return above === folder ? null : repositoryAbove(above);
}

async function checkFree(folder: string, files: readonly InitFile[]): Promise<void> {
  const taken: string[] = [];
  const others = files.some(({ path }) => path === defaultConfig) ? [{ path: 'barlow.yaml' }] : [];
  for (const { path } of [...files, ...others]) {
    // Of a link, whether it is there: what it leads to may not be.
    const found = await lstat(join(folder, path)).catch(() => null);
    if (found !== null) taken.push(path);
  }
  if (taken.length === 0) return;
  throw new UserError({
    what: `${taken.join(' and ')} ${taken.length === 1 ? 'is' : 'are'} there already, and nothing was written`,
    where: resolve(folder),
    fix: 'Move what is there away, overwrite it with --force, or leave the workflow out with --workflow none',
  });
}

function readTemplate(name: string): Promise<string> {
  return readFile(new URL(`examples/workflows/${name}`, packageFolder), 'utf8');
}
