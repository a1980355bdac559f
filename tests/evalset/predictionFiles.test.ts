import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPredictionFile, readCheckpoint } from '../../src/evalset/checkpoint.ts';
import { readEvalSet } from '../../src/evalset/evalSet.ts';
import { classesInOrder } from '../../src/evalset/scoreClasses.ts';
import { refuseNoModel } from '../../src/models/describeModel.ts';
import { hasPython, PYTHON } from '../extras.ts';
import { columns, refusal, scratch } from './scratch.ts';

const data = join(import.meta.dirname, '..', 'data', 'predictions');
const { write } = scratch();

interface Expected {
  readonly images: readonly string[];
  readonly classes: readonly string[];
  readonly of: Readonly<
    Record<string, { readonly prediction: readonly string[]; readonly confidence: readonly number[] | null }>
  >;
}

const expectedIn = (folder: string): Expected => JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
const names = Object.keys(expectedIn(data).of);

async function readIn(folder: string, name: string) {
  const manifest = join(folder, 'manifest.csv');
  // Indices are taken only where the order of classes is said.
  const classes = /indices|bytes/.test(name) ? expectedIn(folder).classes : [];
  const { evalSet, order } = await readEvalSet({ images: null, manifest, classes, columns });
  return { evalSet, checkpoint: await readCheckpoint(join(folder, name), 'c', evalSet, columns, order) };
}

/** What a file says is what pandas and NumPy read of it. */
async function expectAsRead(folder: string, name: string): Promise<void> {
  expect(await isPredictionFile(join(folder, name))).toBe(true);
  const { evalSet, checkpoint } = await readIn(folder, name);
  const { images, of } = expectedIn(folder);
  const { prediction, confidence } = of[name] ?? { prediction: [], confidence: null };
  expect(evalSet.images).toEqual(images);
  expect(Array.from(checkpoint.predictions ?? [], (index) => evalSet.classes[index])).toEqual(prediction);
  if (confidence === null) return expect(checkpoint.confidence).toBeNull();
  for (const [row, value] of confidence.entries()) expect(checkpoint.confidence?.[row]).toBeCloseTo(value, 12);
}

describe('predictions as pandas and NumPy write them', () => {
  it.each(names)('%s', (name) => expectAsRead(data, name));
});

describe.skipIf(!hasPython('pandas', 'numpy'))('the same, written now by Python (needs python3-pandas)', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'barlow-predictions-'));
    const { status, stderr } = spawnSync(PYTHON, ['-W', 'ignore', join(data, 'make_predictions.py'), folder]);
    expect([status, String(stderr)]).toEqual([0, '']);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(names)('%s', (name) => expectAsRead(folder, name));
});

const again = 'Write or copy it again';
const orient =
  'Write a list of objects, [{"image": "a.png", "prediction": "cat"}]: df.to_json("predictions.json", orient="records")';
const answers = 'Give the scores that the model answers; if it is right on every image, give a column of predictions';
const oneHot = 'the scores are zeros and ones, and those of the labels: they look like the labels themselves';
const asTable = 'Write a table: df.to_csv("predictions.csv", index=False); or scores: np.save("scores.npy", scores)';

