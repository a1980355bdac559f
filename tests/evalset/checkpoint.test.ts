import { join } from 'node:path';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { readCheckpoint } from '../../src/evalset/checkpoint.ts';
import { readEvalSet } from '../../src/evalset/evalSet.ts';
import type { EvalSet } from '../../src/records/evalSet.ts';
import { hasShared, shared } from '../extras.ts';
import { columns, csvText, refusal, scratch } from './scratch.ts';

const { folder, write } = scratch();
const data = join(shared, 'data');

const evalSet: EvalSet = {
  images: ['a.png', 'b.png', 'c.png'],
  folder: null,
  classes: ['cat', 'dog', 'water jug'],
  labels: Int32Array.of(0, 1, 2),
  columns: new Map(),
  fingerprint: '',
};

function read(text: string | Uint8Array, name = 'candidate.csv') {
  return readCheckpoint(write(name, text), 'candidate', evalSet, columns);
}

describe('readCheckpoint', () => {
  test('predictions and confidences, in another order of rows', async () => {
    expect(
      await read('confidence,image,prediction,note\n1,c.png,cat,x\n.5,a.png,cat,\n0.25,b.png,water jug,y\n'),
    ).toEqual({
      name: 'candidate',
      predictions: Int32Array.of(0, 2, 0),
      failed: Uint8Array.of(0, 1, 1),
      confidence: Float64Array.of(0.5, 0.25, 1),
    });
  });

  test('indices in place of names are recognised, and 3.0 is 3', async () => {
    await expect(read('image,prediction\na.png,0\nb.png,2\nc.png,1\n')).rejects.toThrow(
      /the predictions are numbers from 0 to 2, .* Write the name of each class/,
    );
    const numbered: EvalSet = { ...evalSet, classes: ['1', '2', '3'] };
    const file = write('floats.csv', 'image,prediction\na.png,1.0\nb.png,3.0\nc.png,2.0\n');
    expect((await readCheckpoint(file, 'c', numbered, columns)).predictions).toEqual(Int32Array.of(0, 2, 1));
    // The class "1.0" stays itself where there is one.
    const versions = { ...evalSet, classes: ['1', '1.0', '2'] };
    const both = write('versions.csv', 'image,prediction\na.png,1.0\nb.png,1\nc.png,2.0\n');
    expect((await readCheckpoint(both, 'c', versions, columns)).predictions).toEqual(Int32Array.of(1, 0, 2));
    // A number beyond the classes is no index, and a few names among them say that names are meant.
    await expect(read('image,prediction\na.png,0\nb.png,3\nc.png,1\n')).rejects.toThrow(
      /no label has the predicted class/,
    );
    await expect(read('image,prediction\na.png,cat\nb.png,0\nc.png,1\n')).rejects.toThrow(
      /no label has the predicted class/,
    );
  });

  test('JSON integers that would merge are refused; in quotes they are classes', async () => {
    const line = (value: string) => `{"image": "a.png", "prediction": ${value}}\n`;
    await expect(read(line('9007199254740993'), 'huge.jsonl')).rejects.toThrow(/an integer beyond 2\^53/);
    await expect(read(line('"9007199254740993"'), 'huge.jsonl')).rejects.toThrow(/have no prediction|no label has/);
  });

  test('failures in place of predictions', async () => {
    expect(
      await read(
        '{"image":"b.png","failed":true}\n{"image":"a.png","failed":0}\n{"image":"c.png","failed":"1"}\n',
        'f.jsonl',
      ),
    ).toEqual({
      name: 'candidate',
      predictions: null,
      failed: Uint8Array.of(0, 1, 1),
      confidence: null,
    });
  });

  test('Parquet, with 64-bit classes', async () => {
    const numbered: EvalSet = { ...evalSet, classes: ['10', '9'], labels: Int32Array.of(0, 1, 1) };
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: 'image', data: ['c.png', 'b.png', 'a.png'], type: 'STRING' },
        { name: 'prediction', data: [9n, 10n, 10n], type: 'INT64' },
        { name: 'confidence', data: [0.5, 0.25, 1], type: 'DOUBLE' },
      ],
    });
    expect(await readCheckpoint(write('c.parquet', new Uint8Array(buffer)), 'x', numbered, columns)).toEqual({
      name: 'x',
      predictions: Int32Array.of(0, 0, 1),
      failed: Uint8Array.of(0, 1, 0),
      confidence: Float64Array.of(1, 0.25, 0.5),
    });
  });

  test('any order of rows gives one checkpoint', async () => {
    const rows = [
      ['a.png', 'cat', '0.1'],
      ['b.png', 'cat', '0.2'],
      ['c.png', 'water jug', '0.3'],
    ];
    const inOrder = await read(csvText([['image', 'prediction', 'confidence'], ...rows]));
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(rows, { minLength: 3 }), async (shuffled) => {
        expect(await read(csvText([['image', 'prediction', 'confidence'], ...shuffled]))).toEqual(inOrder);
      }),
      { numRuns: 12 },
    );
  });
});

