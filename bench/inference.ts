/**
 * Extraction of features (reading, hashing, decoding, preprocessing, engine, store) beside the bare engine on the same
 * batches, for the robust network of the example and for ResNet-50 at 224 x 224; ResNet-50 and a step of its feature
 * attack beside PyTorch on the same weights and threads; memory of the process. All in turns in one run. Exits 1 if any
 * figure is not as it must be. What needs Debian's python3-torch and python3-torchvision is skipped where they are missing.
 * usage: node bench/inference.ts [ROUNDS]
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import decodeImages from '../src/inference/decodeWorker.ts';
import type { Session } from '../src/inference/engine.ts';
import { type FeaturePlan, planFeatures } from '../src/inference/featurePlan.ts';
import { describeOnnxModel } from '../src/inference/onnxModel.ts';
import { openFeatures } from '../src/inference/openFeatures.ts';
import { openSession } from '../src/inference/selectEngine.ts';
import { openPool } from '../src/piscina.ts';
import type { FeatureModelOptions } from '../src/records.ts';
import { openPytorch, type Pytorch } from './pytorch.ts';

const rounds = Number(process.argv[2] ?? 5);
const cores = availableParallelism();
const pool = openPool(cores);
console.log(`onnx-cpu, ${cores} threads, medians of ${rounds} rounds`);
await exampleNetwork();
const pytorch = await openPytorch(128);
if (pytorch === null) {
  console.log('\nResNet-50 skipped: /usr/bin/python3 has no torch, torchvision and Pillow');
} else {
  await resnet50(pytorch);
  await pytorch.close();
}
await pool.close();
const peak = process.resourceUsage().maxRSS / 1024;
console.log('\nmemory');
must(peak < 1500, `peak resident ${peak.toFixed(0)} MB (1500), decoded images of the bare engine included`);

function must(holds: boolean, what: string): void {
  console.log(`  ${holds ? 'pass' : 'FAIL'}  ${what}`);
  if (!holds) process.exitCode = 1;
}

async function exampleNetwork(): Promise<void> {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const shared = join(root, '..', 'shared', 'data', 'cifar10');
  const data = existsSync(shared) ? shared : join(root, 'examples', 'cifar10');
  const path = join(data, 'models', 'robust.onnx');
  const options = { path, layer: { features: null, featureMap: null }, preprocess: null };
  const setting = await open(join(data, 'images'), options);
  console.log(`\nrobust.onnx, ${setting.images.length} images of 32 x 32`);
  const taken = [];
  for (let round = 0; round < rounds; round++) taken.push(await turn(setting));
  report(setting, taken);
  await setting.session.close();
}

async function resnet50(pytorch: Pytorch): Promise<void> {
  const setting = await open(join(pytorch.folder, 'images'), {
    path: join(pytorch.folder, 'resnet50.onnx'),
    layer: { features: null, featureMap: null },
    preprocess: { resize: 256, crop: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  });
  const { plan, session, images } = setting;
  console.log(`\nResNet-50, ${images.length} JPEG files of 500 x 375, resized to 256 and cropped to 224 x 224`);
  const taken = [];
  for (let round = 0; round < rounds; round++) {
    const ours = await turn(setting);
    taken.push({ ...ours, pytorch: plan.batch / (await pytorch.seconds('forward', plan.batch)) });
  }
  report(setting, taken);
  console.log(`        PyTorch, bare ${median(taken.map((round) => round.pytorch)).toFixed(1)} images/s`);
  const ratio = median(taken.map((round) => round.extraction.speed / round.pytorch));
  must(ratio >= 3, `features with decoding ${ratio.toFixed(1)} times as fast as PyTorch's bare forward pass (3)`);
  await attack(session, plan.layer, pytorch);
  await session.close();
}

/** A step of the feature attack on a batch of eight, beside PyTorch's autograd. */
async function attack(session: Session, layer: string, pytorch: Pytorch): Promise<void> {
  const count = 8;
  const values = Float32Array.from({ length: count * 3 * 224 * 224 }, (_, i) => (i % 255) / 255);
  const units = new Int32Array(count).fill(5);
  const step = () => session.gradient({ count, values }, layer, units);
  const first = await secondsOf(step);
  const taken = [];
  for (let round = 0; round < rounds; round++)
    taken.push({ ours: await secondsOf(step), theirs: await pytorch.seconds('gradient', count) });
  console.log(
    `\nfeature attack on ResNet-50, ${count} images (backward graph built and first step in ${first.toFixed(1)} s)`,
  );
  const [ours, theirs] = [median(taken.map((round) => round.ours)), median(taken.map((round) => round.theirs))];
  const ratio = median(taken.map((round) => round.theirs / round.ours));
  must(
    ratio >= 2,
    `a step ${ours.toFixed(2)} s, PyTorch ${theirs.toFixed(2)} s: ${ratio.toFixed(1)} times as fast (2)`,
  );
}

