import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { mutantsOf } from './mutationList.ts';
import { isInSample } from './mutationSample.ts';

/*
 * How many small faults in the rooms that decide would be noticed: `npm run mutate -- ROOM ... [--sample SHARE] [--seed N]
 * [--files NAME,...] [--tests PATTERN]`. Each fault (mutant) of the sample is tried by Stryker under the tests of its room, or those
 * whose names match; one that none of them notices survives and is printed. Prints a table by room. A mutant that makes a loop endless
 * is killed; `late` are those whose tests did not end in time on a machine that may be busy, `undecided` those whose tests fail without
 * them, too: both count as not killed. By default a tenth.
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

const rows: Awaited<ReturnType<typeof tried>>[] = [];
for (const room of rooms) rows.push(await tried(room));
const all = rows.reduce((one, other) => ({
  ...{ mutants: one.mutants + other.mutants, sample: one.sample + other.sample, killed: one.killed + other.killed },
  ...{ late: one.late + other.late, survived: one.survived + other.survived },
  ...{ untested: one.untested + other.untested, undecided: one.undecided + other.undecided },
}));
const score = ({ killed, sample }: typeof all) => `${((100 * killed) / sample).toFixed(1)} %`;
console.table(Object.fromEntries([...rows, all].map((row, at) => [rooms[at] ?? 'all', { ...row, score: score(row) }])));

interface Report {
  readonly files: Record<string, { readonly mutants: readonly { status: string; statusReason?: string }[] }>;
}

/** What became of the sample of a room. */
async function tried(room: string) {
  const files =
    values.files === '*' ? [`src/${room}/`] : values.files.split(',').map((file) => `src/${room}/${file}.ts`);
  const all = await mutantsOf(files);
  const sample = all.filter((mutant) => isInSample(mutant, Number(values.sample), values.seed));
  if (sample.length === 0) throw new Error(`no mutant of ${files.join(', ')} is in the sample`);
  // No more is made than the sample needs: a test counts at every mutant that it comes by, and with all of them takes ten times as long.
  const mutated = sample.map(({ fileName, location: { start, end } }) => {
    return `${fileName}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`;
  });
  const sampled = { MUTATION_SAMPLE: values.sample, MUTATION_SEED: values.seed };
  // As on a machine without Python: where a test runs it, every mutant would take seconds more.
  const env = {
    BARLOW_WITHOUT_EXTRAS: '1',
    ...process.env,
    ...sampled,
    MUTATED_ROOM: room,
    MUTATED_TESTS: values.tests,
  };
  const args = ['run', '--testRunner', 'in-thread', '--checkers', 'sample', '--mutate', mutated.join(',')];
  const { status } = spawnSync('stryker', args, { env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`Stryker ended with ${status} in ${room}`);
  const told: Report = JSON.parse(readFileSync(report, 'utf8'));
  const mutants = Object.values(told.files).flatMap((file) => file.mutants);
  const count = (wanted: string) => mutants.filter(({ status }) => status === wanted).length;
  const endless = mutants.filter(
    ({ status, statusReason }) => status === 'Timeout' && statusReason !== undefined,
  ).length;
  const row = {
    ...{
      mutants: all.length,
      sample: sample.length,
      killed: count('Killed') + endless,
      late: count('Timeout') - endless,
    },
    ...{ survived: count('Survived'), untested: count('NoCoverage'), undecided: count('RuntimeError') },
  };
  if (row.killed + row.late + row.survived + row.untested + row.undecided === row.sample) return row;
  throw new Error(`Stryker did not try the sample of ${room}: ${JSON.stringify(row)}`);
}
