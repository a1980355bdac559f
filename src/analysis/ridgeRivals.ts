import type { WorkerModule } from '../records/threads.ts';

/** Classes beyond which an image is scored for its label's rivals alone: all scores would take the square of the classes. */
export const MANY_CLASSES = 1024;
/** Rivals of a class, itself among them. */
export const RIVALS = 256;

export interface RivalsTask {
  /** Sums of what is seen of each class's images, less the mean of all, C x width. */
  readonly sums: Float64Array;
  /** Images of each class. */
  readonly counts: Float64Array;
  /** Of the fitted classifier, C x width. */
  readonly weights: Float64Array;
  readonly shares: Float64Array;
  /** Classes whose rivals are wanted. */
  readonly from: number;
  readonly to: number;
}

/** The classes for which the mean image of each class scores highest, and the class itself: `RIVALS` a class, ascending. */
export default function rivals({ sums, counts, weights, shares, from, to }: RivalsTask): Uint32Array {
  const classes = shares.length;
  const width = sums.length / classes;
  const found = new Uint32Array((to - from) * RIVALS);
  const score = new Float64Array(classes);
  const mean = new Float64Array(width);
  for (let own = from; own < to; own++) {
    for (let at = 0; at < width; at++) mean[at] = sums[own * width + at] / Math.max(1, counts[own]);
    for (let of = 0; of < classes; of++) score[of] = shares[of] + product(mean, weights, of * width);
    score[own] = Number.POSITIVE_INFINITY;
    found.set(greatest(score, RIVALS), (own - from) * RIVALS);
  }
  return found;
}

/** Product of a vector with as many values from `start` on: four sums side by side, of every fourth value each. */
export function product(one: Float64Array, other: Float64Array, start: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = one.length - (one.length % 4);
  for (let at = 0; at < whole; at += 4) {
    a += one[at] * other[start + at];
    b += one[at + 1] * other[start + at + 1];
    c += one[at + 2] * other[start + at + 2];
    d += one[at + 3] * other[start + at + 3];
  }
  for (let at = whole; at < one.length; at++) a += one[at] * other[start + at];
  return a + b + (c + d);
}

/** Places of the greatest values, ascending; of equal ones the first. */
function greatest(values: Float64Array, count: number): Uint32Array {
  let kept: number[] = [];
  let floor = Number.NEGATIVE_INFINITY;
  const cut = () => {
    kept = kept.sort((a, b) => values[b] - values[a] || a - b).slice(0, count);
    floor = values[kept[kept.length - 1]];
  };
  for (let at = 0; at < values.length; at++) {
    if (values[at] <= floor) continue;
    kept.push(at);
    if (kept.length === 4 * count) cut();
  }
  cut();
  return Uint32Array.from(kept).sort();
}

/** `rivals` as a task for a worker thread. */
export const rivalsWorker: WorkerModule<RivalsTask, Uint32Array> = { url: import.meta.url, run: rivals };
