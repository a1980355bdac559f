/**
 * Checks one engine on ResNet-50 beside the others, through the project's own sessions: features and gradients against
 * onnx-cpu's and PyTorch's, then images a second. scripts/gpu-check.sh runs it; each section in a process of its own.
 *
 *     node gpu.ts images FOLDER                          writes the images that all are compared on
 *     node gpu.ts engine NAME LABEL FOLDER MOST SECONDS  MOST images a batch; about SECONDS for its rates
 *     node gpu.ts decoding FOLDER
 *     node gpu.ts table FOLDER
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { openPool } from '../src/adapters/threadPool.ts';
import { messageOf } from '../src/errors.ts';
import { runImages } from '../src/features/extract.ts';
import { type FeaturePlan, planFeatures } from '../src/features/featurePlan.ts';
import { decodeWorker } from '../src/images/decodeWorker.ts';
import { usual } from '../src/images/preprocess.ts';
import type { Session } from '../src/models/engine.ts';
import { openSession } from '../src/models/engines/selectEngine.ts';
import { describeOnnxModel } from '../src/models/onnx/model.ts';
import { featureAttack } from '../src/pictures/featureAttack.ts';
import { enginesFor } from '../src/records/engines.ts';

const SIDE = 224;
const VALUES = 3 * SIDE * SIDE;
/** Images that features and gradients are compared on. */
const COMPARED = 8;
const ATTACK_STEPS = 5;
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const GRADIENT_BATCHES = [1, 8, 32, 64];

const [section, ...rest] = process.argv.slice(2);
if (section === 'images') writeImages(rest[0]);
else if (section === 'engine')
  await attempt(rest[1], () => checkEngine(rest[0], rest[1], rest[2], Number(rest[3]), Number(rest[4])));
else if (section === 'decoding') await decoding(rest[0]);
else if (section === 'table') table(rest[0]);
else throw new Error(`there is no section ${section}`);
process.exit();

/** A line of figures.jsonl. */
interface Figure {
  /** An engine, or PyTorch in one of its settings. */
  readonly of: string;
  /** What was measured. */
  readonly what: string;
  readonly batch: number;
  readonly value: number;
}

function record(folder: string, of: string, what: string, batch: number, value: number): void {
  const figure: Figure = { of, what, batch, value: Number(value.toPrecision(4)) };
  console.log(`${of}: ${what}${batch > 0 ? `, ${batch}` : ''}: ${figure.value}`);
  appendFileSync(join(folder, 'figures.jsonl'), `${JSON.stringify(figure)}\n`);
}

/** Smooth waves, different in each image and channel: no random numbers, so that everybody has the same. */
function pixels(count: number): Float32Array {
  return Float32Array.from({ length: count * VALUES }, (_, at) => {
    const [plane, x, y] = [Math.floor(at / (SIDE * SIDE)), at % SIDE, Math.floor(at / SIDE) % SIDE];
    const wave = Math.sin(x / (3 + (plane % 7)) + plane) * Math.cos(y / (4 + (plane % 5)) - plane);
    return 0.5 + 0.4 * wave + 0.1 * Math.sin((x * y) / 50 + plane);
  });
}

function writeImages(folder: string): void {
  writeFileSync(join(folder, 'images.bin'), new Uint8Array(pixels(COMPARED).buffer));
}

function floatsOf(file: string): Float32Array {
  return new Float32Array(new Uint8Array(readFileSync(file)).buffer);
}

async function open(folder: string, file: string, name: string): Promise<{ plan: FeaturePlan; session: Session }> {
  const engine = enginesFor('onnx').find((each) => each === name);
  if (engine === undefined) throw new Error(`${name} runs no ONNX models`);
  const model = await describeOnnxModel(join(folder, file));
  const preprocess = { resize: 256, crop: SIDE, mean: [0, 0, 0] as const, std: [1, 1, 1] as const };
  const plan = planFeatures(model, {
    path: model.file,
    layer: { features: 'features', featureMap: null },
    preprocess: { ...preprocess, mean: [0, 0, 0], std: [1, 1, 1] },
  });
  const session = await openSession(model, engine, SIDE, { threads: null }, console.log);
  return { plan, session };
}

