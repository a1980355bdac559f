import { createHash } from 'node:crypto';
import { linkSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEvalSet } from '../../src/evalset/evalSet.ts';
import { readTable } from '../../src/evalset/readTable.ts';
import { hasShared, shared } from '../extras.ts';
import { columns, csvText, refusal, scratch } from './scratch.ts';

const { folder, write } = scratch();
const data = join(shared, 'data');

function read(text: string, extra: { images?: string | null; classes?: string[]; name?: string } = {}) {
  const manifest = write(extra.name ?? 'manifest.csv', text);
  return readEvalSet({ images: extra.images ?? null, manifest, classes: extra.classes ?? [], columns });
}

async function refused(text: string, extra: { images?: string | null; name?: string } = {}) {
  return await refusal(read(text, extra), folder);
}

describe('readEvalSet', () => {
  test('images, labels, classes and metadata', async () => {
    const { evalSet, manifestCheckpoint } = await read(
      'camera,label,image\nfront,dog,a/1.png\n,Cat,b/2.png\n"x, y",dog,c.png\n',
      {
        classes: ['zebra', 'dog'],
      },
    );
    expect(evalSet.images).toEqual(['a/1.png', 'b/2.png', 'c.png']);
    // By code unit: capitals first.
    expect(evalSet.classes).toEqual(['Cat', 'dog', 'zebra']);
    expect(evalSet.labels).toEqual(Int32Array.of(1, 0, 1));
    expect([...evalSet.columns]).toEqual([['camera', ['front', '', 'x, y']]]);
    expect(evalSet.folder).toBeNull();
    expect(manifestCheckpoint).toBeNull();
  });

  test('classes are sorted by code unit, not as people sort', async () => {
    const names = ['é', 'z', 'Z', 'a', '10', '9', '\u{1F600}', '\uFF5E', 'ß'];
    const { evalSet } = await read(csvText([['image', 'label'], ...names.map((label, i) => [`${i}.png`, label])]));
    expect(evalSet.classes).toEqual(['10', '9', 'Z', 'a', 'z', 'ß', 'é', '\u{1F600}', '\uFF5E']);
  });

  test('columns called otherwise; columns of the default names are then metadata', async () => {
    const manifest = write('other.csv', 'Filenames,Predictions,Labels,label\na,cat,dog,x\nb,dog,dog,y\n');
    const names = { ...columns, image: 'Filenames', label: 'Labels', prediction: 'Predictions' };
    const found = await readEvalSet({ images: null, manifest, classes: ['cat'], columns: names });
    expect(found.evalSet.images).toEqual(['a', 'b']);
    expect([...found.evalSet.columns]).toEqual([['label', ['x', 'y']]]);
    expect(found.manifestCheckpoint).toEqual({
      name: 'manifest',
      predictions: Int32Array.of(0, 1),
      failed: Uint8Array.of(1, 0),
      confidence: null,
    });
  });

  test('predictions, confidences or failures that stand in the manifest', async () => {
    const { evalSet, manifestCheckpoint } = await read(
      'image,label,prediction,confidence\na,1,2,0.5\nb,2,2,1\nc,2,1,1e-3\n',
    );
    expect(evalSet.columns.size).toBe(0);
    expect(manifestCheckpoint).toEqual({
      name: 'manifest',
      predictions: Int32Array.of(1, 1, 0),
      failed: Uint8Array.of(1, 0, 1),
      confidence: Float64Array.of(0.5, 1, 0.001),
    });
    const failures = await read('image,label,failed\na,1,1\nb,2,False\nc,2,TRUE\nd,1,0\n');
    expect(failures.manifestCheckpoint).toEqual({
      name: 'manifest',
      predictions: null,
      failed: Uint8Array.of(1, 0, 1, 0),
      confidence: null,
    });
  });

  test('numbers are one class whatever the format', async () => {
    const csv = await read('image,label\na,1\nb,2\n');
    const json = await read('{"image":"a","label":1}\n{"image":"b","label":2.0}\n', { name: 'manifest.jsonl' });
    const text = await read('{"image":"a","label":"1"}\n{"image":"b","label":"2"}\n', { name: 'text.jsonl' });
    expect(json.evalSet).toEqual(csv.evalSet);
    expect(text.evalSet).toEqual(csv.evalSet);
  });

  test('the fingerprint is SHA-256 over classes, labels and names', async () => {
    const { evalSet } = await read('image,label\nb.png,dog\n"a ""x"".png",cat\n');
    const text = '["cat","dog"]\n1 "b.png"\n0 "a \\"x\\".png"';
    expect(evalSet.fingerprint).toBe(createHash('sha256').update(text).digest('hex'));
  });

  test('the fingerprint tells eval sets apart, and not their metadata', async () => {
    const text = fc.stringMatching(/^[a-c 0-9"\\\n]{0,3}[a-c0-9]$/).filter((name) => !name.includes('\\'));
    // No two labels that look alike: they are refused.
    const row = fc.tuple(
      text,
      text.map((label) => label.replaceAll(/\s/g, '')),
    );
    const set = fc.uniqueArray(row, { selector: ([image]) => image, minLength: 1, maxLength: 4 });
    const printOf = async (rows: [string, string][], meta: string) => {
      const all = csvText([['image', 'label', 'meta'], ...rows.map((cells) => [...cells, meta])]);
      return (await read(all)).evalSet.fingerprint;
    };
    await fc.assert(
      fc.asyncProperty(set, set, async (one, two) => {
        const same = JSON.stringify(one) === JSON.stringify(two);
        expect((await printOf(one, 'x')) === (await printOf(two, 'y'))).toBe(same);
      }),
      { numRuns: 100 },
    );
    const more = (await read('image,label\na,1\n', { classes: ['2'] })).evalSet.fingerprint;
    expect(more).not.toBe((await read('image,label\na,1\n')).evalSet.fingerprint);
  });
});

describe('labels and the classes that are named', () => {
  const classesOf = async (labels: readonly string[], classes: string[] = []) =>
    (await read(`image,label\n${labels.map((label, row) => `${row},${label}\n`).join('')}`, { classes })).evalSet
      .classes;

  test('3.0 is 3 where all are written so and none is called so', async () => {
    expect(await classesOf(['3.0', '12.00'])).toEqual(['12', '3']);
    expect(await classesOf(['3.0', '12.00'], ['5'])).toEqual(['12', '3', '5']);
    expect(await classesOf(['3.0', '12.00'], ['5.0'])).toEqual(['12.00', '3.0', '5.0']);
    for (const other of ['2', '2.5', '2.', 'x2.0', '2.0x', '-2.0', '1234567890123456.0'])
      expect(await classesOf(['3.0', other])).toEqual(['3.0', other].toSorted());
  });

  test('an order is one that names them all', async () => {
    const text = 'image,label\na,cat\nb,dog\n';
    expect((await read(text, { classes: ['dog', 'cat'] })).order).toEqual(['dog', 'cat']);
    expect((await read(text, { classes: ['dog', 'cat', 'ibex'] })).order).toEqual(['dog', 'cat', 'ibex']);
    expect((await read(text, { classes: ['dog'] })).order).toBeNull();
    expect((await read(text)).order).toBeNull();
    // A list in the config is no file: what it lacks is not said.
    expect((await read(text, { classes: ['x'] })).notices).toEqual([]);
  });

  test('of a file that may be read in several ways the one counts that lacks the fewest labels', async () => {
    const classes = write('ways.txt', '0 dog\n1 ibex\n');
    const manifest = write('ways.csv', 'image,label\na,dog\nb,cat\nc,ibex\nd,dog\n');
    const { evalSet, order, notices } = await readEvalSet({ images: null, manifest, classes, columns });
    expect([evalSet.classes, order]).toEqual([['cat', 'dog', 'ibex'], null]);
    expect(notices).toEqual([`${classes} does not name the class "cat": it is not taken for the order of all.`]);
  });

  test('are no predictions, though the column is called as theirs', async () => {
    const manifest = write('same.csv', 'image,label,prediction\na,cat,dog\n');
    const same = { ...columns, prediction: 'label' };
    const found = await readEvalSet({ images: null, manifest, classes: [], columns: same });
    expect([found.manifestCheckpoint, [...found.evalSet.columns.keys()]]).toEqual([null, ['prediction']]);
  });
});

describe('what a manifest is refused for', () => {
  test.each([
    [
      'an image twice',
      'image,label\na.png,1\nb.png,1\n\na.png,2\n',
      ':5',
      'image "a.png" stands twice, first at manifest.csv:2',
      'Remove one of the two rows',
    ],
    [
      'an image without a name',
      'image,label\n"",1\n',
      ':2',
      'the image has no name',
      'Give its path below the folder of the images',
    ],
    [
      'an absolute path',
      'image,label\na,1\n/etc/passwd,1\n',
      ':3',
      'image "/etc/passwd" has an absolute path',
      'Write its path below the folder of the images (`evalSet.images`)',
    ],
    [
      'a drive',
      'image,label\nC:\\a.png,1\n',
      ':2',
      'image "C:\\\\a.png" has an absolute path',
      'Write its path below the folder of the images (`evalSet.images`)',
    ],
    [
      'a backslash',
      'image,label\na\\b.png,1\n',
      ':2',
      'image "a\\\\b.png" has a backslash in its name',
      'Separate folders by /',
    ],
    [
      '..',
      'image,label\na/../../b.png,1\n',
      ':2',
      'image "a/../../b.png" leads out of its folder by ..',
      'Make `evalSet.images` the folder that holds all images, and write paths below it',
    ],
    [
      'a NUL',
      'image,label\na\0.png,1\n',
      ':2',
      'image "a\\u0000.png" has a NUL in its name',
      'Write the name without it',
    ],
    ['a dot', 'image,label\n./a//b.png,1\n', ':2', 'image "./a//b.png" is not in plain form', 'Write "a/b.png"'],
    ['a folder', 'image,label\na/,1\n', ':2', 'image "a/" is not in plain form', 'Write "a"'],
    [
      'an address',
      'image,label\nhttps://x/a.png,1\n',
      ':2',
      'image "https://x/a.png" is an address',
      'Write its path below the folder of the images (`evalSet.images`), as it is called there',
    ],
    [
      'labels that differ in white space',
      'image,label\na,car\nb,bus\nc,car \n',
      ':4',
      'the label "car " differs from "car" (manifest.csv:2) only in white space or in the code points of a letter, and would be another class',
      'Write them alike, in predictions too',
    ],
    [
      'labels with more white space between words',
      'image,label\na,water jug\nb,"water \t\n jug"\n',
      ':3',
      'the label "water \\t\\n jug" differs from "water jug" (manifest.csv:2) only in white space or in the code points of a letter, and would be another class',
      'Write them alike, in predictions too',
    ],
    [
      'labels of other code points',
      'image,label\na,\u00e9t\u00e9\nb,e\u0301t\u00e9\n',
      ':3',
      'the label "e\u0301t\u00e9" differs from "\u00e9t\u00e9" (manifest.csv:2) only in white space or in the code points of a letter, and would be another class',
      'Write them alike, in predictions too',
    ],
    ['an empty label', 'image,label\na,1\n"b\nc"," "\n', ':3', 'the image has no label', 'Give its true class'],
    [
      'no column of images',
      'imago,label\na,1\n',
      '',
      'there is no column "image"; there are "imago", "label"',
      'Rename one, or set `evalSet.columns.image` to "imago" in the config',
    ],
    [
      'no column of labels',
      'image,Klasse\na,1\n',
      '',
      'there is no column "label"; there are "image", "Klasse"',
      'Rename one, or set `evalSet.columns.label` in the config',
    ],
    [
      'bars between fields',
      'image|label\na|1\n',
      '',
      'there is no column "image"; there are "image|label"',
      'Separate the fields by commas',
    ],
    [
      'a # before the names',
      '# image,label\na,1\n',
      '',
      'there is no column "image"; there are "# image", "label"',
      'Remove the # before the names of the columns (np.savetxt: comments=""), or the lines of comment above them',
    ],
    [
      'a comment above the names',
      '# by our script\nimage,label\na,1\n',
      ':2',
      'the row has 2 fields, the header 1',
      'Remove the # before the names of the columns (np.savetxt: comments=""), or the lines of comment above them',
    ],
    [
      'a comment among the rows',
      'image,label\na,1\n# the rest is new\nb,1\n',
      ':3',
      'the row has 1 fields, the header 2',
      'Remove the lines of comment, which begin with #',
    ],
    [
      'both predictions and failures',
      'image,label,failed,prediction\na,1,0,1\n',
      '',
      'both "prediction" and "failed" are there, and they may disagree',
      'Keep the predictions; without classes, keep the failures',
    ],
  ])('%s', async (_name, text, line, what, fix) => {
    expect(await refused(text)).toEqual({ what, where: `manifest.csv${line}`, fix });
  });

  test('images of a column that holds no text', async () => {
    expect(await refused('{"image":{"path":"a"},"label":1}\n', { name: 'nested.jsonl' })).toEqual({
      what: 'column "image" holds lists, objects or bytes in place of text',
      where: 'nested.jsonl',
      fix: 'Write text, numbers or booleans there',
    });
  });

  test('a label that a line of JSON lacks', async () => {
    expect(await refused('{"image":"a","label":1}\n{"image":"b"}\n', { name: 'lacks.jsonl' })).toEqual({
      what: 'the image has no label',
      where: 'lacks.jsonl:2',
      fix: 'Give its true class',
    });
  });
});

describe('the files of the images', () => {
  write('images/a.png', 'a');
  write('images/sub/b.png', 'b');
  write('outside/secret.png', 's');
  const images = join(folder, 'images');
  const row = (name: string) => `image,label\n${name},1\n`;

  test('are found, in sub-folders too', async () => {
    const { evalSet } = await read('image,label\nsub/b.png,1\na.png,2\n', { images });
    expect(evalSet.folder).toBe(images);
  });

  test('are missing: how many, the first of them, and where', async () => {
    const names = ['a.png', 'A.png', 'sub/c.png', 'none/b.png', 'a.png/b.png', 'sub/b.png'];
    const text = `image,label\n${names.map((name) => `${name},1\n`).join('')}`;
    expect(await refused(text, { images })).toEqual({
      what: '4 of 6 images are not in images: "A.png", "sub/c.png", "none/b.png" and 1 more',
      where: 'manifest.csv:3',
      fix: 'Add the files, remove the rows, or mend `evalSet.images` (--images); names are case-sensitive',
    });
  });

  test('of which all are named from the folder above: that is said, and else not', async () => {
    const above = 'Make `evalSet.images` (--images) the folder above it: the names begin with "images/"';
    const other = 'Add the files, remove the rows, or mend `evalSet.images` (--images); names are case-sensitive';
    const of = async (...names: readonly string[]) =>
      (await refused(`image,label\n${names.map((name) => `${name},1\n`).join('')}`, { images })).fix;
    expect(await of('images/a.png', 'images/sub/b.png')).toBe(above);
    expect(await of('images/a.png', 'a.png')).toBe(other);
    expect(await of('images/a.png', 'other/a.png')).toBe(other);
    expect(await of('imagesa.png')).toBe(other);
  });

  test('may lie anywhere', async () => {
    const name = join(realpathSync(folder), 'images/a.png').slice(1);
    expect((await read(row(name), { images: '/' })).evalSet.images).toEqual([name]);
  });

  test('a folder in place of an image, a missing folder, a file in place of the folder', async () => {
    expect(await refused(row('sub'), { images })).toEqual({
      what: 'image "sub" is not a file',
      where: 'manifest.csv:2',
      fix: 'Name the image file',
    });
    expect(await refused(row('a.png'), { images: join(folder, 'nowhere') })).toEqual({
      what: expect.stringContaining('the folder of the images cannot be read (there is none of that name'),
      where: 'nowhere',
      fix: 'Check `evalSet.images` (in a config relative to it) or --images',
    });
    expect((await refused(row('a.png'), { images: join(folder, 'imags') })).fix).toBe(
      'Did you mean "images"? Check `evalSet.images` (in a config relative to it) or --images',
    );
    expect(await refused(row('a.png'), { images: join(images, 'a.png') })).toEqual({
      what: 'this is not a folder',
      where: 'images/a.png',
      fix: 'Make `evalSet.images` the folder of the images',
    });
  });

  test('links are followed inside the folder, and the folder may be a link itself', async () => {
    symlinkSync('sub/b.png', join(images, 'inside.png'));
    symlinkSync('sub', join(images, 'subLink'));
    linkSync(join(folder, 'outside/secret.png'), join(images, 'hard.png'));
    symlinkSync(images, join(folder, 'imagesLink'));
    const text = 'image,label\ninside.png,1\nsubLink/b.png,1\nhard.png,1\n';
    expect((await read(text, { images: join(folder, 'imagesLink') })).evalSet.images).toHaveLength(3);
  });

  test('links that lead out or nowhere are refused', async () => {
    symlinkSync(join(folder, 'outside/secret.png'), join(images, 'out.png'));
    symlinkSync('../outside', join(images, 'outFolder'));
    write('images-twin/c.png', 'c');
    symlinkSync('../images-twin/c.png', join(images, 'twin.png'));
    symlinkSync('nowhere.png', join(images, 'dangling.png'));
    for (const name of ['out.png', 'twin.png']) {
      expect(await refused(row(name), { images })).toEqual({
        what: `"${name}" is a symbolic link that leads out of the folder of the images`,
        where: 'manifest.csv:2',
        fix: 'Copy or hard-link the files there (DVC: `dvc config cache.type copy`), or make `evalSet.images` the folder they lie in',
      });
    }
    expect(await refused(row('outFolder/secret.png'), { images })).toMatchObject({
      what: '"outFolder" is a symbolic link that leads out of the folder of the images',
    });
    symlinkSync('loop', join(images, 'loop'));
    expect(await refused(row('loop/a.png'), { images })).toEqual({
      what: expect.stringMatching(/^the folder "loop" cannot be read \(ELOOP.+\)$/),
      ...{ where: 'manifest.csv:2', fix: 'Check its permissions' },
    });
    expect((await refused(row('a.png'), { images: join(images, 'loop') })).what).toMatch(
      /^the folder of the images cannot be read \(ELOOP.+\)$/,
    );
    expect(await refused(row('dangling.png'), { images })).toEqual({
      what: expect.stringMatching(/^image "dangling.png" is a link that leads nowhere \(ENOENT.+\)$/),
      where: 'manifest.csv:2',
      fix: 'Fetch the file it stands for',
    });
  });
});

describe.skipIf(!hasShared)('real data beside the checkout (skipped where ../shared is not there)', () => {
  test('the water-jug sample of the Barlow authors, with commas in its labels', async () => {
    const manifest = join(data, 'water-jug/metadata.csv');
    const names = { ...columns, image: 'Filenames', label: 'Labels', prediction: 'Predictions' };
    const images = join(data, 'water-jug/images');
    const classes = [...new Set((await readTable(manifest)).columns.get('Predictions'))];
    const { evalSet, manifestCheckpoint } = await readEvalSet({ images, manifest, classes, columns: names });
    expect(evalSet.images).toHaveLength(144);
    // Counted with Python's csv module.
    expect(evalSet.classes).toHaveLength(50);
    expect(evalSet.classes).toContain("pajama, pyjama, pj's, jammies");
    expect(manifestCheckpoint?.failed.reduce((sum, failed) => sum + failed, 0)).toBe(72);
  });

  test('the CIFAR-10 eval set', async () => {
    const manifest = join(data, 'cifar10/eval.csv');
    const { evalSet } = await readEvalSet({ images: join(data, 'cifar10/images'), manifest, classes: [], columns });
    expect(evalSet.images).toHaveLength(10_000);
    expect(evalSet.classes).toHaveLength(10);
    const counts = new Uint32Array(10);
    for (const label of evalSet.labels) counts[label] = (counts[label] ?? 0) + 1;
    expect([...counts]).toEqual(Array.from({ length: 10 }, () => 1_000));
  });
});
