import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The licences of the packages that went into what is built, which ask to be handed on with them.
 *
 * @param inputs files, relative to `root`; those in node_modules count
 */
export function licencesOf(root: string, inputs: readonly string[]): string {
  const folders = inputs.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  const named = Map.groupBy([...new Set(folders)].toSorted(), (folder) => licenceIn(join(root, folder)));
  return [...named]
    .map(([licence, sharing]) => `${sharing.map((folder) => nameOf(join(root, folder))).join('\n')}\n\n${licence}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function nameOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return `${name} ${version} (${license})`;
}

function licenceIn(folder: string): string {
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const path = file === undefined ? null : join(folder, file);
  return path !== null && existsSync(path) ? readFileSync(path, 'utf8').replace(/\r\n/g, '\n').trim() : '';
}