/** What is said ends in a bracket where the reason is Node's own words. */
const refused: readonly (readonly [string, string, string])[] = [
  ['objects.npy', 'the file of scores is an array of Python objects, which is a pickle inside',
    'Save plain numbers or texts: np.save("scores.npy", np.stack(scores).astype("float32"))'],
  ['booleans.npy', 'the file of scores is an array of true and false',
    'Write what they mean: a table of image and failed, or the predicted classes'],
  ['records.npy', 'the file of scores is an array of records',
    'Save one plain array: np.save("scores.npy", records["score"])'],
  ['cube.npy', 'the file of scores has the shape (12, 3, 2)', 'Save one row per image: scores of images x classes'],
  ['column.npy', 'the file of scores has one number per image in shape (12, 1)',
    'Save one score per class: of a probability p of the second class, np.stack([1 - p, p], axis=1); predicted classes as whole numbers: p.astype("int64")'],
  ['fewer-rows.npy', 'the scores have 11 rows where the eval set has 12 images',
    'Give one row per image in the order of the manifest (with one folder per class: torchvision\'s ImageFolder), or save the names too: np.savez("scores.npz", scores=scores, images=names)'],
  ['fewer-classes.npy', 'there are 2 scores per image where the eval set has 3 classes',
    "Name the class of each score, in the model's order, in `evalSet.classes` (barlow compare: one class per line in a file, named by --classes)"],
  ['nan.npy', 'the score of class 1 is NaN', 'Find out why the checkpoint gives it; write scores that are numbers'],
  ['cut.npy', 'the file of scores holds 139 bytes of values where its shape (12, 3) needs 144', again],
  ['several.npz', 'the file of scores holds 2 arrays ("a", "b"), and it is not known which are the scores',
    'Call it scores: np.savez("scores.npz", scores=scores)'],
  ['one-hot.npy', oneHot, answers],
  ['one-hot-integers.npy', oneHot, answers],
  ['one-hot.npz', oneHot, answers],
  ['labels.npz', 'the file of scores holds "labels", which by its name are the labels themselves',
    'Save what the model answers: np.savez("scores.npz", scores=scores), or predictions=...'],
  ['other-places.npz', 'the file of scores has a list "indices" of other places than its rows have',
    'Save the rows in the manifest\'s order, or the images\' names too: np.savez("scores.npz", scores=scores, images=names)'],
  ['other-confidences.npz', 'the file of scores has confidences in shape (11), and 12 predictions',
    'Save one number per image, from 0 to 1'],
  ['damaged.npz', 'the file of scores is damaged (', again],
  ['pickle.npz', 'the file of scores is a Python pickle', asTable],
  ['array.csv', 'the file is a NumPy array (.npy)', 'Give it the ending .npy'],
  ['utf-16.csv', 'the file is UTF-16 text', 'Save it as UTF-8 (PowerShell: Out-File -Encoding utf8; Excel: CSV UTF-8)'],
  ['pickle.csv.gz', 'what is packed here is a Python pickle', asTable],
  ['plain.csv.gz', 'the ending says gzip, and the file is not packed', 'Give it the ending without .gz, or pack it'],
  ['cut.csv.gz', 'the gzip is damaged (', again],
  ['lfs.csv', 'the file is a Git LFS pointer, not the file itself',
    'Run `git lfs pull` (in GitHub Actions: `lfs: true` of actions/checkout)'],
  ['page.csv', 'the file is a web page', 'Fetch the file again: its download failed, or needs a login'],
  ['python.json', 'the file is not JSON (', 'Write null in place of NaN: df.to_json does, json.dump does not'],
  ['pipeline.json',
    'the file has a list of {label, score} an image, as pipelines give them, and no name of the image',
    'Of a list of {label, score} write the first, beside the image: {"image": path, "prediction": result[0]["label"], "confidence": result[0]["score"]}'],
  ['lines.json', 'the file is not JSON (', 'One object per line is JSON Lines: give it the ending .jsonl'],
  ['one.json', 'the file holds one object, which is no list of rows', orient],
  ['uneven.json', 'the file has other rows in "prediction" than in "image"', orient],
]; // biome-ignore format: a table

/** Of other endings, which are taken for models until their first bytes are seen. */
const noModels: readonly (readonly [string, string, string])[] = [
  ['frame.pkl', 'the model is a Python pickle', 'df.to_csv'],
  ['old.pkl', 'the model is a Python pickle', 'df.to_csv'],
  ['scores.pt', 'the model is a PyTorch file (torch.save)', 'torch.onnx.export'],
  ['old.pt', 'the model is a Python pickle', 'np.save'],
  ['scores.h5', 'the model is an HDF5 file', 'tf2onnx'],
  ['table.txt', 'the model is text', 'a table of predictions ends in .csv'],
  ['sheet.xlsx', 'the model is an Excel workbook', 'to_csv'],
];

