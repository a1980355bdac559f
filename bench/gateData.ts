/** What bench/gate.ts works on: the CIFAR-10 test set, its networks' predictions, and comparisons of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { groupsOf, pairedGroupsOf } from '../src/analysis/groups.ts';
import { parseNpyHeader } from '../src/features/npy.ts';
import { type CompareInput, compare } from '../src/gate/compare.ts';
import { decodeImage } from '../src/images/decode.ts';
import type { Comparison } from '../src/records/comparison.ts';
import type { Checkpoint, EvalSet } from '../src/records/evalSet.ts';
import type { ReadColumns } from '../src/records/features.ts';
import type { RunTask } from '../src/records/threads.ts';

export const options = { significance: 0.01, conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 5 };
const failureMode = { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 };
const groupings = ['label', 'prediction'];

/** An eval set in memory with its features. */
export interface Bench {
  readonly folder: string;
  readonly evalSet: EvalSet;
  readonly dimensions: number;
  readonly readColumns: ReadColumns;
}

export function readCifar10(folder: string): Bench {
  const rows = readCsv(join(folder, 'eval.csv'));
  const classes = [...new Set(rows.map(([, label]) => label))].sort();
  const evalSet: EvalSet = {
    images: rows.map(([image]) => image),
    folder: join(folder, 'images'),
    classes,
    labels: Int32Array.from(rows, ([, label]) => classes.indexOf(label)),
    columns: new Map(),
    fingerprint: '',
  };
  const bytes = readFileSync(join(folder, 'features.npy'));
  const header = parseNpyHeader(bytes);
  const features = new Float32Array(
    bytes.buffer.slice(bytes.byteOffset + header.offset, bytes.byteOffset + bytes.length),
  );
  return { folder, evalSet, dimensions: header.columns, readColumns: readerOf(features, header.columns) };
}

function readerOf(features: Float32Array, dimensions: number): ReadColumns {
  return async (rows, from, to) => {
    const values = new Float32Array(new SharedArrayBuffer(4 * rows.length * (to - from)));
    for (let feature = from; feature < to; feature++) {
      for (const [at, row] of rows.entries()) {
        values[(feature - from) * rows.length + at] = features[row * dimensions + feature];
      }
    }
    return { rows: rows.length, from, to, values };
  };
}

/** The network's predictions, by image name. */
export function readPredictions({ folder, evalSet }: Bench, name: string): Checkpoint {
  const predicted = new Map(
    readCsv(join(folder, 'predictions', `${name}.csv`)).map(([image, label]) => [image, label]),
  );
  const indices = Int32Array.from(evalSet.images, (image) => evalSet.classes.indexOf(predicted.get(image) ?? ''));
  return checkpoint(evalSet, name, indices);
}

export function checkpoint({ labels }: EvalSet, name: string, predictions: Int32Array): Checkpoint {
  return {
    name,
    predictions,
    failed: Uint8Array.from(predictions, (each, row) => Number(each !== labels[row])),
    confidence: null,
  };
}

function readCsv(file: string): string[][] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(','));
}

export function accuracy({ failed }: Checkpoint): number {
  return 1 - failed.reduce((sum, each) => sum + each, 0) / failed.length;
}

/** Compares by label and by prediction, as a run does. The first baseline is the newest. */
export async function compareOn(
  { evalSet, dimensions, readColumns }: Bench,
  candidate: Checkpoint,
  baselines: readonly Checkpoint[],
  run: RunTask,
  change: Partial<CompareInput['options']> = {},
  specs: readonly string[] = groupings,
): Promise<Comparison> {
  const sides = [candidate, ...baselines];
  const [wholeSet] = pairedGroupsOf(['all'], evalSet, sides);
  const { comparison } = await compare({
    candidate: [],
    earlier: [],
    baselines: baselines.map(({ name }) => ({ commit: name, checkpoint: name, groups: [] })),
    properties: dimensions,
    difficultyOf: () => null,
    faceOf: () => ({ label: '', before: null, after: null, confidence: null }),
    wholeSet,
    groups: pairedGroupsOf(specs, evalSet, sides),
    images: evalSet.images,
    ...{ dimensions, failureMode, readColumns, run },
    options: { ...options, ...change },
    onProgress: () => {},
  });
  const images = evalSet.images.length;
  return { ...comparison, evalSet: { images, lost: 0, relabelled: 0, rewritten: 0, added: 0 } };
}

/** Rows of a class. */
export function rowsOfClass({ evalSet }: Bench, value: string, of: Checkpoint): Uint32Array {
  return groupsOf([`label:${value}`], evalSet, of)[0].rows;
}

/** Red cars: in the middle quarter of the image red is above 80 on average, and above green and blue by more than 20. */
export async function redCars(bench: Bench, of: Checkpoint): Promise<Set<number>> {
  const red = new Set<number>();
  for (const row of rowsOfClass(bench, 'automobile', of)) {
    const { width, rgb } = await decodeImage(readFileSync(join(bench.folder, 'images', bench.evalSet.images[row])));
    const sums = [0, 0, 0];
    for (let y = 8; y < 24; y++) {
      for (let x = 8; x < 24; x++)
        for (const channel of sums.keys()) sums[channel] += rgb[3 * (y * width + x) + channel];
    }
    const [r, g, b] = sums.map((sum) => sum / 256);
    if (r > 80 && r - Math.max(g, b) > 20) red.add(row);
  }
  return red;
}
