import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEvalSet } from '../../src/evalset/evalSet.ts';
import { imagesBelow } from '../../src/evalset/imageFolder.ts';
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

  const oneFolder =
    'Put images in one folder per class, or name a manifest (a table of image and label): evalSet.manifest, or --manifest';

  it('is refused where no folder says the class of an image', async () => {
    const refused = (what: string) => expect(read()).rejects.toMatchObject({ what, where: folder, fix: oneFolder });
    await refused('there is no image in its folders');
    put('stray.png');
    put('.hidden.png');
    put('notes.txt');
    await refused('nothing says the class of images: 1 images lie in no folder of a class, the first "stray.png"');
    put('cat/a.png');
    put('other.png');
    await refused(
      'nothing says the class of images: 2 images lie beside the folders of the classes, the first "other.png"',
    );
  });

  it('is refused where a link leads back up', async () => {
    put('cat/a.png');
    symlinkSync(folder, join(folder, 'cat', 'up'));
    await expect(read()).rejects.toMatchObject({
      what: 'folders lie more than 32 deep: a link may lead back up',
      where: join(folder, ...Array.from({ length: 16 }, () => 'cat/up'), 'cat'),
      fix: 'Remove the link, or name a manifest',
    });
  });

  it('may be 32 folders deep', async () => {
    const deep = ['cat', ...Array.from({ length: 31 }, () => 'd')].join('/');
    put(`${deep}/a.png`);
    expect((await read()).images).toEqual([`${deep}/a.png`]);
    put(`${deep}/d/b.png`);
    await expect(read()).rejects.toMatchObject({ where: join(folder, deep, 'd') });
  });

  it('has folders that are called as images, and images that are no files', async () => {
    put('cat.png/a.png');
    put('cat.png/b.png/c.png');
    symlinkSync('nowhere', join(folder, 'cat.png', 'd.png'));
    // A link that leads nowhere is kept, for the check of the images to say so.
    await expect(read()).rejects.toMatchObject({ what: expect.stringContaining('image "cat.png/d.png" is a link') });
    rmSync(join(folder, 'cat.png', 'd.png'));
    expect((await read()).images).toEqual(['cat.png/a.png', 'cat.png/b.png/c.png']);
  });

  it.each(['val', 'valid', 'validation', 'test', 'testing', 'eval', 'dev', 'train', 'training'])(
    'is refused where its folders are parts of a data set, such as %s',
    async (part) => {
      const named = part[0]?.toUpperCase() + part.slice(1);
      put(`${named}/cat/a.png`);
      await expect(read()).rejects.toMatchObject({
        what: `its folders are parts of a data set (${named}), not classes`,
        where: folder,
        fix: `Name the part that is the evaluation set, such as ${join(folder, named)}`,
      });
      put('cat/a.png');
      expect((await read()).classes).toEqual([named, 'cat']);
    },
  );

  it('names the likeliest evaluation set of its parts', async () => {
    for (const part of ['train', 'test', 'dev']) put(`${part}/cat/a.png`);
    await expect(read()).rejects.toMatchObject({
      what: 'its folders are parts of a data set (dev, test, train), not classes',
      fix: `Name the part that is the evaluation set, such as ${join(folder, 'test')}`,
    });
  });

  it('is refused where it is none', async () => {
    const none = join(folder, 'none');
    const refused = readEvalSet({ images: none, manifest: null, classes: [], columns });
    await expect(refused).rejects.toMatchObject({
      what: 'the folder of the images cannot be read (there is none of that name)',
      where: none,
      fix: 'Check `evalSet.images` (in a config relative to it) or --images: a folder',
    });
    mkdirSync(join(folder, 'images'));
    const meant = readEvalSet({ images: join(folder, 'image'), manifest: null, classes: [], columns });
    await expect(meant).rejects.toMatchObject({ fix: expect.stringMatching(/^Did you mean "images"\? Check/) });
  });

  it('has metadata that is read as it stands, where its columns are called as the config says', async () => {
    put('metadata.csv', 'image,file_name,label\na.png,x,cat\n');
    put('metadata.jsonl', '');
    put('metadata.parquet', '');
    put('a.png');
    const { evalSet, notices } = await readEvalSet({ images: folder, manifest: null, classes: [], columns });
    expect([evalSet.images, [...evalSet.columns.keys()]]).toEqual([['a.png'], []]);
    expect(notices).toEqual(
      ['metadata.jsonl', 'metadata.parquet'].map(
        (name) => `${join(folder, 'metadata.csv')} says the labels; ${name} beside it is not read.`,
      ),
    );
  });

  it('has metadata without images, or of images that lie in no folder', async () => {
    put('metadata.csv', 'file_name,time\ncat/a.png,day\nb.png,day\n');
    await expect(read()).rejects.toMatchObject({ what: expect.stringContaining('there is no column "label"') });
    put('metadata.csv', 'photo,time\ncat/a.png,day\n');
    await expect(read()).rejects.toMatchObject({ what: expect.stringContaining('there is no column "image"') });
    put('metadata.csv', 'file_name,time\ncat/deep/a.png,day\n');
    put('cat/deep/a.png');
    expect(await read()).toMatchObject({ labels: ['cat'], columns: { time: ['day'] } });
  });
});

describe('every image below a folder', () => {
  it('in order of names, whatever it shows', async () => {
    for (const path of ['b.png', 'B/x.JPG', 'b/deep/y.png', 'a.txt', '.c.png', 'b/.d.png', '.e/f.png']) put(path);
    expect(await imagesBelow(folder)).toEqual(['B/x.JPG', 'b.png', 'b/deep/y.png']);
  });

  it('is refused where there is none', async () => {
    put('b/a.txt');
    await expect(imagesBelow(folder)).rejects.toMatchObject({
      ...{ what: 'there is no image in it', where: folder, fix: 'Name a folder with images, at any depth' },
    });
    await expect(imagesBelow(join(folder, 'none'))).rejects.toMatchObject({ where: join(folder, 'none') });
  });
});
