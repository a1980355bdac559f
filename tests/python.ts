import { execFileSync } from 'node:child_process';

const PYTHON = '/usr/bin/python3';

/** Whether Debian's Python has all of these modules. */
export function hasPython(...modules: string[]): boolean {
  try {
    execFileSync(PYTHON, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs a script and gives back what it printed. */
export function python(script: string, ...args: string[]): Buffer {
  return execFileSync(PYTHON, ['-W', 'ignore', '-c', script, ...args], { maxBuffer: 1 << 30 });
}
