import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argsort, mendOrder, sortBuffers } from '../../src/statistics/argsort.ts';

const floats = fc.oneof(
  fc.float({ noNaN: true }),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0, -1e-38, 1e-38, 2 ** -149, -(2 ** -149)),
);

/** Rows by value, equal ones by row, as the language sorts; -0 lies below 0 by its bits. */
function sorted(values: ArrayLike<number>): number[] {
  const place = (value: number) => (Object.is(value, -0) ? -(2 ** -1074) : value);
  return Array.from(values, (_, row) => row).sort((a, b) => place(values[a]) - place(values[b]) || a - b);
}

describe('sorting', () => {
  it('of floats, in any place among others', () => {
    fc.assert(
      fc.property(
        fc.array(floats, { maxLength: 60 }),
        fc.constantFrom([1, 0], [1, 3], [2, 1], [3, 0]),
        (list, [stride, offset]) => {
          const values = Float32Array.from(list);
          const among = new Float32Array(offset + stride * values.length).fill(7);
          for (const [row, value] of values.entries()) among[offset + stride * row] = value;
          const buffers = sortBuffers(values.length);
          argsort(new Uint32Array(among.buffer), stride, offset, buffers);
          expect([...buffers.order]).toEqual(sorted(values));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of floats in which a byte is the same for all, or the lowest is not looked at', () => {
    const values = Float32Array.from({ length: 50 }, (_, row) => 1 + ((row * 37) % 50) / 64);
    const bits = new Uint32Array(values.buffer);
    const buffers = sortBuffers(50);
    argsort(bits, 1, 0, buffers);
    expect([...buffers.order]).toEqual(sorted(values));
    argsort(
      Uint32Array.from(bits, (word, row) => word | (255 - row)),
      1,
      0,
      buffers,
      1,
    );
    expect([...buffers.order]).toEqual(sorted(values));
    const high = Uint32Array.from(bits, (word) => word & 0xffffff00);
    argsort(high, 1, 0, buffers);
    expect([...buffers.order]).toEqual(sorted(new Float32Array(high.buffer)));
  });
});

describe('an order that is mended', () => {
  it('is that of the values, equal ones as they were; unless more pairs stand wrong than may be moved', () => {
    const list = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 });
    fc.assert(
      fc.property(list, fc.integer({ min: 0, max: 4 }), (given, most) => {
        const values = Float64Array.from(given);
        const order = Uint32Array.from(values.keys());
        const wrong = given.flatMap((value, at) => given.slice(at + 1).filter((later) => later < value)).length;
        expect(mendOrder(values, order, most)).toBe(wrong <= most * given.length);
        if (wrong <= most * given.length) expect([...order]).toEqual(sorted(values));
        expect([...order].sort((a, b) => a - b)).toEqual([...values.keys()]);
      }),
      { numRuns: 300 },
    );
  });
});