describe('what is no table', () => {
  const foreign = join(data, 'foreign');

  it.each(refused)('%s: %s', async (name, what, fix) => {
    expect(await isPredictionFile(join(foreign, name))).toBe(true);
    const manifest = join(data, 'manifest.csv');
    const { evalSet } = await readEvalSet({ images: null, manifest, classes: [], columns });
    const told = await refusal(readCheckpoint(join(foreign, name), 'c', evalSet, columns), foreign);
    if (what.endsWith('(')) expect(told.what.slice(0, what.length)).toBe(what);
    else expect(told.what).toBe(what);
    expect(told.where).toMatch(new RegExp(`^${name.replaceAll('.', '\\.')}`));
    expect(told.fix).toBe(fix);
  });

  it.each(noModels)('%s: %s', async (name, what, fix) => {
    expect(existsSync(join(foreign, name))).toBe(true);
    expect(await isPredictionFile(join(foreign, name))).toBe(false);
    const told = await refusal(refuseNoModel(join(foreign, name)), foreign);
    expect(told).toEqual({ what, where: name, fix: expect.stringContaining(fix) });
  });

  it('says which image has a score that is no number', async () => {
    const { evalSet } = await readIn(data, 'plain.csv');
    const told = await refusal(readCheckpoint(join(foreign, 'nan.npy'), 'c', evalSet, columns), foreign);
    expect(told.where).toBe(`nan.npy, row 4 from 0 (image ${JSON.stringify(evalSet.images[4])})`);
  });
});

describe('a JSON file', () => {
  it('is a model of TF.js where it says so, wherever it says it', async () => {
    const model = { format: 'layers-model', signature: 'x'.repeat(10_000), modelTopology: {}, weightsManifest: [] };
    expect(await isPredictionFile(write('any.json', JSON.stringify(model)))).toBe(false);
    for (const text of ['{"format": "graph-model"}', '{"format":"layers-model"}', '{"weightsManifest": []}'])
      expect(await isPredictionFile(write('said.json', text))).toBe(false);
    expect(await isPredictionFile(write('said.json', '{"format": "other-model"}'))).toBe(true);
    expect(await isPredictionFile(write('model.json', '[{"image": "a.png", "prediction": "cat"}]'))).toBe(true);
  });
});

describe('scores in columns', () => {
  const read = async (text: string) => {
    const { evalSet } = await readIn(data, 'plain.csv');
    return refusal(readCheckpoint(write('scores.csv', text), 'c', evalSet, columns), data);
  };
  const { images } = expectedIn(data);

  it('say which is no number', async () => {
    const told = await read(
      `image,cat,dog,ibex\n${images.map((image, row) => `"${image}",1,2,${row || ''}`).join('\n')}\n`,
    );
    expect(told.what).toBe('the score "" of "ibex" is not a number');
    expect(told.where).toMatch(/scores\.csv:2$/);
  });

  it('are none where they are called the truth', async () => {
    const rows = images.map((image, row) => `"${image}",${[0, 1, 2].map((place) => Number(place === row % 3)).join()}`);
    for (const name of ['label_%', 'true_%', '%_gt', 'target.%']) {
      const header = ['cat', 'dog', 'ibex'].map((each) => name.replace('%', each));
      const told = await read(`image,${header.join()}\n${rows.join('\n')}\n`);
      expect(told.what).toContain('there is no column "prediction"');
    }
  });

  it('are none where they are the labels themselves, which would pass every image', async () => {
    const oneHot = (place: (row: number) => number) =>
      images.map((image, row) => `"${image}",${[0, 1, 2].map((at) => Number(at === place(row))).join()}`);
    const labels = images.map((image) => ['cat', 'dog', 'ibex'].indexOf(image.split('/')[0] ?? ''));
    const told = await read(`image,cat,dog,ibex\n${oneHot((row) => labels[row] ?? 0).join('\n')}\n`);
    expect(told.what).toBe(
      'the scores are zeros and ones, and those of the labels: they look like the labels themselves',
    );
    // One that answers so and errs is a checkpoint.
    const file = write(
      'erring.csv',
      `image,cat,dog,ibex\n${oneHot((row) => (row === 0 ? 2 : (labels[row] ?? 0))).join('\n')}\n`,
    );
    const { evalSet } = await readEvalSet({ images: null, manifest: join(data, 'manifest.csv'), classes: [], columns });
    const { failed } = await readCheckpoint(file, 'c', evalSet, columns);
    expect([...failed].filter((each) => each === 1)).toHaveLength(1);
  });

  it('are none where a class lacks its own', async () => {
    const told = await read(`image,cat,dog\n${images.map((image) => `"${image}",1,2`).join('\n')}\n`);
    expect(told.what).toBe('there is no column "prediction"; there are "image", "cat", "dog"');
  });
});

