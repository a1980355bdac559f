import { describe, expect, it } from 'vitest';
import { isNumpyFile, readScores } from '../../src/evalset/scores.ts';
import type { EvalSet } from '../../src/records/evalSet.ts';
import { list, matrix, npy, npz, texts } from './npz.ts';
import { columns, refusal, scratch } from './scratch.ts';

const { folder, write } = scratch();

const evalSet: EvalSet = {
  images: ['cat/a.png', 'dog/b.png', 'dog/c.png'],
  folder: null,
  classes: ['cat', 'dog'],
  labels: Int32Array.of(0, 1, 1),
  columns: new Map(),
  fingerprint: '',
};

let made = 0;
async function read(data: Buffer | Readonly<Record<string, Buffer>>, order: readonly string[] | null = null) {
  const file = Buffer.isBuffer(data) ? write(`${made++}.npy`, data) : write(`${made++}.npz`, npz(data));
  const { columns: all, ofScores, rows, where } = await readScores(file, evalSet, columns, order);
  return {
    ...{ image: all.get('image'), prediction: all.get('prediction'), confidence: all.get('confidence'), ofScores },
    ...{ rows, last: where(2).replace(file, 'FILE') },
  };
}
async function told(data: Buffer | Readonly<Record<string, Buffer>>, order: readonly string[] | null = null) {
  const { what, where, fix } = await refusal(read(data, order), folder);
  return { what, where: where.replace(/^\d+/, 'N'), fix };
}

/** Worked by hand: probabilities, the greatest of each image, and what that is of. */
const scores = matrix([
  [0.75, 0.25],
  [0.5, 0.5],
  [0.125, 0.875],
]);
const said = {
  ...{ image: evalSet.images, prediction: ['cat', 'cat', 'dog'], confidence: ['0.75', '0.5', '0.875'], ofScores: true },
  ...{ rows: 3, last: 'FILE, row 2 from 0 (image "dog/c.png")' },
};
const other = matrix([[1], [2], [3]]);
const names = texts(['dog', 'cat', 'dog']);
const surely = list([0.5, 0.25, 1]);

it.each(['a.npy', 'a.NPZ', 'b/c.npz'])('%s is of NumPy', (file) => {
  expect(isNumpyFile(file)).toBe(true);
});
it.each(['a.npx', 'npy', 'a.npy.gz', 'a.npyz'])('%s is not', (file) => {
  expect(isNumpyFile(file)).toBe(false);
});

describe('scores', () => {
  it('alone, in an archive, whatever they are called', async () => {
    expect(await read(scores)).toEqual(said);
    expect(await read({ arr_0: scores })).toEqual(said);
  });

  it.each([
    ...[
      'scores',
      'score',
      'probabilities',
      'probs',
      'prob',
      'probas',
      'proba',
      'logits',
      'softmax',
      'outputs',
      'output',
    ],
    ...['predictions', 'prediction', 'preds', 'pred', 'y_prob', 'y_proba', 'y_score', 'y_scores', 'y_pred'],
  ])('called %s beside another array', async (name) => {
    expect(await read({ features: other, [name]: scores })).toEqual(said);
  });

  it.each(['labels', 'y_true', 'targets', 'gt'])('beside what is right, called %s', async (name) => {
    expect(await read({ [name]: names, anything: scores })).toEqual(said);
  });

  it.each([
    ...['image', 'images', 'names', 'name', 'paths', 'path', 'files', 'file', 'filenames', 'filename', 'file_names'],
    ...['file_name', 'image_paths', 'image_names', 'ids', 'keys'],
  ])('with the images in their own order, called %s, also where none is known', async (name) => {
    for (const images of [
      ['dog/c.png', 'cat/a.png', 'dog/b.png'],
      ['x', 'y', 'z'],
    ]) {
      const last = `FILE, row 2 from 0 (image "${images[2]}")`;
      expect(await read({ scores, [name]: texts(images) })).toEqual({ ...said, image: images, last });
    }
  });

  it('with the images in their own order, called otherwise, where one is known by its file name', async () => {
    const images = ['x/c.png', 'y', 'z'];
    expect((await read({ scores, whatever: texts(images) })).image).toEqual(images);
    expect((await read({ scores, whatever: texts(['x/d.png', 'c.pn', 'z']) })).image).toEqual(evalSet.images);
  });

  it.each(['classes', 'class_names', 'classnames', 'categories'])(
    'with the order of their classes, called %s',
    async (name) => {
      const turned = { ...said, prediction: ['dog', 'dog', 'cat'] };
      expect(await read({ scores, [name]: texts(['dog', 'cat']) })).toEqual(turned);
      expect(await read({ scores, [name]: texts(['dog', 'cat']) }, ['dog', 'cat'])).toEqual(turned);
      expect(await told({ scores, [name]: texts(['dog', 'cat']) }, ['cat', 'dog'])).toEqual({
        what: 'the file names other classes for its scores than `evalSet.classes` or --classes: "dog" for score 0, where that has "cat"',
        where: 'N.npz',
        fix: 'Leave one of the two out, or make them agree',
      });
      expect((await told({ scores, [name]: texts(['cat', 'dog']) }, ['cat'])).what).toContain(
        '"dog" for score 1, where that has null',
      );
    },
  );

  it('in the order that is known', async () => {
    expect(await read(scores, ['dog', 'cat'])).toEqual({ ...said, prediction: ['dog', 'dog', 'cat'] });
  });

  it('of whole numbers, by their softmax', async () => {
    const integers = npy('<i4', '(3, 2)', Int32Array.of(5, 5, 0, 9, 9, 0));
    const { prediction, confidence } = await read(integers);
    expect(prediction).toEqual(['cat', 'dog', 'cat']);
    expect(confidence?.map(Number)).toEqual([0.5, 1 / (1 + Math.exp(-9)), 1 / (1 + Math.exp(-9))]);
  });
});

