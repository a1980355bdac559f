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
      'Make `evalSet.images`',
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
      'Write the names of the eval set, such as "a.png"',
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
      'Write 1 or true',
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
      'Give a probability',
    ],
    [
      'no number',
      'image,prediction,confidence\na.png,cat,0x1\nb.png,cat,0\nc.png,cat,0\n',
      ':2',
      'the confidence "0x1" is not a number from 0 to 1',
      'Give a probability',
    ],
    [
      'an empty confidence',
      'image,prediction,confidence\na.png,cat,1\nb.png,cat,\nc.png,cat,0\n',
      ':3',
      'the confidence "" is not a number from 0 to 1',
      'Give a probability',
    ],
    [
      'a hostile class',
      'image,prediction\na.png,"\u001b[31m\n"\nb.png,cat\nc.png,cat\n',
      ':2',
      'no label has the predicted class "\\u001b[31m\\n"',
      'Add it',
    ],
  ])('%s', async (_name, text, line, what, fix) => {
    expect(await refusal(read(text), folder)).toEqual({
      what,
      where: `candidate.csv${line}`,
      fix: expect.stringContaining(fix),
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
