/** The command as a user runs it, in a process of its own, with what it took. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const cli = join(import.meta.dirname, '..', 'src', 'cli.ts');

/** What a run of the command took. */
interface Measured {
  /** By the clock. */
  readonly seconds: number;
  /** Of all threads: what others on the machine take does not count. */
  readonly cpuSeconds: number;
  /** Most resident memory. */
  readonly megabytes: number;
  readonly status: number | null;
  /** What it printed on standard output. */
  readonly said: string;
  /** By the clock and of CPU until the file `verdict` was there; null: it never was. */
  readonly verdict: { readonly seconds: number; readonly cpuSeconds: number } | null;
}

/**
 * Runs `barlow` with some arguments in a folder, its memory and CPU looked at twenty times a second.
 * @param verdict a file of the run that holds its verdict, which must not be there before; null: none is waited for.
 */
export function measuredCommand(
  folder: string,
  given: readonly string[],
  verdict: string | null = null,
): Promise<Measured> {
  const started = performance.now();
  const since = () => (performance.now() - started) / 1000;
  const child = spawn(process.execPath, [cli, ...given, '--quiet'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let [megabytes, cpuSeconds] = [0, 0];
  let told: Measured['verdict'] = null;
  const look = setInterval(() => {
    try {
      const found = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      const [user = 0, system = 0] =
        readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? [];
      cpuSeconds = (user + system) / 100;
      megabytes = Math.max(megabytes, Number(found?.[1] ?? 0) / 1024);
    } catch {
      // It has just ended.
    }
    if (verdict !== null && told === null && existsSync(verdict)) told = { seconds: since(), cpuSeconds };
  }, 50);
  return new Promise((resolve) => {
    child.on('close', (status) => {
      clearInterval(look);
      resolve({ seconds: since(), cpuSeconds, megabytes, status, said, verdict: told });
    });
  });
}
