/**
 * Every figure of docs/measured.md that is no matter of the gate: speed of the analysis beside scikit-learn, calibration of p-values,
 * memory, extraction beside the bare engine, size of a baseline, size and speed of a report of 1,000 classes.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

for (const name of ['analysis', 'inference', 'baseline', 'report']) {
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
