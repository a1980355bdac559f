import { sharedBuffers } from '../adapters/sharedBuffers.ts';
import type { Columns, ReadColumns } from '../records/features.ts';
import type { ClassifierView, Hardness } from '../records/hardness.ts';
import { spreadPlaces } from '../records/spread.ts';
import type { RunTask } from '../records/threads.ts';
import { backwardSolve, cholesky, forwardSolve } from '../statistics/cholesky.ts';
import { countSketch } from '../statistics/countSketch.ts';
import { limiter } from './limiter.ts';
import { type Gram, gramWorker, seenOf } from './ridgeGram.ts';
import { MANY_CLASSES, RIVALS, rivalsWorker } from './ridgeRivals.ts';
import { type Fitted, marginFrom, scoreWorker, wovenWeights } from './ridgeScore.ts';

export interface HardnessInput {
  readonly labels: Int32Array;
  readonly classes: number;
  readonly dimensions: number;
  readonly readColumns: ReadColumns;
  readonly run: RunTask;
}

/** Most values an image that the classifier sees. */
const WIDTH = 256;
/** Images whose mean and standard deviation scale the features: enough for a scale. */
const SCALED_BY = 4096;
/** Products of two numbers that margins take from which on it is worth keeping them: about half a second. */
const WORTH_KEEPING = 2e8;
/** Images a task. */
const CHUNK = 2048;
/** Chunks that are read before they are worked on. */
const CHUNKS_AT_ONCE = 4;
/** Penalty, as a share of the mean variance of what is seen, times n. */
const PENALTY = 0.01;

/**
 * Fits the classifier, one column per class (1 where the image has the label, else 0), with an intercept that is not
 * penalised. Leave-one-out scores come of the hat matrix: y - (y - fitted) / (1 - leverage). Features are read twice, a chunk of images at a
 * time. Of more than 1,024 classes an image is scored for those alone that are likest to its label. Null where fewer than two classes have
 * images: then nothing tells hard from easy.
 */
export async function hardness(input: HardnessInput): Promise<Hardness | null> {
  const { labels, classes, dimensions, readColumns, run } = input;
  if (new Set(labels).size < 2) return null;
  const images = labels.length;
  const width = Math.min(WIDTH, dimensions);
  const view = {
    width,
    ...scaling(await readColumns(Uint32Array.from(spreadPlaces(images, SCALED_BY)), 0, dimensions)),
    ...countSketch(dimensions, width, 'hardness sketch'),
  };
  const fitting = new Fitting(labels, classes, width);
  await eachChunk(
    input,
    async (columns) => run(gramWorker, { columns, view }),
    (gram, from) => fitting.add(gram, from),
  );
  const { fitted, sums, counts } = fitting.fit();
  const rivals = classes > MANY_CLASSES ? await rivalsOf(fitted, sums, counts, run) : null;
  const woven = rivals === null ? wovenWeights(fitted.weights, width) : null;
  const leverage = new Float64Array(images);
  const [own, best, second] = [new Float64Array(images), new Float64Array(images), new Float64Array(images)];
  const bestClass = new Int32Array(images);
  await eachChunk(
    input,
    async (columns, from) =>
      run(scoreWorker, { columns, view, fitted, woven, rivals, labels: labels.slice(from, from + columns.rows) }),
    (scored, from) => {
      leverage.set(scored.leverage, from);
      own.set(scored.own, from);
      best.set(scored.best, from);
      second.set(scored.second, from);
      bestClass.set(scored.bestClass, from);
    },
  );
  const { mean, shares } = fitted;
  const weights = Float64Array.from(fitted.weights);
  return { images, classes, view, mean, weights, shares, leverage, own, best, bestClass, second };
}

/** Classes a task. */
const CLASSES_A_TASK = 256;

async function rivalsOf(
  { weights, shares }: Fitted,
  sums: Float64Array,
  counts: Float64Array,
  run: RunTask,
): Promise<Uint32Array> {
  const classes = counts.length;
  const rivals = new Uint32Array(new SharedArrayBuffer(4 * classes * RIVALS));
  const starts = Array.from({ length: Math.ceil(classes / CLASSES_A_TASK) }, (_, task) => task * CLASSES_A_TASK);
  await Promise.all(
    starts.map(async (from) => {
      const to = Math.min(from + CLASSES_A_TASK, classes);
      rivals.set(await run(rivalsWorker, { sums, counts, weights, shares, from, to }), from * RIVALS);
    }),
  );
  return rivals;
}

/** Has all images worked on, a chunk a task; outcomes are taken in the images' order. */
async function eachChunk<Outcome>(
  { labels, dimensions, readColumns }: HardnessInput,
  work: (columns: Columns, from: number) => Promise<Outcome>,
  take: (outcome: Outcome, from: number) => void,
): Promise<void> {
  const inTurn = limiter(CHUNKS_AT_ONCE, Number.POSITIVE_INFINITY);
  const buffers = sharedBuffers();
  let before: Promise<void> = Promise.resolve();
  const all: Promise<void>[] = [];
  for (let from = 0; from < labels.length; from += CHUNK) {
    const earlier = before;
    before = inTurn(0, async () => {
      const rows = Uint32Array.from({ length: Math.min(CHUNK, labels.length - from) }, (_, at) => from + at);
      const buffer = buffers.take(4 * rows.length * dimensions);
      const outcome = await work(await readColumns(rows, 0, dimensions, buffer), from);
      buffers.giveBack(buffer);
      await earlier;
      take(outcome, from);
    });
    all.push(before);
  }
  await Promise.all(all);
}

