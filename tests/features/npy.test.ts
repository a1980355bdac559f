import { describe, expect, it } from 'vitest';
import { BadNpy } from '../../src/adapters/npyHeader.ts';
import { formatNpyHeader, NPY_HEADER_BYTES, parseNpyHeader } from '../../src/features/npy.ts';

const header = (change: (text: string) => string) =>
  Buffer.from(change(Buffer.from(formatNpyHeader(3, 2)).toString('latin1')), 'latin1');

describe('the header of a .npy file', () => {
  it('is read as it was written', () => {
    expect(parseNpyHeader(formatNpyHeader(3, 2))).toEqual({
      ...{ dtype: 'float32', rows: 3, columns: 2 },
      offset: NPY_HEADER_BYTES,
    });
  });

  it.each(['<i4', '|b1', '>f4', 'toString', 'constructor', '__proto__'])('of type %s is refused', (dtype) => {
    const bytes = header((text) => text.replace("'<f4'", `'${dtype}'`));
    expect(() => parseNpyHeader(bytes)).toThrow(BadNpy);
    expect(() => parseNpyHeader(bytes)).toThrow(`holds values of type "${dtype}", not float32 or float64`);
  });
});
