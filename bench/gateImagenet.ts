/** A comparison of the size of the ImageNet validation set, features in a file of 410 MB. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatNpyHeader, NPY_HEADER_BYTES } from '../src/features/npy.ts';
import { readColumns } from '../src/features/readColumns.ts';
import type { EvalSet } from '../src/records/evalSet.ts';
import type { RunTask } from '../src/records/threads.ts';
import { stream } from '../src/statistics/random.ts';
import { checkpoint, compareOn } from './gateData.ts';

const CLASSES = 1000;
const PER_CLASS = 50;
const IMAGES = CLASSES * PER_CLASS;
const DIMENSIONS = 2048;
/** Share of images that fail under both. */
const FAILING = 0.2;

/**
 * `even`: every image is as likely to be discordant; `uneven`: hard classes have nearly all of it, up to half their
 * images. In class 7 the images that feature 11 lifts newly fail.
 */
export async function compareImagenetSize(spread: 'even' | 'uneven', run: RunTask) {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
  try {
    const path = join(folder, 'features.npy');
    const lifted = writeFeatures(path);
    const evalSet = evalSetOf();
    const { candidate, baseline, discordant } = predictionsOf(evalSet, spread, lifted);
    const rowOf = Uint32Array.from({ length: IMAGES }, (_, row) => row);
    const model = { fingerprint: '', dimensions: DIMENSIONS, engine: 'file' };
    let tested = 0;
    const read = readColumns({ path, offset: NPY_HEADER_BYTES, dimensions: DIMENSIONS, rowOf, model });
    const counting = async (rows: Uint32Array, from: number, to: number) => {
      tested++;
      return read(rows, from, to);
    };
    const started = performance.now();
    const bench = { folder, evalSet, dimensions: DIMENSIONS, readColumns: counting };
    const { clusters } = await compareOn(bench, candidate, [baseline], run);
    return { seconds: (performance.now() - started) / 1000, discordant, found: clusters.length, tested };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Image i belongs to class i % 1000, so that a class's rows lie far apart in the file, as in a shuffled manifest. */
function evalSetOf(): EvalSet {
  return {
    images: Array.from({ length: IMAGES }, (_, row) => `${row}.jpg`),
    folder: null,
    classes: Array.from({ length: CLASSES }, (_, index) => String(index).padStart(4, '0')),
    labels: Int32Array.from({ length: IMAGES }, (_, row) => row % CLASSES),
    columns: new Map(),
    fingerprint: '',
  };
}

/** Half zeros, half exponential, as after a ReLU. Returns the rows whose feature 11 was lifted. */
function writeFeatures(path: string): Set<number> {
  const random = stream('imagenet features');
  const lifted = new Set<number>();
  const file = openSync(path, 'w');
  writeSync(file, formatNpyHeader(IMAGES, DIMENSIONS));
  for (let row = 0; row < IMAGES; row++) {
    const values = Float32Array.from({ length: DIMENSIONS }, () =>
      Math.max(0, -Math.log((random.uint32() + 1) / 2 ** 31)),
    );
    if (row % CLASSES === 7 && row % 3 !== 0) {
      values[11] = 20;
      lifted.add(row);
    }
    writeSync(file, new Uint8Array(values.buffer));
  }
  closeSync(file);
  return lifted;
}

function predictionsOf(evalSet: EvalSet, spread: 'even' | 'uneven', lifted: ReadonlySet<number>) {
  const random = stream(`imagenet predictions ${spread}`);
  const uniform = () => (random.uint32() + 0.5) / 2 ** 32;
  const shares = Array.from({ length: CLASSES }, () =>
    spread === 'even' ? 0.04 : Math.min(0.5, -0.04 * Math.log(uniform())),
  );
  const sides = [0, 1].map(() => Int32Array.from(evalSet.labels));
  let discordant = 0;
  for (let row = 0; row < IMAGES; row++) {
    const label = evalSet.labels[row];
    // Errors go to some few neighbouring classes.
    const wrong = (label + 1 + random.below(5)) % CLASSES;
    if (lifted.has(row)) sides[0][row] = wrong;
    else if (uniform() < shares[label]) sides[random.below(2)][row] = wrong;
    else if (uniform() < FAILING) for (const side of sides) side[row] = wrong;
    discordant += sides[0][row] === sides[1][row] ? 0 : 1 / IMAGES;
  }
  return {
    candidate: checkpoint(evalSet, 'candidate', sides[0]),
    baseline: checkpoint(evalSet, 'baseline', sides[1]),
    discordant,
  };
}
