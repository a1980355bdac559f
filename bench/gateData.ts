/** What the gate's bench works on: the CIFAR-10 test set, its networks' predictions, and comparisons of them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { difficultyOf } from '../src/analysis/difficulty.ts';
import { pairedGroupsOf } from '../src/analysis/groups.ts';
import { hardness } from '../src/analysis/hardness.ts';
import { restrictEvalSet } from '../src/evalset/restrict.ts';
import { parseNpyHeader } from '../src/features/npy.ts';
import { runCheckpoint } from '../src/features/runCheckpoint.ts';
import { withProperties } from '../src/features/withProperties.ts';
import { type Compared, type CompareInput, compare } from '../src/gate/compare.ts';
import type { ScanInput } from '../src/gate/scan.ts';
import { decodeImage } from '../src/images/decode.ts';
import { PROPERTIES, propertiesOf } from '../src/images/properties.ts';
import type { PairedGroup } from '../src/records/comparison.ts';
import type { Checkpoint, EvalSet } from '../src/records/evalSet.ts';
import type { ReadColumns } from '../src/records/features.ts';
import type { Hardness } from '../src/records/hardness.ts';
import type { RunTask } from '../src/records/threads.ts';

export const options: ScanInput['options'] = {
  ...{ significance: 0.01, conditions: 2, minErrorRateIncrease: 0.1, minNewFailures: 5 },
  regions: ['boxes'],
};
const failureMode = { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 };
const groupings = ['label', 'prediction', 'all'];

/** An eval set in memory with its features. */
export interface Bench {
  readonly evalSet: EvalSet;
  /** Features of the network, and those with the image properties. */
  readonly model: number;
  readonly dimensions: number;
  readonly readColumns: ReadColumns;
  readonly hardness: Hardness | null;
  /** How little red (or blue) the centre of each image is, by its row. */
  readonly colour: (rows: Uint32Array, red: boolean) => Float64Array;
  readonly redCars: ReadonlySet<number>;
}

/** CIFAR-10's test set of a folder as `shared/data/cifar10`. */
export async function readCifar10(folder: string, run: RunTask): Promise<Bench> {
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
  const model = header.columns;
  const { properties, redness, blueness } = await seen(evalSet);
  const readColumns = withProperties(readerOf(features, model), model, properties, PROPERTIES);
  const { labels } = evalSet;
  const automobile = classes.indexOf('automobile');
  return {
    ...{ evalSet, model, dimensions: model + PROPERTIES, readColumns },
    hardness: await hardness({ labels, classes: classes.length, dimensions: model, readColumns, run }),
    colour: (some, red) => Float64Array.from(some, (row) => -(red ? redness : blueness)[row]),
    // The rule of train-automobile.csv.
    redCars: new Set([...labels.keys()].filter((row) => labels[row] === automobile && redness[row] > 20.4)),
  };
}

/** Properties of all images, and by how much red, and blue, exceeds the other channels over the centre 16 x 16 pixels. */
async function seen({ images, folder }: EvalSet) {
  const properties = new Float32Array(images.length * PROPERTIES);
  const [redness, blueness] = [new Float64Array(images.length), new Float64Array(images.length)];
  for (const [row, image] of images.entries()) {
    const bytes = readFileSync(join(folder ?? '', image));
    const picture = await decodeImage(bytes);
    properties.set(propertiesOf(picture, bytes.length), row * PROPERTIES);
    const sums = [0, 0, 0];
    for (let y = 8; y < 24; y++) {
      for (let x = 8; x < 24; x++)
        for (const channel of sums.keys()) sums[channel] += picture.rgb[3 * (y * picture.width + x) + channel];
    }
    const [r, g, b] = sums.map((sum) => sum / 256);
    redness[row] = r - Math.max(g, b);
    blueness[row] = b - Math.max(r, g);
  }
  return { properties, redness, blueness };
}

function readerOf(features: Float32Array, dimensions: number): ReadColumns {
  return async (rows, from, to, into) => {
    const values = new Float32Array(
      into ?? new SharedArrayBuffer(4 * rows.length * (to - from)),
      0,
      rows.length * (to - from),
    );
    for (let feature = from; feature < to; feature++) {
      for (const [at, row] of rows.entries()) {
        values[(feature - from) * rows.length + at] = features[row * dimensions + feature];
      }
    }
    return { rows: rows.length, from, to, values };
  };
}

