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
  const mean = features.map(({ values }) => positions.reduce((sum, at) => sum + values[at], 0) / positions.length);
  const offset = new Float64Array(size);
  return Float64Array.from(positions, (at) => {
    for (let of = 0; of < size; of++) offset[of] = features[of].values[at] - mean[of];
    forwardSolve(lower, size, offset);
    return size === 0 ? 0 : Math.sqrt(offset.reduce((sum, each) => sum + each * each, 0) / size);
  });
}

/** Standardised features, those with the greatest difference of means where there are many; constant ones are left out. */
function tellingFeatures({ rows, from, to, values }: Columns, positions: Uint32Array) {
  const features: { values: Float64Array; difference: number }[] = [];
  for (let feature = 0; feature < to - from; feature++) {
    const column = values.subarray(feature * rows, (feature + 1) * rows);
    const mean = column.reduce((sum, each) => sum + each, 0) / rows;
    const deviation = Math.sqrt(column.reduce((sum, each) => sum + (each - mean) ** 2, 0) / rows);
    if (!(deviation > 1e-9 * Math.abs(mean))) continue;
    const standard = Float64Array.from(column, (each) => (each - mean) / deviation);
    const difference = Math.abs(positions.reduce((sum, at) => sum + standard[at], 0) / Math.max(1, positions.length));
    features.push({ values: standard, difference });
  }
  return features.sort((a, b) => b.difference - a.difference).slice(0, MOST_FEATURES);
}
