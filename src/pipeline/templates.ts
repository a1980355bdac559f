import { readdir, readFile } from 'node:fs/promises';
import { packageFolder } from '../packageFolder.ts';

const FOLDER = new URL('templates/', packageFolder);

type Texts = Readonly<Record<string, string>>;

let known: Promise<Texts> | null = null;

/** The texts of the package's folder `templates` by file name; the same object each time, for which pages stay compiled. */
export function readTemplates(): Promise<Texts> {
  known ??= readAll().catch((thrown: unknown) => {
    known = null;
    throw thrown;
  });
  return known;
}

async function readAll(): Promise<Texts> {
  const files = (await readdir(FOLDER)).sort();
  const texts: Record<string, string> = {};
  // One after the other: where few files may be open at once, this must not be what fails.
  for (const file of files) texts[file] = await readFile(new URL(file, FOLDER), 'utf8');
  return texts;
}