describe('predicted classes', () => {
  const plain = { ...said, prediction: ['dog', 'cat', 'dog'], confidence: undefined, ofScores: undefined };
  const sure = { ...plain, confidence: ['0.5', '0.25', '1'] };

  it('as texts or whole numbers', async () => {
    expect(await read(names)).toEqual(plain);
    expect(await read(list([1, 0, 1], '<i4'))).toEqual({ ...plain, prediction: ['1', '0', '1'] });
    expect(await read({ classes: names })).toEqual(plain);
  });

  it.each(['confidence', 'confidences', 'conf', 'confs', 'max_prob', 'max_probs', 'top1_prob', 'top1_probs'])(
    'beside their confidences, called %s',
    async (name) => {
      expect(await read({ [name]: surely, anything: names })).toEqual(sure);
      expect(await read({ anything: names, [name]: npy('<f8', '(3, 1)', Float64Array.of(0.5, 0.25, 1)) })).toEqual(
        sure,
      );
    },
  );

  it('beside one list of numbers, where one of the two is called as scores are', async () => {
    expect(await read({ y_pred: names, x: surely })).toEqual(sure);
    expect(await read({ y_prob: surely, x: names })).toEqual(sure);
    // Of three it is not known, nor are they confidences where others are called so.
    expect(await read({ y_pred: names, x: surely, z: surely })).toEqual(plain);
    expect(await read({ y_pred: names, x: list([1, 1, 1]), conf: surely })).toEqual(sure);
  });

  it('beside confidences of two names: it is not known which', async () => {
    expect(await read({ preds: names, conf: surely, confs: surely })).toEqual(plain);
  });

  it('beside confidences of another shape', async () => {
    const fix = 'Save one number per image, from 0 to 1';
    expect(await told({ preds: names, conf: list([1, 1]) })).toEqual({
      what: 'the file of scores has confidences in shape (2), and 3 predictions',
      ...{ where: 'N.npz', fix },
    });
    expect((await told({ preds: names, conf: scores })).what).toBe(
      'the file of scores has confidences in shape (3, 2), and 3 predictions',
    );
    expect((await told({ preds: names, conf: names })).what).toContain('confidences in shape (3), and');
  });
});

