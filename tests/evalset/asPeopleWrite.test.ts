import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/evalset/checkpoint.ts';
import { readEvalSet } from '../../src/evalset/evalSet.ts';
import { columns, refusal, scratch } from './scratch.ts';

const { folder, write } = scratch();

/** Of each image its class, what is predicted and how confidently; worked by hand. */
const rows = [
  ['cat/one.png', 'cat', '0.75'],
  ['cat/two.png', 'dog', '0.5'],
  ['cat/deep/three.jpeg', 'cat', '1'],
  ['dog/four.png', 'dog', '0.25'],
  ['dog/five.v2.png', 'cat', '0.625'],
] as const;
for (const [image] of rows) write(`val/${image}`, '');
const expected = {
  name: 'c',
  predictions: Int32Array.of(0, 1, 0, 1, 0),
  failed: Uint8Array.of(0, 1, 0, 0, 1),
  confidence: Float64Array.of(0.75, 0.5, 1, 0.25, 0.625),
};

const { evalSet: read } = await readEvalSet({ images: `${folder}/val`, manifest: null, classes: [], columns });
// In the order of the rows above, so that what is expected is easily seen.
const evalSet = { ...read, images: rows.map(([image]) => image), labels: Int32Array.of(0, 0, 0, 1, 1) };

async function as(name: string, text: string | Uint8Array) {
  const notices: string[] = [];
  const file = write(name, text);
  const checkpoint = await readCheckpoint(file, 'c', evalSet, columns, null, (line) => notices.push(line));
  return { checkpoint, notices: notices.map((line) => line.replace(file, 'FILE')) };
}

type Row = readonly [image: string, prediction: string, confidence: string];

function table(of: (row: Row) => readonly string[], header = 'image,prediction,confidence', end = '\n', between = ',') {
  return [header, ...rows.map((row) => of(row).join(between))].join(end) + end;
}

const renamed = (nameOf: (image: string) => string) => table(([image, ...rest]) => [nameOf(image), ...rest]);
const [below, alone, bare] = ['below their folder', 'by file name alone', 'without their endings'].map(
  (way) => `FILE names images ${way}: each is one of the eval set's.`,
);
const baseOf = (image: string) => image.slice(image.lastIndexOf('/') + 1);
const stemOf = (image: string) => image.replace(/\.[a-z]+$/, '');

/** One table, as people, pandas, Excel and Windows write it, and what is said of it. */
const ways: readonly (readonly [string, string, readonly (string | undefined)[]])[] = [
  ['as it should be', table((row) => row), []],
  ['with line ends of Windows and a byte order mark', `\uFEFF${table((row) => row, undefined, '\r\n')}`, []],
  ['with the index of pandas', table((row) => ['7', ...row], ',image,prediction,confidence'), []],
  ['with a header in capitals', table((row) => row, 'Image,PREDICTION,Confidence'), []],
  ['with spaces behind commas', table((row) => row, 'image, prediction, confidence', '\n', ', '), []],
  ['with short names of columns', table((row) => row, 'file,pred,conf'), [
    'FILE: takes the column "file" as image and "pred" as prediction and "conf" as confidence.',
  ]],
  ['as scikit-learn calls it', table((row) => row, 'filename,y_pred,confidence'), [
    'FILE: takes the column "filename" as image and "y_pred" as prediction.',
  ]],
  ['with labels beside', table((row) => [...row, 'cat'], 'Image Path,Predicted-Label,confidence,label'), [
    'FILE: takes the column "Image Path" as image and "Predicted-Label" as prediction.',
  ]],
  ['with semicolons', table((row) => row, 'image;prediction;confidence', '\n', ';'), []],
  ['with semicolons and decimal commas', table(([image, prediction, confidence]) =>
    [image, prediction, confidence.replace('.', ',')], 'image;prediction;confidence', '\r\n', ';'), []],
  ['with a line sep=;', `sep=;\r\n${table((row) => row, 'image;prediction;confidence', '\r\n', ';')}`, []],
  ['with a line sep=,', `sep=,\n${table((row) => row)}`, []],
  ['with tabs in a .csv', table((row) => row, 'image\tprediction\tconfidence', '\n', '\t'), []],
  ['with absolute paths', renamed((image) => `/home/me/data/val/${image}`), [below]],
  ['with the folder before', renamed((image) => `val/${image}`), [below]],
  ['with paths of the shell', renamed((image) => `./val/${image}`), [below]],
  ['with paths of Windows', renamed((image) => `C:\\data\\val\\${image.replaceAll('/', '\\')}`), [below]],
  ['with backslashes', renamed((image) => image.replaceAll('/', '\\')), [below]],
  ['with file names alone', renamed(baseOf), [alone]],
  ['with names without ending', renamed(stemOf), [bare]],
  ['with file names alone, without ending', renamed((image) => stemOf(baseOf(image))), [bare]],
]; // biome-ignore format: a table