/** What fails is said, and the next thing is tried. */
async function attempt(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    console.log(`FAILED ${what}: ${messageOf(thrown)}`);
  }
}

async function checkEngine(name: string, label: string, folder: string, most: number, seconds: number): Promise<void> {
  const started = performance.now();
  const { plan, session } = await open(folder, 'resnet50.onnx', name);
  const layer = plan.layer;
  const images = { count: COMPARED, values: floatsOf(join(folder, 'images.bin')) };
  const units = Int32Array.from({ length: COMPARED }, (_, i) => 100 * i + 5);
  await attempt(`${label}, features`, async () => {
    const features = (await session.run(images, [layer])).get(layer)?.values ?? new Float32Array();
    record(folder, label, 'seconds to the first features', 0, (performance.now() - started) / 1000);
    compare(folder, label, 'features', features);
  });
  await attempt(`${label}, gradient`, async () => {
    const before = performance.now();
    const gradient = await session.gradient(images, layer, units);
    record(folder, label, 'seconds to the first gradient', 0, (performance.now() - before) / 1000);
    compare(folder, label, 'gradient', gradient);
    const options = { steps: ATTACK_STEPS, stepSize: 3, batch: COMPARED };
    const step = (values: Float32Array, some: Int32Array) =>
      session.gradient({ count: some.length, values: values.slice() }, layer, some);
    compare(folder, label, 'attacked', await featureAttack(images.values, units, options, step));
  });
  const end = performance.now() + seconds * 1000;
  const many = pixels(COMPARED);
  const batchOf = (count: number) => {
    const values = new Float32Array(count * VALUES);
    for (let from = 0; from < values.length; from += many.length)
      values.set(many.subarray(0, Math.min(many.length, values.length - from)), from);
    return { count, values };
  };
  const forward = async (running: Session, who: string, batches: readonly number[]) => {
    for (const count of batches.filter((each) => each <= most)) {
      if (performance.now() > end) return;
      await attempt(`${who}, batch ${count}`, async () => {
        const batch = batchOf(count);
        const time = await secondsOf(() => running.run(batch, [layer]));
        record(folder, who, 'forward, images/s', count, count / time);
      });
    }
  };
  await forward(session, label, [64, 1, 8, 256, 32, 128, 16, 4, 2]);
  for (const count of GRADIENT_BATCHES.filter((each) => each <= most)) {
    if (performance.now() > end) break;
    await attempt(`${label}, gradient of ${count}`, async () => {
      const batch = batchOf(count);
      const chosen = new Int32Array(count).fill(5);
      const bare = await secondsOf(() => session.gradient(batch, layer, chosen));
      record(folder, label, 'gradient, steps/s', count, 1 / bare);
      const options = { steps: 4, stepSize: 3, batch: count };
      const step = (values: Float32Array, some: Int32Array) => session.gradient({ count, values }, layer, some);
      const attack = await secondsOf(() => featureAttack(batch.values, chosen, options, step), 1);
      record(folder, label, 'attack, steps/s', count, 4 / attack);
    });
  }
  await attempt(`${label}, extraction`, async () => {
    const jpegs = join(folder, 'jpegs');
    if (!existsSync(jpegs) || performance.now() > end) return;
    const pool = openPool(availableParallelism());
    const files = readdirSync(jpegs).sort();
    for (const batch of [plan.batch, 64].filter((each) => each <= most)) {
      const names = Array.from({ length: most < 64 ? 1 : 16 }, () => files).flat();
      const batching = { pipeline: plan.pipeline, batch, run: pool.run };
      await runImages({ folder: jpegs, names: files }, session, [layer], batching, () => {}); // starts the workers
      const before = performance.now();
      await runImages({ folder: jpegs, names }, session, [layer], batching, () => {});
      record(
        folder,
        label,
        'decoding and engine, images/s',
        batch,
        names.length / ((performance.now() - before) / 1000),
      );
    }
    await pool.close();
  });
  await attempt(`${label}, fp16`, async () => {
    if (!existsSync(join(folder, 'resnet50-fp16.onnx')) || performance.now() > end) return;
    const half = await open(folder, 'resnet50-fp16.onnx', name);
    const features = (await half.session.run(images, [layer])).get(layer)?.values ?? new Float32Array();
    compare(folder, `${label}, fp16`, 'features', features);
    await forward(half.session, `${label}, fp16`, [64, 1, 8, 256]);
  });
}

