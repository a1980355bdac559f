import type { Columns } from '../records/features.ts';
import type { WorkerModule } from '../records/threads.ts';

/** How features become what the classifier of `hardness` sees: `width` values an image. */
export interface View {
  readonly width: number;
  readonly featureMean: Float64Array;
  /** 1 / standard deviation; 0 for a constant feature. */
  readonly scale: Float64Array;
  /** Value that each feature is added to, and its sign there. */
  readonly bucket: Uint32Array;
  readonly sign: Float64Array;
}

export interface GramTask {
  readonly columns: Columns;
  readonly view: View;
  /** Filled from image `from` on. */
  readonly seen: Float32Array;
  readonly from: number;
}

/** Works out what the classifier sees of some images, and the sums of products of it: the upper triangle, row by row. */
export default function gram({ columns, view, seen, from }: GramTask): Float64Array {
  const { rows, values } = columns;
  const { width, featureMean, scale, bucket, sign } = view;
  for (let feature = 0; feature < featureMean.length; feature++) {
    const [mean, factor, to] = [featureMean[feature], scale[feature] * sign[feature], bucket[feature]];
    for (let row = 0; row < rows; row++) {
      seen[(from + row) * width + to] += (values[feature * rows + row] - mean) * factor;
    }
  }
  const products = new Float64Array(width * width);
  for (let row = 0; row < rows; row++) {
    const start = (from + row) * width;
    for (let i = 0; i < width; i++) {
      const value = seen[start + i];
      for (let j = i; j < width; j++) products[i * width + j] += value * seen[start + j];
    }
  }
  return products;
}

/** `gram` as a task for a worker thread. */
export const gramWorker: WorkerModule<GramTask, Float64Array> = { url: import.meta.url, run: gram };
