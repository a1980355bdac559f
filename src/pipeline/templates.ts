import { readdir, readFile } from 'node:fs/promises';
import { packageFolder } from '../packageFolder.ts';

const FOLDER = new URL('templates/', packageFolder);

/** The texts of the package's folder `templates` by file name. */
export async function readTemplates(): Promise<Record<string, string>> {
  const files = (await readdir(FOLDER)).sort();
  const texts: Record<string, string> = {};
  // One after the other: where few files may be open at once, this must not be what fails.
  for (const file of files) texts[file] = await readFile(new URL(file, FOLDER), 'utf8');
  return texts;
}