describe('one table of predictions, as people have it', () => {
  it.each(ways)('%s', async (_name, text, said) => {
    const { checkpoint, notices } = await as('predictions.csv', text);
    expect(checkpoint).toEqual(expected);
    expect(notices).toEqual(said);
  });

  it('as .tsv with commas', async () => {
    expect(
      (
        await as(
          'commas.tsv',
          table((row) => row),
        )
      ).checkpoint,
    ).toEqual(expected);
  });

  it('with the lines that an editor shows, behind a line sep=;', async () => {
    const text = 'sep=;\nimage;prediction\ncat/one.png;cat\ncat/two.png;cow\n';
    const told = await refusal(as('lines.csv', text), folder);
    expect(told.where).toBe('lines.csv');
    expect(told.what).toBe(
      '3 of 5 images have no prediction: "cat/deep/three.jpeg", "dog/four.png", "dog/five.v2.png"',
    );
    const cow = await refusal(
      as('cow.csv', `sep=;\n${table(([image]) => [image, 'cow', '1'], 'image;prediction;confidence', '\n', ';')}`),
      folder,
    );
    expect(cow).toMatchObject({ what: 'no label has the predicted class "cow"', where: 'cow.csv:3' });
  });

  it('with a softmax that single precision rounds above 1', async () => {
    const text = table(([image, prediction]) => [image, prediction, '1.0000001192092896']);
    expect((await as('rounded.csv', text)).checkpoint.confidence).toEqual(new Float64Array(5).fill(1));
    const above = await refusal(
      as(
        'above.csv',
        table(([image, prediction]) => [image, prediction, '1.001']),
      ),
      folder,
    );
    expect(above.what).toBe('the confidence "1.001" is not a number from 0 to 1');
  });
});

/** What would be another's images or could be two things. */
const refused: readonly (readonly [string, string, string, string])[] = [
  ['the images of another folder', renamed((image) => `train/${image}`),
    '5 of 5 images are not in the eval set: "train/cat/one.png", "train/cat/two.png", "train/cat/deep/three.jpeg" and 2 more',
    'Write the names of the eval set, such as "cat/one.png", or remove the rows'],
  ['absolute paths of another folder', renamed((image) => `/data/train/${image}`),
    'image "/data/train/cat/one.png" has an absolute path', 'Write its path below the folder of the images'],
  ['another ending', renamed((image) => image.replace(/png$/, 'webp')),
    '4 of 5 images are not in the eval set: "cat/one.webp", "cat/two.webp", "dog/four.webp" and 1 more', 'Write the names'],
  ['two columns that could be the image', table((row) => [row[0], ...row], 'file,path,prediction,confidence'),
    'there is no column "image"; there are "file", "path", "prediction", "confidence"', 'Rename one'],
  ['no column of predictions but of labels', table((row) => row, 'image,label,confidence'),
    'there is no column "prediction"; there are "image", "label", "confidence"', 'Rename one'],
  ['an image twice, by two names', table((row) => row).replace('cat/two.png', './cat/one.png'),
    'image "cat/one.png" stands twice, first at ', 'Remove one of the two rows'],
]; // biome-ignore format: a table

