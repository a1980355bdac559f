/**
 * A seeded campaign of single faults: `npm run faults` runs all, `npm run faults -- --part N/10` every tenth from the N-th, `--kind K`
 * one kind, `--seed S` other damage, `--jobs J` in so many processes (one a core). Each fault is done to a small world of its own
 * (`world.ts`, `faultKinds.ts`); a checkpoint that must fail and one that must pass are judged under it. Prints a table by kind, and
 * each finding; exits 1 where there is one.
 *
 * - *wrong green*: the bad checkpoint passed, or was told to be compared with nothing where there was something;
 * - *wrong red*: the good checkpoint failed the gate;
 * - *bug*: exit 3, a signal that was not ours, or no end within four minutes;
 * - *lost*: a baseline, or a report, that was there before is gone or no longer read after the fault is over.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allFaults, type Finding } from './faultKinds.ts';

/** What a process tells of a fault. */
interface Told extends Finding {
  readonly kind: string;
  readonly name: string;
}

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: '1/1' },
    kind: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    job: { type: 'string' },
  },
});
const jobs = Number(values.jobs);

if (values.job === undefined) await campaign();
else await one(Number(values.job));

/** Every `jobs`-th of the faults that are asked for, told one by one. */
async function one(job: number): Promise<void> {
  const [, part = '1', parts = '1'] = /^(\d+)\/(\d+)$/.exec(values.part) ?? [];
  const { faults, end } = await allFaults(Number(values.seed));
  const chosen = faults
    .filter((_, index) => index % Number(parts) === (Number(part) - 1) % Number(parts))
    .filter(({ kind }) => values.kind === '' || kind === values.kind)
    .filter((_, index) => index % jobs === job);
  for (const { kind, name, run } of chosen) process.send?.({ kind, name, ...(await run()) });
  end();
  process.disconnect();
}

async function campaign(): Promise<void> {
  const found = ['held', 'refused', 'wrong green', 'wrong red', 'bug', 'lost'] as const;
  const table = new Map<string, Map<Finding['found'], number>>();
  const findings: string[] = [];
  const start = performance.now();
  await inJobs(({ kind, name, found: what, detail }) => {
    const row = table.get(kind) ?? new Map<Finding['found'], number>();
    table.set(kind, row.set(what, (row.get(what) ?? 0) + 1));
    if (what === 'held' || what === 'refused') return;
    findings.push(`${what}: ${kind}: ${name}: ${detail}`);
    process.stdout.write(`${findings.at(-1)}\n`);
  });
  const kinds = [...table.keys()].sort();
  const width = Math.max(4, ...kinds.map((kind) => kind.length));
  const count = (row: ReadonlyMap<Finding['found'], number> | undefined) => found.map((each) => row?.get(each) ?? 0);
  const sum = (counts: readonly number[]) => counts.reduce((all, each) => all + each, 0);
  const line = (kind: string, cells: readonly (string | number)[]) =>
    `${kind.padEnd(width)}${cells.map((cell) => String(cell).padStart(13)).join('')}\n`;
  process.stdout.write(line('kind', ['faults', ...found]));
  for (const kind of kinds) process.stdout.write(line(kind, [sum(count(table.get(kind))), ...count(table.get(kind))]));
  const totals = found.map((each) => sum(kinds.map((kind) => table.get(kind)?.get(each) ?? 0)));
  process.stdout.write(line('all', [sum(totals), ...totals]));
  process.stdout.write(`${Math.round((performance.now() - start) / 1000)} s\n`);
  process.exitCode = findings.length === 0 && sum(totals) > 0 ? 0 : 1;
}

/** Runs the jobs side by side; what each tells goes to `onFault`. The command that they start is compiled once for all. */
async function inJobs(onFault: (told: Told) => void): Promise<void> {
  const cache = mkdtempSync(join(tmpdir(), 'barlow-compiled-'));
  const env = { NODE_COMPILE_CACHE: cache, ...process.env };
  try {
    await Promise.all(Array.from({ length: jobs }, (_, job) => ended(job, env, onFault)));
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

function ended(job: number, env: NodeJS.ProcessEnv, onFault: (told: Told) => void): Promise<void> {
  const child = fork(import.meta.filename, [...process.argv.slice(2), '--job', String(job)], { env });
  child.on('message', onFault);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`job ${job} of the campaign ended with ${signal ?? code}`)),
    );
  });
}
