/**
 * Features of a data lake: 20,000 images of 4,096 features (327 MB) in one Parquet file, one list per image, 40 row groups of 500 images, plain and packed by
 * Snappy; images sorted by class and not. The command records one checkpoint and judges another on it. Prints time, resident memory, and what
 * was written beside the file: nothing of its size, for it is read by row group and page where it lies.
 * usage: node bench/wideParquet.ts
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { stream } from '../src/statistics/random.ts';
import { measuredCommand } from './measuredCommand.ts';
import { must } from './must.ts';

const IMAGES = 20_000;
const DIMENSIONS = 4096;
const CLASSES = 100;
const MAX_MEGABYTES = 1536;

for (const codec of ['UNCOMPRESSED', 'SNAPPY'] as const) {
  for (const sorted of [true, false]) {
    const home = mkdtempSync(join(process.env.BARLOW_BENCH_FOLDER ?? tmpdir(), 'barlow-parquet-'));
    try {
      await measure(home, codec, sorted);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }
}

async function measure(home: string, codec: 'UNCOMPRESSED' | 'SNAPPY', sorted: boolean): Promise<void> {
  generate(home, codec, sorted);
  const file = statSync(join(home, 'features.parquet')).size;
  console.log(
    `${codec.toLowerCase()}, images ${sorted ? 'by class' : 'in no order'}: ${(file / 2 ** 20).toFixed(0)} MB`,
  );
  let most = 0;
  for (const command of [
    ['baseline', 'record', '--commit', 'adopted', '--checkpoint', 'accepted=old.csv'],
    ['run', '--commit', 'candidate', '--checkpoint', 'candidate=new.csv'],
  ]) {
    const { seconds, cpuSeconds, megabytes, status } = await measuredCommand(home, command);
    console.log(
      `        ${command[0]}: ${seconds.toFixed(0)} s (${cpuSeconds.toFixed(0)} s of CPU), ${megabytes.toFixed(0)} MB resident, exit ${status}`,
    );
    most = Math.max(most, megabytes);
  }
  const written = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && each.name !== 'features.parquet')
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  must(written < file / 4, `${(written / 2 ** 20).toFixed(0)} MB written beside it (a fourth of it)`);
  must(most <= MAX_MEGABYTES, `${most.toFixed(0)} MB resident (${MAX_MEGABYTES})`);
}

function generate(home: string, codec: 'UNCOMPRESSED' | 'SNAPPY', sorted: boolean): void {
  const { uint32, below } = stream('wide parquet');
  const uniform = () => uint32() / 2 ** 32;
  const csv = { manifest: ['image,label'], old: ['image,prediction'], new: ['image,prediction'] };
  function* rows(): Generator<{ features: Float32Array }> {
    for (let row = 0; row < IMAGES; row++) {
      const label = sorted ? Math.floor((row * CLASSES) / IMAGES) : row % CLASSES;
      const features = Float32Array.from({ length: DIMENSIONS }, () => Math.max(0, uniform() - 0.5));
      const breaks = label === 17 && below(4) === 0;
      if (breaks) features[100] = 2;
      const fails = uniform() < 0.2;
      const newFails = uniform() < 0.96 ? fails : !fails;
      const other = (label + 1 + below(5)) % CLASSES;
      csv.manifest.push(`${row}.jpg,c${label}`);
      csv.old.push(`${row}.jpg,c${fails && !breaks ? other : label}`);
      csv.new.push(`${row}.jpg,c${newFails || breaks ? other : label}`);
      yield { features };
    }
  }
  const schema = [
    { name: 'root', num_children: 1 },
    { name: 'features', num_children: 1, repetition_type: 'OPTIONAL', converted_type: 'LIST' },
    { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
    { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
  ] as const;
  parquetWriteRows({
    writer: fileWriter(join(home, 'features.parquet')),
    rows: rows(),
    columns: [{ name: 'features', encoding: 'PLAIN' }],
    schema: schema.map((each) => ({ ...each })),
    rowGroupSize: 500,
    statistics: false,
    codec,
  });
  for (const [name, lines] of Object.entries(csv)) writeFileSync(join(home, `${name}.csv`), `${lines.join('\n')}\n`);
  const config = ['version: 1', 'name: lake', 'evalSet: {manifest: manifest.csv}', 'features: features.parquet'];
  writeFileSync(join(home, 'barlow.yml'), `${[...config, 'baseline: {store: folder, path: accepted}'].join('\n')}\n`);
}
