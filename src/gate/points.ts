import type { Columns } from '../records/features.ts';
import { type CountSketch, countSketch } from '../statistics/countSketch.ts';

/** A group's images as points: its features, each standardised over the group; where they are many, sums of some of them with random signs. */
export interface Points {
  readonly width: number;
  /** Images x width, in shared memory. */
  readonly values: Float32Array;
  readonly sketch: CountSketch;
}

/** Most values an image. */
const WIDTH = 256;

/** Before any feature is added. */
export function noPoints(rows: number, dimensions: number): Points {
  const width = Math.min(WIDTH, dimensions);
  const values = new Float32Array(new SharedArrayBuffer(4 * rows * width));
  return { width, values, sketch: countSketch(dimensions, width, 'points sketch') };
}

/** Adds features: all of a group's at once, or some at a time in their order; those beyond the number asked for are passed over. A constant one tells nothing. */
export function addToPoints({ width, values, sketch }: Points, columns: Columns): void {
  const { rows, from, to } = columns;
  const last = Math.min(to, sketch.bucket.length);
  for (let feature = from; feature < last; feature++) {
    const column = columns.values.subarray((feature - from) * rows, (feature - from + 1) * rows);
    const mean = column.reduce((sum, each) => sum + each, 0) / rows;
    const variance = column.reduce((sum, each) => sum + (each - mean) ** 2, 0) / rows;
    if (!(variance > 1e-12 * mean * mean)) continue;
    const factor = sketch.sign[feature] / Math.sqrt(variance);
    const bucket = sketch.bucket[feature];
    for (let row = 0; row < rows; row++) values[row * width + bucket] += (column[row] - mean) * factor;
  }
}

/** The same images as they lie by angle: their features as they are, each image's at length 1, so that the nearer ones have the greater cosine. */
export function anglePoints(columns: Columns, dimensions: number): Points {
  const points = noPoints(columns.rows, dimensions);
  const { width, values, sketch } = points;
  for (let feature = 0; feature < dimensions; feature++) {
    const column = columns.values.subarray(feature * columns.rows, (feature + 1) * columns.rows);
    const bucket = sketch.bucket[feature];
    for (let row = 0; row < columns.rows; row++) values[row * width + bucket] += column[row] * sketch.sign[feature];
  }
  for (let row = 0; row < columns.rows; row++) {
    const own = values.subarray(row * width, (row + 1) * width);
    const length = Math.sqrt(own.reduce((sum, each) => sum + each * each, 0));
    if (length > 0) for (let at = 0; at < width; at++) own[at] /= length;
  }
  return points;
}
