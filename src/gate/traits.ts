import type { Columns } from '../records/features.ts';

/** A property in which some images of a group differ from its others. */
export interface Trait {
  /** Number of the property, from 0. */
  readonly property: number;
  readonly greater: boolean;
  /** Share of the group's other images that the median of these images exceeds, or stays below. */
  readonly share: number;
}

/** Standard deviations of Mann and Whitney's U that make a difference: over twenty properties, by chance less than once in 700 groups. */
const CLEAR = 4;
/** A difference of fewer images is not worth words. */
const LEAST_SHARE = 0.75;

/**
 * In which properties some images of a group differ from its others, by Mann and Whitney's U with mid-ranks; the greatest
 * difference first.
 *
 * @param columns from feature `properties` on hold the image properties. @param positions of the images, ascending.
 */
export function traitsOf(columns: Columns, properties: number, positions: Uint32Array): Trait[] {
  const inside = new Uint8Array(columns.rows);
  for (const at of positions) inside[at] = 1;
  const found: (Trait & { z: number })[] = [];
  for (let feature = Math.max(properties, columns.from); feature < columns.to; feature++) {
    const start = (feature - columns.from) * columns.rows;
    const column = columns.values.subarray(start, start + columns.rows);
    const own = column.filter((_, at) => inside[at] === 1).sort();
    const others = column.filter((_, at) => inside[at] === 0).sort();
    const z = standardisedU(own, others);
    const median = own[Math.floor((own.length - 1) / 2)];
    const share = (z > 0 ? below(others, median) : others.length - atMost(others, median)) / others.length;
    if (Math.abs(z) < CLEAR || share < LEAST_SHARE) continue;
    found.push({ property: feature - properties, greater: z > 0, share, z });
  }
  return found
    .toSorted((a, b) => Math.abs(b.z) - Math.abs(a.z))
    .map(({ property, greater, share }) => ({ property, greater, share }));
}

/** (U - mean) / deviation, ties taken into account; 0 where nothing differs. Both rising. */
function standardisedU(own: Float32Array, others: Float32Array): number {
  const [n, m] = [own.length, others.length];
  let u = 0;
  for (const value of own) u += below(others, value) + (atMost(others, value) - below(others, value)) / 2;
  const all = new Float32Array(n + m);
  all.set(own);
  all.set(others, n);
  all.sort();
  let ties = 0;
  for (let at = 0; at < all.length; ) {
    const from = at;
    while (at < all.length && all[at] === all[from]) at++;
    ties += (at - from) ** 3 - (at - from);
  }
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  return variance > 0 ? (u - (n * m) / 2) / Math.sqrt(variance) : 0;
}

/** How many of some rising values are less than one. */
function below(rising: Float32Array, value: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of some rising values are no greater than one. */
function atMost(rising: Float32Array, value: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
