import { expect, it } from 'vitest';
import { expectedOpen } from '../../src/gate/expectedOpen.ts';

const open = Uint8Array.from([0, 1, 0, 1, 1, 0, 0, 1]);

it('is the share of open images where nothing tells hard from easy', () => {
  expect([...expectedOpen(open, null)]).toEqual(Array(8).fill(0.5));
  expect([...expectedOpen(Uint8Array.from([1, 0, 0, 0]), null)]).toEqual(Array(4).fill(0.25));
});

it('rises with difficulty, pooled where it would fall, and is 0 where none can be open', () => {
  // By difficulty: (0, able) 0; 1 and 0 pool to 1/2 ...; the last of all may not be open.
  const harder = Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const never = Uint8Array.from([0, 0, 0, 0, 0, 1, 0, 0]);
  // Of the able: 0 | 1 0 | 1 1 0 | 1, pooled: 0, 1/2, 1/2, 2/3, 2/3, 2/3, 1.
  const third = 2 / 3;
  const found = expectedOpen(open, { harder, never });
  for (const [at, expected] of [0, 0.5, 0.5, third, third, 0, third, 1].entries()) {
    expect(found[at]).toBeCloseTo(expected, 12);
  }
  expect(found.reduce((sum, each) => sum + each, 0)).toBeCloseTo(4, 12);
});