describe('scores in columns, of classes that no label has', () => {
  const told = async (text: string) => (await refusal(read(text, 'scored.csv'), folder)).what;

  test('are told by how the others are called', async () => {
    const header = 'image,p_cat,p_dog,p_water jug,p_fox,p_owl';
    const rows = ['a', 'b', 'c'].map((name) => `${name}.png,.6,.1,.1,.1,.1`).join('\n');
    expect(await told(`${header}\n${rows}\n`)).toBe('there are scores of 2 classes that no label has: "fox", "owl"');
    expect(await told(`${header.replace(',p_owl', '')}\n${rows.replaceAll(/,.1$/gm, '')}\n`)).toBe(
      'there are scores of 1 class that no label has: "fox"',
    );
  });

  test('called as the classes alone, are told by what the probabilities lack', async () => {
    const text = (fox: string) =>
      `image,cat,dog,water jug,fox,year\na.png,.5,.3,.1,${fox},2021\nb.png,.5,.5,0,0,2021\nc.png,0,0,0,1,2021\n`;
    expect(await told(text('.1'))).toBe('there are scores of 1 class that no label has: "fox"');
    // What is no share of them is no score of theirs: they are then logits.
    expect((await read(text('7'))).predictions).toEqual(Int32Array.of(0, 0, 0));
    expect((await read(text('-.1'))).predictions).toEqual(Int32Array.of(0, 0, 0));
  });
});

describe('classes that are integers, predicted by places', () => {
  // As folders sort: "2" is the name of the last, and the place of "10".
  const numbered = ['0', '1', '10', '2'];
  const predicted = async (places: number, names: number) => {
    const rows = [...Array(places).fill(['2', 2]), ...Array(names).fill(['0', 0])];
    const images = rows.map((_, row) => `${row}.png`);
    const file = write(
      'places.csv',
      `image,prediction\n${rows.map(([said], row) => `${row}.png,${said}`).join('\n')}\n`,
    );
    const labels = Int32Array.from(rows, ([, label]) => label);
    return readCheckpoint(file, 'c', { ...evalSet, images, labels, classes: numbered }, columns);
  };

  test('are read as names where one of the classes is no integer', async () => {
    const images = Array.from({ length: 30 }, (_, row) => `${row}.png`);
    const file = write('mixed.csv', `image,prediction\n${images.map((image) => `${image},2\n`).join('')}`);
    for (const last of ['9', '9a', 'a9']) {
      const classes = ['0', '1', '10', '2', last];
      const read = readCheckpoint(
        file,
        'c',
        { ...evalSet, images, classes, labels: new Int32Array(30).fill(2) },
        columns,
      );
      if (last === '9')
        await expect(read).rejects.toThrow(
          'read as names 0 of 30 are right, and 30 read as places in the order 0, 1, 10, 2, ...',
        );
      else expect((await read).failed).toEqual(new Uint8Array(30).fill(1));
    }
  });

  test('are told by four standard deviations of those that tell the two apart', async () => {
    // 17 > 4 sqrt(17) = 16.5, and 16 = 4 sqrt(16); what is right either way counts for neither.
    await expect(predicted(17, 100)).rejects.toThrow('read as names 100 of 117 are right, and 117 read as places');
    expect((await predicted(16, 100)).failed.reduce((sum, each) => sum + each)).toBe(16);
  });
});

