import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { positionsIn } from '../../src/gate/region.ts';
import type { Condition } from '../../src/records/analysis.ts';
import type { Columns } from '../../src/records/features.ts';

const conditions = fc.array(
  fc.record<Condition>({
    feature: fc.integer({ min: 3, max: 5 }),
    op: fc.constantFrom('<=', '>'),
    threshold: fc.constantFrom(-1, -0.5, 0, 0.25, 1),
  }),
  { maxLength: 4 },
);

describe('positionsIn', () => {
  it('is what is left when each condition in turn takes away what does not satisfy it', () => {
    const rows = 40;
    const values = Float32Array.from({ length: 3 * rows }, (_, at) => ((at * 37) % 41) / 10 - 2);
    const columns: Columns = { rows, from: 3, to: 6, values };
    fc.assert(
      fc.property(conditions, (rule) => {
        let left = Array.from({ length: rows }, (_, row) => row);
        for (const { feature, op, threshold } of rule) {
          const column = values.slice((feature - 3) * rows, (feature - 2) * rows);
          left = left.filter((row) => column[row] > threshold === (op === '>'));
        }
        expect([...positionsIn(rule, columns)]).toEqual(left);
      }),
    );
  });

  it('leaves out an image that lies on a threshold above, and keeps it below', () => {
    const columns: Columns = { rows: 3, from: 0, to: 1, values: Float32Array.of(0.25, 0.5, 0.75) };
    expect([...positionsIn([{ feature: 0, op: '>', threshold: 0.5 }], columns)]).toEqual([2]);
    expect([...positionsIn([{ feature: 0, op: '<=', threshold: 0.5 }], columns)]).toEqual([0, 1]);
    expect([...positionsIn([], columns)]).toEqual([0, 1, 2]);
  });
});
