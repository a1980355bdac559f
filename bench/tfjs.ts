/**
 * The engines of TF.js models beside onnx-cpu on the same network (the robust one, 32 x 32) and the same batches, each in a
 * process of its own: images a second, steps of a feature attack a second, and resident memory from 5,000 to 20,000 images.
 * Exits 1 where memory grows by more than a tenth. Needs ../shared; tfjs-node is skipped where it is not installed.
 * usage: node bench/tfjs.ts
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeModel } from '../src/models/describeModel.ts';
import { placesOf } from '../src/models/engines/installedPackage.ts';
import type { RunnableEngine } from '../src/records/engines.ts';

const BATCH = 64;
const IMAGES = 20_000;
const STEPS = 10;
const models = join(import.meta.dirname, '..', '..', 'shared', 'data', 'cifar10', 'models');
const fileOf = new Map<RunnableEngine, string>([
  ['onnx-cpu', join(models, 'robust.onnx')],
  ['tfjs-node', join(models, 'robust-tfjs', 'model.json')],
  ['tfjs-wasm', join(models, 'robust-tfjs', 'model.json')],
]);

const [, , asked] = process.argv;
const child = [...fileOf].find(([engine]) => engine === asked);
if (child !== undefined) await measure(...child);
else if (!existsSync(models)) console.log('skipped: the networks lie in ../shared, which is not here');
else compare();

function compare(): void {
  console.log(`robust network, ${IMAGES} images of 32 x 32 in batches of ${BATCH}`);
  for (const engine of fileOf.keys()) {
    if (engine === 'tfjs-node' && placesOf('@tensorflow/tfjs-node', engine).length === 0) {
      console.log('  tfjs-node  skipped: not installed (scripts/tfjs-node-from-pypi.sh builds it)');
      continue;
    }
    const { status } = spawnSync(process.execPath, [import.meta.filename, engine], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}

async function measure(engine: RunnableEngine, file: string): Promise<void> {
  const session = await (await describeModel(file)).open(engine, null, { threads: null });
  const images = {
    count: BATCH,
    values: Float32Array.from({ length: BATCH * 3072 }, (_, i) => ((i * 37) % 256) / 255),
  };
  const units = new Int32Array(BATCH).fill(17);
  await session.run(images, ['features']);
  const resident: number[] = [];
  const started = performance.now();
  for (let done = 0; done < IMAGES; done += BATCH) {
    await session.run(images, ['features']);
    if (Math.floor((done + BATCH) / 5000) > resident.length) resident.push(process.memoryUsage.rss() / 2 ** 20);
  }
  const seconds = (performance.now() - started) / 1000;
  const between = performance.now();
  for (let step = 0; step < STEPS; step++) await session.gradient(images, 'features', units);
  const perStep = (performance.now() - between) / 1000 / STEPS;
  await session.close();
  const [early = 0] = resident;
  const late = resident.at(-1) ?? 0;
  const steady = late <= early * 1.1;
  console.log(
    `  ${engine.padEnd(9)}  ${Math.round(IMAGES / seconds)} images/s, ${(1 / perStep).toFixed(1)} attack steps of ${BATCH} images/s, ` +
      `resident after each 5,000 images ${resident.map(Math.round).join(', ')} MB: ${steady ? 'steady' : 'GROWS'}`,
  );
  if (!steady) process.exitCode = 1;
}
