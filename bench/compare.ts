/**
 * `barlow compare` with nothing set up, by the built-in network, on real images: whether it finds the red cars, runs on
 * photographs of another kind, how long 3,000 photographs take, and how much it sees less than an ordinary network's own features.
 * Prints MISSED where an aim is missed, and then exits 1.
 * usage: node bench/compare.ts [--trials N] [SECTION...]   (sections: redcars waterjug photographs power)
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '../src/adapters/threadPool.ts';
import { hardness } from '../src/analysis/hardness.ts';
import { readCsv } from '../src/evalset/csv.ts';
import { openFeatures } from '../src/features/openFeatures.ts';
import { readColumns } from '../src/features/readColumns.ts';
import { withProperties } from '../src/features/withProperties.ts';
import { PROPERTIES } from '../src/images/properties.ts';
import { stream } from '../src/statistics/random.ts';
import { type Bench, readCifar10, readPredictions } from './gateData.ts';
import { measuredCommand } from './measuredCommand.ts';
import { must } from './must.ts';
import { groundOf, type Kind, plant } from './planted.ts';

const shared = join(import.meta.dirname, '..', '..', 'shared', 'data');
if (!existsSync(shared)) throw new Error(`${shared} is needed: CIFAR-10's test set and the water jugs`);
const cifar = join(shared, 'cifar10');
const asked = process.argv.slice(2);
const at = asked.indexOf('--trials');
const trials = at < 0 ? 20 : Number(asked.splice(at, 2)[1]);
const sections = { redcars, waterjug, photographs, power };
const scratch = mkdtempSync(join(tmpdir(), 'barlow-bench-compare-'));

/** Compares in a folder: exit code, result.json, and seconds by the clock and of CPU. */
async function compared(folder: string, ...args: readonly string[]) {
  mkdirSync(folder, { recursive: true });
  const { status, seconds, cpuSeconds } = await measuredCommand(folder, ['compare', ...args]);
  const report = join(folder, 'barlow-report', 'result.json');
  const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null;
  const time = `${seconds.toFixed(0)} s by the clock, ${cpuSeconds.toFixed(0)} s of CPU`;
  return { status, result, clock: seconds, time };
}

/** A network trained without red cars, against each of three trainings, on all 10,000 images. */
async function redcars(): Promise<void> {
  for (const accepted of ['baseline', 'retrained', 'retrained-2']) {
    const [old, candidate] = [accepted, 'candidate-red-cars-missing'].map((name) =>
      join(cifar, 'predictions', `${name}.csv`),
    );
    const given = ['--images', join(cifar, 'images'), '--manifest', join(cifar, 'eval.csv')];
    const { status, result, time } = await compared(join(scratch, accepted), old ?? '', candidate ?? '', ...given);
    const [first, ...others] = result.checkpoints[0].events;
    const text = `${others.length + 1} event(s), the first: ${first?.title ?? 'none'} (${time})`;
    must(
      status === 1 && /^Automobiles taken for trucks/.test(first?.title ?? '') && others.length < 2,
      `against ${accepted}: ${text}`,
    );
  }
}

/** The 144 photographs of the Barlow authors, and what their network says of them, against one that is always right. */
async function waterjug(): Promise<void> {
  const folder = join(scratch, 'jugs');
  mkdirSync(folder);
  const { columns } = await readCsv(join(shared, 'water-jug', 'metadata.csv'));
  const [images, predicted, labels] = ['Filenames', 'Predictions', 'Labels'].map((name) => columns.get(name) ?? []);
  const both = (second: readonly string[] | undefined) => images?.map((image, row) => [image, second?.[row]]) ?? [];
  write(join(folder, 'eval.csv'), 'image,label', both(labels));
  write(join(folder, 'old.csv'), 'image,prediction', both(labels));
  write(join(folder, 'new.csv'), 'image,prediction', both(predicted));
  // What the network answers is mostly a class that no label of these few images names.
  writeFileSync(join(folder, 'classes.txt'), `${[...new Set(predicted)].join('\n')}\n`);
  const given = ['--images', join(shared, 'water-jug', 'images'), '--manifest', 'eval.csv', '--classes', 'classes.txt'];
  const { status, result, time } = await compared(folder, 'old.csv', 'new.csv', ...given);
  const failures = result?.checkpoints[0].failures;
  must(
    status === 1 || status === 0,
    `${images?.length} photographs of water jugs, ${failures} fail: exit ${status} (${time})`,
  );
}

