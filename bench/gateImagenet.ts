/** A comparison of the size of the ImageNet validation set, features in a file of 410 MB. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatNpyHeader, NPY_HEADER_BYTES } from '../src/features/npy.ts';
import { readColumns } from '../src/features/readColumns.ts';
import type { Checkpoint, EvalSet } from '../src/records/evalSet.ts';
import type { ReadColumns } from '../src/records/features.ts';
import { stream } from '../src/statistics/random.ts';
import { checkpoint } from './gateData.ts';

const CLASSES = 1000;
const PER_CLASS = 50;
const IMAGES = CLASSES * PER_CLASS;
const DIMENSIONS = 2048;
/** Share of images on which the two differ. */
const DIFFERING = 0.04;
/** Share of images that fail under both. */
const FAILING = 0.2;

/** An eval set of ImageNet's size in a file, read as a run reads it. */
export interface ImagenetBench {
  readonly evalSet: EvalSet;
  readonly model: number;
  readonly dimensions: number;
  readonly readColumns: ReadColumns;
  /** Of the file, and of what is kept beside it. */
  readonly folder: string;
  readonly remove: () => void;
}

export function writeImagenet(): ImagenetBench {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
  const path = join(folder, 'features.npy');
  writeFeatures(path);
  const rowOf = Uint32Array.from({ length: IMAGES }, (_, row) => row);
  const model = { fingerprint: '', dimensions: DIMENSIONS, engine: 'file' };
  return {
    evalSet: evalSetOf(),
    ...{ model: DIMENSIONS, dimensions: DIMENSIONS },
    readColumns: readColumns({ path, offset: NPY_HEADER_BYTES, dimensions: DIMENSIONS, rowOf, model, contents: '' }),
    folder,
    remove: () => rmSync(folder, { recursive: true }),
  };
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

/** Half zeros, half exponential, as after a ReLU, and in some features a trace of the class; in class 7 feature 11 is high in a quarter of the images. */
function writeFeatures(path: string): void {
  const random = stream('imagenet features');
  const file = openSync(path, 'w');
  writeSync(file, formatNpyHeader(IMAGES, DIMENSIONS));
  for (let row = 0; row < IMAGES; row++) {
    const values = Float32Array.from({ length: DIMENSIONS }, () =>
      Math.max(0, -Math.log((random.uint32() + 1) / 2 ** 31)),
    );
    for (let near = 0; near < 3; near++) values[((row % CLASSES) * 2 + near) % DIMENSIONS] += 1;
    if (isLifted(row)) values[11] = 20;
    writeSync(file, new Uint8Array(values.buffer));
  }
  closeSync(file);
}

/** Twelve of the fifty images of class 7. */
function isLifted(row: number): boolean {
  return row % CLASSES === 7 && Math.floor(row / CLASSES) % 4 === 0 && Math.floor(row / CLASSES) < 48;
}

/** Two networks that differ on 4 % of images; with `broken`, those of class 7 whose feature 11 is high newly fail, and none of the class is mended. */
export function imagenetPredictions(evalSet: EvalSet, broken: boolean): [Checkpoint, Checkpoint] {
  const random = stream('imagenet predictions');
  const uniform = () => (random.uint32() + 0.5) / 2 ** 32;
  const sides = [0, 1].map(() => Int32Array.from(evalSet.labels));
  for (let row = 0; row < IMAGES; row++) {
    const label = evalSet.labels[row];
    // Errors go to some few neighbouring classes.
    const wrong = (label + 1 + random.below(5)) % CLASSES;
    const [differs, both, side] = [uniform() < DIFFERING, uniform() < FAILING, random.below(2)];
    if (broken && label === 7) {
      if (isLifted(row)) sides[0][row] = wrong;
    } else if (differs) sides[side][row] = wrong;
    else if (both) for (const each of sides) each[row] = wrong;
  }
  return [checkpoint(evalSet, 'candidate', sides[0]), checkpoint(evalSet, 'baseline', sides[1])];
}
