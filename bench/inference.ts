/**
 * Extraction of features (reading, hashing, decoding, preprocessing, engine, store) beside the bare engine on the same
 * batches, in turns in one process; memory of the process. usage: node bench/inference.ts [CIFAR10_DIR]
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import decodeImages from '../src/inference/decodeWorker.ts';
import { planFeatures } from '../src/inference/featurePlan.ts';
import { describeOnnxModel } from '../src/inference/onnxModel.ts';
import { openFeatures } from '../src/inference/openFeatures.ts';
import { openSession } from '../src/inference/selectEngine.ts';
import { openPool } from '../src/piscina.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const shared = join(root, '..', 'shared', 'data', 'cifar10');
const data = process.argv[2] ?? (existsSync(shared) ? shared : join(root, 'examples', 'cifar10'));
const folder = join(data, 'images');
const images = readdirSync(folder).sort();
const ROUNDS = 5;

const options = {
  path: join(data, 'models', 'robust.onnx'),
  layer: { features: null, featureMap: null },
  preprocess: null,
};
const model = await describeOnnxModel(options.path);
const plan = planFeatures(model, options);
const session = await openSession(model, 'onnx-cpu', plan.pipeline.crop, { threads: null }, () => {});

/** Every batch, decoded beforehand; the last one filled up with the images before it. */
const values = plan.batch * plan.pipeline.height * plan.pipeline.width * 3;
const batches: Float32Array[] = [];
for (let from = 0; from < images.length; from += plan.batch) {
  const out = new SharedArrayBuffer(values * 4);
  await decodeImages({ folder, names: images.slice(from, from + plan.batch), pipeline: plan.pipeline, out });
  batches.push(new Float32Array(out));
}

async function bare(): Promise<void> {
  for (const batch of batches) await session.run({ count: plan.batch, values: batch }, [plan.layer]);
}

async function extraction(): Promise<void> {
  const storeFolder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
  const source = { evalSet: { images, folder }, featureModel: options, features: null, engine: 'onnx-cpu', onBadImage: 'fail' } as const;
  const rest = { storeFolder, run: pool.run, onProgress: () => {}, onNotice: () => {}, shard: null };
  await openFeatures({ ...source, ...rest });
  rmSync(storeFolder, { recursive: true });
}

interface Time {
  /** Images a second of wall time. */
  readonly speed: number;
  /** Microseconds of CPU an image. */
  readonly cpu: number;
}

async function timed(work: () => Promise<void>): Promise<Time> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { speed: images.length / ((performance.now() - start) / 1000), cpu: (user + system) / images.length };
}

const pool = openPool(availableParallelism());
await bare();
await extraction(); // starts the workers and compiles their code
const rounds: { bare: Time; extraction: Time }[] = [];
for (let round = 0; round < ROUNDS; round++)
  rounds.push({ bare: await timed(bare), extraction: await timed(extraction) });
await pool.close();
await session.close();

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const show = (name: string, times: Time[]) =>
  `${name.padEnd(24)}${median(times.map(({ speed }) => speed))
    .toFixed(0)
    .padStart(8)} images/s${median(times.map(({ cpu }) => cpu))
    .toFixed(0)
    .padStart(8)} us CPU an image`;
const ratio = median(rounds.map((round) => round.extraction.speed / round.bare.speed));
console.log(
  `${images.length} images, ${plan.batch} a batch, onnx-cpu, ${availableParallelism()} cores, median of ${ROUNDS} rounds`,
);
console.log(
  show(
    'bare engine',
    rounds.map((round) => round.bare),
  ),
);
console.log(
  show(
    'extraction',
    rounds.map((round) => round.extraction),
  ),
);
console.log(
  `ratio ${(100 * ratio).toFixed(1)} % (aim: at least 85 %); resident ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB, decoded batches of the bare engine included`,
);
