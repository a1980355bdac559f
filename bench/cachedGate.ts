/**
 * A gate on features that are kept already: 50,000 images of 1,000 classes, 2,048 features each, two checkpoints that differ on 4 %
 * of the images, one of which newly fails on a part of a class. Measured is `barlow run` from the start of its process: until
 * result.json is there, and until it ends; p-values, comparison, reports and pictures included. First with the features in the store of
 * real (small) image files, which are read and hashed; then with the features in a file and no images.
 * Exits 1 where the verdict of the first takes more than 10 s by the clock.
 * usage: node bench/cachedGate.ts [store|file ...] [--keep FOLDER]
 */

import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../src/config/config.ts';
import { planFeatures } from '../src/features/featurePlan.ts';
import { formatNpyHeader } from '../src/features/npy.ts';
import { planFolder, SegmentWriter } from '../src/features/segment.ts';
import { describeModel } from '../src/models/describeModel.ts';
import { stream } from '../src/statistics/random.ts';
import { measuredCommand } from './measuredCommand.ts';

const IMAGES = 50_000;
const DIMENSIONS = 2048;
const CLASSES = 1000;
const MAX_SECONDS = 10;
const BLOCK = 500;
const SIDE = 16;

const given = process.argv.slice(2);
const kept = given.includes('--keep') ? given.splice(given.indexOf('--keep'), 2)[1] : undefined;
const kinds = given.length > 0 ? given : ['store', 'file'];
const folder = kept ?? mkdtempSync(join(process.env.BARLOW_BENCH_FOLDER ?? tmpdir(), 'barlow-cached-'));
try {
  for (const kind of kinds) await measure(kind === 'store');
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}

async function measure(inStore: boolean): Promise<void> {
  const home = join(folder, inStore ? 'store' : 'file');
  const out = join(home, 'barlow-report');
  if (!existsSync(join(home, 'accepted'))) {
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home);
    await generate(home, inStore);
    const { status } = await measuredCommand(home, [
      'baseline',
      'record',
      '--commit',
      'adopted',
      '--checkpoint',
      'accepted=old.csv',
    ]);
    if (status !== 0) throw new Error(`the baseline was not recorded: exit ${status}`);
  }
  rmSync(out, { recursive: true, force: true });
  const run = await measuredCommand(
    home,
    ['run', '--commit', 'candidate', '--checkpoint', 'candidate=new.csv'],
    join(out, 'result.json'),
  );
  const { checkpoints } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
  const [{ groups, events }] = checkpoints;
  const trees = groups.filter(({ tree }: { tree: unknown }) => tree !== null).length;
  const { seconds = Number.NaN, cpuSeconds = Number.NaN } = run.verdict ?? {};
  console.log(
    `${IMAGES} images x ${DIMENSIONS} features, ${inStore ? 'in the store' : 'in a file'}: ${groups.length} groups, ${trees} trees, ${events.length} event, exit ${run.status}`,
  );
  console.log(
    `        verdict after ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU); ends after ${run.seconds.toFixed(1)} s (${run.cpuSeconds.toFixed(1)} s of CPU), ${run.megabytes.toFixed(0)} MB resident`,
  );
  if (!inStore) return;
  const met = seconds <= MAX_SECONDS;
  console.log(`${met ? 'pass  ' : 'MISSED'}  verdict in ${MAX_SECONDS} s`);
  if (!met) process.exitCode = 1;
}

/** Features as `bench/imagenetTrain.ts` makes them: sparse, correlated, dependent on the class. */
async function generate(home: string, inStore: boolean): Promise<void> {
  const config = ['version: 1', 'name: cached', 'baseline: {store: folder, path: accepted}'];
  config.push(inStore ? 'evalSet: {manifest: manifest.csv, images: images}' : 'evalSet: {manifest: manifest.csv}');
  if (!inStore) config.push('features: features.npy');
  writeFileSync(join(home, 'barlow.yml'), `${config.join('\n')}\n`);
  const write = inStore ? await intoStore(home) : intoFile(home);
  const { uint32, below } = stream('cached gate');
  const uniform = () => uint32() / 2 ** 32;
  const table = Float32Array.from({ length: 2 ** 18 }, () => uniform() + uniform() + uniform() - 1.5);
  const classAt = Uint32Array.from({ length: CLASSES }, () => below(table.length - DIMENSIONS));
  const csv = { manifest: ['image,label'], old: ['image,prediction'], new: ['image,prediction'] };
  for (let first = 0; first < IMAGES; first += BLOCK) {
    const block = new Float32Array(BLOCK * DIMENSIONS);
    for (let i = 0; i < BLOCK; i++) {
      const label = (first + i) % CLASSES;
      const [own, one, two, noise] = [
        classAt[label],
        below(64) * DIMENSIONS,
        below(64) * DIMENSIONS,
        below(table.length - DIMENSIONS),
      ];
      const strength = uniform();
      for (let j = 0; j < DIMENSIONS; j++) {
        const value = table[own + j] + strength * table[one + j] + table[two + j] + 0.3 * table[noise + j] - 0.3;
        block[i * DIMENSIONS + j] = Math.max(value, 0);
      }
      const breaks = label === 17 && (first + i) / CLASSES < 12;
      if (breaks) block[i * DIMENSIONS + 100] = 9;
      const other = (label + 1 + below(5)) % CLASSES;
      const [differs, both, side] = [uniform() < 0.04, uniform() < 0.2, below(2)];
      const fails = [0, 1].map((of) => (label === 17 ? false : differs ? side === of : both));
      const name = (of: number) => `c${String(of).padStart(3, '0')}`;
      const image = nameOf(first + i);
      csv.manifest.push(`${image},${name(label)}`);
      csv.old.push(`${image},${name(fails[0] ? other : label)}`);
      csv.new.push(`${image},${name(fails[1] || breaks ? other : label)}`);
    }
    write(first, block);
  }
  write(IMAGES, null);
  for (const [name, lines] of Object.entries(csv)) writeFileSync(join(home, `${name}.csv`), `${lines.join('\n')}\n`);
}

function nameOf(row: number): string {
  return `${String(row).padStart(5, '0')}.ppm`;
}

type Write = (first: number, block: Float32Array | null) => void;

function intoFile(home: string): Write {
  const file = openSync(join(home, 'features.npy'), 'w');
  writeSync(file, formatNpyHeader(IMAGES, DIMENSIONS));
  return (_, block) => (block === null ? closeSync(file) : writeSync(file, new Uint8Array(block.buffer)));
}

/** As `barlow extract` would, had the built-in network so many features. */
async function intoStore(home: string): Promise<Write> {
  const { featureModel } = await readConfig(join(home, 'barlow.yml'));
  if (featureModel === null) throw new Error('no feature model');
  const plan = planFeatures(await describeModel(featureModel.path), featureModel);
  const writer = new SegmentWriter(
    planFolder(join(home, '.barlow', 'features'), plan.fingerprint),
    DIMENSIONS,
    'onnx-cpu',
  );
  mkdirSync(join(home, 'images'));
  const { uint32 } = stream('cached gate images');
  return (first, block) => {
    if (block === null) return void writer.seal(null);
    const hashes = Array.from({ length: BLOCK }, (_, i) => {
      const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => uint32() & 255);
      const bytes = Buffer.concat([Buffer.from(`P6 ${SIDE} ${SIDE} 255\n`), pixels]);
      writeFileSync(join(home, 'images', nameOf(first + i)), bytes);
      return createHash('sha256').update(bytes).digest('hex');
    });
    writer.append(hashes, block);
  };
}
