import { describe, expect, it } from 'vitest';
import { readJson } from '../../src/evalset/json.ts';
import { objectTable } from '../../src/evalset/objectRows.ts';
import { refusal, scratch } from './scratch.ts';

const { folder, write } = scratch();
const read = (value: unknown) => readJson(write('a.json', typeof value === 'string' ? value : JSON.stringify(value)));

const images = ['a.png', 'b.png'];
const predictions = ['cat', 'dog'];
const both = { image: images, prediction: predictions };
const rows = images.map((image, row) => ({ image, prediction: predictions[row] }));
const scores = images.map((image, row) => [image, [row, 0.5]] as const);

describe('JSON as pandas and people write tables', () => {
  it.each<readonly [string, unknown, Readonly<Record<string, readonly string[]>>]>([
    ['records', rows, both],
    ['a table with its schema', { schema: { fields: [] }, data: rows }, both],
    [
      'split',
      {
        columns: ['image', 'prediction'],
        index: [0, 1],
        data: [
          ['a.png', 'cat'],
          ['b.png', 'dog'],
        ],
      },
      both,
    ],
    [
      'split, without an index',
      {
        columns: ['image', 'prediction'],
        data: [
          ['a.png', 'cat'],
          ['b.png', 'dog'],
        ],
      },
      both,
    ],
    ['split, by image', { columns: ['prediction'], index: images, data: [['cat'], ['dog']] }, both],
    [
      'split, by an index that is no image',
      { columns: ['prediction'], index: ['a.png', 'b'], data: [['cat'], ['dog']] },
      { prediction: predictions },
    ],
    [
      'split, by an index of another length',
      { columns: ['prediction'], index: ['a.png'], data: [['cat'], ['dog']] },
      { prediction: predictions },
    ],
    ['split, with numbers for names', { columns: [0, 1], data: [['a', 1]] }, { 0: ['a'], 1: ['1'] }],
    ['columns', { image: { 0: 'a.png', 1: 'b.png' }, prediction: { 0: 'cat', 1: 'dog' } }, both],
    ['columns, by image', { prediction: { 'a.png': 'cat', 'b.png': 'dog' } }, both],
    ['columns in another order', { image: { 0: 'a.png', 1: 'b.png' }, prediction: { 1: 'dog', 0: 'cat' } }, both],
    ['index', { 0: rows[0], 1: rows[1] }, both],
    ['index of two digits', { 10: rows[0], 11: rows[1] }, both],
    ['columns called as numbers begin', { '0x': { 0: 'a' }, '1x': { 0: 'b' } }, { '0x': ['a'], '1x': ['b'] }],
    ['lists by column', both, both],
    ['one list by column', { image: images }, { image: images }],
    ['rows below a key', { predictions: rows }, both],
    ['rows beside what is said of all', { model: 'net', epoch: 3, none: null, predictions: rows }, both],
    ['a class by image', { 'a.png': 'cat', 'b.png': 'dog' }, both],
    ['objects by image', { 'a.png': { prediction: 'cat' }, 'b.png': { prediction: 'dog' } }, both],
    ['objects by image below a key', { net: { 'a.png': { prediction: 'cat' }, 'b.png': { prediction: 'dog' } } }, both],
    ['scores by image', Object.fromEntries(scores), { image: images, 0: ['0', '1'], 1: ['0.5', '0.5'] }],
    ['null by image', { 'a.png': null, 'b.png': 'dog' }, { image: images, prediction: ['', 'dog'] }],
    ['with a byte order mark', `\uFEFF${JSON.stringify(rows)}`, both],
  ])('%s', async (_, value, expected) => {
    const { columns, nested, file } = await read(value);
    expect(Object.fromEntries(columns)).toEqual(expected);
    expect([...nested]).toEqual([]);
    expect(file).toBe(`${folder}/a.json`);
  });

  it('rows are counted from 1', async () => {
    const table = await read(rows);
    expect([table.where(0), table.where(1)]).toEqual([`${folder}/a.json, row 1`, `${folder}/a.json, row 2`]);
    expect(table.rows).toBe(2);
  });

  it('objects by column whose keys are images and no rows', async () => {
    // Not every value is an object: what is said of each is its prediction.
    const { columns } = await read({ wrapped: { 'a.png': 'cat', 'b.png': 'dog' } });
    expect(Object.fromEntries(columns)).toEqual({ image: images, wrapped: predictions });
  });
});

