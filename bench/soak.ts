/**
 * Many gates in a row: in one process by `runGate`, and by the command with baselines in a git branch, each recorded at a commit of its
 * own. Prints, of the first and the last quarter, memory after a collection and time a gate; the size of the repository; and
 * what is left in the temporary folder. Exits 1 where memory grows by more than 10 % or something is left.
 * usage: node --expose-gc bench/soak.ts [GATES] [process|command]   (default: 300, both)
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatNpyHeader } from '../src/features/npy.ts';
import { runGate } from '../src/index.ts';
import { stream } from '../src/statistics/random.ts';
import { must } from './must.ts';

const IMAGES = 400;
const DIMENSIONS = 16;
const MAX_GROWTH = 1.1;
const cli = join(import.meta.dirname, '..', 'src', 'cli.ts');
const [gates = 300, only] = [Number(process.argv[2] ?? 300), process.argv[3]];

const folder = mkdtempSync(join(tmpdir(), 'barlow-soak-'));
const temporary = join(folder, 'temporary');
mkdirSync(temporary);
process.env.TMPDIR = temporary;
try {
  if (only !== 'command') await inOneProcess(makeSuite('process', '{store: folder, path: accepted}'));
  if (only !== 'process') byCommand(makeSuite('command', '{store: git, remote: none}'));
  const left = readdirSync(temporary);
  must(left.length === 0, `left in the temporary folder: ${left.length === 0 ? 'nothing' : left.join(', ')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function inOneProcess(home: string): Promise<void> {
  const [memory, heap, seconds]: [number[], number[], number[]] = [[], [], []];
  for (let gate = 0; gate < gates; gate++) {
    const started = performance.now();
    const checkpoints = [{ name: 'candidate', path: join(home, `${gate % 2}.csv`) }];
    await runGate({
      ...{ config: join(home, 'barlow.yml'), out: join(home, 'out'), workers: 1, checkpoints },
      ...{ commit: `gate-${gate}`, record: true },
    });
    seconds.push((performance.now() - started) / 1000);
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    memory.push(rss / 2 ** 20);
    heap.push(heapUsed / 2 ** 20);
  }
  console.log(`${gates} gates in one process`);
  for (const [what, values] of Object.entries({ 'heap, MB': heap, 'resident, MB': memory, 's a gate': seconds })) {
    const [early, late] = quarters(values);
    const line = `${what}: ${early.toFixed(2)} in the second quarter, ${late.toFixed(2)} in the last`;
    if (what === 's a gate') console.log(`        ${line}`);
    else must(late <= MAX_GROWTH * early, line);
  }
}

function byCommand(home: string): void {
  const git = (...given: readonly string[]) => execFileSync('git', given, { cwd: home, encoding: 'utf8' });
  git('init', '-q');
  const seconds: number[] = [];
  for (let gate = 0; gate < gates; gate++) {
    const who = ['-c', 'user.name=soak', '-c', 'user.email=soak@example.com'];
    git(...who, 'commit', '-q', '--allow-empty', '-m', `gate ${gate}`);
    const started = performance.now();
    const given = ['run', '--record', '--checkpoint', `candidate=${gate % 2}.csv`, '--quiet'];
    const { status, stderr } = spawnSync(process.execPath, [cli, ...given], { cwd: home, encoding: 'utf8' });
    if (status !== 0) throw new Error(`gate ${gate} ended with ${status}: ${stderr}`);
    seconds.push((performance.now() - started) / 1000);
  }
  const [early, late] = quarters(seconds);
  console.log(`${gates} gates by the command, baselines in git`);
  console.log(`        s a gate: ${early.toFixed(2)} in the second quarter, ${late.toFixed(2)} in the last`);
  console.log(`        ${git('count-objects', '-v').trim().replaceAll('\n', ', ')}`);
}

/** Means of the second and the last quarter: in the first much is compiled and filled for good. */
function quarters(values: readonly number[]): [number, number] {
  const mean = (from: number, to: number) => {
    const part = values.slice(Math.floor(from * values.length), Math.floor(to * values.length));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  };
  return [mean(0.25, 0.5), mean(0.75, 1)];
}

/** Two checkpoints that fail alike on all but a few images: neither fails against the other. */
function makeSuite(name: string, baseline: string): string {
  const home = join(folder, name);
  mkdirSync(home);
  const { uint32 } = stream('soak');
  const uniform = () => uint32() / 2 ** 32;
  const features = Float32Array.from({ length: IMAGES * DIMENSIONS }, uniform);
  writeFileSync(
    join(home, 'features.npy'),
    Buffer.concat([formatNpyHeader(IMAGES, DIMENSIONS), new Uint8Array(features.buffer)]),
  );
  const tables = [['image,label'], ['image,prediction'], ['image,prediction']];
  for (let image = 0; image < IMAGES; image++) {
    const label = image % 4;
    const fails = uniform() < 0.15;
    tables[0].push(`${image}.jpg,c${label}`);
    for (const table of [tables[1], tables[2]]) {
      const wrong = uniform() < 0.02 ? !fails : fails;
      table.push(`${image}.jpg,c${wrong ? (label + 1) % 4 : label}`);
    }
  }
  for (const [at, file] of ['manifest', '0', '1'].entries())
    writeFileSync(join(home, `${file}.csv`), `${tables[at].join('\n')}\n`);
  const config = ['version: 1', 'name: soak', 'evalSet: {manifest: manifest.csv}', 'features: features.npy'];
  writeFileSync(join(home, 'barlow.yml'), `${[...config, `baseline: ${baseline}`].join('\n')}\n`);
  return home;
}