describe('what is said of each image, by its name in JSON', () => {
  const { images } = expectedIn(data);
  const answers = images.map((_, row) => ['cat', 'dog', 'ibex'][row % 3] ?? '');
  const scores = answers.map((name) => ({ cat: 0.25, dog: 0.25, ibex: 0.25, [name]: 0.5 }));
  const by = <Value>(values: readonly Value[]) => Object.fromEntries(images.map((image, row) => [image, values[row]]));
  const rows = images.map((image, row) => ({ image, prediction: answers[row] }));
  it.each<readonly [string, unknown]>([
    ['a class each', by(answers)],
    ['an index each', by(images.map((_, row) => row % 3))],
    ['an object each', by(answers.map((prediction) => ({ prediction })))],
    ['scores in order', by(scores.map((each) => Object.values(each)))],
    ['scores by name', by(scores)],
    ['below a key', { predictions: by(answers.map((prediction) => ({ prediction }))) }],
    ["as pandas' index, by column", { prediction: by(answers) }],
    ["as pandas' index, split", { columns: ['prediction'], index: images, data: answers.map((each) => [each]) }],
    ['in rows beside what is said of all', { model: 'net', epoch: 3, predictions: rows }],
  ])('%s', async (_name, value) => {
    const classes = expectedIn(data).classes;
    const { evalSet, order } = await readEvalSet({
      images: null,
      manifest: join(data, 'manifest.csv'),
      classes,
      columns,
    });
    const { predictions } = await readCheckpoint(
      write('by-image.json', JSON.stringify(value)),
      'c',
      evalSet,
      columns,
      order,
    );
    expect(Array.from(predictions ?? [], (index) => evalSet.classes[index])).toEqual(answers);
  });

  it('and in CSV, where the column has no name', async () => {
    const text = `,prediction\n${rows.map(({ image, prediction }) => `"${image}",${prediction}\n`).join('')}`;
    const { evalSet } = await readEvalSet({ images: null, manifest: join(data, 'manifest.csv'), classes: [], columns });
    const { predictions } = await readCheckpoint(write('unnamed.csv', text), 'c', evalSet, columns);
    expect(Array.from(predictions ?? [], (index) => evalSet.classes[index])).toEqual(answers);
  });
});

