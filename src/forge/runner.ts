import { sep } from 'node:path';
import * as core from '@actions/core';
import { messageOf, UserError } from '../errors.ts';

/** A message that GitHub shows at a line of a file, on the run and in the pull request. */
export interface Annotation {
  readonly severity: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
  /** Relative to the repository; null: at no file. */
  readonly file: string | null;
  readonly line: number | null;
}

/** The log of a step and what else the runner takes from it. No text is obeyed as a command, and none shows where the runner keeps the workspace. */
export interface Log {
  readonly line: (text: string) => void;
  readonly annotate: (annotation: Annotation) => void;
  /** Folds what is logged until `end`. */
  readonly group: (title: string) => { readonly end: () => void };
  /** Adds Markdown to the job summary; a sentence on why not where that cannot be, null where it was added. */
  readonly summary: (markdown: string) => Promise<string | null>;
  /** @throws UserError where the runner's file of outputs cannot be written */
  readonly output: (name: string, value: string) => void;
  /** Hides a text in all that is logged from now on. */
  readonly hide: (secret: string) => void;
  /** Lets the step fail once it ends, with this as an error. */
  readonly fail: (message: string) => void;
}

/** @param workspaceOf gives the repository's folder on the runner */
export function openLog(workspaceOf: () => string): Log {
  const short = (text: string) => (workspaceOf() === '' ? text : text.replaceAll(`${workspaceOf()}${sep}`, ''));
  const show = { error: core.error, warning: core.warning, notice: core.notice };
  return {
    line: (text) => core.info(plainLines(short(text))),
    annotate: ({ severity, title, message, file, line }) =>
      show[severity](plainLine(short(message)), {
        title: plainLine(title),
        ...(file === null ? {} : { file }),
        ...(file === null || line === null ? {} : { startLine: line }),
      }),
    group: (title) => {
      core.startGroup(plainLine(title));
      return { end: core.endGroup };
    },
    summary: async (markdown) => {
      // An older Enterprise Server's runner gives none.
      if (!process.env.GITHUB_STEP_SUMMARY) return 'This runner has no job summary.';
      try {
        await core.summary.addRaw(short(markdown), true).write();
        return null;
      } catch (thrown) {
        return `The job summary cannot be written: ${messageOf(thrown)}`;
      }
    },
    output: (name, value) => {
      try {
        core.setOutput(name, value);
      } catch (cause) {
        throw new UserError({
          what: `the outputs of the step cannot be written (${messageOf(cause)})`,
          where: 'GITHUB_OUTPUT',
          fix: "Let the step write the runner's files: in a container, run it as their owner",
          cause,
        });
      }
    },
    hide: (secret) => {
      if (secret !== '') core.setSecret(secret);
    },
    fail: (message) => core.setFailed(plainLine(short(message))),
  };
}

/** An input of the step, without the white space around it; empty where it is not given. */
export function readInput(name: string): string {
  return core.getInput(name);
}

/** An input of several lines, empty ones left out. */
export function readInputLines(name: string): readonly string[] {
  return core.getMultilineInput(name);
}

/**
 * A text as one line of a runner's log that the runner takes for nothing but text. A runner obeys `::command::` at the
 * start of a line and `##[command]` anywhere in it; a class or file may be named like that. Each is parted by a blank.
 */
export function plainLine(text: string): string {
  return text
    .replace(/\r\n?|[\n\v\f\u0085\u2028\u2029]/g, ' ')
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replaceAll('##[', '# #[');
}

/** A text of several lines, each plain. */
function plainLines(text: string): string {
  return text
    .split(/\r\n?|\n/)
    .map(plainLine)
    .join('\n');
}
