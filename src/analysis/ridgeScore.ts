import type { Columns } from '../records/features.ts';
import type { ClassifierView, Hardness } from '../records/hardness.ts';
import type { WorkerModule } from '../records/threads.ts';
import { seenOf } from './ridgeGram.ts';
import { product, RIVALS } from './ridgeRivals.ts';

/** A ridge classifier that is fitted, one column per class. */
export interface Fitted {
  /** Images that it was fitted to. */
  readonly images: number;
  readonly mean: Float64Array;
  /** C x width. */
  readonly weights: Float64Array;
  readonly shares: Float64Array;
  /** Of the penalised covariance, times n. */
  readonly lower: Float64Array;
}

export interface ScoreTask {
  readonly columns: Columns;
  readonly view: ClassifierView;
  readonly fitted: Fitted;
  /** `fitted.weights`, woven; null where there are `rivals`. */
  readonly woven: Float64Array | null;
  /** Of each class the classes that its images are scored for, `RIVALS` a class, ascending; null: all. */
  readonly rivals: Uint32Array | null;
  /** Of the images of this task. */
  readonly labels: Int32Array;
}

/** As `Hardness` has them, of some images. */
export type Scored = Pick<Hardness, 'leverage' | 'own' | 'best' | 'bestClass' | 'second'>;

/** Leverage and the best leave-one-out scores of some images. */
export default function score({ columns, view, fitted, woven, rivals, labels }: ScoreTask): Scored {
  const { shares } = fitted;
  const { width } = view;
  const rows = labels.length;
  const seen = seenOf(columns, view);
  const leverage = leverages(seen, width, fitted);
  const [own, best, second] = [0, 1, 2].map(() => new Float64Array(rows));
  const bestClass = new Int32Array(rows);
  const every = Uint32Array.from(shares.keys());
  const scoredFor = (label: number) => rivals?.subarray(label * RIVALS, (label + 1) * RIVALS) ?? every;
  const scoresOf = woven === null ? scorerOfSome(seen, fitted) : scorerOfAll(seen, fitted, woven);
  for (let row = 0; row < rows; row++) {
    const classes = scoredFor(labels[row]);
    const scores = scoresOf(row, classes);
    let first = Number.NEGATIVE_INFINITY;
    let next = Number.NEGATIVE_INFINITY;
    let firstClass = 0;
    for (let at = 0; at < classes.length; at++) {
      const of = classes[at];
      const value = leftOut(shares[of] + scores[of], labels[row] === of ? 1 : 0, leverage[row]);
      if (value > first) {
        next = first;
        first = value;
        firstClass = of;
      } else if (value > next) next = value;
    }
    best[row] = first;
    second[row] = next;
    bestClass[row] = firstClass;
    const target = { label: labels[row], ofClass: labels[row], leverage: leverage[row], best: first, second: next };
    own[row] = marginFrom(seen, row * width, fitted, { ...target, bestClass: firstClass });
  }
  return { leverage, own, best, second, bestClass };
}

/** Images whose triangles are solved at a time: each waits for its own sums, not for one another's. */
const SOLVED_TOGETHER = 4;

/** The diagonal of the hat matrix: 1 / n plus the squared length of what is seen, whitened. */
function leverages(seen: Float32Array, width: number, { images, mean, lower }: Fitted): Float64Array {
  const rows = seen.length / width;
  const found = new Float64Array(rows);
  const x = new Float64Array(SOLVED_TOGETHER * width);
  for (let first = 0; first < rows; first += SOLVED_TOGETHER) {
    for (let of = 0; of < SOLVED_TOGETHER; of++) {
      // The last image stands in for those that are missing to four.
      const start = Math.min(first + of, rows - 1) * width;
      for (let at = 0; at < width; at++) x[SOLVED_TOGETHER * at + of] = seen[start + at] - mean[at];
    }
    let [p, q, r, s] = [1 / images, 1 / images, 1 / images, 1 / images];
    for (let row = 0; row < width; row++) {
      let [a, b, c, d] = [x[4 * row], x[4 * row + 1], x[4 * row + 2], x[4 * row + 3]];
      for (let k = 0, at = 0; k < row; k++, at += SOLVED_TOGETHER) {
        const factor = lower[row * width + k];
        a -= factor * x[at];
        b -= factor * x[at + 1];
        c -= factor * x[at + 2];
        d -= factor * x[at + 3];
      }
      const pivot = lower[row * width + row];
      [a, b, c, d] = [a / pivot, b / pivot, c / pivot, d / pivot];
      x.set([a, b, c, d], 4 * row);
      p += a * a;
      q += b * b;
      r += c * c;
      s += d * d;
    }
    found.set([p, q, r, s].slice(0, rows - first), first);
  }
  return found;
}

/** Classes whose weights lie woven: value by value, so that one value of an image meets all of them. */
const WOVEN = 4;
/** Images that are scored at a time: each weight is fetched for both. */
const SCORED_TOGETHER = 2;
/** A score is four sums, of every fourth value each; the first takes what is left over too. */
const SUMS = 4;

/** Places of the values in the order in which they are summed: sum by sum. */
function summingOrder(width: number): Uint32Array {
  const whole = width - (width % SUMS);
  const sumOf = (at: number) => (at < whole ? at % SUMS : 0);
  return Uint32Array.from({ length: width }, (_, at) => at).sort((a, b) => sumOf(a) - sumOf(b) || a - b);
}

