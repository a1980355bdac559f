import type { Difficulty } from '../records/comparison.ts';
import { isotonic } from '../statistics/isotonic.ts';

/**
 * How likely each image of a group is to be open given how hard it is: an isotonic curve of "open" over difficulty. Sums to the
 * number of open images. Without a difficulty all are alike.
 */
export function expectedOpen(open: Uint8Array, difficulty: Difficulty | null): Float64Array {
  const alike = () => new Float64Array(open.length).fill(open.reduce((sum, each) => sum + each, 0) / open.length);
  if (difficulty === null) return alike();
  const { harder, never } = difficulty;
  const able = Uint32Array.from(open.keys()).filter((at) => never[at] === 0);
  const curve = isotonic(
    Float64Array.from(able, (at) => harder[at]),
    Uint8Array.from(able, (at) => open[at]),
  );
  const expected = new Float64Array(open.length);
  for (const [of, at] of able.entries()) expected[at] = curve[of];
  return expected;
}
