import type { Columns } from '../records/features.ts';
import { cholesky, forwardSolve } from '../statistics/cholesky.ts';

/** Features that distances are measured in where there are more: those in which the images differ most from the others. */
const MOST_FEATURES = 64;
/** Added to the correlation's diagonal: with few images it is no inverse's. */
const SHRINKAGE = 0.1;

/**
 * How far each of some images of a group lies from their mean, in features whitened by the group's covariance: root mean
 * square a feature. The smaller, the more typical. 0 for all where every feature is constant.
 *
 * @param positions of the images.
 */
export function typicality(columns: Columns, positions: Uint32Array): Float64Array {
  const { size, at: whitened } = whitening(columns, positions);
  const mean = new Float64Array(size);
  for (const at of positions) {
    for (const [of, value] of whitened(at).entries()) mean[of] += value / positions.length;
  }
  return Float64Array.from(positions, (at) => distance(whitened(at), mean));
}

/** Images in features that are on one scale and apart from one another: where two lie close, they are alike. */
export interface Whitened {
  readonly size: number;
  /** Of the image at a position of the group. */
  readonly at: (position: number) => Float64Array;
  /** Of an image that is not in the group, by its features as numbered in the columns. */
  readonly of: (featureOf: (feature: number) => number) => Float64Array;
}

/** The features in which some images of a group differ most from its others, whitened by the group's covariance. @param positions of the images */
export function whitening(columns: Columns, positions: Uint32Array): Whitened {
  const features = tellingFeatures(columns, positions);
  const size = features.length;
  const { rows } = columns;
  const correlation = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += features[i].values[row] * features[j].values[row];
      correlation[i * size + j] = sum / rows + (i === j ? SHRINKAGE : 0);
    }
  }
  const lower = cholesky(correlation, size);
  return {
    size,
    at: (position) => {
      const values = Float64Array.from(features, (each) => each.values[position]);
      forwardSolve(lower, size, values);
      return values;
    },
    of: (featureOf) => {
      const values = Float64Array.from(
        features,
        ({ feature, mean, deviation }) => (featureOf(feature) - mean) / deviation,
      );
      forwardSolve(lower, size, values);
      return values;
    },
  };
}

/** Root mean square of each feature; 0 where there is none. */
export function distance(a: Float64Array, b: Float64Array): number {
  return a.length === 0 ? 0 : Math.sqrt(a.reduce((sum, each, of) => sum + (each - b[of]) ** 2, 0) / a.length);
}

/** Standardised features, those with the greatest difference of means where there are many; constant ones are left out. */
function tellingFeatures({ rows, from, to, values }: Columns, positions: Uint32Array) {
  const features: { feature: number; mean: number; deviation: number; values: Float64Array; difference: number }[] = [];
  for (let feature = 0; feature < to - from; feature++) {
    const column = values.subarray(feature * rows, (feature + 1) * rows);
    const mean = column.reduce((sum, each) => sum + each, 0) / rows;
    const deviation = Math.sqrt(column.reduce((sum, each) => sum + (each - mean) ** 2, 0) / rows);
    if (!(deviation > 1e-9 * Math.abs(mean))) continue;
    const standard = Float64Array.from(column, (each) => (each - mean) / deviation);
    const difference = Math.abs(positions.reduce((sum, at) => sum + standard[at], 0) / Math.max(1, positions.length));
    features.push({ feature: from + feature, mean, deviation, values: standard, difference });
  }
  return features.sort((a, b) => b.difference - a.difference).slice(0, MOST_FEATURES);
}
