import { describe, expect, it } from 'vitest';
import { cellText } from '../../src/evalset/cell.ts';
import { decimalIn } from '../../src/evalset/decimal.ts';
import { isImageName } from '../../src/evalset/isImageName.ts';
import { isTruth } from '../../src/evalset/truth.ts';

describe('a value of JSON or Parquet as text', () => {
  it.each<[unknown, string | null]>([
    [' a ', ' a '],
    ['', ''],
    [1, '1'],
    [-0.5, '-0.5'],
    [Number.NaN, ''],
    [9007199254740993n, '9007199254740993'],
    [true, 'true'],
    [false, 'false'],
    [undefined, ''],
    [null, ''],
    [new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), '2026-01-02T03:04:05.006Z'],
    [new Date(Number.NaN), null],
    [[1], null],
    [{ a: 1 }, null],
    [Uint8Array.of(1), null],
  ])('%o is %o', (value, text) => {
    expect(cellText(value)).toBe(text);
  });
});

describe('a number in a cell', () => {
  it.each([
    ['12', 12],
    ['+1', 1],
    ['-1', -1],
    ['1.', 1],
    ['1.25', 1.25],
    ['1,25', 1.25],
    ['12.5', 12.5],
    ['.25', 0.25],
    [',25', 0.25],
    ['25e-2', 0.25],
    ['2.5E+01', 25],
    ['1e3', 1000],
    ['\t 7 \n', 7],
  ])('%o is %d', (cell, value) => {
    expect(decimalIn(cell)).toBe(value);
  });

  it.each([
    '',
    ' ',
    '.',
    ',',
    '+',
    'x',
    '1x',
    'x1',
    '0x1',
    '1.2.3',
    '1,234.5',
    '1e',
    'e3',
    '1e3.5',
    '1 2',
    '--1',
    '1_0',
  ])('there is none in %o', (cell) => {
    expect(decimalIn(cell)).toBeNaN();
  });

  it.each(['Infinity', 'NaN', 'null'])('nor in %s', (cell) => {
    expect(decimalIn(cell)).toBeNaN();
  });
});

describe('names', () => {
  const endings = 'jpg jpeg jfif png ppm bmp pgm tif tiff webp pbm gif avif heic heif jxl jp2';
  it.each(endings.split(' '))('of images end in .%s, in any case', (ending) => {
    for (const name of [`a.${ending}`, `b/a.${ending.toUpperCase()}`, `.${ending}`])
      expect(isImageName(name)).toBe(true);
    for (const name of [`a.${ending}x`, `a${ending}`, `a.${ending}/b`, `a.x${ending}`, `a.${ending.slice(0, -1)}`])
      expect([name, isImageName(name)]).toEqual([name, ['a.tif', 'a.jpe'].includes(name) && ending === 'tiff']);
  });

  it.each([
    'label',
    'LABELS',
    'true_class',
    'y_true',
    'truth',
    'ground_truth',
    'Target',
    'actual',
    'gt',
    'gt_cat',
    'cat_gt',
    'a gt b',
  ])('say what is right: %s', (name) => {
    expect(isTruth(name)).toBe(true);
  });

  it.each(['pred_label', 'label_predicted', 'PREDICTED_TRUE', 'image', 'cat', 'gtx', 'agtb', 'xgt', ''])(
    'do not: %s',
    (name) => {
      expect(isTruth(name)).toBe(false);
    },
  );
});
