import { execFileSync, spawnSync } from 'node:child_process';

/** Debian's Python, where scipy is installed (python3-scipy). */
const python = '/usr/bin/python3';

export const hasScipy = spawnSync(python, ['-c', 'import scipy.stats']).status === 0;

/** Runs a script that prints one JSON list of numbers. */
export function numbersFromPython(script: string): number[] {
  const printed: unknown = JSON.parse(execFileSync(python, ['-c', script], { encoding: 'utf8' }));
  if (!Array.isArray(printed)) throw new Error('the script printed no list');
  return printed.map(Number);
}