describe('a table that is not taken', () => {
  it.each(refused)('%s', async (_name, text, what, fix) => {
    const told = await refusal(as('refused.csv', text), folder);
    expect(told.what).toContain(what);
    expect(told.fix).toContain(fix);
  });

  it('names files that lie in several folders', async () => {
    const images = ['cat/1.png', 'dog/1.png', 'dog/2.png'];
    const twice = { ...evalSet, images, labels: Int32Array.of(0, 1, 1) };
    const file = write('twice.csv', 'image,prediction\n1.png,cat\n2.png,dog\n');
    expect(await refusal(readCheckpoint(file, 'c', twice, columns), folder)).toEqual({
      what: '2 of 2 images are not in the eval set: "1.png", "2.png"',
      where: 'twice.csv:2',
      fix: 'Write the folder too, such as "cat/1.png": several folders have a file of that name',
    });
  });

  it('keeps to the letter what the config calls a column', async () => {
    const file = write('letter.csv', 'Picture,prediction\na.png,cat\n');
    const named = { ...columns, image: 'picture' };
    expect((await refusal(readCheckpoint(file, 'c', evalSet, named), folder)).what).toContain(
      'there is no column "picture"',
    );
  });
});

describe('a manifest as people have it', () => {
  it('calls its columns otherwise, and says what was taken for what', async () => {
    const manifest = write('manifest.csv', 'Filename;Class;camera\ncat/one.png;cat;a\ndog/four.png;dog;b\n');
    const { evalSet: found, notices } = await readEvalSet({ images: `${folder}/val`, manifest, classes: [], columns });
    expect([found.images, found.classes, [...found.columns.keys()]]).toEqual([
      ['cat/one.png', 'dog/four.png'],
      ['cat', 'dog'],
      ['camera'],
    ]);
    expect(notices).toEqual([`${manifest}: takes the column "Filename" as image and "Class" as label.`]);
  });

  it('has indices as pandas writes them beside a missing value', async () => {
    const manifest = write('floats.csv', 'image,label\na.png,0.0\nb.png,10.0\nc.png,2.0\n');
    const options = { images: null, manifest, columns };
    expect((await readEvalSet({ ...options, classes: [] })).evalSet.classes).toEqual(['0', '10', '2']);
    expect((await readEvalSet({ ...options, classes: ['7'] })).evalSet.classes).toEqual(['0', '10', '2', '7']);
    // Where the config calls them so, they are called so.
    const named = await readEvalSet({ ...options, classes: ['0.0', '2.0', '10.0'] });
    expect(named.order).toEqual(['0.0', '2.0', '10.0']);
    expect(named.evalSet.classes).toEqual(['0.0', '10.0', '2.0']);
  });

  it('says where its names begin with the folder of the images', async () => {
    const manifest = write('above.csv', 'image,label\nval/cat/one.png,cat\nval/dog/four.png,dog\n');
    const told = await refusal(readEvalSet({ images: `${folder}/val`, manifest, classes: [], columns }), folder);
    expect(told.fix).toBe('Make `evalSet.images` (--images) the folder above it: the names begin with "val/"');
    const above = await readEvalSet({ images: folder, manifest, classes: [], columns });
    expect(above.evalSet.images).toEqual(['val/cat/one.png', 'val/dog/four.png']);
  });

  it('is not the folder of all splits', async () => {
    for (const split of ['train', 'val', 'test']) write(`splits/${split}/cat/1.png`, '');
    const told = await refusal(
      readEvalSet({ images: `${folder}/splits`, manifest: null, classes: [], columns }),
      folder,
    );
    expect(told).toEqual({
      what: 'its folders are parts of a data set (test, train, val), not classes',
      where: 'splits',
      fix: `Name the part that is the evaluation set, such as ${folder}/splits/val`,
    });
  });
});
