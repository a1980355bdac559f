import type { Columns } from '../records/features.ts';
import type { ClassifierView } from '../records/hardness.ts';
import type { WorkerModule } from '../records/threads.ts';

export interface GramTask {
  readonly columns: Columns;
  readonly view: ClassifierView;
}

/** What the classifier sees of some images, n x width, and the sums of products of it: the upper triangle, row by row. */
export interface Gram {
  readonly seen: Float32Array;
  readonly products: Float64Array;
}

/** What the classifier of `hardness` sees of some images, n x width. */
export function seenOf({ rows, values }: Columns, view: ClassifierView): Float32Array {
  const { width, featureMean, scale, bucket, sign } = view;
  const seen = new Float32Array(rows * width);
  for (let feature = 0; feature < featureMean.length; feature++) {
    const [mean, factor, to] = [featureMean[feature], scale[feature] * sign[feature], bucket[feature]];
    const base = feature * rows;
    for (let row = 0; row < rows; row++) seen[row * width + to] += (values[base + row] - mean) * factor;
  }
  return seen;
}

/** Images whose products are added at a time: sums are fetched and put back a fourth as often, and rounded in the same order. */
const TOGETHER = 4;

export default function gram({ columns, view }: GramTask): Gram {
  const { rows } = columns;
  const { width } = view;
  const seen = seenOf(columns, view);
  const products = new Float64Array(width * width);
  const [a, b, c, d] = Array.from({ length: TOGETHER }, () => new Float64Array(width));
  let row = 0;
  for (; row + TOGETHER <= rows; row += TOGETHER) {
    for (const [of, each] of [a, b, c, d].entries())
      each.set(seen.subarray((row + of) * width, (row + of + 1) * width));
    for (let i = 0; i < width; i++) {
      const [p, q, r, s] = [a[i], b[i], c[i], d[i]];
      const base = i * width;
      for (let j = i; j < width; j++)
        products[base + j] = products[base + j] + p * a[j] + q * b[j] + r * c[j] + s * d[j];
    }
  }
  for (; row < rows; row++) {
    const start = row * width;
    for (let i = 0; i < width; i++)
      for (let j = i; j < width; j++) products[i * width + j] += seen[start + i] * seen[start + j];
  }
  return { seen, products };
}

/** `gram` as a task for a worker thread. */
export const gramWorker: WorkerModule<GramTask, Gram> = { url: import.meta.url, run: gram };
