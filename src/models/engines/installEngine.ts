import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, UserError } from '../../errors.ts';
import { type EngineInstall, engineNamed, engines } from '../../records/engines.ts';
import { engineCache, engineFolder, firstLine } from './installedPackage.ts';

/**
 * Installs an engine by npm into the cache of engines, where every door finds it; does nothing where it is there already.
 * @returns its folder.
 * @throws UserError where there is no such engine or npm cannot install it.
 */
export async function installEngine(name: string, onNotice: (line: string) => void): Promise<string> {
  const engine = engineNamed(name);
  if (engine === null) {
    const fix = `Name one of: ${engines.map((each) => each.name).join(', ')}`;
    throw new UserError({ what: `there is no engine ${JSON.stringify(name)} to install`, where: '--install', fix });
  }
  const folder = engineFolder(engine.name, engineCache());
  if (existsSync(folder)) return folder;
  onNotice(`Installing ${engine.packages.join(' ')} into ${folder}`);
  await installPackages(engine, folder);
  return folder;
}

/**
 * Installs packages beside `folder`, then renames: a folder that is there is whole, whoever was killed meanwhile, and of
 * two that install at once the first stays.
 * @throws UserError where npm cannot do it.
 */
export async function installPackages({ packages, environment }: EngineInstall, folder: string): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const aside = mkdtempSync(join(dirname(folder), '.install-'));
  try {
    const names = packages.map((spec) => spec.replace(/(?<=.)@.*$/, ''));
    // Newer versions of npm run the install scripts of those packages only that are named here.
    const allowScripts = Object.fromEntries(names.map((name) => [name, true]));
    writeFileSync(join(aside, 'package.json'), JSON.stringify({ private: true, allowScripts }));
    await npmInstall(packages, aside, environment);
    const require = createRequire(join(aside, 'index.js'));
    for (const name of names) require.resolve(name);
    if (!existsSync(folder)) renameSync(aside, folder);
  } catch (cause) {
    if (existsSync(folder)) return;
    throw new UserError({
      what: `npm could not install ${packages.join(' ')} (${reasonOf(cause)})`,
      where: folder,
      fix: 'Check that npm is installed and reaches its registry, and that the folder can be written; then try again',
      cause,
    });
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function npmInstall(packages: readonly string[], cwd: string, environment: Readonly<Record<string, string>>) {
  const options = ['install', '--save-exact', '--no-audit', '--no-fund', '--loglevel=error'];
  const env = { ...process.env, ...environment };
  // npm is a script that only a shell finds on Windows; the arguments are constants.
  await promisify(execFile)('npm', [...options, ...packages], { cwd, env, shell: process.platform === 'win32' });
}

/** npm's own words where it ran: the first lines that say more than a code. */
function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr) : '';
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim())
    .filter((line) => line !== '' && !/^(code|errno|syscall|path|A complete log)\b/.test(line));
  return lines.slice(0, 2).join(' ') || firstLine(messageOf(thrown));
}