/** One network and its images: ready in batches for the bare engine, as files for the extraction. */
interface Setting {
  readonly folder: string;
  readonly images: readonly string[];
  readonly options: FeatureModelOptions;
  readonly plan: FeaturePlan;
  readonly session: Session;
  readonly batches: readonly Float32Array[];
  /** CPU time of decoding and preprocessing, in microseconds an image. */
  readonly decode: number;
}

async function open(folder: string, options: FeatureModelOptions): Promise<Setting> {
  const images = readdirSync(folder).sort();
  const model = await describeOnnxModel(options.path);
  const plan = planFeatures(model, options);
  const { batch, pipeline } = plan;
  const batches: Float32Array[] = [];
  const decode = async () => {
    batches.length = 0;
    for (let from = 0; from < images.length; from += batch) {
      const out = new SharedArrayBuffer(batch * pipeline.height * pipeline.width * 3 * 4);
      const names = images.slice(from, from + batch);
      const { unreadable } = await decodeImages({ folder, names, pipeline, out });
      if (unreadable.length > 0) throw new Error(unreadable[0].why);
      batches.push(new Float32Array(out));
    }
  };
  await decode(); // compiles the code
  const cpu = (await timed(decode, images.length)).cpu;
  const session = await openSession(model, 'onnx-cpu', pipeline.crop, { threads: null }, () => {});
  const setting = { folder, images, options, plan, session, batches, decode: cpu };
  await turn(setting); // starts the workers and compiles their code
  return setting;
}

interface Turn {
  readonly bare: Time;
  readonly extraction: Time;
}

async function turn({ folder, images, options, plan, session, batches }: Setting): Promise<Turn> {
  const bare = async () => {
    for (const values of batches) await session.run({ count: plan.batch, values }, [plan.layer]);
  };
  const extraction = async () => {
    const storeFolder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
    await openFeatures({
      evalSet: { images, folder },
      featureModel: options,
      features: null,
      engine: 'onnx-cpu',
      onBadImage: 'fail',
      storeFolder,
      run: pool.run,
      onProgress: () => {},
      onNotice: () => {},
      shard: null,
    });
    rmSync(storeFolder, { recursive: true });
  };
  // The engine fills up the last batch: it runs whole ones.
  return {
    bare: await timed(bare, batches.length * plan.batch),
    extraction: await timed(extraction, images.length),
  };
}

function report({ decode }: Setting, turns: readonly Turn[]): void {
  const show = (name: string, times: readonly Time[]) => {
    const [speed, cpu] = [median(times.map((time) => time.speed)), median(times.map((time) => time.cpu))];
    console.log(`        ${name}  ${speed.toFixed(1)} images/s, ${(cpu / 1000).toFixed(2)} ms of CPU an image`);
  };
  show(
    'bare engine',
    turns.map(({ bare }) => bare),
  );
  show(
    'extraction ',
    turns.map(({ extraction }) => extraction),
  );
  const engine = median(turns.map(({ bare }) => bare.cpu));
  const ceiling = engine / (engine + decode);
  console.log(
    `        decoding     ${(decode / 1000).toFixed(2)} ms of CPU an image: on busy cores extraction cannot reach more than ${percent(ceiling)} of an engine that keeps them all busy`,
  );
  const ratio = median(turns.map(({ bare, extraction }) => extraction.speed / bare.speed));
  must(ratio >= 0.85, `extraction at ${percent(ratio)} of the bare engine (85 %)`);
}

interface Time {
  /** Images a second of wall time. */
  readonly speed: number;
  /** Microseconds of CPU an image. */
  readonly cpu: number;
}

async function timed(work: () => Promise<void>, images: number): Promise<Time> {
  const cpu = process.cpuUsage();
  const seconds = await secondsOf(work);
  const { user, system } = process.cpuUsage(cpu);
  return { speed: images / seconds, cpu: (user + system) / images };
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
