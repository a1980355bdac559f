/**
 * Very many classes: 20,000 of 50 images (and a fourth of them, for the growth), 64 features each, two checkpoints, the command as a user runs
 * it: record the one, judge the other, by label and by prediction, 40,000 groups. Prints time, resident memory and the size of what was
 * written. Exits 1 where memory or report miss their aim.
 * usage: node bench/manyClasses.ts [CLASSES...]   (default: 5000 20000)
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatNpyHeader } from '../src/features/npy.ts';
import { stream } from '../src/statistics/random.ts';
import { measuredCommand } from './measuredCommand.ts';
import { must } from './must.ts';

const IMAGES_A_CLASS = 50;
const DIMENSIONS = 64;
const MAX_MEGABYTES = 3072;
const MAX_REPORT = 15;
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [5000, 20_000];

for (const classes of sizes) {
  const home = mkdtempSync(join(process.env.BARLOW_BENCH_FOLDER ?? tmpdir(), 'barlow-classes-'));
  try {
    await measure(home, classes);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function measure(home: string, classes: number): Promise<void> {
  generate(home, classes);
  const commands = [
    ['baseline', 'record', '--commit', 'adopted', '--checkpoint', 'accepted=old.csv'],
    ['run', '--commit', 'candidate', '--checkpoint', 'candidate=new.csv'],
  ];
  console.log(`${classes} classes of ${IMAGES_A_CLASS} images`);
  let most = 0;
  for (const command of commands) {
    const { seconds, cpuSeconds, megabytes, status } = await measuredCommand(home, command);
    console.log(
      `        ${command[0]}: ${seconds.toFixed(0)} s (${cpuSeconds.toFixed(0)} s of CPU), ${megabytes.toFixed(0)} MB resident, exit ${status}`,
    );
    most = Math.max(most, megabytes);
  }
  const sizeOf = (name: string) => statSync(join(home, 'barlow-report', name)).size / 2 ** 20;
  const { checkpoints } = JSON.parse(readFileSync(join(home, 'barlow-report', 'result.json'), 'utf8'));
  const [{ groups, events }] = checkpoints;
  const trees = groups.filter(({ tree }: { tree: unknown }) => tree !== null).length;
  console.log(
    `        ${groups.length} groups, ${trees} trees, ${events.length} event; result.json ${sizeOf('result.json').toFixed(0)} MB`,
  );
  must(most <= MAX_MEGABYTES, `${most.toFixed(0)} MB resident (${MAX_MEGABYTES})`);
  must(sizeOf('report.html') <= MAX_REPORT, `report.html ${sizeOf('report.html').toFixed(1)} MB (${MAX_REPORT})`);
}

function generate(home: string, classes: number): void {
  const images = classes * IMAGES_A_CLASS;
  const { uint32, below } = stream('many classes');
  const uniform = () => uint32() / 2 ** 32;
  const values = Float32Array.from({ length: images * DIMENSIONS }, () => Math.max(0, uniform() - 0.4));
  const csv = { manifest: ['image,label'], old: ['image,prediction'], new: ['image,prediction'] };
  for (let row = 0; row < images; row++) {
    const label = row % classes;
    const breaks = label === 17 && row / classes < 15;
    if (breaks) values[row * DIMENSIONS + 5] = 2;
    const other = (label + 1 + below(5)) % classes;
    const fails = uniform() < 0.2;
    const newFails = uniform() < 0.96 ? fails : !fails;
    const name = (of: number) => `c${String(of).padStart(5, '0')}`;
    csv.manifest.push(`${row}.jpg,${name(label)}`);
    csv.old.push(`${row}.jpg,${name(fails && !breaks ? other : label)}`);
    csv.new.push(`${row}.jpg,${name(newFails || breaks ? other : label)}`);
  }
  writeFileSync(join(home, 'features.npy'), formatNpyHeader(images, DIMENSIONS));
  writeFileSync(join(home, 'features.npy'), new Uint8Array(values.buffer), { flag: 'a' });
  for (const [name, lines] of Object.entries(csv)) writeFileSync(join(home, `${name}.csv`), `${lines.join('\n')}\n`);
  const config = ['version: 1', 'name: classes', 'evalSet: {manifest: manifest.csv}', 'features: features.npy'];
  writeFileSync(join(home, 'barlow.yml'), `${[...config, 'baseline: {store: folder, path: accepted}'].join('\n')}\n`);
}
