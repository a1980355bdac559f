/**
 * A seeded campaign of single faults: `npm run faults` runs all, `npm run faults -- --part N/10` every tenth from the N-th, `--kind K`
 * one kind, `--seed S` other damage. Each fault is done to a small world of its own (`world.ts`, `faultKinds.ts`); a checkpoint that must
 * fail and one that must pass are judged under it. Prints a table by kind, and each finding; exits 1 where there is one.
 *
 * - *wrong green*: the bad checkpoint passed, or was told to be compared with nothing where there was something;
 * - *wrong red*: the good checkpoint failed the gate;
 * - *bug*: exit 3, a signal that was not ours, or no end within four minutes;
 * - *lost*: a baseline, or a report, that was there before is gone or no longer read after the fault is over.
 */
import { parseArgs } from 'node:util';
import { allFaults, type Finding } from './faultKinds.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: '1/1' },
    kind: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
  },
});
const [, part = '1', parts = '1'] = /^(\d+)\/(\d+)$/.exec(values.part) ?? [];

const found = ['held', 'refused', 'wrong green', 'wrong red', 'bug', 'lost'] as const;
const table = new Map<string, Map<Finding['found'], number>>();
const start = performance.now();
const { faults, end } = await allFaults(Number(values.seed));
const chosen = faults
  .filter((_, index) => index % Number(parts) === (Number(part) - 1) % Number(parts))
  .filter(({ kind }) => values.kind === '' || kind === values.kind);
const findings: string[] = [];
for (const { kind, name, run } of chosen) {
  const finding = await run();
  const row = table.get(kind) ?? new Map<Finding['found'], number>();
  table.set(kind, row.set(finding.found, (row.get(finding.found) ?? 0) + 1));
  if (finding.found !== 'held' && finding.found !== 'refused') {
    findings.push(`${finding.found}: ${kind}: ${name}: ${finding.detail}`);
    process.stdout.write(`${findings.at(-1)}\n`);
  }
}
end();
const width = Math.max(4, ...[...table.keys()].map((kind) => kind.length));
const line = (kind: string, cells: readonly (string | number)[]) =>
  `${kind.padEnd(width)}${cells.map((cell) => String(cell).padStart(13)).join('')}\n`;
process.stdout.write(line('kind', ['faults', ...found]));
for (const [kind, row] of table) {
  const counts = found.map((each) => row.get(each) ?? 0);
  process.stdout.write(line(kind, [counts.reduce((sum, count) => sum + count, 0), ...counts]));
}
const totals = found.map((each) => [...table.values()].reduce((sum, row) => sum + (row.get(each) ?? 0), 0));
process.stdout.write(line('all', [chosen.length, ...totals]));
process.stdout.write(`${Math.round((performance.now() - start) / 1000)} s\n`);
process.exitCode = findings.length === 0 && chosen.length > 0 ? 0 : 1;