/** Those photographs, each twenty-one times under other bytes, so that each is read, decoded and run. */
async function photographs(): Promise<void> {
  const folder = join(scratch, 'photographs');
  mkdirSync(join(folder, 'val'), { recursive: true });
  const names = readdirSync(join(shared, 'water-jug', 'images')).sort();
  const random = stream('photographs');
  const rows = Array.from({ length: 3000 }, (_, index) => {
    const bytes = readFileSync(join(shared, 'water-jug', 'images', names[index % names.length] ?? ''));
    // What follows the end of a JPEG is no part of the picture.
    writeFileSync(join(folder, 'val', `${index}.jpg`), Buffer.concat([bytes, Buffer.from(`${index}`)]));
    return { image: `${index}.jpg`, label: `kind ${index % 10}`, old: random.below(10), next: random.below(10) };
  });
  const predicted = (label: string, chance: number) => (chance === 0 ? 'kind 3' : label);
  write(
    join(folder, 'eval.csv'),
    'image,label',
    rows.map(({ image, label }) => [image, label]),
  );
  write(
    join(folder, 'old.csv'),
    'image,prediction',
    rows.map(({ image, label, old }) => [image, predicted(label, old)]),
  );
  write(
    join(folder, 'new.csv'),
    'image,prediction',
    rows.map(({ image, label, next }) => [image, predicted(label, next)]),
  );
  const { clock, time, status } = await compared(
    folder,
    'old.csv',
    'new.csv',
    '--images',
    'val',
    '--manifest',
    'eval.csv',
  );
  must(
    clock < 60 && (status === 0 || status === 1),
    `3,000 photographs: ${time} (aim: a minute by the clock), exit ${status}`,
  );
}

function write(file: string, head: string, rows: readonly (readonly (string | undefined)[])[]): void {
  const quoted = rows.map((row) => row.map((field) => `"${(field ?? '').replaceAll('"', '""')}"`).join(','));
  writeFileSync(file, `${[head, ...quoted].join('\n')}\n`);
}

/** Planted clusters of 8 % of a class, half of each broken, seen by either network's features; the regions lie in either's too. */
async function power(): Promise<void> {
  const pool = openPool(2);
  const robust = await readCifar10(cifar, pool.run);
  const ordinary = await featuresOf(robust, join(cifar, 'models', 'baseline.onnx'), pool.run);
  const trainings = ['retrained', 'retrained-2'].map((name) => readPredictions(cifar, robust, name));
  const seeing = [
    { by: 'robust-32', bench: robust, ground: await groundOf(robust, trainings, pool.run) },
    {
      by: "an ordinary network's penultimate layer",
      bench: ordinary,
      ground: await groundOf(ordinary, trainings, pool.run),
    },
  ];
  const kinds: readonly (readonly [Kind, string, Bench])[] = [
    ['colours', 'colours', robust],
    ['boxes', 'boxes of robust-32', robust],
    ['boxes', "boxes of the ordinary network's", ordinary],
    ['neighbours', 'neighbours in robust-32', robust],
    ['neighbours', "neighbours in the ordinary network's", ordinary],
  ];
  for (const [kind, words, space] of kinds) {
    for (const { by, bench, ground } of seeing) {
      let found = 0;
      for (let trial = 0; trial < trials; trial++) {
        if ((await plant(bench, ground, kind, 0.08, trial, false, pool.run, space)).found) found++;
      }
      console.log(`          ${words}: ${found} of ${trials} found by ${by}`);
    }
  }
  await pool.close();
}

/** The bench with the features of another network. */
async function featuresOf(bench: Bench, path: string, run: ReturnType<typeof openPool>['run']): Promise<Bench> {
  const { evalSet } = bench;
  const file = await openFeatures({
    ...{ evalSet, features: null, imageColumn: 'image', shard: null, onBadImage: 'fail', engine: 'auto' },
    featureModel: { path, layer: { features: null, featureMap: null }, preprocess: null },
    ...{ storeFolder: join(scratch, 'features'), run, onProgress: () => {}, onNotice: () => {} },
  });
  const { dimensions: model, properties } = file;
  if (properties === null) throw new Error('no image was read');
  const readModel = readColumns(file);
  return {
    ...{ ...bench, model, dimensions: model + PROPERTIES },
    readColumns: withProperties(readModel, model, properties, PROPERTIES),
    hardness: await hardness({
      ...{ labels: evalSet.labels, classes: evalSet.classes.length, dimensions: model, readColumns: readModel, run },
    }),
  };
}

try {
  for (const [name, section] of Object.entries(sections)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    console.log(name);
    await section();
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
