/**
 * Checks the types once more with `noUncheckedIndexedAccess` (tsconfig.strict.json), and says what is wrong outside the
 * files and folders that its `exclude` names: the compiler still reads those, since others import them. One that has
 * nothing wrong any more is named, to be taken off the list.
 *
 * usage: node scripts/strict.ts
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const config = 'tsconfig.strict.json';
const excluded: readonly string[] = JSON.parse(readFileSync(join(root, config), 'utf8')).exclude;

const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, '-p', config, '--pretty', 'false'], {
  cwd: root,
  encoding: 'utf8',
});
const problems = stdout.split('\n').filter((line) => /^[^\s(]+\(\d+,\d+\): error /.test(line));
if (stderr !== '' || (status !== 0) !== problems.length > 0)
  throw new Error(`tsc failed otherwise:\n${stdout}${stderr}`);

const isIn = (problem: string, place: string) => problem.startsWith(place.endsWith('/') ? place : `${place}(`);
const wrong = problems.filter((problem) => !excluded.some((place) => isIn(problem, place)));
const clean = excluded.filter((place) => !problems.some((problem) => isIn(problem, place)));
for (const problem of wrong) console.error(problem);
for (const place of clean) console.log(`${config}: nothing is wrong in ${place} any more: take it off the list`);
process.exitCode = wrong.length === 0 ? 0 : 1;
