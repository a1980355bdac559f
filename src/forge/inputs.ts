import { UserError } from '../errors.ts';
import { defaultConfig, defaultOut } from '../records/config.ts';
import { type EngineName, engineNames } from '../records/engines.ts';
import { readInput, readInputLines } from './runner.ts';

/** The inputs of action.yml, checked. Paths are relative to the working directory. */
export interface StepInputs {
  readonly config: string;
  readonly checkpoints: readonly { readonly name: string; readonly path: string }[];
  readonly baseline: string | null;
  readonly engine: EngineName | null;
  readonly installEngine: string | null;
  readonly record: 'auto' | 'true' | 'false';
  readonly comment: 'always' | 'on-failure' | 'never';
  readonly artifact: 'true' | 'false';
  readonly failOn: 'error' | 'warning' | 'never';
  readonly token: string;
  readonly workingDirectory: string;
  readonly out: string;
}

/** Reads the step's inputs. @throws UserError where one is none of its choices or contradicts another */
export function readStepInputs(): StepInputs {
  return {
    config: readInput('config') || defaultConfig,
    checkpoints: readCheckpoints(readInputLines('checkpoint'), readInput('predictions')),
    baseline: readInput('baseline') || null,
    engine: readInput('engine') === '' ? null : choice('engine', engineNames),
    installEngine: readInput('install-engine') || null,
    record: choice('record', ['auto', 'true', 'false'] as const),
    comment: choice('comment', ['always', 'on-failure', 'never'] as const),
    artifact: choice('artifact', ['true', 'false'] as const),
    failOn: choice('fail-on', ['error', 'warning', 'never'] as const),
    token: readInput('github-token'),
    workingDirectory: readInput('working-directory') || '.',
    out: readInput('out') || defaultOut,
  };
}

/** The first choice is the default. */
function choice<Choice extends string>(name: string, choices: readonly [Choice, ...Choice[]]): Choice {
  const given = readInput(name);
  if (given === '') return choices[0];
  const found = choices.find((each) => each === given);
  if (found !== undefined) return found;
  throw new UserError({
    what: `${JSON.stringify(given)} is no choice`,
    where: `input ${name}`,
    fix: `Give one of: ${choices.join(', ')}`,
  });
}

const defaultName = 'candidate';

/** `checkpoint` has lines NAME=FILE, or a FILE alone; with `predictions` it is the name of the one checkpoint these are of. */
function readCheckpoints(lines: readonly string[], predictions: string): StepInputs['checkpoints'] {
  if (predictions === '') return lines.map(namedPath);
  const [name = defaultName, second] = lines;
  if (second === undefined && !name.includes('=')) return [{ name, path: predictions }];
  throw new UserError({
    what: 'predictions is given beside checkpoints that have files of their own',
    where: 'input predictions',
    fix: 'Give NAME=FILE lines in checkpoint, or a name there and a file in predictions',
  });
}

function namedPath(line: string): { name: string; path: string } {
  const equals = line.indexOf('=');
  if (equals < 0) return { name: defaultName, path: line };
  const [name, path] = [line.slice(0, equals).trim(), line.slice(equals + 1).trim()];
  if (name !== '' && path !== '') return { name, path };
  throw new UserError({
    what: `${JSON.stringify(line)} is not NAME=FILE`,
    where: 'input checkpoint',
    fix: 'Give one NAME=FILE per line',
  });
}
