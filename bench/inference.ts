/**
 * Extraction of features (reading, hashing, decoding, preprocessing, engine, store) beside the bare engine on the same
 * batches, for the robust network of the example and for ResNet-50 at 224 x 224; ResNet-50 and a step of its feature
 * attack beside PyTorch on the same weights and threads; memory of a run with it. All in turns in one run. Exits 1 if any
 * figure is not as it must be. What needs Debian's python3-torch and python3-torchvision is skipped where they are missing.
 * usage: node bench/inference.ts [ROUNDS]
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPool } from '../src/adapters/threadPool.ts';
import { type FeaturePlan, planFeatures } from '../src/features/featurePlan.ts';
import { openFeatures } from '../src/features/openFeatures.ts';
import decodeImages from '../src/images/decodeWorker.ts';
import type { Session } from '../src/models/engine.ts';
import { openSession } from '../src/models/engines/selectEngine.ts';
import { describeOnnxModel } from '../src/models/onnx/model.ts';
import type { FeatureModelOptions } from '../src/records/config.ts';
import { must } from './must.ts';
import { openPytorch, type Pytorch } from './pytorch.ts';
import { attackInput, resnet50Options } from './resnet50.ts';

/** What PyTorch is fastest at with glibc's defaults. */
const SMALL_BATCH = 8;
const rounds = Number(process.argv[2] ?? 3);
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

async function exampleNetwork(): Promise<void> {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const shared = join(root, '..', 'shared', 'data', 'cifar10');
  const data = existsSync(shared) ? shared : join(root, 'examples', 'cifar10');
  const path = join(data, 'models', 'robust.onnx');
  const options = { path, layer: { features: null, featureMap: null }, preprocess: null };
  const setting = await open(join(data, 'images'), options, 1);
  console.log(`\nrobust.onnx, ${setting.images.length} images of 32 x 32`);
  const taken = [];
  for (let round = 0; round < rounds; round++) taken.push(await turn(setting));
  const share = report(setting, taken);
  console.log(`        extraction at ${percent(share)} of the bare engine`);
  await setting.session.close();
}

async function resnet50(pytorch: Pytorch): Promise<void> {
  const model = join(pytorch.folder, 'resnet50.onnx');
  const folder = join(pytorch.folder, 'images');
  const setting = await open(folder, resnet50Options(model), 3);
  const { plan, session, images } = setting;
  console.log(`\nResNet-50, ${images.length} JPEG files of 500 x 375, resized to 256 and cropped to 224 x 224`);
  const taken: (Turn & { readonly same: number; readonly small: number })[] = [];
  for (let round = 0; round < rounds; round++) {
    const ours = await turn(setting);
    const [same, small] = [plan.batch, SMALL_BATCH];
    taken.push({
      ...ours,
      same: same / (await pytorch.seconds('forward', same)),
      small: small / (await pytorch.seconds('forward', small)),
    });
  }
  const share = report(setting, taken);
  must(share >= 0.85, `extraction at ${percent(share)} of the bare engine (85 %)`);
  const beside = (theirs: 'same' | 'small') => ({
    speed: median(taken.map((round) => round[theirs])).toFixed(1),
    ratio: median(taken.map((round) => round.extraction.speed / round[theirs])),
  });
  const { speed, ratio } = beside('same');
  must(
    ratio >= 3,
    `features with decoding ${ratio.toFixed(1)} times as fast as PyTorch's bare forward pass on the same batches, ${speed} images/s (3)`,
  );
  const small = beside('small');
  console.log(
    `        ${small.ratio.toFixed(1)} times as fast as on batches of ${SMALL_BATCH}, ${small.speed} images/s: glibc gives the memory of greater ones back at every operator`,
  );
  await attack(session, plan.layer, pytorch);
  await session.close();
  memory(model, folder);
}