/** Weights of classes, C x width, woven by fours in shared memory, in summing order; the last four are filled up with zeros. */
export function wovenWeights(weights: Float64Array, width: number): Float64Array {
  const classes = weights.length / width;
  const order = summingOrder(width);
  const to = new Float64Array(new SharedArrayBuffer(8 * Math.ceil(classes / WOVEN) * WOVEN * width));
  for (let of = 0; of < classes; of++) {
    const start = (of - (of % WOVEN)) * width + (of % WOVEN);
    for (let at = 0; at < width; at++) to[start + at * WOVEN] = weights[of * width + order[at]];
  }
  return to;
}

/** An image's products with the weights of some classes, each at its class. Images are asked for in their order. */
type ScoresOf = (row: number, classes: Uint32Array) => Float64Array;

function scorerOfSome(seen: Float32Array, { mean, weights, shares }: Fitted): ScoresOf {
  const width = mean.length;
  const centred = new Float64Array(width);
  const scores = new Float64Array(shares.length);
  return (row, classes) => {
    for (let at = 0; at < width; at++) centred[at] = seen[row * width + at] - mean[at];
    for (let at = 0; at < classes.length; at++) scores[classes[at]] = product(centred, weights, classes[at] * width);
    return scores;
  };
}

function scorerOfAll(seen: Float32Array, { mean }: Fitted, woven: Float64Array): ScoresOf {
  const width = mean.length;
  const [rows, classes] = [seen.length / width, woven.length / width];
  const order = summingOrder(width);
  const centred = new Float64Array(SCORED_TOGETHER * width);
  const scores = Array.from({ length: SCORED_TOGETHER }, () => new Float64Array(classes));
  const scoreFour = scorer(woven, width, scores);
  return (row) => {
    if (row % SCORED_TOGETHER === 0) {
      for (let of = 0; of < SCORED_TOGETHER; of++) {
        // The last image stands in for one that is missing.
        const start = Math.min(row + of, rows - 1) * width;
        for (let at = 0; at < width; at++)
          centred[SCORED_TOGETHER * at + of] = seen[start + order[at]] - mean[order[at]];
      }
      for (let of = 0; of < classes; of += WOVEN) scoreFour(centred, of);
    }
    return scores[row % SCORED_TOGETHER];
  };
}

/** A function that adds up products of two images' values, side by side in summing order, with the weights of four classes from `of` on. */
function scorer(woven: Float64Array, width: number, [one, other]: readonly Float64Array[]) {
  const sums = new Float64Array(SUMS * SCORED_TOGETHER * WOVEN);
  const fourth = Math.floor(width / SUMS);
  const ends = Uint32Array.from({ length: SUMS }, (_, sum) => width - (SUMS - 1 - sum) * fourth);
  const sumOf = (at: number) => sums[at] + sums[8 + at] + (sums[16 + at] + sums[24 + at]);
  return (values: Float64Array, of: number): void => {
    for (let sum = 0, at = 0, w = of * width; sum < SUMS; sum++) {
      let [a, b, c, d] = [0, 0, 0, 0];
      let [e, f, g, h] = [0, 0, 0, 0];
      for (const end = ends[sum]; at < end; at++, w += WOVEN) {
        const value = values[2 * at];
        const second = values[2 * at + 1];
        const p = woven[w];
        const q = woven[w + 1];
        const r = woven[w + 2];
        const s = woven[w + 3];
        a += value * p;
        b += value * q;
        c += value * r;
        d += value * s;
        e += second * p;
        f += second * q;
        g += second * r;
        h += second * s;
      }
      const to = 8 * sum;
      sums[to] = a;
      sums[to + 1] = b;
      sums[to + 2] = c;
      sums[to + 3] = d;
      sums[to + 4] = e;
      sums[to + 5] = f;
      sums[to + 6] = g;
      sums[to + 7] = h;
    }
    for (let at = 0; at < WOVEN; at++) {
      one[of + at] = sumOf(at);
      other[of + at] = sumOf(WOVEN + at);
    }
  };
}

/** What is known of an image whose margin for a class is wanted. */
interface Target {
  readonly label: number;
  readonly ofClass: number;
  readonly leverage: number;
  readonly best: number;
  readonly bestClass: number;
  readonly second: number;
}

/** The leave-one-out score of a class of an image, less the greatest of the other classes; what is seen of it from `start` on. */
export function marginFrom(
  seen: Float32Array,
  start: number,
  { mean, weights, shares }: Pick<Fitted, 'mean' | 'weights' | 'shares'>,
  { label, ofClass, leverage, best, bestClass, second }: Target,
): number {
  if (bestClass === ofClass) return best - second;
  const width = mean.length;
  let score = shares[ofClass];
  for (let at = 0; at < width; at++) score += (seen[start + at] - mean[at]) * weights[ofClass * width + at];
  return leftOut(score, label === ofClass ? 1 : 0, leverage) - best;
}

/** The score of an image by the classifier that never saw it. */
function leftOut(fitted: number, target: number, leverage: number): number {
  return target - (target - fitted) / Math.max(1e-9, 1 - leverage);
}

/** `score` as a task for a worker thread. */
export const scoreWorker: WorkerModule<ScoreTask, Scored> = { url: import.meta.url, run: score };