describe('what libraries write in place of predictions', () => {
  const { images } = expectedIn(data);
  const refusedOf = async (header: string, cells: string, classes: readonly string[] = []) => {
    const { evalSet, order } = await readEvalSet({
      images: null,
      manifest: join(data, 'manifest.csv'),
      classes,
      columns,
    });
    const file = write('library.csv', `${header}\n${images.map((image) => `"${image}",${cells}\n`).join('')}`);
    return refusal(readCheckpoint(file, 'c', evalSet, columns, order), data);
  };

  it.each([
    ['image,prob_0,prob_1,prob_2', '0,1,0', 'If "prob_0" and the like are scores', '`evalSet.classes`'],
    ['image,0,1,2', '0,1,0', 'If "0" and the like are scores', '`evalSet.classes`'],
    ['image,probs', '"[0.1, 0.9, 0]"', 'of a list of scores, one column per class', '"cat": 0.9'],
    ['filename,label,prob', 'cat,0.5', "as of timm's inference.py", 'call it prediction'],
    ['image,pred_1,pred_2,score_1', 'cat,dog,0.5', 'If "pred_1" is the likeliest class', 'call it prediction'],
    ['image,correct', 'True', 'turn it round', 'df["failed"] = ~df["correct"]'],
    ['image,prediction', 'LABEL_1', 'transformers writes LABEL_0', 'id2label'],
    ['image,prediction', 'tensor(1)', 'Write the number alone', 'int(prediction)'],
    ['image,prediction', 'class_1', 'as the labels name them: "cat", "dog", "ibex"', 'none of the predictions is one'],
  ])('%s with %s', async (header, cells, ...fixes) => {
    const told = await refusedOf(header, cells);
    for (const fix of fixes) expect(told.fix).toContain(fix);
  });

  it('names no more columns than can be read', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `x${index}y`);
    const told = await refusedOf(`image,${names.join()}`, names.map(() => '1').join());
    expect(told.what).toMatch(/there are "image", "x0y", .*"x10y" and 989 more$/);
  });

  it('tells an empty prediction among indices as that', async () => {
    const told = await refusedOf('image,prediction', '', ['ibex', 'cat', 'dog']);
    expect(told.what).toBe('there is no prediction');
  });

  it('names the first line where it is no header', async () => {
    const { evalSet } = await readEvalSet({ images: null, manifest: join(data, 'manifest.csv'), classes: [], columns });
    const told = await refusal(
      readCheckpoint(write('bare.csv', 'a.png,cat\nb.png,dog\n'), 'c', evalSet, columns),
      data,
    );
    expect(told.fix).toBe('Name the columns in the first line, such as image,prediction');
  });

  it('takes failures as pandas writes them beside a missing value', async () => {
    const { evalSet } = await readEvalSet({ images: null, manifest: join(data, 'manifest.csv'), classes: [], columns });
    const text = `image,failed\n${images.map((image, row) => `"${image}",${row % 2}.0\n`).join('')}`;
    const { failed } = await readCheckpoint(write('failed.csv', text), 'c', evalSet, columns);
    expect(failed).toEqual(Uint8Array.from(images, (_, row) => row % 2));
  });
});

describe('scores in the order of classes', () => {
  it('are those that evalSet.classes names', async () => {
    const manifest = join(data, 'manifest.csv');
    const { evalSet, order } = await readEvalSet({ images: null, manifest, classes: ['ibex', 'cat', 'dog'], columns });
    const { predictions } = await readCheckpoint(join(data, 'float32.npy'), 'c', evalSet, columns, order);
    const sorted = (await readIn(data, 'float32.npy')).checkpoint.predictions ?? new Int32Array();
    // The first score is now that of the ibex, which sorts last.
    expect(predictions).toEqual(sorted.map((place) => [2, 0, 1][place] ?? -1));
  });

  it('are refused where the file and evalSet.classes name other ones', async () => {
    const manifest = join(data, 'manifest.csv');
    const { evalSet, order } = await readEvalSet({ images: null, manifest, classes: ['ibex', 'cat', 'dog'], columns });
    const told = await refusal(readCheckpoint(join(data, 'class-order.npz'), 'c', evalSet, columns, order), data);
    expect(told).toEqual({
      what: 'the file names other classes for its scores than `evalSet.classes` or --classes: "dog" for score 1, where that has "cat"',
      where: 'class-order.npz',
      fix: 'Leave one of the two out, or make them agree',
    });
  });

  it('are not guessed where classes are integers that sort otherwise as text', async () => {
    const rows = Array.from({ length: 12 }, (_, index) => `${index}.png,${index}`);
    const manifest = write('integers.csv', `image,label\n${rows.join('\n')}\n`);
    const { evalSet } = await readEvalSet({ images: null, manifest, classes: [], columns });
    const read = readCheckpoint(join(data, 'float32.npy'), 'c', evalSet, columns);
    const told = await refusal(read, data);
    expect(told.what).toContain('sort otherwise as text (0, 1, 10, 11) than as numbers (0, 1, 2, 3)');
    expect(told.fix).toContain('evalSet: {classes: ["0", "1", "2", ');
    expect(told.where).toBe('evalSet.classes');
    // Sorted alike either way they are in order, and so are names.
    for (const classes of [['0', '1', '2'], ['7'], ['-1', '0'], ['1', '10', '2a']])
      expect(classesInOrder(null, classes)).toEqual(classes);
    expect(classesInOrder(['2', '1', '10'], ['1', '10', '2'])).toEqual(['2', '1', '10']);
    expect(() => classesInOrder(null, ['-1', '-2'])).toThrow(
      'sort otherwise as text (-1, -2) than as numbers (-2, -1)',
    );
  });
});