describe('JSON that is no table', () => {
  const fix =
    'Write a list of objects, [{"image": "a.png", "prediction": "cat"}]: df.to_json("predictions.json", orient="records")';
  it.each<readonly [unknown, string]>([
    ['3', 'holds no list and no object'],
    ['null', 'holds no list and no object'],
    [{}, 'holds one object, which is no list of rows'],
    [{ image: 'a', prediction: 'cat' }, 'holds one object, which is no list of rows'],
    [{ rows: [], more: 1 }, 'holds one object, which is no list of rows'],
    [{ a: rows, b: 1, c: { d: 1 } }, 'holds one object, which is no list of rows'],
    [{ a: { b: 1 }, c: 3 }, 'holds one object, which is no list of rows'],
    [[1], 'has 1 in place of an object in row 1'],
    [[rows[0], 'x'.repeat(50)], `has "${'x'.repeat(39)} in place of an object in row 2`],
    [[[{ label: 'cat' }]], 'has [{"label":"cat"}] in place of an object in row 1'],
    [[[{ score: 1 }]], 'has [{"score":1}] in place of an object in row 1'],
    [{ columns: ['a', 'b'], data: [[1, 2], [1]] }, 'has 2 columns, and row 2 is not as long'],
    [{ columns: ['a'], data: [1] }, 'has 1 columns, and row 1 is not as long'],
    [{ image: ['a', 'b'], prediction: ['cat'] }, 'has other rows in "prediction" than in "image"'],
    [{ image: { 0: 'a' }, prediction: { 1: 'cat' } }, 'has other rows in "prediction" than in "image"'],
    [{ image: { 0: 'a' }, prediction: { 0: 'a', 1: 'cat' } }, 'has other rows in "prediction" than in "image"'],
    [{ schema: 1, data: [1] }, 'holds one object, which is no list of rows'],
  ])('%o', async (value, problem) => {
    expect(await refusal(read(value), folder)).toEqual({ what: `the file ${problem}`, where: 'a.json', fix });
  });

  it('a list of what pipelines give', async () => {
    expect(await refusal(read([[{ label: 'cat', score: 1 }]]), folder)).toEqual({
      what: 'the file has a list of {label, score} an image, as pipelines give them, and no name of the image',
      where: 'a.json',
      fix: 'Of a list of {label, score} write the first, beside the image: {"image": path, "prediction": result[0]["label"], "confidence": result[0]["score"]}',
    });
  });

  const nan = 'Write null in place of NaN: df.to_json does, json.dump does not';
  const lines = 'One object per line is JSON Lines: give it the ending .jsonl';
  const again = 'Write it again: df.to_json("predictions.json", orient="records")';
  it.each([
    ['[{"a": NaN}]', nan],
    ['[{"a":Infinity}]', nan],
    ['[{"a": -Infinity}]', nan],
    ['[NaN, 1]', nan],
    ['NaN', nan],
    ['[1,-NaN]', nan],
    ['[{"a": "xNaN}]', again],
    ['[{"a": NaNs}]', again],
    ['{"a": 1}\n{"a": 2}\n', lines],
    ['\n {"a": 1}\r\n{"a": 2}', lines],
    ['{"a": 1}\n\n{"a": 2}\n{', lines],
    ['{"a": 1', again],
    ['{"a": 1}x', again],
    ['[1]\n[2]\n', again],
    ['{"a":\n{"b"', again],
    ['', again],
  ])('%o: what to do', async (text, wanted) => {
    const told = await refusal(read(text), folder);
    expect(told).toEqual({
      what: expect.stringMatching(/^the file is not JSON \(.+\)$/),
      where: 'a.json',
      fix: wanted,
    });
  });
});

describe('a table of objects', () => {
  const grown = (...all: readonly object[]) => {
    const table = objectTable('f', (place) => `f:${place}`);
    for (const [at, row] of all.entries()) table.add(row, 10 * at);
    return table.end();
  };

  it('fills what rows lack, before and behind', () => {
    const { columns, rows: count, where } = grown({ a: 1 }, {}, { b: 'x' }, {});
    expect([count, Object.fromEntries(columns)]).toEqual([4, { a: ['1', '', '', ''], b: ['', '', 'x', ''] }]);
    expect([where(0), where(3), where(4)]).toEqual(['f:0', 'f:30', 'f']);
  });

  it('leaves out what holds lists or objects anywhere, once and for all', () => {
    const { columns, nested } = grown({ a: 1, b: [1] }, { a: { x: 1 }, b: 2 }, { a: 3, b: 2 ** 60 });
    expect([[...columns], [...nested].toSorted()]).toEqual([[], ['a', 'b']]);
  });

  it.each([2 ** 53, -(2 ** 53), 1e300])('refuses %d, which JSON cannot keep apart from its neighbours', (value) => {
    expect(() => grown({ a: 1 }, { label: value })).toThrow(
      expect.objectContaining({
        what: `"label" is ${value}, an integer beyond 2^53 that JSON cannot keep apart from its neighbours`,
        ...{ where: 'f:10', fix: 'Write it in quotes, as text' },
      }),
    );
  });

  it('takes the greatest integers that are safe, and fractions', () => {
    const { columns } = grown({ a: 2 ** 53 - 1, b: -(2 ** 53) + 1, c: 0.5 });
    expect([...columns.values()].flat()).toEqual(['9007199254740991', '-9007199254740991', '0.5']);
  });

  it('with more than a thousand columns needs a tenth of its cells', () => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 1]));
    // A thousand columns are never hollow; 1001 cells fill a tenth of 1001 columns in ten rows, and not in eleven.
    expect(grown(keys(1000), ...Array(20).fill({})).rows).toBe(21);
    expect(grown(keys(1001), ...Array(9).fill({})).rows).toBe(10);
    expect(() => grown(keys(1001), ...Array(10).fill({}))).toThrow(
      expect.objectContaining({
        what: 'the lines have 1001 different keys so far, and hardly any in common',
        ...{ where: 'f:100', fix: 'Give every line the same keys, such as image, label and prediction' },
      }),
    );
    // Columns of lists count, too.
    expect(() => grown({ ...keys(1000), list: [1] }, ...Array(11).fill({}))).toThrow(
      'the lines have 1001 different keys',
    );
  });
});
