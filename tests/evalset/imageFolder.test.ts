import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEvalSet } from '../../src/evalset/evalSet.ts';
import { hasPython, python } from '../extras.ts';

const columns = {
  ...{ image: 'image', label: 'label', prediction: 'prediction' },
  ...{ failed: 'failed', confidence: 'confidence' },
};
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'barlow-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text = ''): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const read = async () => {
  const { evalSet } = await readEvalSet({ images: folder, manifest: null, classes: [], columns });
  return {
    ...{ images: evalSet.images, classes: evalSet.classes, columns: Object.fromEntries(evalSet.columns) },
    labels: Array.from(evalSet.labels, (label) => evalSet.classes[label]),
  };
};

describe('a folder as an eval set', () => {
  it('is one folder per class, as deep as it is', async () => {
    for (const path of ['dog/z.JPG', 'dog/a/b/c.png', 'cat/x.webp', 'cat/.DS_Store', 'dog/notes.txt']) put(path);
    mkdirSync(join(folder, 'empty'));
    put('.cache/x.png');
    expect(await read()).toEqual({
      images: ['cat/x.webp', 'dog/z.JPG', 'dog/a/b/c.png'],
      classes: ['cat', 'dog', 'empty'],
      columns: {},
      labels: ['cat', 'dog', 'dog'],
    });
  });

  it("has images in the order of torchvision's ImageFolder, so that scores of its loader fit", async () => {
    // By sorted(os.walk(folder of the class)) within sorted classes; as whole paths they would sort otherwise.
    for (const path of ['cat/x.png', 'cat-2/x.png', 'cat/a/y.png', 'cat/a-b/z.png', 'cat/zz.png']) put(path);
    expect((await read()).images).toEqual(['cat/x.png', 'cat/zz.png', 'cat/a/y.png', 'cat/a-b/z.png', 'cat-2/x.png']);
  });

  it.skipIf(!hasPython('torchvision'))('has the order that ImageFolder itself gives (needs torchvision)', async () => {
    const paths = ['b/10.png', 'b/9.png', 'b/B.png', 'b-c/x.png', 'B/x.png', 'b/x/y.png', 'b/x-y/y.png', 'b/w/é.png'];
    for (const path of paths) put(path);
    const script = 'import sys, json, torchvision as t; print(json.dumps(t.datasets.ImageFolder(sys.argv[1]).imgs))';
    const listed: [string, number][] = JSON.parse(python(script, folder).toString());
    expect((await read()).images).toEqual(listed.map(([path]) => relative(folder, path)));
    expect(listed).toHaveLength(paths.length);
  });

  it('says which metadata is read where there are two', async () => {
    put('metadata.csv', 'file_name,label\na.png,cat\n');
    put('metadata.jsonl', '{"file_name":"a.png","label":"dog"}\n');
    put('a.png');
    const { evalSet, notices } = await readEvalSet({ images: folder, manifest: null, classes: [], columns });
    expect(evalSet.classes).toEqual(['cat']);
    expect(notices).toEqual([`${join(folder, 'metadata.csv')} says the labels; metadata.jsonl beside it is not read.`]);
  });

  it('passes over no image of a phone, though it cannot be read', async () => {
    for (const path of ['cat/a.heic', 'cat/b.jfif', 'dog/c.png']) put(path);
    expect((await read()).images).toEqual(['cat/a.heic', 'cat/b.jfif', 'dog/c.png']);
  });

  it.each([
    ['metadata.csv', 'file_name,label,time\nb.png,dog,day\na.png,cat,night\n'],
    [
      'metadata.jsonl',
      '{"file_name":"b.png","label":"dog","time":"day"}\n{"file_name":"a.png","label":"cat","time":"night"}\n',
    ],
  ])('is what %s of Hugging Face says', async (name, text) => {
    put(name, text);
    put('a.png');
    put('b.png');
    expect(await read()).toEqual({
      images: ['b.png', 'a.png'],
      classes: ['cat', 'dog'],
      columns: { time: ['day', 'night'] },
      labels: ['dog', 'cat'],
    });
  });

  it('has the labels of its folders where metadata has none', async () => {
    put('metadata.csv', 'file_name,time\ncat/a.png,day\n');
    put('cat/a.png');
    expect(await read()).toMatchObject({ images: ['cat/a.png'], labels: ['cat'] });
  });

  it('is refused where no folder says the class of an image', async () => {
    await expect(read()).rejects.toMatchObject({ what: 'there is no image in its folders' });
    put('cat/a.png');
    put('stray.png');
    const what =
      'nothing says the class of images: 1 images lie beside the folders of the classes, the first "stray.png"';
    await expect(read()).rejects.toMatchObject({ what, where: folder });
  });

  it('is refused where a link leads back up', async () => {
    put('cat/a.png');
    symlinkSync(folder, join(folder, 'cat', 'up'));
    await expect(read()).rejects.toMatchObject({ what: expect.stringContaining('32 deep') });
  });
});