describe('classes that are integers', () => {
  // As torchvision sorts folders: 0, 1, 10, 11, 2, ...
  const names = Array.from({ length: 12 }, (_, index) => String(index));
  const rows = names.flatMap((name) => [1, 2, 3].map((copy) => ({ image: `${name}/${copy}.png`, name })));
  const manifest = () =>
    write('twelve.csv', `image,label\n${rows.map(({ image, name }) => `${image},${name}\n`).join('')}`);
  const readWith = async (of: (name: string) => string, classes: readonly string[] = []) => {
    const { evalSet, order } = await readEvalSet({ images: null, manifest: manifest(), classes, columns });
    const file = write(
      'said.csv',
      `image,prediction\n${rows.map(({ image, name }) => `${image},${of(name)}\n`).join('')}`,
    );
    return readCheckpoint(file, 'c', evalSet, columns, order);
  };

  it('are told apart from their places by what is right far more often', async () => {
    const right = await readWith((name) => name);
    expect(right.failed).toEqual(new Uint8Array(36));
    const told = await refusal(
      readWith((name) => String(names.toSorted().indexOf(name))),
      data,
    );
    // Of twelve, only 0 and 1 are their own places.
    expect(told.what).toBe(
      'the predictions are integers, as the classes are: read as names 6 of 36 are right, and 36 read as places in the order 0, 1, 10, 11, ...',
    );
    expect(told.fix).toContain('dataset.classes[index]');
  });

  it('are taken for names where few are right either way', async () => {
    expect((await readWith(() => '3')).failed.filter((each) => each === 0)).toHaveLength(3);
  });

  it('are told apart from places in the order that is said too', async () => {
    const order = names.toReversed();
    const told = await refusal(
      readWith((name) => String(order.indexOf(name)), order),
      data,
    );
    expect(told.what).toContain('read as names 0 of 36 are right, and 36 read as places in the order 11, 10, 9, 8');
  });
});

describe('names that look alike', () => {
  it.each(['NFC', 'NFD'] as const)(
    'are told where the manifest has %s and the predictions the other form',
    async (form) => {
      const other = form === 'NFC' ? 'NFD' : 'NFC';
      const manifest = write('manifest.csv', `image,label\n${'ü.png'.normalize(form)},cat\n`);
      const { evalSet } = await readEvalSet({ images: null, manifest, classes: [], columns });
      const file = write('other.csv', `image,prediction\n${'ü.png'.normalize(other)},cat\n`);
      const read = readCheckpoint(file, 'c', evalSet, columns);
      expect((await refusal(read, data)).fix).toContain('Unicode NFC and NFD');
    },
  );
});
