import { readdir, readFile } from 'node:fs/promises';
import { packageFolder } from '../packageFolder.ts';
import { entry } from '../records/entry.ts';

const FOLDER = new URL('templates/', packageFolder);

/** The texts of the package's folder `templates` by file name. */
export async function readTemplates(): Promise<Record<string, string>> {
  const files = (await readdir(FOLDER)).sort();
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, FOLDER), 'utf8')));
  return Object.fromEntries(files.map((file, index) => [file, entry(texts, index)]));
}
