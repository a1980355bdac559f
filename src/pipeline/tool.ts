import { readFileSync } from 'node:fs';
import { packageFolder } from '../packageFolder.ts';

/** The tool's name and version, as in its package. */
export const tool = readTool();

function readTool(): { readonly name: string; readonly version: string } {
  const parsed: unknown = JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8'));
  if (typeof parsed !== 'object' || parsed === null || !('name' in parsed) || !('version' in parsed)) {
    throw new Error('package.json has no name or no version');
  }
  return { name: String(parsed.name), version: String(parsed.version) };
}
