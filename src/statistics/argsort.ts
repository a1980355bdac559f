/** Buffers of one length for `argsort`, shared by the columns that it sorts. */
export interface SortBuffers {
  /** The outcome: rows by ascending value. */
  readonly order: Uint32Array;
  readonly keys: Uint32Array;
  readonly spare: Uint32Array;
  readonly counts: Uint32Array;
}

/** Buffers for `rows` rows. */
export function sortBuffers(rows: number): SortBuffers {
  return {
    order: new Uint32Array(rows),
    keys: new Uint32Array(rows),
    spare: new Uint32Array(rows),
    counts: new Uint32Array(4 * 256),
  };
}

/**
 * Fills `order` with the rows by ascending value, equal values by row: a radix sort, byte by byte from the lowest. The
 * value of a row is the float with the bits `words[row * stride + offset]`; or the double whose high word that is, equal
 * as far as the high words are. Bytes below `lowest` are not looked at.
 */
export function argsort(
  words: Uint32Array,
  stride: number,
  offset: number,
  buffers: SortBuffers,
  lowest: 0 | 1 = 0,
): void {
  const { order, keys, spare, counts } = buffers;
  const rows = keys.length;
  counts.fill(0);
  for (let row = 0; row < rows; row++) {
    const bits = words[row * stride + offset];
    // Signed magnitude to the order of the values.
    const key = (bits ^ ((bits >> 31) | 0x80000000)) >>> 0;
    keys[row] = key;
    order[row] = row;
    counts[key & 255]++;
    counts[256 + ((key >>> 8) & 255)]++;
    counts[512 + ((key >>> 16) & 255)]++;
    counts[768 + (key >>> 24)]++;
  }
  let sorted = order;
  let other = spare;
  for (let byte = lowest; byte < 4; byte++) {
    const shift = 8 * byte;
    const base = 256 * byte;
    if (rows === 0 || counts[base + ((keys[0] >>> shift) & 255)] === rows) continue;
    for (let value = 0, start = 0; value < 256; value++) {
      const count = counts[base + value];
      counts[base + value] = start;
      start += count;
    }
    scatter(sorted, other, keys, counts, base, shift);
    const swap = sorted;
    sorted = other;
    other = swap;
  }
  if (sorted !== order) order.set(sorted);
}

/** One pass: rows to where the counts of their byte say. */
function scatter(
  from: Uint32Array,
  to: Uint32Array,
  keys: Uint32Array,
  starts: Uint32Array,
  base: number,
  shift: number,
): void {
  for (let i = 0; i < from.length; i++) {
    const row = from[i];
    to[starts[base + ((keys[row] >>> shift) & 255)]++] = row;
  }
}

/** Sorts rows that are nearly in the order of their values; false if that would take more than `most` moves a row. */
export function mendOrder(values: Float64Array | Float32Array, order: Uint32Array, most: number): boolean {
  let moves = most * order.length;
  let previous = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < order.length; i++) {
    const row = order[i];
    const value = values[row];
    if (value >= previous) {
      previous = value;
      continue;
    }
    let at = i;
    for (; at > 0 && values[order[at - 1]] > value; at--) order[at] = order[at - 1];
    order[at] = row;
    moves -= i - at;
    if (moves < 0) return false;
  }
  return true;
}
