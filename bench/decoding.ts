/**
 * How decoding scales: JPEG files of 500 x 375 (as much detail as a photograph), resized to 256 and cropped to 224, by one thread and by two,
 * then through `runImages` into an engine that computes nothing but takes a set time (a stand-in for a GPU's). Prints images/s, the CPU
 * of an image, what more threads would do by the model below, beside what a machine of 16 cores did measure, and the line that a run prints.
 *
 * The model. A ring of batches, one more than there are threads and the one that the engine has, so no thread waits for a place. A thread
 * takes c seconds of CPU an image; T of them, a core each, give T / (c (1 + s (T - 1))) images/s, s by how much CPU an image takes more on two
 * threads (they share caches and memory); the engine, one server, gives 1 / e. The lesser of the two comes through, and ceil(c / e)
 * threads keep the engine busy where s is 0. By CPU, so that a machine which does other work gives the same figures; what
 * the clock says is printed with the share of the cores that decoding got.
 * Needs Debian's python3-pil and python3-numpy. usage: node bench/decoding.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '../src/adapters/threadPool.ts';
import { decodingLimit } from '../src/features/decodingLimit.ts';
import { runImages } from '../src/features/extract.ts';
import { type Pipeline, usual } from '../src/images/preprocess.ts';
import type { Session } from '../src/models/engine.ts';

const FILES = 64;
const IMAGES = 640;
const BATCH = 16;
/** docs/gpu.md: on 16 cores beside an H100. */
const MEASURED_THERE = new Map([
  [1, 156],
  [2, 276],
  [4, 450],
  [8, 1082],
  [16, 1735],
]);
const ENGINES = [200, 600, 2000];
const pipeline: Pipeline = {
  ...{ ...usual, resize: 256, crop: 224, mean: [0, 0, 0], std: [1, 1, 1] },
  ...{ height: 224, width: 224, layout: 'NCHW' },
};
const script = `
import sys, numpy as np
from PIL import Image
random = np.random.RandomState(0)
for index in range(int(sys.argv[1])):
    smooth = Image.fromarray(random.randint(0, 256, (30, 40, 3), np.uint8)).resize((500, 375), Image.BICUBIC)
    pixels = np.clip(np.asarray(smooth) + random.normal(0, 6, (375, 500, 1)), 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(f'{sys.argv[2]}/{index:04d}.jpg', quality=90)
`;

const folder = mkdtempSync(join(tmpdir(), 'barlow-decoding-'));
try {
  execFileSync('/usr/bin/python3', ['-c', script, String(FILES), folder]);
  const [one, two] = [await through(1, 0), await through(2, 0)];
  const cost = one.cpu;
  const slowed = Math.max(0, two.cpu / one.cpu - 1);
  for (const [at, { speed, cpu }] of [one, two].entries()) {
    const threads = at + 1;
    const got = (100 * speed * cpu) / threads;
    console.log(
      `${threads} threads: ${(1000 * cpu).toFixed(2)} ms of CPU an image, ${(threads / cpu).toFixed(0)} images/s on as many idle cores; ${speed.toFixed(0)} images/s by the clock, with ${got.toFixed(0)} % of them`,
    );
  }
  console.log(`model: c = ${(1000 * cost).toFixed(2)} ms, s = ${slowed.toFixed(3)}`);
  const rate = (threads: number) => threads / cost / (1 + slowed * (threads - 1));
  for (const [threads, there] of MEASURED_THERE) {
    const scaled = rate(threads) * cost;
    console.log(
      `  ${String(threads).padStart(2)} threads: ${rate(threads).toFixed(0)} images/s, ${scaled.toFixed(1)} times one thread (measured on 16 cores: ${there}, ${(there / 156).toFixed(1)} times)`,
    );
  }
  for (const engine of ENGINES) {
    const { speed, timing } = await through(2, BATCH / engine);
    const bound = Math.min(engine, rate(2));
    console.log(
      `an engine of ${engine} images/s, 2 threads: ${speed.toFixed(0)} images/s (model ${bound.toFixed(0)}), ${((100 * speed) / engine).toFixed(0)} % of its bare rate`,
    );
    console.log(`  ${decodingLimit(timing, 2) ?? '(nothing is told: the engine is busy)'}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Images through threads into an engine that takes so many seconds a batch, once under way. */
async function through(threads: number, seconds: number) {
  const session: Session = {
    engine: 'onnx-webgpu',
    run: async () => {
      const until = performance.now() + 1000 * seconds;
      // A timer alone wakes up to a millisecond late.
      if (seconds > 0.004)
        await new Promise((resolve) => {
          setTimeout(resolve, 1000 * seconds - 2);
        });
      while (performance.now() < until);
      return new Map();
    },
    gradient: () => Promise.reject(new Error('none is asked for')),
    close: async () => {},
  };
  const files = readdirSync(folder).sort();
  const pool = openPool(threads);
  const run = (count: number) => {
    const names = Array.from({ length: count }, (_, at) => files[at % files.length]);
    return runImages({ folder, names }, session, [], { pipeline, batch: BATCH, run: pool.run }, () => {});
  };
  await run(8 * BATCH);
  const [before, { user, system }] = [performance.now(), process.cpuUsage()];
  const timing = await run(IMAGES);
  const elapsed = (performance.now() - before) / 1000;
  const cpu = process.cpuUsage();
  await pool.close();
  return { speed: IMAGES / elapsed, cpu: (cpu.user + cpu.system - user - system) / 1e6 / IMAGES, timing };
}