describe('an archive that is not taken', () => {
  const call = 'Call it scores: np.savez("scores.npz", scores=scores)';
  const numbers =
    'Save one score per class: of a probability p of the second class, np.stack([1 - p, p], axis=1); predicted classes as whole numbers: p.astype("int64")';
  const integer = npy('<i4', '(3, 1)', Int32Array.of(0, 1, 1));

  it.each<[string, Readonly<Record<string, Buffer>>, string, string]>([
    ['images alone', { images: texts(evalSet.images) }, 'holds no array of scores', call],
    ['two', { a: scores, b: scores }, 'holds 2 arrays ("a", "b"), and it is not known which are the scores', call],
    [
      ...(['two called as scores', { a: other, probs: scores, logits: scores }] as const),
      ...(['holds 3 arrays ("a", "probs", "logits"), and it is not known which are the scores', call] as const),
    ],
    [
      ...(['labels', { y_true: names }, 'holds "y_true", which by its name are the labels themselves'] as const),
      'Save what the model answers: np.savez("scores.npz", scores=scores), or predictions=...',
    ],
    ['numbers in a list', { scores: surely }, 'has one number per image in shape (3)', numbers],
    ['numbers in a column', { scores: other }, 'has one number per image in shape (3, 1)', numbers],
    [
      ...(['classes in a column', { preds: integer }, 'has one number per image in shape (3, 1)'] as const),
      'Save predicted classes as a list: array.ravel()',
    ],
    [
      ...(['texts in columns', { preds: npy('|S1', '(3, 2)', Buffer.from('abcdef')) }] as const),
      ...(['has one text per image in shape (3, 2)', 'Save predicted classes as a list: array.ravel()'] as const),
    ],
    [
      ...(['images that are numbers', { scores, images: surely }] as const),
      ...(['has an array "images" that is no list of texts', 'Save names as one: np.array(names)'] as const),
    ],
    [
      ...(['images in two columns', { scores, images: npy('|S1', '(3, 2)', Buffer.from('abcdef')) }] as const),
      ...(['has an array "images" that is no list of texts', 'Save names as one: np.array(names)'] as const),
    ],
    [
      ...(['an array of objects', { scores: npy('|O', '(1,)', Buffer.alloc(8)) }] as const),
      'is an array of Python objects, which is a pickle inside',
      'Save plain numbers or texts: np.save("scores.npy", np.stack(scores).astype("float32"))',
    ],
  ])('%s', async (_, arrays, what, fix) => {
    expect(await told(arrays)).toEqual({ what: `the file of scores ${what}`, where: 'N.npz', fix });
  });

  it.each([
    'indices',
    'index',
    'indexes',
    'idx',
    'idxs',
    'id',
    'order',
    'row',
    'rows',
    'position',
    'positions',
    'perm',
    'permutation',
    'Order',
  ])('the places of images in another order, called %s', async (name) => {
    const places = (...values: number[]) => ({ scores, [name]: list(values, '<i4') });
    expect(await told(places(2, 0, 1))).toEqual({
      what: `the file of scores has a list "${name}" of other places than its rows have`,
      where: 'N.npz',
      fix: 'Save the rows in the manifest\'s order, or the images\' names too: np.savez("scores.npz", scores=scores, images=names)',
    });
    // In order, twice, or beyond: no places of these rows.
    for (const values of [
      [0, 1, 2],
      [1, 1, 0],
      [1, 2, 3],
    ])
      expect(await read(places(...values))).toEqual(said);
    expect(await read({ scores, [name]: list([2, 0, 1]) })).toEqual(said);
    expect(await read({ scores, [name]: npy('<i4', '(3, 1)', Int32Array.of(2, 0, 1)) })).toEqual(said);
  });

  it('by names that are no places', async () => {
    for (const name of ['reorder', 'indexed', 'orders'])
      expect(await read({ scores, [name]: list([2, 0, 1], '<i4') })).toEqual(said);
    // Beside the images' names they say nothing.
    expect(
      (await read({ scores, order: list([2, 0, 1], '<i4'), images: texts(['x', 'y', 'cat/a.png']) })).image,
    ).toEqual([...['x', 'y', 'cat/a.png']]);
  });

  it('of other rows or classes than there are', async () => {
    const two = matrix([[0, 1], [1, 0]]); // biome-ignore format: a table
    expect(await told(two)).toEqual({
      what: 'the scores have 2 rows where the eval set has 3 images',
      where: 'N.npy',
      fix: 'Give one row per image in the order of the manifest (with one folder per class: torchvision\'s ImageFolder), or save the names too: np.savez("scores.npz", scores=scores, images=names)',
    });
    expect(await told({ scores: two, images: texts(evalSet.images) })).toEqual({
      what: 'the scores have 2 rows where the list of names has 3 images',
      ...{ where: 'N.npz', fix: 'Save one row per name' },
    });
    const fix =
      "Name the class of each score, in the model's order, in `evalSet.classes` (barlow compare: one class per line in a file, named by --classes)";
    const three = matrix(evalSet.images.map(() => [0, 1, 2]));
    expect(await told(three)).toEqual({
      what: 'there are 3 scores per image where the eval set has 2 classes',
      ...{ where: 'N.npy', fix },
    });
    expect((await told(three, ['a', 'b'])).what).toBe(
      'there are 3 scores per image where `evalSet.classes` names 2 classes',
    );
  });

  it.each<[readonly [number, number], string]>([
    [[0, Number.NaN], 'the score of class 1 is NaN'],
    [[Number.POSITIVE_INFINITY, 0], 'the score of class 0 is Infinity'],
    [[Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY], 'every score is minus infinity'],
  ])('a score that is no number: %o', async (row, what) => {
    expect(await told(matrix([[0, 1], row, [1, 0]]))).toEqual({
      what,
      where: 'N.npy, row 1 from 0 (image "dog/b.png")',
      fix: 'Find out why the checkpoint gives it; write scores that are numbers',
    });
  });

  it('one score of minus infinity is a number', async () => {
    const masked = matrix([[Number.NEGATIVE_INFINITY, 1], [0, 1], [1, 0]]); // biome-ignore format: a table
    expect((await read(masked)).prediction).toEqual(['dog', 'dog', 'cat']);
  });

  it('what is no archive', async () => {
    const refused = async (name: string, bytes: Buffer) =>
      refusal(readScores(write(name, bytes), evalSet, columns, null), folder);
    expect(await refused('page.npz', Buffer.from('<html>'))).toEqual({
      ...{ what: 'the file of scores is a web page', where: 'page.npz' },
      fix: 'Fetch the file again: its download failed, or needs a login',
    });
    expect(await refused('short.npz', Buffer.from('PK'))).toEqual({
      what: expect.stringMatching(/^the file of scores is damaged \(.+\)$/),
      ...{ where: 'short.npz', fix: 'Write or copy it again' },
    });
    expect((await refused('page.npy', Buffer.from('<html>'))).what).toBe('the file of scores is a web page');
    expect((await refused('text.npy', Buffer.from('image,prediction'))).what).toBe(
      'the file of scores is not a .npy file',
    );
    expect((await refused('zip.npy', npz({ scores }))).what).toBe('the file of scores is a NumPy archive (.npz)');
  });
});
