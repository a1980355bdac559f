import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTrainingSet } from '../../src/evalset/trainingSet.ts';
import { columns, refusal, scratch } from './scratch.ts';

const { folder, write } = scratch();
const evalSet = { classes: ['automobile', 'cat'], folder: join(folder, 'val') };
const read = (text: string, classes: readonly string[] | string = []) =>
  readTrainingSet({ images: null, manifest: write('train.csv', text), classes }, evalSet, columns);

describe('readTrainingSet', () => {
  test('a manifest: what a checkpoint predicts there, classes that nobody evaluates and metadata are let pass', async () => {
    const set = await read(
      'image,label,prediction,failed,red\na.png,cat,dog,1,no\nb.png,automobile,nonsense,0,yes\nc.png,ship,cat,,\n',
    );
    expect(set).toEqual({ images: ['a.png', 'b.png', 'c.png'], folder: null, labels: ['cat', 'automobile', 'ship'] });
  });

  test('one folder per class', async () => {
    write('train/cat/1.png', 'x');
    write('train/dog/deep/2.png', 'x');
    const options = { images: join(folder, 'train'), manifest: null, classes: [] };
    const set = await readTrainingSet(options, evalSet, columns);
    expect(set).toMatchObject({ images: ['cat/1.png', 'dog/deep/2.png'], labels: ['cat', 'dog'] });
  });

  test('indices become names, by a list or a file; names stay', async () => {
    const text = 'image,label\na.png,1\nb.png,0\n';
    expect((await read(text, ['automobile', 'cat'])).labels).toEqual(['cat', 'automobile']);
    const file = write('class_to_idx.json', '{"cat": 0, "automobile": 1}');
    expect((await read(text, file)).labels).toEqual(['automobile', 'cat']);
    expect((await read('image,label\na.png,cat\n', ['automobile', 'cat'])).labels).toEqual(['cat']);
  });

  test.each([
    ['other classes', 'image,label\na.png,Cat\nb.png,dog\n', [], 'none of its classes ("Cat", "dog") is one', '"cat"'],
    ['indices that nothing names', 'image,label\na.png,1\n', [], 'none of its classes ("1")', 'trainingSet.classes'],
    ['indices beyond the names', 'image,label\na.png,7\n', ['cat'], 'none of its classes ("7")', 'trainingSet.classes'],
    ['no label', 'image,label\na.png,\n', [], 'the image has no label', 'true class'],
    ['an image twice', 'image,label\na.png,cat\na.png,cat\n', [], 'stands twice', 'Remove one'],
    ['no column of labels', 'image,Klasse\na.png,cat\n', [], '"label"', ''],
  ])('refuses %s', async (_name, text, classes, what, fix) => {
    const refused = await refusal(read(text, classes), folder);
    expect(refused.what).toContain('training set: ');
    expect(refused.what).toContain(what);
    expect(refused.fix).toContain(fix);
    expect(refused.where).toMatch(/^train\.csv/);
  });

  test('refuses a folder that is not there, in its own words, and that of the eval set', async () => {
    const missing = { images: join(folder, 'none'), manifest: null, classes: [] };
    const refused = await refusal(readTrainingSet(missing, evalSet, columns), folder);
    expect(refused).toMatchObject({ where: 'none', fix: expect.stringContaining('trainingSet.images') });
    write('val/cat/1.png', 'x');
    const same = { images: join(folder, 'val'), manifest: null, classes: [] };
    const leaked = await refusal(readTrainingSet(same, evalSet, columns), folder);
    expect(leaked.what).toContain('the training set is the folder of the eval set');
  });

  test('refuses a file of class names that is not there', async () => {
    const refused = await refusal(read('image,label\na.png,1\n', join(folder, 'gone.txt')), folder);
    expect(refused).toMatchObject({ where: 'gone.txt', fix: expect.stringContaining('trainingSet.classes') });
  });
});