describe('what a prediction file is refused for', () => {
  const rest = 'b.png,dog\nc.png,cat\n';
  test.each([
    [
      'an image twice',
      `image,prediction\na.png,cat\n${rest}a.png,dog\n`,
      ':5',
      'image "a.png" stands twice, first at candidate.csv:2',
      'Remove one of the two rows',
    ],
    [
      'an image that leads out',
      `image,prediction\n../a.png,cat\n${rest}`,
      ':2',
      'image "../a.png" leads out of its folder by ..',
      'Make `evalSet.images` the folder that holds all images, and write paths below it',
    ],
    [
      'images that the manifest lacks',
      `image,prediction\na.png,cat\n${rest}d.png,cat\ne.png,cat\n`,
      ':5',
      '2 of 5 images are not in the eval set: "d.png", "e.png"',
      'Write the names of the eval set, such as "a.png", or remove the rows',
    ],
    [
      'images by other names',
      'image,prediction\nx/a.png,cat\nx/b.png,cat\nx/c.png,cat\n',
      ':2',
      '3 of 3 images are not in the eval set: "x/a.png", "x/b.png", "x/c.png"',
      'Write the names of the eval set, such as "a.png", or remove the rows',
    ],
    [
      'images without a prediction',
      'image,prediction\nb.png,cat\n',
      '',
      '2 of 3 images have no prediction: "a.png", "c.png"',
      'Give one row per image of the eval set',
    ],
    [
      'an empty prediction',
      `image,prediction\na.png,\n${rest}`,
      ':2',
      'there is no prediction',
      'Give the predicted class',
    ],
    [
      'a class that no label has',
      `image,prediction\nb.png,dog\nc.png,zebra crossing\na.png,zebra crossing\n`,
      ':3',
      'no label has the predicted class "zebra crossing"',
      'Add it to `evalSet.classes` in the config (barlow compare: to a file, one class per line, named by `--classes`)',
    ],
    [
      'classes with a slip',
      `image,prediction\nb.png,Water Jug\nc.png,dgo\na.png,cat\n`,
      ':2',
      'no label has the predicted classes "Water Jug", "dgo"',
      'Write "water jug" where that is meant, or add it to `evalSet.classes` in the config (barlow compare: to a file, one class per line, named by `--classes`)',
    ],
    [
      'no column of predictions',
      `image,predictive\na.png,cat\n${rest}`,
      '',
      'there is no column "prediction"; there are "image", "predictive"',
      'Rename one, or set `evalSet.columns.prediction` to "predictive" in the config',
    ],
    [
      'no column of images',
      `photo,prediction\na.png,cat\n${rest}`,
      '',
      'there is no column "image"; there are "photo", "prediction"',
      'Rename one, or set `evalSet.columns.image` in the config',
    ],
    [
      'both predictions and failures',
      'image,prediction,failed\na.png,cat,0\nb.png,dog,0\nc.png,cat,1\n',
      '',
      'both "prediction" and "failed" are there, and they may disagree',
      'Keep the predictions; without classes, keep the failures',
    ],
    [
      'a failure that says nothing',
      'image,failed\na.png,0\nb.png,maybe\nc.png,1\n',
      ':3',
      '"maybe" does not say whether the checkpoint failed',
      'Write 1 or true where it failed, 0 or false where not',
    ],
    [
      'a failure left out',
      'image,failed\na.png,0\nb.png,\nc.png,1\n',
      ':3',
      '"" does not say whether the checkpoint failed',
      'Write 1 or true where it failed, 0 or false where not',
    ],
    [
      'a confidence above 1',
      'image,prediction,confidence\na.png,cat,0.5\nb.png,cat,99\nc.png,cat,0\n',
      ':3',
      'the confidence "99" is not a number from 0 to 1',
      'Give a probability, or leave the column out',
    ],
    [
      'a confidence below 0',
      'image,prediction,confidence\na.png,cat,-0.5\nb.png,cat,0\nc.png,cat,0\n',
      ':2',
      'the confidence "-0.5" is not a number from 0 to 1',
      'Give a probability, or leave the column out',
    ],
    [
      'no number',
      'image,prediction,confidence\na.png,cat,0x1\nb.png,cat,0\nc.png,cat,0\n',
      ':2',
      'the confidence "0x1" is not a number from 0 to 1',
      'Give a probability, or leave the column out',
    ],
    [
      'an empty confidence',
      'image,prediction,confidence\na.png,cat,1\nb.png,cat,\nc.png,cat,0\n',
      ':3',
      'the confidence "" is not a number from 0 to 1',
      'Give a probability, or leave the column out',
    ],
    [
      'a hostile class',
      'image,prediction\na.png,"\u001b[31m\n"\nb.png,cat\nc.png,cat\n',
      ':2',
      'no label has the predicted class "\\u001b[31m\\n"',
      'Add it to `evalSet.classes` in the config (barlow compare: to a file, one class per line, named by `--classes`)',
    ],
  ])('%s', async (_name, text, line, what, fix) => {
    expect(await refusal(read(text), folder)).toEqual({
      what,
      where: `candidate.csv${line}`,
      fix,
    });
  });
});

