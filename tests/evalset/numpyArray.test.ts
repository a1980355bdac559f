import { describe, expect, it } from 'vitest';
import { readNumpyArray, UnfitArray } from '../../src/evalset/numpyArray.ts';
import { npy } from './npz.ts';

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
    // As NumPy reads them, though it writes them otherwise: a byte has no order, and `=` is the machine's own.
    ['<u1', Uint8Array.of(255, 1), [255, 1]],
    ['>i1', Int8Array.of(-128, 127), [-128, 127]],
    ['=i4', Int32Array.of(5, 7), [5, 7]],
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
    expect(readNumpyArray(npy('|S3', '(1,)', Buffer.from('a\0\0'))).values).toEqual(['a']);
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

describe('an array that is no list of texts or numbers', () => {
  const again = 'Write or copy it again';
  const plain = 'Save scores as float32, predicted classes as whole numbers or texts';
  const bytes = new Uint8Array(8);
  it.each<[string, string, string, string]>([
    [
      "[('a', '<f4')]",
      '(2,)',
      'is an array of records',
      'Save one plain array: np.save("scores.npy", records["score"])',
    ],
    [
      ...(['|O', '(1,)', 'is an array of Python objects, which is a pickle inside'] as const),
      'Save plain numbers or texts: np.save("scores.npy", np.stack(scores).astype("float32"))',
    ],
    [
      ...(['|b1', '(8,)', 'is an array of true and false'] as const),
      'Write what they mean: a table of image and failed, or the predicted classes',
    ],
    ['<c8', '(1,)', 'holds values of type "<c8"', plain],
    ['<f16', '(1,)', 'holds values of type "<f16"', plain],
    ['<f1', '(8,)', 'holds values of type "<f1"', plain],
    ['<i3', '(2,)', 'holds values of type "<i3"', plain],
    ['<i16', '(2,)', 'holds values of type "<i16"', plain],
    ['<M8[ns]', '(1,)', 'holds values of type "<M8[ns]"', plain],
    ['|V8', '(1,)', 'holds values of type "|V8"', plain],
    ['x<f8', '(1,)', 'holds values of type "x<f8"', plain],
    ['f8', '(1,)', 'holds values of type "f8"', plain],
    ['<f8', '()', 'has the shape ()', 'Save one row per image: scores of images x classes'],
    ['<f8', '(1, 1, 1)', 'has the shape (1, 1, 1)', 'Save one row per image: scores of images x classes'],
    ['<f8', '(2,)', 'holds 8 bytes of values where its shape (2) needs 16', again],
    ['<f4', '(1, 3)', 'holds 8 bytes of values where its shape (1, 3) needs 12', again],
    ['<U1', '(3,)', 'holds 8 bytes of values where its shape (3) needs 12', again],
    ['|S3', '(3,)', 'holds 8 bytes of values where its shape (3) needs 9', again],
  ])('%s of shape %s', (descr, shape, message, fix) => {
    const read = () => readNumpyArray(npy(descr, shape, bytes));
    expect(read).toThrow(UnfitArray);
    expect(read).toThrow(expect.objectContaining({ message, fix }));
  });

  it('or no array at all', () => {
    const read = (of: Buffer) => () => readNumpyArray(of);
    expect(read(Buffer.from('image,prediction'))).toThrow(
      expect.objectContaining({ message: 'is not a .npy file', fix: again }),
    );
    expect(read(npy('<f8', '(1,)', bytes).subarray(0, 60))).toThrow(UnfitArray);
    expect(read(npy('<U1', '(1,)', Uint32Array.of(0x110000)))).toThrow(
      expect.objectContaining({ message: 'holds a text that is none', fix: again }),
    );
  });
});

describe('bytes in another order', () => {
  it('are turned round in numbers of each size and in characters', () => {
    const big = (descr: string, shape: string, ...bytes: number[]) => [
      ...readNumpyArray(npy(descr, shape, Uint8Array.from(bytes))).values,
    ];
    expect(big('>i2', '(2,)', 1, 0, 0, 2)).toEqual([256, 2]);
    expect(big('>i8', '(1,)', 0, 0, 0, 0, 0, 0, 1, 2)).toEqual([258]);
    expect(big('>f4', '(1,)', 0x3f, 0x80, 0, 0)).toEqual([1]);
    expect(big('>f2', '(1,)', 0x38, 0)).toEqual([0.5]);
    expect(big('>U2', '(1,)', 0, 0, 0, 0x63, 0, 1, 0xf4, 0x08)).toEqual(['c\u{1f408}']);
    // A text of bytes has no order.
    expect(big('>S2', '(1,)', 0x63, 0x64)).toEqual(['cd']);
  });

  it('whole numbers and texts column by column', () => {
    const integers = readNumpyArray(npy('<i4', '(2, 3)', Int32Array.of(1, 2, 3, 4, 5, 6), 'True'));
    expect(integers).toEqual({ kind: 'integers', rows: 2, columns: 3, values: [1, 3, 5, 2, 4, 6] });
    const named = readNumpyArray(npy('|S1', '(3, 2)', Buffer.from('abcdef'), 'True'));
    expect(named).toEqual({ kind: 'texts', rows: 3, columns: 2, values: ['a', 'd', 'b', 'e', 'c', 'f'] });
  });

  it('zeros within a text stay', () => {
    expect(readNumpyArray(npy('|S4', '(1,)', Buffer.from('a\0b\0'))).values).toEqual(['a\0b']);
    expect(readNumpyArray(npy('<U4', '(1,)', Uint32Array.of(0x61, 0, 0x62, 0))).values).toEqual(['a\0b']);
  });
});
