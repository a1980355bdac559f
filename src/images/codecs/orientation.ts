import type { Size } from './format.ts';

/** The size of an image once it is turned as its orientation says (TIFF 6.0, tag 274: 1 to 8; others count as 1). */
export function turnedSize({ width, height }: Size, orientation: number): Size {
  return isLying(orientation) ? { width: height, height: width } : { width, height };
}

/** RGB of `size`, 3 bytes a pixel, turned as its orientation says: what was filed in another order comes to be upright. */
export function turned(rgb: Uint8Array, size: Size, orientation: number): Uint8Array {
  if (!(orientation >= 2 && orientation <= 8)) return rgb;
  const { width, height } = turnedSize(size, orientation);
  const [fromRight, fromBottom] = [[2, 3, 7, 8].includes(orientation), [3, 4, 6, 7].includes(orientation)];
  const out = new Uint8Array(rgb.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const [across, down] = isLying(orientation) ? [y, x] : [x, y];
      const column = fromRight ? size.width - 1 - across : across;
      const row = fromBottom ? size.height - 1 - down : down;
      const from = 3 * (row * size.width + column);
      out.set(rgb.subarray(from, from + 3), to);
    }
  }
  return out;
}

/** Whether rows are columns. */
function isLying(orientation: number): boolean {
  return orientation >= 5 && orientation <= 8;
}
