import type { Columns, ReadColumns } from '../records/features.ts';
import type { Hardness } from '../records/hardness.ts';
import type { RunTask } from '../records/threads.ts';
import { backwardSolve, cholesky, forwardSolve } from '../statistics/cholesky.ts';
import { stream } from '../statistics/random.ts';
import { limiter } from './limiter.ts';
import { gramWorker, type View } from './ridgeGram.ts';
import { type Fitted, leftOut, scoreWorker } from './ridgeScore.ts';

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
 * Fits the classifier, one column a class (1 where the image has the label, else 0), with an intercept that is not
 * penalised. Leave-one-out scores come of the hat matrix: y - (y - fitted) / (1 - leverage). Null where fewer than two
 * classes have images: then nothing tells hard from easy.
 */
export async function hardness(input: HardnessInput): Promise<Hardness | null> {
  const { labels, classes, dimensions, readColumns, run } = input;
  if (new Set(labels).size < 2) return null;
  const images = labels.length;
  const width = Math.min(WIDTH, dimensions);
  const view = { width, ...scaling(await readColumns(spread(images), 0, dimensions)), ...sketch(dimensions, width) };
  const seen = new Float32Array(new SharedArrayBuffer(4 * images * width));
  const starts = Array.from({ length: Math.ceil(images / CHUNK) }, (_, chunk) => chunk * CHUNK);
  const grams: Float64Array[] = [];
  const inTurn = limiter(CHUNKS_AT_ONCE, Number.POSITIVE_INFINITY);
  await Promise.all(
    starts.map((from, chunk) =>
      inTurn(0, async () => {
        const rows = Uint32Array.from({ length: Math.min(CHUNK, images - from) }, (_, at) => from + at);
        const columns = await readColumns(rows, 0, dimensions);
        grams[chunk] = await run(gramWorker, { columns, view, seen, from });
      }),
    ),
  );
  const fitted = fit(grams, seen, labels, classes, width);
  const leverage = new Float64Array(images);
  const [best, second] = [new Float64Array(images), new Float64Array(images)];
  const bestClass = new Int32Array(images);
  await Promise.all(
    starts.map(async (from) => {
      const to = Math.min(from + CHUNK, images);
      const scored = await run(scoreWorker, { ...fitted, seen, from, labels: labels.slice(from, to) });
      leverage.set(scored.leverage, from);
      best.set(scored.best, from);
      second.set(scored.second, from);
      bestClass.set(scored.bestClass, from);
    }),
  );
  const { mean, weights, shares } = fitted;
  return { images, classes, width, seen, mean, weights, shares, leverage, best, bestClass, second };
}

/** Whether the margins of so many images, classes and features take long enough to be kept from run to run. */
export function areWorthKeeping(images: number, classes: number, dimensions: number): boolean {
  const width = Math.min(WIDTH, dimensions);
  return images * width * (width + classes) >= WORTH_KEEPING;
}

/** The leave-one-out score of a class of an image, less the greatest of the other classes. */
export function marginOf(hardness: Hardness, image: number, label: number, ofClass: number): number {
  const { width, seen, mean, weights, shares, leverage, best, second, bestClass } = hardness;
  if (bestClass[image] === ofClass) return best[image] - second[image];
  let score = shares[ofClass];
  for (let at = 0; at < width; at++) score += (seen[image * width + at] - mean[at]) * weights[ofClass * width + at];
  return leftOut(score, label === ofClass ? 1 : 0, leverage[image]) - best[image];
}

function spread(images: number): Uint32Array {
  const count = Math.min(images, SCALED_BY);
  return Uint32Array.from({ length: count }, (_, at) => Math.floor((at * images) / count));
}

function scaling({ rows, values, from, to }: Columns): Pick<View, 'featureMean' | 'scale'> {
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

/** Where features are many: each is added to one of `width` values, with a random sign (a count sketch); else each is one. */
function sketch(dimensions: number, width: number): Pick<View, 'bucket' | 'sign'> {
  const identity = dimensions <= width;
  const random = stream('hardness sketch');
  const bucket = Uint32Array.from({ length: dimensions }, (_, feature) => (identity ? feature : random.below(width)));
  const sign = Float64Array.from({ length: dimensions }, () => (identity || random.below(2) === 1 ? 1 : -1));
  return { bucket, sign };
}

function fit(
  grams: readonly Float64Array[],
  seen: Float32Array,
  labels: Int32Array,
  classes: number,
  width: number,
): Fitted {
  const n = labels.length;
  const mean = new Float64Array(width);
  const weights = new Float64Array(classes * width);
  const counts = new Float64Array(classes);
  for (let image = 0; image < n; image++) {
    counts[labels[image]]++;
    for (let at = 0; at < width; at++) {
      mean[at] += seen[image * width + at];
      weights[labels[image] * width + at] += seen[image * width + at];
    }
  }
  for (let at = 0; at < width; at++) mean[at] /= n;
  const matrix = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = i; j < width; j++) {
      const sum = grams.reduce((total, each) => total + each[i * width + j], 0) - n * mean[i] * mean[j];
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
  for (let of = 0; of < classes; of++) {
    const row = weights.subarray(of * width, (of + 1) * width);
    for (let at = 0; at < width; at++) row[at] -= counts[of] * mean[at];
    forwardSolve(lower, width, row);
    backwardSolve(lower, width, row);
  }
  return { width, mean, weights, shares: counts.map((count) => count / n), lower };
}
