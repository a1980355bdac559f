import { readdir, readFile } from 'node:fs/promises';

/** The report's templates lie beside `src`, `lib` and `dist` alike: in a checkout, in the npm package, in the action. */
const FOLDER = new URL('../templates/', import.meta.url);

/** The texts of the package's folder `templates` by file name. */
export async function readTemplates(): Promise<Record<string, string>> {
  const files = (await readdir(FOLDER)).sort();
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, FOLDER), 'utf8')));
  return Object.fromEntries(files.map((file, index) => [file, texts[index]]));
}
