/** Buffers of one length for `argsort`, shared by the columns that it sorts. */
export interface SortBuffers {
  /** The key of each row. */
  readonly keys: Uint32Array;
  /** The outcome: rows by ascending key. */
  readonly order: Uint32Array;
  readonly spare: Uint32Array;
  readonly counts: Uint32Array;
}

/** Buffers for `rows` rows. */
export function sortBuffers(rows: number): SortBuffers {
  return {
    keys: new Uint32Array(rows),
    order: new Uint32Array(rows),
    spare: new Uint32Array(rows),
    counts: new Uint32Array(4 * 256),
  };
}

/** The bits of a float, or the high word of a double, as a number in the order of the values. */
export function sortableBits(bits: number): number {
  return (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;
}

/** Fills `order` with the rows by ascending key, equal keys by row: a radix sort, byte by byte from the lowest. */
export function argsort({ keys, order, spare, counts }: SortBuffers): void {
  const rows = keys.length;
  counts.fill(0);
  for (let row = 0; row < rows; row++) {
    const key = keys[row];
    order[row] = row;
    counts[key & 255]++;
    counts[256 + ((key >>> 8) & 255)]++;
    counts[512 + ((key >>> 16) & 255)]++;
    counts[768 + (key >>> 24)]++;
  }
  let source = order;
  let target = spare;
  for (let byte = 0; byte < 4; byte++) {
    const shift = 8 * byte;
    const base = 256 * byte;
    if (rows === 0 || counts[base + ((keys[0] >>> shift) & 255)] === rows) continue;
    for (let value = 0, start = 0; value < 256; value++) {
      const count = counts[base + value];
      counts[base + value] = start;
      start += count;
    }
    for (let i = 0; i < rows; i++) {
      const row = source[i];
      target[counts[base + ((keys[row] >>> shift) & 255)]++] = row;
    }
    [source, target] = [target, source];
  }
  if (source !== order) order.set(source);
}
