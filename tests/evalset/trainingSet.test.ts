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

  const alike = 'Check `trainingSet`, or name both alike';
  const byIndex = 'Name the classes by index in `trainingSet.classes`';
  const own = 'is one of the eval set\'s ("automobile", "cat")';
  test.each([
    [
      'other classes',
      'a.png,Cat\nb.png,dog\n',
      [],
      `none of its classes ("Cat", "dog") ${own}`,
      '',
      `${alike} ("cat")`,
    ],
    ['classes that are near to none', 'a.png,elephant\n', [], `none of its classes ("elephant") ${own}`, '', alike],
    ['indices that nothing names', 'a.png,1\nb.png,10\n', [], `none of its classes ("1", "10") ${own}`, '', byIndex],
    ['indices beyond the names', 'a.png,7\n', ['cat'], `none of its classes ("7") ${own}`, '', byIndex],
    ['indices of other names', 'a.png,0\n', ['ship'], `none of its classes ("0") ${own}`, '', byIndex],
    ['an index among names', 'a.png,0\nb.png,ship\n', ['cat'], `none of its classes ("0", "ship") ${own}`, '', alike],
    ['an index in another form', 'a.png,0x0\n', ['cat'], `none of its classes ("0x0") ${own}`, '', alike],
    ['numbers with a sign', 'a.png,-1\n', ['cat'], `none of its classes ("-1") ${own}`, '', alike],
    ['no label', 'a.png,\n', [], 'the image has no label', ':2', 'Give its true class'],
    [
      'an image twice',
      'a.png,cat\na.png,cat\n',
      [],
      'image "a.png" stands twice, first at train.csv:2',
      ':3',
      'Remove one of the two rows',
    ],
  ])('refuses %s', async (_name, text, classes, what, line, fix) => {
    const refused = await refusal(read(`image,label\n${text}`, classes), folder);
    expect(refused).toEqual({ what: `training set: ${what}`, where: `train.csv${line}`, fix });
  });

  test('says its own keys, not those of the eval set', async () => {
    expect(await refusal(read('image,Klasse\na.png,cat\n'), folder)).toEqual({
      what: 'training set: there is no column "label"; there are "image", "Klasse"',
      where: 'train.csv',
      fix: 'Rename one, or set `trainingSet.columns.label` in the config',
    });
  });

  test('an index is read by the first order that has a class of the eval set and all of them', async () => {
    const text = 'image,label\na.png,1\nb.png,0\n';
    const keras = write('keras.json', '{"0": ["n0", "cat"], "1": ["n1", "ship"]}');
    expect((await read(text, keras)).labels).toEqual(['ship', 'cat']);
    expect((await refusal(read('image,label\na.png,1\nb.png,0\nc.png,2\n', keras), folder)).fix).toBe(byIndex);
  });

  test('refuses a folder that is not there, in its own words, and that of the eval set', async () => {
    const missing = { images: join(folder, 'none'), manifest: null, classes: [] };
    const refused = await refusal(readTrainingSet(missing, evalSet, columns), folder);
    expect(refused).toEqual({
      what: 'training set: the folder of the images cannot be read (there is none of that name)',
      where: 'none',
      fix: 'Check `trainingSet.images` (in a config relative to it) or --images: a folder',
    });
    write('val/cat/1.png', 'x');
    const same = { images: join(folder, 'val'), manifest: null, classes: [] };
    const leaked = await refusal(readTrainingSet(same, evalSet, columns), folder);
    expect(leaked).toEqual({
      what: 'the training set is the folder of the eval set',
      where: 'val',
      fix: 'Make `trainingSet.images` the folder of the images that were trained on, or name a manifest of them',
    });
    // With a manifest of its own it may lie in the same folder.
    const manifest = write('part.csv', 'image,label\ncat/1.png,cat\n');
    expect((await readTrainingSet({ ...same, manifest }, evalSet, columns)).folder).toBe(same.images);
    expect(
      await refusal(
        readTrainingSet({ images: write('bird/x', ''), manifest: null, classes: [] }, evalSet, columns),
        folder,
      ),
    ).toMatchObject({
      where: 'bird/x',
    });
    write('other/bird/1.png', 'x');
    const strange = { images: join(folder, 'other'), manifest: null, classes: [] };
    expect((await refusal(readTrainingSet(strange, evalSet, columns), folder)).where).toBe('other');
  });

  test('refuses a file of class names that is not there', async () => {
    const refused = await refusal(read('image,label\na.png,1\n', join(folder, 'gone.txt')), folder);
    expect(refused).toEqual({
      what: 'training set: the file of class names cannot be read (there is none of that name)',
      where: 'gone.txt',
      fix: 'Check `trainingSet.classes` in the config, or --classes',
    });
  });
});
