import { readFileSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../errors.ts';
import { installOf, type RunnableEngine } from '../../records/engines.ts';
import { entry } from '../../records/entry.ts';

/** The cache folder of installed engines: the runner's tool cache, or the user's cache. */
export function engineCache(): string {
  const { RUNNER_TOOL_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  return join(RUNNER_TOOL_CACHE || XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'barlow-gate');
}

/** The folder that an engine is installed into; engines made of the same packages share it. */
export function engineFolder(engine: RunnableEngine, cache: string): string {
  const { packages, variant } = installOf(engine);
  return join(cache, `${entry(packages, 0).replace(/^@tensorflow\//, '')}${variant}`);
}

/**
 * Where a package may lie: beside this one (the project's `node_modules`) first, then where `installEngine` put it.
 * @returns requires of the places that have it, best first.
 */
export function placesOf(name: string, engine: RunnableEngine): NodeJS.Require[] {
  const places = [createRequire(import.meta.url), createRequire(join(engineFolder(engine, engineCache()), 'index.js'))];
  return places.filter((require) => {
    try {
      return require.resolve(name) !== '';
    } catch {
      return false;
    }
  });
}

/** The version of a package in one of its places. */
export function versionIn(place: NodeJS.Require, name: string): string | null {
  const file = findPackageJSON(pathToFileURL(place.resolve(name)));
  const parsed: unknown = file === undefined ? null : JSON.parse(readFileSync(file, 'utf8'));
  if (typeof parsed !== 'object' || parsed === null || !('version' in parsed)) return null;
  return typeof parsed.version === 'string' ? parsed.version : null;
}

/** A text up to its first line break. */
export function firstLine(text: string): string {
  return text.split('\n', 1).join('');
}

/** What went wrong, for the middle of a line: the first line of the message, folders left out of its paths. */
export function brief(thrown: unknown): string {
  const short = firstLine(messageOf(thrown))
    .replace(/(?:[A-Za-z]:)?[\\/](?:[^\s\\/'":]+[\\/])+/g, '')
    // TF.js announces a list of reasons, which this line ends before.
    .replace(/ This may be due to one of the following reasons:$/, '')
    .replace(/\.+$/, '')
    .trim();
  return short.length > 160 ? `${short.slice(0, 157)}...` : short;
}
