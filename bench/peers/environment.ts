import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** An environment that cannot be had: what is missing, for people. */
export class Unavailable extends Error {}

/**
 * Python with the packages that a file of requirements pins, in the user's cache folder; made with pip where it is not there yet.
 *
 * @param pythons names of interpreters on the path, the best first.
 * @param requirements path of the file of requirements.
 * @returns path of the environment's interpreter.
 * @throws Unavailable where no such Python is on the path or pip cannot install what is pinned.
 */
export function environment(pythons: readonly string[], requirements: string): string {
  const pinned = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const python = pythons.find(works);
  if (python === undefined)
    throw new Unavailable(`none of ${pythons.join(', ')} is on the path (${requirements} needs it)`);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(cache, 'barlow-gate', 'bench-peers', `${python}-${pinned}`);
  if (!existsSync(folder)) make(python, requirements, folder);
  return join(folder, 'bin', 'python');
}

function works(python: string): boolean {
  return spawnSync(python, ['-c', 'import venv, ensurepip'], { stdio: 'ignore' }).status === 0;
}

/** Made aside and renamed once it is whole; the interpreter of an environment that was renamed still works. */
function make(python: string, requirements: string, folder: string): void {
  console.log(`  installing ${requirements} by pip (once)`);
  mkdirSync(dirname(folder), { recursive: true });
  const aside = mkdtempSync(join(dirname(folder), '.install-'));
  try {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
    for (const [command, ...args] of [
      [python, '-m', 'venv', aside],
      [join(aside, 'bin', 'python'), ...pip],
    ]) {
      const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
      if (status !== 0) throw new Unavailable(`${[command, ...args].join(' ')} failed:\n${stderr.slice(-1500)}`);
    }
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
