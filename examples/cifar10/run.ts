/**
 * The main job on real images, as a pipeline does it: accept the baseline, then judge a candidate that never saw a
 * red car. Exits 0 whatever the gate says: it is a demonstration.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';

const folder = import.meta.dirname;
const root = join(folder, '..', '..');
const config = join(folder, 'barlow.yml');
const out = relative(process.cwd(), join(root, 'out', 'example'));

function barlow(...args: readonly string[]): number {
  const command = [join(root, 'src', 'cli.ts'), ...args, '--config', config, '--out', out];
  const { status, error } = spawnSync(process.execPath, command, { stdio: 'inherit' });
  if (error) throw error;
  return status ?? 1;
}

function say(line: string): void {
  process.stdout.write(`\n${line}\n`);
}

rmSync(join(root, 'out', 'example'), { recursive: true, force: true });
rmSync(join(folder, '.barlow'), { recursive: true, force: true });

say('1. Accept the checkpoint in use: record it as the baseline.');
const checkpoint = (name: string) => `${name}=${join(folder, 'predictions', `${name}.csv`)}`;
const recorded = barlow('baseline', 'record', '--checkpoint', checkpoint('baseline'), '--commit', 'accepted');
if (recorded !== 0) process.exit(recorded);

say('2. Judge a candidate, trained without red cars, against it.');
const status = barlow('run', '--checkpoint', checkpoint('candidate'), '--commit', 'candidate');
if (status > 1) process.exit(status);
say(`A pipeline would have got exit code ${status}: ${status === 0 ? 'go on' : 'stop the build'}.`);
