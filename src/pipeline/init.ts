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
import type { Said } from './request.ts';

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
  /** Where to ask what is not given; null: the suggestions are taken. */
  readonly terminal: Terminal | null;
}

/**
 * Sets a folder up for barlow: asks what is not given, then writes all files or none.
 *
 * @throws UserError where an answer will not do, a file is there already (and `force` is not given), the folder is not the
 *   top of its repository and the workflow must lie there, or a file cannot be written
 */
export async function initialise({ folder, given, force, terminal }: InitRequest): Promise<Said> {
  checkGiven(given);
  const answers = answersOf(terminal === null ? given : await ask(given, terminal), folder);
  const workflow = answers.workflow === 'none' ? null : workflows[answers.workflow];
  if (workflow?.atTop === true) checkTop(folder);
  const files = initFiles(answers, workflow && (await readTemplate(workflow.template)));
  if (!force) await checkFree(folder, files);
  for (const { path, text } of files) await writeFileAtomic(join(folder, path), text);
  const written = files.map(({ path }) => path);
  const { manifest, images, featureModel, checkpoint } = answers;
  const needed =
    answers.workflow === 'matrix' ? [manifest, images, featureModel] : [manifest, images, featureModel, checkpoint];
  const missing = needed.filter((path) => !existsSync(resolve(folder, path)));
  return { json: { written, missing }, lines: closingLines(written, missing, workflow?.next ?? null), passed: true };
}

function closingLines(written: readonly string[], missing: readonly string[], next: string | null): readonly string[] {
  return [
    `Wrote ${written.join(', ')}.`,
    ...(missing.length === 0 ? [] : [`Not there yet: ${missing.map(shown).join(', ')}.`]),
    ...(next === null ? [] : [`${next}.`]),
    'Next: `barlow doctor` says whether the feature model runs here; `barlow baseline record --checkpoint NAME=FILE` accepts the checkpoint in use.',
    'Keep .barlow/ (features) and barlow-report/ out of git.',
  ];
}

/** A path as it may stand in a line on a terminal. */
function shown(path: string): string {
  return /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(path) ? path : JSON.stringify(path);
}

function answersOf(given: Given, folder: string): Answers {
  const answer = (key: Key) => given[key] ?? suggestionOf(key);
  const workflow = workflowNames.find((name) => name === answer('workflow'));
  if (workflow === undefined) throw noWorkflow(answer('workflow'));
  return {
    name: suiteName(folder),
    manifest: answer('manifest'),
    images: answer('images'),
    featureModel: answer('featureModel'),
    checkpoint: answer('checkpoint'),
    workflow,
  };
}

function suggestionOf(key: Key): string {
  return questions.find((question) => question.key === key)?.suggestion ?? '';
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

/** Asks what is not given; an empty answer takes the suggestion. */
async function ask(given: Given, { input, output }: Terminal): Promise<Given> {
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
  try {
    for (const { key, text, suggestion } of questions) {
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
  for (const { path } of files) {
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