/** A step of the feature attack on a batch of eight, beside PyTorch's autograd. */
async function attack(session: Session, layer: string, pytorch: Pytorch): Promise<void> {
  const count = 8;
  const { images, units } = attackInput(count);
  const step = () => session.gradient(images, layer, units);
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

/** In a process that does what a run does and no more. */
function memory(model: string, images: string): void {
  const script = join(import.meta.dirname, 'inferenceMemory.ts');
  const peaks = JSON.parse(execFileSync(process.execPath, [script, model, images], { encoding: 'utf8' }));
  console.log('\nmemory of a run with ResNet-50');
  for (const [work, peak] of Object.entries<number>(peaks))
    must(peak < 1500, `peak resident ${peak.toFixed(0)} MB after ${work} (1500)`);
}

/** One network and its images: ready in batches for the bare engine, as files for the extraction. */
interface Setting {
  readonly folder: string;
  readonly images: readonly string[];
  /** How often extraction goes over the images. */
  readonly times: number;
  readonly options: FeatureModelOptions;
  readonly plan: FeaturePlan;
  readonly session: Session;
  readonly batches: readonly Float32Array[];
  /** CPU time of decoding and preprocessing, in microseconds an image. */
  readonly decode: number;
}

async function open(folder: string, options: FeatureModelOptions, times: number): Promise<Setting> {
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
      const { unreadable } = await decodeImages({ folder, names, pipeline, properties: false, out });
      if (unreadable.length > 0) throw new Error(unreadable[0].why);
      batches.push(new Float32Array(out));
    }
  };
  await decode(); // compiles the code
  const cpu = (await timed(decode, images.length)).cpu;
  const session = await openSession(model, 'onnx-cpu', pipeline.crop, { threads: null }, () => {});
  const setting = { folder, images, times, options, plan, session, batches, decode: cpu };
  await turn(setting); // starts the workers and compiles their code
  return setting;
}

interface Turn {
  readonly bare: Time;
  /** Once under way: past the first quarter, when what was decoded while the session started is used up. */
  readonly extraction: Time;
  /** Of the session, in seconds: from the start to the first batch. */
  readonly start: number;
}

async function turn(setting: Setting): Promise<Turn> {
  const { plan, session, batches } = setting;
  // The engine fills up the last batch: it runs whole ones.
  const bare = await timed(async () => {
    for (const values of batches) await session.run({ count: plan.batch, values }, [plan.layer]);
  }, batches.length * plan.batch);
  return { bare, ...(await extract(setting)) };
}

async function extract({ folder, images, times, options }: Setting): Promise<Pick<Turn, 'extraction' | 'start'>> {
  const storeFolder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
  const names = Array.from({ length: times }, () => images).flat();
  const started = performance.now();
  const marks: { done: number; at: number; cpu: number }[] = [];
  await openFeatures({
    evalSet: { images: names, folder },
    featureModel: options,
    features: null,
    imageColumn: 'image',
    engine: 'onnx-cpu',
    onBadImage: 'fail',
    storeFolder,
    run: pool.run,
    onProgress: (_, done) => marks.push({ done, at: performance.now(), cpu: cpuTime() }),
    onNotice: () => {},
    shard: null,
  });
  rmSync(storeFolder, { recursive: true });
  const from = marks.find(({ done }) => done >= names.length / 4) ?? marks[0];
  const to = marks[marks.length - 1];
  const count = to.done - from.done;
  const extraction = { speed: count / ((to.at - from.at) / 1000), cpu: (to.cpu - from.cpu) / count };
  return { extraction, start: (marks[0].at - started) / 1000 };
}

/** Prints the speeds; returns the share of the bare engine's that extraction reaches. */
function report({ decode }: Setting, turns: readonly Turn[]): number {
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
  const start = median(turns.map((turn) => turn.start));
  console.log(`        (under way; ${start.toFixed(1)} s from the start to the first batch)`);
  console.log(
    `        decoding     ${(decode / 1000).toFixed(2)} ms of CPU an image: on busy cores extraction cannot reach more than ${percent(ceiling)} of an engine that keeps them all busy`,
  );
  return median(turns.map(({ bare, extraction }) => extraction.speed / bare.speed));
}

interface Time {
  /** Images a second of wall time. */
  readonly speed: number;
  /** Microseconds of CPU an image. */
  readonly cpu: number;
}

async function timed(work: () => Promise<void>, images: number): Promise<Time> {
  const before = cpuTime();
  const seconds = await secondsOf(work);
  return { speed: images / seconds, cpu: (cpuTime() - before) / images };
}

/** Microseconds of the process, its workers included. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
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