/** The network's predictions, by image name. */
export function readPredictions(folder: string, { evalSet }: Bench, name: string): Checkpoint {
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

/** Networks of the folder, run on its images. */
export async function runModels(
  folder: string,
  { evalSet }: Bench,
  names: readonly string[],
  run: RunTask,
): Promise<Checkpoint[]> {
  const storeFolder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
  const source = { hashes: null, engine: 'auto' as const, storeFolder, run, onProgress: () => {}, onNotice: () => {} };
  const ran: Checkpoint[] = [];
  for (const name of names) {
    const path = join(folder, 'models', `${name}.onnx`);
    const given = { name, path, classes: evalSet.classes, options: { output: null, classes: null, preprocess: null } };
    ran.push(await runCheckpoint(given, evalSet, source));
  }
  rmSync(storeFolder, { recursive: true });
  return ran;
}

/** The bench on some of its images. */
export async function restrictBench(bench: Bench, rows: Uint32Array, run: RunTask): Promise<Bench> {
  const { evalSet, model } = bench;
  const readColumns: ReadColumns = (wanted, from, to, into) =>
    bench.readColumns(
      wanted.map((row) => rows[row]),
      from,
      to,
      into,
    );
  const shared = restrictEvalSet(evalSet, rows);
  const { labels, classes } = shared;
  return {
    ...{ ...bench, evalSet: shared, readColumns },
    hardness: await hardness({ labels, classes: classes.length, dimensions: model, readColumns, run }),
  };
}

/** Right images, of 10,000. */
export function rightOf({ failed }: Checkpoint): number {
  return failed.length - failed.reduce((sum, each) => sum + each, 0);
}

/** What a scan of some groups takes. */
export function scanInput(
  {
    evalSet,
    model,
    dimensions,
    readColumns,
    hardness: hard,
  }: Pick<Bench, 'evalSet' | 'model' | 'dimensions' | 'readColumns' | 'hardness'>,
  groups: readonly PairedGroup[],
  run: RunTask,
  change: Partial<ScanInput['options']> = {},
): ScanInput {
  return {
    ...{ groups, images: evalSet.images, dimensions, properties: model, readColumns, draws: 9999, run },
    options: { ...options, ...change },
    difficultyOf: async (group) =>
      hard &&
      difficultyOf(
        hard,
        group,
        evalSet.labels,
        (name) => evalSet.classes.indexOf(name),
        (row) => row,
        readColumns,
      ),
    onProgress: () => {},
  };
}

function confidencesOf(sides: readonly Checkpoint[]): Float64Array[] | null {
  const known = sides.flatMap(({ confidence }) => confidence ?? []);
  return known.length === sides.length ? known : null;
}

/** Compares by label, by prediction and as a whole, as a run does. The first baseline is the newest. */
export async function compareOn(
  bench: Pick<Bench, 'evalSet' | 'dimensions' | 'model' | 'readColumns' | 'hardness'>,
  candidate: Checkpoint,
  baselines: readonly Checkpoint[],
  run: RunTask,
  change: Partial<CompareInput['options']> = {},
  groups: readonly string[] = groupings,
): Promise<Compared> {
  const { evalSet } = bench;
  const sides = [candidate, ...baselines];
  const [wholeSet] = pairedGroupsOf(['all'], evalSet, sides);
  const taken = ({ predictions }: Checkpoint, row: number) => evalSet.classes[predictions?.[row] ?? 0];
  return compare({
    ...scanInput(bench, pairedGroupsOf(groups, evalSet, sides), run),
    ...{
      candidate: [],
      earlier: [],
      properties: bench.model,
      metadata: new Map(),
      featureNames: new Map(),
      wholeSet,
      failureMode,
    },
    confidences: confidencesOf(sides),
    baselines: baselines.map(({ name }) => ({ commit: name, checkpoint: name, groups: [] })),
    faceOf: (row) => ({
      label: evalSet.classes[evalSet.labels[row]],
      before: taken(baselines[0], row),
      after: taken(candidate, row),
      confidence: null,
      confidenceBefore: null,
    }),
    options: { ...options, ...change },
  });
}