/** Writes a result, and records how far it is from onnx-cpu's and PyTorch's: ||a - b|| / ||b||. */
function compare(folder: string, label: string, what: string, values: Float32Array): void {
  const fileOf = (who: string) => join(folder, `${what}-${who}.bin`);
  if (!values.every(Number.isFinite)) throw new Error(`${what} holds values that are no numbers`);
  if (label === 'onnx-cpu') writeFileSync(fileOf(label), new Uint8Array(values.slice().buffer));
  for (const who of ['onnx-cpu', 'pytorch']) {
    if (who === label || !existsSync(fileOf(who))) continue;
    const truth = floatsOf(fileOf(who));
    if (truth.length !== values.length) throw new Error(`${what}: ${values.length} values, ${who} has ${truth.length}`);
    let [apart, size] = [0, 0];
    for (let i = 0; i < truth.length; i++) {
      apart += (values[i] - truth[i]) ** 2;
      size += truth[i] ** 2;
    }
    record(folder, label, `${what}, relative error to ${who}`, 0, Math.sqrt(apart / size));
  }
}

/** Seconds of one run: the median of as many as take a second, at least three, after `warm` runs that do not count. */
async function secondsOf(work: () => Promise<unknown>, warm = 2): Promise<number> {
  for (let run = 0; run < warm; run++) await work();
  const times: number[] = [];
  const start = performance.now();
  while (times.length < 3 || performance.now() - start < 1000) {
    const before = performance.now();
    await work();
    times.push((performance.now() - before) / 1000);
    if (performance.now() - start > 8000) break;
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
}

/** Images a second through the decode workers, by threads: JPEG files of 500 x 375, resized to 256, cropped to 224. */
async function decoding(folder: string): Promise<void> {
  const jpegs = join(folder, 'jpegs');
  const files = readdirSync(jpegs).sort();
  const pipeline = {
    ...{ ...usual, resize: 256, crop: SIDE, mean: [0, 0, 0] as const, std: [1, 1, 1] as const },
    ...{ height: SIDE, width: SIDE, layout: 'NCHW' as const },
  };
  for (const threads of [1, 2, 4, 8, 16, 32].filter((each) => each <= availableParallelism())) {
    const pool = openPool(threads);
    const a = 16;
    const round = async (tasks: number) => {
      const outs = Array.from({ length: tasks }, () => new SharedArrayBuffer(a * VALUES * 4));
      await Promise.all(
        outs.map(async (out, task) => {
          const names = Array.from({ length: a }, (_, i) => files[(task * a + i) % files.length]);
          const { unreadable } = await pool.run(decodeWorker, { folder: jpegs, names, pipeline, out });
          if (unreadable.length > 0) throw new Error(unreadable[0].why);
        }),
      );
    };
    await round(threads * 2); // starts the workers and compiles their code
    const tasks = threads * 12;
    const before = performance.now();
    await round(tasks);
    record(
      folder,
      `${threads} threads`,
      'decoding, images/s',
      threads,
      (tasks * a) / ((performance.now() - before) / 1000),
    );
    await pool.close();
  }
}

function isFigure(value: unknown): value is Figure {
  return typeof value === 'object' && value !== null && 'of' in value && 'what' in value && 'value' in value;
}

/** All figures, one row per thing measured and one column per batch. */
function table(folder: string): void {
  const file = join(folder, 'figures.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const figures = lines.map((line): unknown => JSON.parse(line)).filter(isFigure);
  for (const what of [...new Set(figures.map((figure) => figure.what))]) {
    const some = figures.filter((figure) => figure.what === what);
    const batches = [0, ...BATCHES].filter((batch) => some.some((figure) => figure.batch === batch));
    console.log(`\n| ${what} | ${batches.map((batch) => (batch > 0 ? batch : '')).join(' | ')} |`);
    console.log(`|---|${batches.map(() => '---:|').join('')}`);
    for (const who of [...new Set(some.map(({ of }) => of))]) {
      const cells = batches.map((batch) => some.find((each) => each.of === who && each.batch === batch)?.value ?? '');
      console.log(`| ${who} | ${cells.join(' | ')} |`);
    }
  }
}
