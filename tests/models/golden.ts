import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shared } from '../extras.ts';

/** A float32 `.npy` of PyTorch's. */
export function golden(name: string): Float32Array {
  const bytes = readFileSync(join(shared, 'golden', 'pytorch', `${name}.npy`));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + 128, bytes.byteOffset + bytes.length));
}

/** The greatest difference of two lists of numbers. */
export const greatest = (a: ArrayLike<number>, b: Float32Array) =>
  Math.max(...b.map((value, i) => Math.abs(value - a[i])));
