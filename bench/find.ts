/**
 * How long `barlow find` takes in a pool of 100,000 images, and how its memory grows with the pool: `npm run bench:find`. The pool is
 * CIFAR-10's test images (of ../shared) at ten brightnesses each, as PPM; the event is the example's. Prints time and peak memory
 * (VmHWM; Linux) for a tenth of the pool, the whole, and the whole again with features kept.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { decodeImage } from '../src/images/decode.ts';
import type { Result } from '../src/records/result.ts';
import { measuredCommand } from './measuredCommand.ts';

const root = join(import.meta.dirname, '..');
const cli = join(root, 'src', 'cli.ts');
const example = join(root, 'examples', 'cifar10');
const source = resolve(root, '..', 'shared', 'data', 'cifar10', 'images');
const folder = mkdtempSync(join(tmpdir(), 'barlow-find-'));
const IMAGES = 10_000;
const BRIGHTNESSES = 10;
/** The whole pool may take so much more memory than a tenth of it. */
const MOST_GROWTH = 300;

function barlow(...args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args, '--quiet'], { cwd: folder, encoding: 'utf8' });
  if (status !== 0 && status !== 1) throw new Error(stderr);
}

/** Writes a pool: each brightness is a folder. */
async function writePool(): Promise<void> {
  for (let brightness = 0; brightness < BRIGHTNESSES; brightness++)
    mkdirSync(join(folder, 'pool', `${brightness}`), { recursive: true });
  for (let at = 0; at < IMAGES; at++) {
    const name = String(at).padStart(5, '0');
    const { rgb, width, height } = await decodeImage(readFileSync(join(source, `${name}.png`)));
    for (let brightness = 0; brightness < BRIGHTNESSES; brightness++) {
      const pixels = rgb.map((value) => Math.min(255, value + 3 * brightness + 1));
      const file = join(folder, 'pool', `${brightness}`, `${name}.ppm`);
      writeFileSync(file, Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]));
    }
  }
}

try {
  for (const part of ['images', 'predictions', 'eval.csv']) symlinkSync(join(example, part), join(folder, part));
  const text = readFileSync(join(example, 'barlow.yml'), 'utf8').replace(/^baseline:\n(?: .*\n)*/m, '');
  writeFileSync(join(folder, 'barlow.yml'), `${text}\nbaseline: {store: folder, path: baselines}\n`);
  barlow('baseline', 'record', '--commit', 'one', '--checkpoint', 'baseline=predictions/baseline.csv');
  barlow('run', '--commit', 'two', '--checkpoint', 'candidate=predictions/candidate.csv');
  const result: Result = JSON.parse(readFileSync(join(folder, 'barlow-report', 'result.json'), 'utf8'));
  const event = result.checkpoints[0]?.events[0]?.id;
  if (event === undefined) throw new Error('the example has no event');
  await writePool();
  const peaks: number[] = [];
  for (const [what, pool] of [
    ['10,000 images', 'pool/0'],
    ['100,000 images', 'pool'],
    ['the same again', 'pool'],
  ] as const) {
    const { seconds, megabytes, said, status } = await measuredCommand(folder, [
      ...['find', event, '--in', pool, '--out', 'found.csv', '--from', 'barlow-report', '--force', '--json'],
    ]);
    if (status !== 0) throw new Error(`find ended with ${status}`);
    const { images, inside } = JSON.parse(said);
    peaks.push(megabytes);
    console.log(`${what}: ${seconds.toFixed(0)} s, ${megabytes.toFixed(0)} MB; ${inside} of ${images} lie there`);
  }
  const growth = Math.max(...peaks) - (peaks[0] ?? 0);
  console.log(`Memory grows by ${growth.toFixed(0)} MB (at most ${MOST_GROWTH} expected)`);
  if (growth > MOST_GROWTH) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
