import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/*
 * How many small faults in the rooms that decide would be noticed: `npm run mutate -- ROOM ... [--sample SHARE] [--seed N]
 * [--files NAME,...] [--tests PATTERN]`. Each fault (mutant) of the sample is tried by Stryker under the tests of its room, or those
 * whose names match; one that none of them notices survives and is printed. Prints a table by room. By default a tenth.
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
  const killed = count('Killed', 'Timeout');
  const survived = count('Survived');
  const untested = count('NoCoverage');
  return { room, mutants: mutants.length, tried: killed + survived + untested, killed, survived, untested };
});
const total = (of: (row: (typeof rows)[number]) => number) => rows.reduce((sum, row) => sum + of(row), 0);
const all = {
  ...{ room: 'all', mutants: total((row) => row.mutants), tried: total((row) => row.tried) },
  ...{
    killed: total((row) => row.killed),
    survived: total((row) => row.survived),
    untested: total((row) => row.untested),
  },
};
console.table([...rows, all].map((row) => ({ ...row, score: `${((100 * row.killed) / row.tried).toFixed(1)} %` })));
