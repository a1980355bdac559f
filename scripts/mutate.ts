import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/*
 * How many small faults in the rooms that decide would be noticed: `npm run mutate -- ROOM ... [--sample SHARE] [--seed N]
 * [--files NAME,...] [--tests PATTERN]`. Each fault (mutant) of the sample is tried by Stryker under the tests of its room, or those
 * whose names match; one that none of them notices survives and is printed. Prints a table by room: `byTime` are those killed that took
 * too long, `undecided` those whose tests fail without them, too. By default a tenth.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ sample: { type: 'string', default: '0.1' }, seed: { type: 'string', default: '1' } },
    ...{ files: { type: 'string', default: '*' }, tests: { type: 'string', default: '*' } },
  },
});
const rooms = positionals.length > 0 ? positionals : ['gate', 'analysis', 'baseline', 'statistics', 'evalset'];
const report = 'out/mutation.json';

const rows = rooms.map((room) => {
  const sample = { MUTATION_SAMPLE: values.sample, MUTATION_SEED: values.seed };
  const env = { ...process.env, ...sample, MUTATED_ROOM: room, MUTATED_TESTS: values.tests };
  const mutated = values.files.split(',').map((file) => `src/${room}/${file}.ts`);
  const args = ['run', '--testRunner', 'in-thread', '--checkers', 'sample', '--mutate', mutated.join(',')];
  const { status } = spawnSync('stryker', args, { env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`Stryker ended with ${status} in ${room}`);
  const { files }: { files: Record<string, { mutants: readonly { status: string }[] }> } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const mutants = Object.values(files).flatMap((file) => file.mutants);
  const count = (...statuses: readonly string[]) => mutants.filter((each) => statuses.includes(each.status)).length;
  const tried = count('Killed', 'Timeout', 'Survived', 'NoCoverage');
  if (tried === 0) throw new Error(`no mutant of ${mutated.join(', ')} was tried`);
  return {
    ...{ mutants: mutants.length, tried, killed: count('Killed', 'Timeout'), byTime: count('Timeout') },
    ...{ survived: count('Survived'), untested: count('NoCoverage'), undecided: count('RuntimeError') },
  };
});
const sum = (one: (typeof rows)[number], other: typeof one) => ({
  ...{ mutants: one.mutants + other.mutants, tried: one.tried + other.tried, killed: one.killed + other.killed },
  ...{ byTime: one.byTime + other.byTime, survived: one.survived + other.survived },
  ...{ untested: one.untested + other.untested, undecided: one.undecided + other.undecided },
});
const all = rows.reduce(sum);
console.table(
  Object.fromEntries(
    [...rows, all].map((row, at) => [
      rooms[at] ?? 'all',
      { ...row, score: `${((100 * row.killed) / row.tried).toFixed(1)} %` },
    ]),
  ),
);