/** Whether the margins of so many images, classes and features take long enough to be kept from run to run. */
export function areWorthKeeping(images: number, classes: number, dimensions: number): boolean {
  const width = Math.min(WIDTH, dimensions);
  return images * width * (width + classes) >= WORTH_KEEPING;
}

/**
 * The leave-one-out scores of classes of images, less the greatest of the other classes.
 * @param images with the class of each, ascending.
 */
export async function marginsOf(
  hardness: Hardness,
  images: readonly { readonly image: number; readonly ofClass: number }[],
  labels: Int32Array,
  readColumns: ReadColumns,
): Promise<Float64Array> {
  const { view, own, leverage, best, second, bestClass } = hardness;
  const margins = Float64Array.from(images, ({ image, ofClass }) => {
    if (labels[image] === ofClass) return own[image];
    return bestClass[image] === ofClass ? best[image] - second[image] : Number.NaN;
  });
  const left = Uint32Array.from(margins.keys()).filter((at) => Number.isNaN(margins[at]));
  for (let from = 0; from < left.length; from += CHUNK) {
    const places = left.subarray(from, from + CHUNK);
    const rows = Uint32Array.from(places, (at) => images[at].image);
    const seen = seenOf(await readColumns(rows, 0, view.featureMean.length), view);
    for (const [of, at] of places.entries()) {
      const { image, ofClass } = images[at];
      const known = {
        leverage: leverage[image],
        best: best[image],
        second: second[image],
        bestClass: bestClass[image],
      };
      margins[at] = marginFrom(seen, of * view.width, hardness, { label: labels[image], ofClass, ...known });
    }
  }
  return margins;
}

function scaling({ rows, values, from, to }: Columns): Pick<ClassifierView, 'featureMean' | 'scale'> {
  const featureMean = new Float64Array(to - from);
  const scale = new Float64Array(to - from);
  for (let feature = 0; feature < to - from; feature++) {
    const column = values.subarray(feature * rows, (feature + 1) * rows);
    const mean = column.reduce((sum, each) => sum + each, 0) / rows;
    const variance = column.reduce((sum, each) => sum + (each - mean) ** 2, 0) / rows;
    featureMean[feature] = mean;
    scale[feature] = variance > 1e-12 * mean * mean ? 1 / Math.sqrt(variance) : 0;
  }
  return { featureMean, scale };
}

/** Sums over images, and the classifier that they make. State: the sums so far. */
class Fitting {
  private readonly labels: Int32Array;
  private readonly mean: Float64Array;
  private readonly weights: Float64Array;
  private readonly counts: Float64Array;
  private readonly products: Float64Array;

  constructor(labels: Int32Array, classes: number, width: number) {
    this.labels = labels;
    this.mean = new Float64Array(width);
    // Shared: each task would copy them.
    this.weights = new Float64Array(new SharedArrayBuffer(8 * classes * width));
    this.counts = new Float64Array(classes);
    this.products = new Float64Array(width * width);
  }

  /** Adds the images from `from` on; all those before have been added. */
  add({ seen, products }: Gram, from: number): void {
    const { mean, weights } = this;
    const width = mean.length;
    for (let image = 0; image < seen.length / width; image++) {
      const label = this.labels[from + image];
      this.counts[label]++;
      for (let at = 0; at < width; at++) {
        mean[at] += seen[image * width + at];
        weights[label * width + at] += seen[image * width + at];
      }
    }
    for (let at = 0; at < products.length; at++) this.products[at] += products[at];
  }

  fit(): { readonly fitted: Fitted; readonly sums: Float64Array; readonly counts: Float64Array } {
    const { mean, weights, counts, products } = this;
    const [images, width] = [this.labels.length, mean.length];
    for (let at = 0; at < width; at++) mean[at] /= images;
    const matrix = new Float64Array(width * width);
    for (let i = 0; i < width; i++) {
      for (let j = i; j < width; j++) {
        const sum = products[i * width + j] - images * mean[i] * mean[j];
        matrix[i * width + j] = sum;
        matrix[j * width + i] = sum;
      }
    }
    let trace = 0;
    for (let at = 0; at < width; at++) trace += matrix[at * width + at];
    // Where every feature is constant any penalty will do.
    const penalty = Math.max((PENALTY * trace) / width, 1e-9);
    for (let at = 0; at < width; at++) matrix[at * width + at] = Math.max(0, matrix[at * width + at]) + penalty;
    const lower = cholesky(matrix, width);
    for (let at = 0; at < weights.length; at++) weights[at] -= counts[Math.floor(at / width)] * mean[at % width];
    const sums = new Float64Array(new SharedArrayBuffer(8 * weights.length));
    sums.set(weights);
    for (let of = 0; of < counts.length; of++) {
      const row = weights.subarray(of * width, (of + 1) * width);
      forwardSolve(lower, width, row);
      backwardSolve(lower, width, row);
    }
    const fitted = { images, mean, weights, shares: counts.map((count) => count / images), lower };
    return { fitted, sums, counts };
  }
}
