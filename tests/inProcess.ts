import { vi } from 'vitest';
import { runCommandLine } from '../src/cli.ts';

/** How what was run ended, and what it printed. */
export interface Told {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both: standard output first. */
  readonly text: string;
}

/** Commands without `--workers`. */
const ofOneThread = new Set(['init', 'export']);

/**
 * `barlow` with these words in a folder, in this process and, unless told otherwise, in this thread: as `src/cli.ts` in a process of
 * its own, but for the second that it takes to start one. What is tested of the process itself (signals, streams, threads) wants one.
 *
 * @param env variables for as long as it runs
 */
export function runHere(
  folder: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Told> {
  const [command = ''] = words;
  const hasThreads = command !== '' && !command.startsWith('-') && !ofOneThread.has(command);
  const all = hasThreads && !words.includes('--workers') ? [...words, '--workers', '0'] : words;
  return asProcess(folder, { ...process.env, ...env }, () => runCommandLine(all));
}

let isRunning = false;

/**
 * Runs something with a folder, an environment, an exit code and streams of its own.
 *
 * @throws Error where another is running here: they would share all of these
 */
export async function asProcess(folder: string, env: NodeJS.ProcessEnv, run: () => Promise<void>): Promise<Told> {
  if (isRunning) throw new Error('another command runs in this process');
  isRunning = true;
  const before = { folder: process.cwd(), env: { ...process.env }, exitCode: process.exitCode };
  const [stdout, stderr] = [listening(process.stdout), listening(process.stderr)];
  try {
    process.chdir(folder);
    become(env);
    process.exitCode = 0;
    await run();
    const status = Number(process.exitCode);
    return { status, stdout: stdout.said(), stderr: stderr.said(), text: stdout.said() + stderr.said() };
  } finally {
    stdout.end();
    stderr.end();
    process.chdir(before.folder);
    become(before.env);
    process.exitCode = before.exitCode;
    isRunning = false;
  }
}

function become(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (env[name] === undefined) delete process.env[name];
  for (const [name, value] of Object.entries(env)) if (value !== undefined) process.env[name] = value;
}

/** Keeps what is written to a stream until `end`. */
function listening(stream: NodeJS.WriteStream): { readonly said: () => string; readonly end: () => void } {
  const said: string[] = [];
  const spy = vi.spyOn(stream, 'write').mockImplementation((part) => {
    said.push(typeof part === 'string' ? part : Buffer.from(part).toString());
    return true;
  });
  return { said: () => said.join(''), end: () => spy.mockRestore() };
}
