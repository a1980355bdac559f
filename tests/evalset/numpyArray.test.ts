import { describe, expect, it } from 'vitest';
import { readNumpyArray, UnfitArray } from '../../src/evalset/numpyArray.ts';

/** A `.npy` of version 1.0, by NumPy's description of the format. */
function npy(descr: string, shape: string, values: ArrayBufferView, order = 'False'): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const header = text.padEnd(117, ' ').concat('\n');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(header), bytes]);
}

describe('whole numbers', () => {
  it.each<[string, ArrayBufferView, readonly number[]]>([
    ['|i1', Int8Array.of(-128, 127), [-128, 127]],
    ['|u1', Uint8Array.of(255, 1), [255, 1]],
    ['<i2', Int16Array.of(-32768, 5), [-32768, 5]],
    ['<u2', Uint16Array.of(65535, 5), [65535, 5]],
    ['<i4', Int32Array.of(-(2 ** 31), 5), [-(2 ** 31), 5]],
    ['<u4', Uint32Array.of(2 ** 32 - 1, 5), [2 ** 32 - 1, 5]],
    ['<i8', BigInt64Array.of(-5n, 7n), [-5, 7]],
    ['<u8', BigUint64Array.of(5n, 7n), [5, 7]],
    ['>i4', Uint8Array.of(0, 0, 1, 0, 255, 255, 255, 254), [256, -2]],
  ])('of type %s', (descr, values, expected) => {
    expect(readNumpyArray(npy(descr, '(2,)', values))).toEqual({
      ...{ kind: 'integers', rows: 2, columns: null, values: expected },
    });
  });
});

describe('numbers', () => {
  it.each<[string, ArrayBufferView]>([
    ['<f8', Float64Array.of(0.5, -2, 3, 4, 5, 6)],
    ['<f4', Float32Array.of(0.5, -2, 3, 4, 5, 6)],
    ['<f2', Uint16Array.of(0x3800, 0xc000, 0x4200, 0x4400, 0x4500, 0x4600)],
  ])('of type %s, row by row and column by column', (descr, values) => {
    const { kind, rows, columns, values: read } = readNumpyArray(npy(descr, '(2, 3)', values));
    expect([kind, rows, columns, [...read]]).toEqual(['numbers', 2, 3, [0.5, -2, 3, 4, 5, 6]]);
    expect([...readNumpyArray(npy(descr, '(2, 3)', values, 'True')).values]).toEqual([0.5, 3, 5, -2, 4, 6]);
  });
});

describe('texts', () => {
  it('of code points and of bytes, without the zeros behind them', () => {
    const points = Uint32Array.of(0x63, 0x1f408, 0x64, 0);
    expect(readNumpyArray(npy('<U2', '(2,)', points))).toMatchObject({ kind: 'texts', values: ['c\u{1f408}', 'd'] });
    expect(readNumpyArray(npy('|S3', '(2,)', Buffer.from('catox\0'))).values).toEqual(['cat', 'ox']);
    expect(() => readNumpyArray(npy('<U1', '(1,)', Uint32Array.of(0x110000)))).toThrow('holds a text that is none');
  });
});

it('of another shape, or of more or fewer bytes than that needs, is refused', () => {
  const four = Uint8Array.of(1, 2, 3, 4);
  expect(() => readNumpyArray(npy('|u1', '()', four))).toThrow(UnfitArray);
  expect(() => readNumpyArray(npy('|u1', '(1, 2, 2)', four))).toThrow('has the shape (1, 2, 2)');
  for (const shape of ['(3,)', '(5,)', '(2, 3)'])
    expect(() => readNumpyArray(npy('|u1', shape, four))).toThrow('holds 4 bytes of values where its shape');
});
