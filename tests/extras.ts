import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What some tests compare with and a stranger's machine need not have: Debian's Python packages, a browser, and the data
 * beside the checkout. Tests look for them here alone, and skip, by name, what is not there. BARLOW_WITHOUT_EXTRAS=1 stands for
 * a machine that has none of them.
 */
const none = process.env.BARLOW_WITHOUT_EXTRAS === '1';

/** The folder of full data sets beside the checkout. */
export const shared = none ? join(import.meta.dirname, 'no-shared') : join(import.meta.dirname, '..', '..', 'shared');
/** Whether it is there. */
export const hasShared = existsSync(join(shared, 'data', 'cifar10', 'features.npy'));

/** Debian's Python, which has the packages that are compared with. */
export const PYTHON = none ? '/nonexistent/python3' : '/usr/bin/python3';

/** A browser; undefined where there is none. */
export const CHROMIUM = none
  ? undefined
  : ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'].find(existsSync);

/** Whether Debian's Python has all of these modules: asked once, it takes seconds. */
export function hasPython(...modules: string[]): boolean {
  const script = `import ${modules.join(', ')}`;
  const known = imported.get(script) ?? canRun(script);
  imported.set(script, known);
  return known;
}

const imported = new Map<string, boolean>();

function canRun(script: string): boolean {
  try {
    execFileSync(PYTHON, ['-c', script], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs a script and gives back what it printed. */
export function python(script: string, ...args: string[]): Buffer {
  return execFileSync(PYTHON, ['-W', 'ignore', '-c', script, ...args], { maxBuffer: 1 << 30 });
}