describe.skipIf(!hasShared)('real predictions beside the checkout (skipped where ../shared is not there)', () => {
  test('accuracies that the data set states', async () => {
    const cifar = join(data, 'cifar10');
    const manifest = join(cifar, 'eval.csv');
    const { evalSet: set } = await readEvalSet({ images: null, manifest, classes: [], columns });
    const accuracy = async (name: string) => {
      const { failed } = await readCheckpoint(join(cifar, `predictions/${name}.csv`), name, set, columns);
      return 1 - failed.reduce((sum, value) => sum + value, 0) / failed.length;
    };
    expect(await accuracy('baseline')).toBeCloseTo(0.84, 3);
    expect(await accuracy('candidate-red-cars-missing')).toBeCloseTo(0.832, 3);
  });
});

describe('what a prediction is not', () => {
  const told = async (
    text: string,
    name = 'said.csv',
    set: Partial<EvalSet> = {},
    order: readonly string[] | null = null,
  ) => refusal(readCheckpoint(write(name, text), 'c', { ...evalSet, ...set }, columns, order), folder);
  const said = (...cells: readonly string[]) =>
    `image,prediction\n${cells.map((cell, row) => `${'abc'[row]}.png,"${cell}"\n`).join('')}`;
  const add =
    'it to `evalSet.classes` in the config (barlow compare: to a file, one class per line, named by `--classes`)';
  const names = 'Write the classes as the labels name them: "cat", "dog", "water jug"; none of the predictions is one';
  const ids =
    'transformers writes LABEL_0 where a model does not name its classes: set id2label in its config.json, or write the names';
  const number = 'Write the number alone, not the list or tensor that it stands in: int(prediction)';

  test.each([
    [['LABEL_1', 'LABEL_0', 'LABEL_12'], ids],
    [['LABEL_12', 'x', 'y'], ids],
    [['xLABEL_1', 'x', 'y'], names],
    [['LABEL_1x', 'x', 'y'], names],
    [['LABEL_', 'x', 'y'], names],
    [['[3]', 'x', 'y'], number],
    [["['a', 1]", 'x', 'y'], number],
    [['tensor(12)', 'x', 'y'], number],
    [['tensor 1', 'x', 'y'], names],
    [['[x]', 'x', 'y'], names],
    [['x [1]', 'x', 'y'], names],
    [['elephant', 'cat', 'dog'], `Add ${add}`],
    [['dgo', 'elephant', 'cat'], `Write "dog" where that is meant, or add ${add}`],
    // Near a class, though none is one.
    [['dgo', 'dgo', 'dgo'], `Write "dog" where that is meant, or add ${add}`],
  ])('%o', async (cells, fix) => {
    const unknown = new Set(cells.filter((cell) => !evalSet.classes.includes(cell)));
    expect(await told(said(...cells))).toEqual({
      what: `no label has the predicted class${unknown.size > 1 ? 'es' : ''} ${[...unknown].map((cell) => JSON.stringify(cell)).join(', ')}`,
      where: 'said.csv:2',
      fix,
    });
  });

  const places = (classes: readonly string[]) =>
    `Write the name of each class in place of its number, or say the order the model was trained with (torchvision: dataset.classes) in the config, all of it: evalSet: {classes: [${classes.map((name) => JSON.stringify(name)).join(', ')}]} (barlow compare: one class per line in a file, named by --classes)`;

  test('a number of a class, up to one in twenty of them names', async () => {
    expect(await told(said('0', '2', '1'))).toEqual({
      what: "the predictions are numbers from 0 to 2, the places of the 3 classes in the model's output, and labels are names",
      ...{ where: 'said.csv:2', fix: places(evalSet.classes) },
    });
    const many = (count: number) => {
      const classes = Array.from({ length: count }, (_, at) => `c${String(at).padStart(2, '0')}`);
      return { classes, shown: told(said('0', '1', '0'), 'many.csv', { classes }) };
    };
    const [twenty, more] = [many(20), many(21)];
    expect((await twenty.shown).fix).toBe(places(twenty.classes));
    expect((await more.shown).fix).toContain('evalSet: {classes: ["c00", "c01", "c02", ...]} (barlow');
    for (const cells of [
      ['0', '3', '1'],
      ['0', '-1', '1'],
      ['0', '1.5', '1'],
      ['0', '0x', '1'],
      ['0', '1234567890', '1'],
    ])
      expect((await told(said(...cells))).fix).toBe(names);
    // Two of forty are names, as classes may be called by numbers: places all the same; of three they are not.
    const set = (known: number, of: number) => {
      const images = Array.from({ length: of }, (_, at) => `${at}.png`);
      const rows = images.map((image, at) => `${image},${at < known ? '7' : at % 3}\n`);
      const classes = ['7', 'a', 'b', 'c', 'd', 'e', 'f', 'g'];
      return told(`image,prediction\n${rows.join('')}`, 'set.csv', { images, classes, labels: new Int32Array(of) });
    };
    expect((await set(2, 40)).what).toMatch(/^the predictions are numbers from 0 to 7/);
    expect((await set(3, 40)).what).toMatch(/^no label has the predicted classes/);
  });

  test('3.0, where it is not 3 as pandas writes it', async () => {
    const set = { classes: ['1', '12', '3'], labels: Int32Array.of(0, 1, 2) };
    const read = async (...cells: readonly string[]) =>
      (await readCheckpoint(write('floats.csv', said(...cells)), 'c', { ...evalSet, ...set }, columns)).predictions;
    expect(await read('1.0', '12.00', '3')).toEqual(Int32Array.of(0, 1, 2));
    for (const cell of ['x1.0', '1.0x', '1.', '1.05', '1,0', '-1.0', '1234567890123456.0'])
      expect((await told(said('1', '3', cell), 'floats.csv', set)).what).toBe(
        `no label has the predicted class ${JSON.stringify(cell)}`,
      );
  });

  test('an index beyond the order, or one among names', async () => {
    const order = ['dog', 'cat', 'water jug'];
    const read = async (...cells: readonly string[]) =>
      (await readCheckpoint(write('indices.csv', said(...cells)), 'c', evalSet, columns, order)).predictions;
    expect(await read('0', '1', '2.0')).toEqual(Int32Array.of(1, 0, 2));
    expect(await read('cat', 'dog', 'cat')).toEqual(Int32Array.of(0, 1, 0));
    for (const cells of [
      ['0', '1', '3'],
      ['0', '1', 'x'],
      ['0', '1', '-1'],
      ['0', '1', '1x'],
    ])
      expect((await told(said(...cells), 'indices.csv', {}, order)).what).toContain(
        'no label has the predicted classes "0", "1"',
      );
    expect(await told(said('0', ' ', '2'), 'indices.csv', {}, order)).toEqual({
      ...{ what: 'there is no prediction', where: 'indices.csv:3', fix: 'Give the predicted class' },
    });
  });

  test('a list', async () => {
    const lines = ['a', 'b', 'c'].map((name) => `{"image": "${name}.png", "prediction": ["cat"]}\n`).join('');
    expect((await told(lines, 'lists.jsonl')).what).toBe(
      'column "prediction" holds lists, objects or bytes in place of text',
    );
    const failed = lines.replaceAll('prediction', 'failed');
    expect(await told(failed, 'lists.jsonl')).toMatchObject({
      what: 'column "failed" holds lists, objects or bytes in place of text',
      fix: 'Write text, numbers or booleans there',
    });
    const unsure = lines.replaceAll('["cat"]', '"cat", "confidence": [1]');
    expect((await told(unsure, 'lists.jsonl')).what).toBe(
      'column "confidence" holds lists, objects or bytes in place of text',
    );
  });

  test.each([
    ['0', 0],
    ['1', 1],
    ['0.0', 0],
    ['1.0', 1],
    ['False', 0],
    ['TRUE', 1],
  ])('a failure: %s', async (cell, value) => {
    const file = write('failed.csv', `image,failed\na.png,${cell}\nb.png,0\nc.png,1\n`);
    expect((await readCheckpoint(file, 'c', evalSet, columns)).failed).toEqual(Uint8Array.of(value, 0, 1));
  });

  test('scores that are the labels themselves, but for one that is none', async () => {
    const scored = (...rows: readonly string[]) =>
      `image,cat,dog,water jug\n${rows.map((row, at) => `${'abc'[at]}.png,${row}\n`).join('')}`;
    expect(await told(scored('1,0,0', '0,1,0', '0,0,1'))).toEqual({
      what: 'the scores are zeros and ones, and those of the labels: they look like the labels themselves',
      where: 'said.csv',
      fix: 'Give the scores that the model answers; if it is right on every image, give a column of predictions',
    });
    const read = async (text: string) => readCheckpoint(write('said.csv', text), 'c', evalSet, columns);
    expect((await read(scored('1,0,0', '0,1,0', '0,.25,.75'))).confidence).toEqual(Float64Array.of(1, 1, 0.75));
    expect((await read(scored('1,0,0', '0,1,0', '0,1,0'))).failed).toEqual(Uint8Array.of(0, 0, 1));
    // What is predicted with certainty, and right, is no score.
    expect((await read('image,prediction,confidence\na.png,cat,1\nb.png,dog,1\nc.png,water jug,1\n')).failed).toEqual(
      new Uint8Array(3),
    );
  });

  test('of an image by a name of other code points, or by that of several', async () => {
    const fix =
      'The names look alike and are other code points (Unicode NFC and NFD, as macOS writes them): normalise both alike, in Python by unicodedata.normalize("NFC", name)';
    for (const [known, given] of [
      ['NFC', 'NFD'],
      ['NFD', 'NFC'],
    ] as const) {
      const images = ['ü.png'.normalize(known)];
      const text = `image,prediction\n${'ü.png'.normalize(given)},cat\n`;
      expect(await told(text, 'form.csv', { images, labels: Int32Array.of(0) })).toMatchObject({
        where: 'form.csv:2',
        fix,
      });
    }
    const images = ['x/1.png', 'y/1.png', 'y/2.png'];
    const text = 'image,prediction\n1.png,cat\n1.png,dog\n2.png,dog\n';
    expect(await told(text, 'twice.csv', { images })).toEqual({
      what: '3 of 3 images are not in the eval set: "1.png", "1.png", "2.png"',
      where: 'twice.csv:2',
      fix: 'Write the folder too, such as "x/1.png": several folders have a file of that name',
    });
    // One that lies in one folder, or is called as the end of another's name, is no such name.
    const once = 'image,prediction\nx/1.png,cat\n2.pn,dog\n2.pn,dog\n';
    expect((await told(once, 'twice.csv', { images })).what).toContain('image "2.pn" stands twice');
    const end = 'image,prediction\nx/1.png,cat\n.png,dog\ny/2.png,dog\n';
    expect((await told(end, 'twice.csv', { images })).fix).toBe(
      'Write the names of the eval set, such as "x/1.png", or remove the rows',
    );
  });
});
