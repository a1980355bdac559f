import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCheckpoint } from '../../src/evalset/checkpoint.ts';
import { classFileOf, readClassOrders } from '../../src/evalset/classOrder.ts';
import { readEvalSet } from '../../src/evalset/evalSet.ts';
import { scoreClasses } from '../../src/evalset/scoreClasses.ts';
import { columns, refusal, scratch } from './scratch.ts';

const { folder, write } = scratch();

describe('readClassOrders', () => {
  test.each([
    ['names.txt', 'dog\r\ncat\r\n', [['dog', 'cat']]],
    ['list.json', '["dog", "cat"]', [['dog', 'cat']]],
    ['class_to_idx.json', '{"cat": 1, "dog": 0}', [['dog', 'cat']]],
    ['idx_to_class.json', '{"1": "cat", "0": "dog"}', [['dog', 'cat']]],
    ['config.json', '{"id2label": {"1": "cat", "0": "dog"}, "other": 1}', [['dog', 'cat']]],
    [
      'imagenet_class_index.json',
      '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}',
      [
        ['n01440764', 'n01443537'],
        ['tench', 'goldfish'],
      ],
    ],
    [
      'labels.txt',
      '0 dog\n1 cat\n',
      [
        ['0 dog', '1 cat'],
        ['dog', 'cat'],
      ],
    ],
    ['metadata.json', '{"tfjsVersion": "1.7", "labels": ["dog", "cat"]}', [['dog', 'cat']]],
    [
      'synset_words.txt',
      'n01440764 tench, Tinca tinca\nn01443537 goldfish, Carassius auratus\n',
      [
        ['n01440764', 'n01443537'],
        ['tench, Tinca tinca', 'goldfish, Carassius auratus'],
        ['tench', 'goldfish'],
      ],
    ],
    [
      'cranes.txt',
      'n02012849\tcrane, Old World crane\nn03126707\tcrane, lifting device\n',
      [
        ['n02012849', 'n03126707'],
        ['crane, Old World crane', 'crane, lifting device'],
      ],
    ],
    [
      'reversed.txt',
      'cat 1\ndog 0\n',
      [
        ['cat 1', 'dog 0'],
        ['dog', 'cat'],
      ],
    ],
    [
      'unsorted.txt',
      '1 cat\n0 dog\n',
      [
        ['1 cat', '0 dog'],
        ['dog', 'cat'],
      ],
    ],
    [
      'pandas.csv',
      ',class\n0,dog\n1,cat\n',
      [
        [',class', '0,dog', '1,cat'],
        ['dog', 'cat'],
      ],
    ],
    [
      'indices.csv',
      'class,index\ncat,1\ndog,0\n',
      [
        ['class,index', 'cat,1', 'dog,0'],
        ['dog', 'cat'],
      ],
    ],
    [
      'header.csv',
      'class_name\ndog\ncat\n',
      [
        ['dog', 'cat'],
        ['class_name', 'dog', 'cat'],
      ],
    ],
    [
      'comment.txt',
      '# my classes\ndog\ncat\n',
      [
        ['dog', 'cat'],
        ['# my classes', 'dog', 'cat'],
      ],
    ],
    ['quoted.csv', '"dog"\n"cat, black"\n', [['dog', 'cat, black']]],
    ['commas.txt', 'dog,\ncat,\n', [['dog', 'cat']]],
    ['one-line.txt', 'dog, cat', [['dog, cat'], ['dog', 'cat']]],
    ['python-list.txt', "['dog', 'cat']", [['dog', 'cat'], ["['dog', 'cat']"], ["['dog'", "'cat']"]]],
    ['python-dict.txt', "{'cat': 1, 'dog': 0}", [['dog', 'cat'], ["{'cat': 1, 'dog': 0}"], ["{'cat': 1", "'dog': 0}"]]],
    [
      'python-numbers.txt',
      "{0: 'dog', 1: 'cat'}",
      [['dog', 'cat'], ["{0: 'dog', 1: 'cat'}"], ["{0: 'dog'", "1: 'cat'}"]],
    ],
    ['texts.json', '{"cat": "1", "dog": "0"}', [['dog', 'cat']]],
    ['numbers.json', '{"1": "0", "0": "1"}', [['1', '0']]],
    // A name for each index, and an index for each name: numbers are indices.
    ['cycle.json', '{"0": 1, "1": 2, "2": 0}', [['2', '0', '1']]],
    ...[
      ...['id2label', 'idx_to_class', 'index_to_class', 'class_to_idx', 'label2id', 'label_names', 'class_names'],
      ...['labels', 'classes', 'names', 'categories', 'features', 'label'],
    ].map((place): [string, string, string[][]] => [
      `${place}.json`,
      JSON.stringify({ model: 'one', [place]: ['dog', 'cat'], other: ['x', 'y'] }),
      [['dog', 'cat']],
    ]),
    // Eleven of them: keys of two digits are indices, too, whatever the names are.
    [
      'eleven.json',
      JSON.stringify(Object.fromEntries(Array.from({ length: 11 }, (_, at) => [10 - at, `${at}`]))),
      [Array.from({ length: 11 }, (_, at) => `${10 - at}`)],
    ],
    [
      'eleven-texts.json',
      JSON.stringify(Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`c${at}`, `${10 - at}`]))),
      [Array.from({ length: 11 }, (_, at) => `c${10 - at}`)],
    ],
    ['null.json', '{"id2label": null, "labels": ["dog", "cat"]}', [['dog', 'cat']]],
    ['wrapped.json', '{"class_to_idx": {"cat": 1, "dog": 0}, "epoch": 3}', [['dog', 'cat']]],
    ['timm.json', '{"architecture": "resnet18", "num_classes": 2, "label_names": ["dog", "cat"]}', [['dog', 'cat']]],
    ['coco.json', '{"categories": [{"id": 1, "name": "cat"}, {"id": 0, "name": "dog"}]}', [['dog', 'cat']]],
    ['objects.json', '[{"name": "dog"}, {"name": "cat"}]', [['dog', 'cat']]],
    [
      'dataset_info.json',
      '{"features": {"label": {"names": ["dog", "cat"], "_type": "ClassLabel"}}}',
      [['dog', 'cat']],
    ],
    ['plain.txt', '1 dog\n2 cat\n', [['1 dog', '2 cat']]],
    ['bom.txt', '\uFEFFdog\ncat', [['dog', 'cat']]],
    ['CAPITALS.JSON', '["dog", "cat"]', [['dog', 'cat']]],
    ['mac.txt', ' dog \rcat\r', [['dog', 'cat']]],
    ['single.txt', "'dog'\n'cat', \n", [['dog', 'cat']]],
    ['apostrophe.txt', "dog's\n'cat\n", [["dog's", "'cat"]]],
    ['inner.txt', 'a "dog" b\n', [['a "dog" b']]],
    ['digits.txt', '1\n0\n', [['1', '0']]],
    ['one-line.csv', ' dog,"cat", ibex ', [['dog,"cat", ibex'], ['dog', 'cat', 'ibex']]],
    ['two-lines.txt', 'a,b\nc,d\n', [['a,b', 'c,d']]],
    // Each of what may stand between an index and a name.
    ...[' ', '\t', ':', ',', ';', ' : ', '\t\t'].flatMap((between): [string, string, string[][]][] => [
      [
        'before.txt',
        `1${between}cat\n0${between}dog\n`,
        [
          [`1${between}cat`, `0${between}dog`],
          ['dog', 'cat'],
        ],
      ],
      [
        'behind.txt',
        `cat${between}1\ndog${between}0\n`,
        [
          [`cat${between}1`, `dog${between}0`],
          ['dog', 'cat'],
        ],
      ],
    ]),
    // Eleven: an index has two digits; the names hold spaces and digits of their own.
    [
      'eleven.txt',
      Array.from({ length: 11 }, (_, at) => `${at} big ${at} x\n`).join(''),
      [
        Array.from({ length: 11 }, (_, at) => `${at} big ${at} x`),
        Array.from({ length: 11 }, (_, at) => `big ${at} x`),
      ],
    ],
    [
      'eleven-behind.txt',
      Array.from({ length: 11 }, (_, at) => `x ${at} y,${at}\n`).join(''),
      [Array.from({ length: 11 }, (_, at) => `x ${at} y,${at}`), Array.from({ length: 11 }, (_, at) => `x ${at} y`)],
    ],
    ['no-space.txt', '0dog\n1cat\n', [['0dog', '1cat']]],
    ['no-space-behind.txt', 'dog0\ncat1\n', [['dog0', 'cat1']]],
    ['not-all.txt', '0 dog\ncat\n', [['0 dog', 'cat']]],
    ['twice.txt', '0 dog\n0 cat\n', [['0 dog', '0 cat']]],
    ['no-synset.txt', 'n01440764 tench\nn0144376 goldfish\n', [['n01440764 tench', 'n0144376 goldfish']]],
    ['long-synset.txt', 'n014407640 tench\nn014407641 goldfish\n', [['n014407640 tench', 'n014407641 goldfish']]],
    ['late-synset.txt', 'an01440764 tench\n', [['an01440764 tench']]],
    [
      'synset,.txt',
      'n01440764,tench\nn01443537: goldfish\n',
      [
        ['n01440764', 'n01443537'],
        ['tench', 'goldfish'],
      ],
    ],
    ['synset-ids.txt', 'n01440764\nn01443537\n', [['n01440764', 'n01443537']]],
    ...[
      'class',
      'classes',
      'Class Name',
      'class_names',
      'LABEL',
      'labels',
      'label name',
      'label_names',
      'name',
      'names',
      'category',
      '"categories"',
      '#',
      '# of mine',
    ].map((title): [string, string, string[][]] => [
      'header.txt',
      `${title}\ndog\ncat\n`,
      [
        ['dog', 'cat'],
        [title.replaceAll('"', ''), 'dog', 'cat'],
      ],
    ]),
    ...['subclass', 'class of animal', 'classname', 'label-name', 'named', 'the name', 'categorys', ' x#'].map(
      (title): [string, string, string[][]] => [
        'no-header.txt',
        `${title}\ndog\ncat\n`,
        [[title.trim(), 'dog', 'cat']],
      ],
    ),
    // Of two lines the first may as well be a class.
    ['short.txt', 'class\ndog\n', [['class', 'dog']]],
    ['nested.json', '{"features": {"label": {"names": {"0": "dog"}}}}', [['dog']]],
    ['objects-label.json', '[{"index": 1, "label": "cat"}, {"index": 0, "label": "dog"}]', [['dog', 'cat']]],
    ['objects-both.json', '[{"id": 0, "index": 1, "name": "dog", "label": "x"}]', [['dog']]],
    [
      'forms.json',
      '{"0": ["a", "dog", "x"], "1": ["b", "cat"]}',
      [
        ['a', 'b'],
        ['dog', 'cat'],
      ],
    ],
    ['one-form.json', '{"0": ["a", "dog"], "1": "b"}', [['a', 'b']]],
    ['by-name.json', '{"0": 1, "cat": 0}', [['cat', '0']]],
    ['by-text.json', '{"a1": "0", "b": "1"}', [['a1', 'b']]],
    ['wrapped-list.json', '{"names": [{"name": "dog"}]}', [['dog']]],
  ])('%s', async (name, text, orders) => {
    expect(await readClassOrders(write(name, text))).toEqual(orders);
  });

  test.each([
    ['gap.json', '{"cat": 0, "dog": 2}', 'names 2 classes, but none for the index 1'],
    ['shared.json', '{"cat": 0, "dog": 0}', 'names 2 classes, but none for the index 1'],
    ['late.json', '{"cat": 1, "dog": 3}', 'names 2 classes, but none for the index 0'],
    ['twice.txt', 'cat\ncat\n', 'names the class "cat" twice'],
    ['thrice.json', '["a", "b", "a", "b"]', 'names the class "a" twice'],
    ['hole.txt', 'cat\n\ndog\n', 'gives the class 1 no name'],
    ['nothing.txt', '\n', 'names no class'],
    ['empty.txt', '', 'names no class'],
    ['empty.json', '{}', 'names no class'],
    ['empty-list.json', '[]', 'names no class'],
    ['no-form.json', '{"0": [], "1": []}', 'names no class'],
    ['number.json', '3', 'holds no list and no object'],
    ['null.json', 'null', 'holds no list and no object'],
    ['list-of-numbers.json', '[3]', 'gives 3 as the name of a class'],
    ['mixed.json', '["dog", {"name": "cat"}]', 'gives {"name":"cat"} as the name of a class'],
    ['nameless.json', '[{"id": 0}]', 'gives {"id":0} as the name of a class'],
    ['named.json', '{"a": "dog", "b": "cat"}', 'names 2 classes, but none for the index 0'],
    ['fraction.json', '{"0.5": "dog", "x": "cat"}', 'names 2 classes, but none for the index 0'],
    ['broken.json', '{', expect.stringMatching(/^the file of class names is not JSON \(.+\)$/)],
    [
      'from-one.json',
      '{"1": "dog", "2": "cat"}',
      "names 2 classes, but none for the index 0 (a model's outputs are numbered from 0)",
    ],
    ...['yaml', 'yml', 'jsonl', 'ndjson', 'pbtxt', 'toml', 'XML'].map((ending): [string, string, string] => [
      `names.${ending}`,
      'dog\ncat\n',
      `is of a kind that is not read (.${ending})`,
    ]),
    ['pickle.txt', '\u0000dog', 'is not UTF-8 text'],
  ])('%s is refused', async (name, text, what) => {
    expect(await refusal(readClassOrders(write(name, text)), folder)).toEqual({
      what: typeof what === 'string' ? `the file of class names ${what}` : what,
      where: name,
      fix: 'Write one name per line (.txt), or JSON: ["cat", "dog"], {"cat": 0} or {"0": "cat"}',
    });
  });

  test('is another file, or none', async () => {
    expect(await refusal(readClassOrders(write('page.txt', '<html>')), folder)).toEqual({
      what: 'the file of class names is a web page',
      ...{ where: 'page.txt', fix: 'Fetch the file again: its download failed, or needs a login' },
    });
    expect(await refusal(readClassOrders(join(folder, 'none')), folder)).toEqual({
      what: 'the file of class names cannot be read (there is none of that name)',
      ...{ where: 'none', fix: 'Check `evalSet.classes` in the config, or --classes' },
    });
    write('meant/labels.txt', 'dog');
    expect((await refusal(readClassOrders(join(folder, 'meant/label.txt')), folder)).fix).toBe(
      'Did you mean "labels.txt"? Check `evalSet.classes` in the config, or --classes',
    );
    expect((await refusal(readClassOrders(write('latin1.txt', Buffer.of(0x64, 0xe9))), folder)).what).toBe(
      'the file of class names is not UTF-8 text',
    );
    // An ending that only looks like one that is not read.
    expect(await readClassOrders(write('toml', 'dog'))).toEqual([['dog']]);
    expect(await readClassOrders(write('a.yaml.txt', 'dog'))).toEqual([['dog']]);
  });

  test('is of UTF-8', async () => {
    const file = write('utf-16.txt', Buffer.from('\uFEFFdog\ncat\n', 'utf16le'));
    expect((await refusal(readClassOrders(file), folder)).what).toBe('the file of class names is UTF-16 text');
  });

  test.each([
    ['spaces.txt', `a${' '.repeat(200_000)}b\nc 1\nd 0\n`],
    ['separators.csv', `a${',;'.repeat(100_000)}x\nc,1\nd,0\n`],
    ['deep.json', `${'{"labels":'.repeat(3000)}["dog", "cat"]${'}'.repeat(3000)}`],
  ])('is read in no time, however it is made: %s', async (name, text) => {
    const before = performance.now();
    expect(await readClassOrders(write(name, text))).not.toEqual([]);
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test('of none of the labels is told, since its names are then further classes', async () => {
    const manifest = write('labels.csv', 'image,label\na.png,cat\nb.png,dog\n');
    const classes = write('capitals.txt', 'DOG\nCAT\n');
    const { evalSet, order, notices } = await readEvalSet({ images: null, manifest, classes, columns });
    expect([evalSet.classes, order]).toEqual([['CAT', 'DOG', 'cat', 'dog'], null]);
    expect(notices).toEqual([
      `${classes} names none of the labels ("cat", "dog"): "DOG", "CAT" are taken for classes that no image has.`,
    ]);
  });

  test('of most of the labels is told, and not taken', async () => {
    const manifest = write('three.csv', 'image,label\na.png,cat\nb.png,dog\nc.png,ibex\nd.png,yak\n');
    const told = async (text: string) => {
      const classes = write('some.txt', text);
      const { order, notices } = await readEvalSet({ images: null, manifest, classes, columns });
      return [order, notices.map((notice) => notice.replace(classes, 'some.txt'))];
    };
    expect(await told('dog\ncat\nyak\n')).toEqual([
      null,
      ['some.txt does not name the class "ibex": it is not taken for the order of all.'],
    ]);
    expect(await told('dog\ncat\n')).toEqual([
      null,
      ['some.txt does not name the classes "ibex", "yak": it is not taken for the order of all.'],
    ]);
    expect(await told('dog\n')).toEqual([null, []]);
    expect(await told('fox\n')).toEqual([
      null,
      [
        'some.txt names none of the labels ("cat", "dog", "ibex" and 1 more): "fox" is taken for classes that no image has.',
      ],
    ]);
    expect(await told('yak\nibex\ndog\ncat\n')).toEqual([['yak', 'ibex', 'dog', 'cat'], []]);
  });

  test("of a model's folder is its config.json, where that names classes of its own", async () => {
    const told = async (name: string, text: string) => {
      const file = write(`${name}/config.json`, text);
      return (await classFileOf(dirname(file))) === file;
    };
    expect(await told('named', '{"id2label": {"0": "cat"}}')).toBe(true);
    expect(await told('listed', '{"label_names": ["cat"]}')).toBe(true);
    expect(await told('filled', '{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}')).toBe(false);
    expect(await told('bare', '{"id2label": null}')).toBe(false);
    expect(await told('tight', '{"id2label":{"0":"cat"}}')).toBe(true);
    expect(await told('spaced', '{"label_names" :  ["cat"]}')).toBe(true);
    expect(await told('filled-tight', '{"id2label":{"0":"LABEL_0"}}')).toBe(false);
    expect(await told('filled-spaced', '{"id2label": {"0" :  "LABEL_0"}}')).toBe(false);
    expect(await told('other', '{"my_id2labels": {"0": "cat"}, "label_names": {}}')).toBe(false);
    expect(await told('nothing', '')).toBe(false);
    expect(await classFileOf(join(folder, 'no such folder'))).toBeNull();
  });

  test('of scores is what is asked for, else what is known, else what the model says', async () => {
    const classes = ['cat', 'dog'];
    const known = ['dog', 'cat'];
    const model = dirname(write('hub/config.json', '{"id2label": {"0": "dog", "1": "cat"}}'));
    expect(await scoreClasses(null, null, classes, join(folder, 'no model'))).toEqual(['cat', 'dog']);
    expect(await scoreClasses(null, null, classes, model)).toEqual(['dog', 'cat']);
    expect(await scoreClasses(null, ['cat', 'dog'], classes, model)).toEqual(['cat', 'dog']);
    expect(await scoreClasses(known, ['cat', 'dog'], classes, model)).toEqual(known);
    expect(await scoreClasses(write('asked.txt', '0 dog\n1 cat\n'), null, classes, folder)).toEqual(known);
    const told = (asked: readonly string[] | string) => refusal(scoreClasses(asked, null, classes, folder), folder);
    expect(await told(['cat', 'dgo'])).toEqual({
      ...{ what: 'no label has the class "dgo"', where: 'checkpointModel.classes' },
      fix: 'Write "dog" where that is meant, or add it to evalSet.classes in the config',
    });
    expect((await told(['cat', 'helicopter'])).fix).toBe('Add it to evalSet.classes in the config');
    expect((await told(write('wrong.txt', 'cat\nfox\n'))).where).toBe('wrong.txt:2');
    expect((await told(write('wrong.json', '["cat", "fox"]'))).where).toBe('wrong.json');
    expect(await told(['cat', 'dog', 'cat'])).toEqual({
      ...{ what: 'the class "cat" stands twice', where: 'checkpointModel.classes' },
      fix: 'Name each class once, in the order of the scores',
    });
    expect((await told(write('WRONG.JSON', '["cat", "fox"]'))).where).toBe('WRONG.JSON');
    expect((await told(write('a.json.txt', 'fox\n'))).where).toBe('a.json.txt:1');
    // Of a file's orders the one that labels have, wherever it stands; a model's own only where nothing else is known.
    expect(
      await scoreClasses(write('keras.json', '{"0": ["n1", "dog"], "1": ["n2", "cat"]}'), null, classes, model),
    ).toEqual(known);
    expect(await scoreClasses(null, known, classes, model)).toEqual(known);
  });

  test('has a line above its names or not, as labels tell', async () => {
    const classes = write('above.txt', 'class\nwolf\ndog\n');
    for (const [label, order] of [
      ['dog', ['wolf', 'dog']],
      ['class', ['class', 'wolf', 'dog']],
    ] as const) {
      const manifest = write('above.csv', `image,label\na.png,${label}\n`);
      expect((await readEvalSet({ images: null, manifest, classes, columns })).order).toEqual(order);
    }
  });
});

describe('predictions that are indices', () => {
  const manifest = () => write('manifest.csv', 'image,label\na.png,cat\nb.png,dog\nc.png,cat\n');

  async function predicted(classes: readonly string[] | string, cells: readonly string[]) {
    const { evalSet, order } = await readEvalSet({ images: null, manifest: manifest(), classes, columns });
    const rows = ['a.png', 'b.png', 'c.png'].map((image, row) => `${image},${cells[row]}\n`);
    const file = write('predictions.csv', `image,prediction\n${rows.join('')}`);
    const { predictions, failed } = await readCheckpoint(file, 'c', evalSet, columns, order);
    return { names: Array.from(predictions ?? [], (index) => evalSet.classes[index]), failed };
  }

  test('are taken in the order that the classes stand in, as integers or as pandas writes them', async () => {
    const mapped = { names: ['dog', 'cat', 'zebra'], failed: Uint8Array.of(1, 1, 1) };
    expect(await predicted(['dog', 'zebra', 'cat'], ['0', '2', '1'])).toEqual(mapped);
    expect(await predicted(['dog', 'zebra', 'cat'], ['0.0', '2.0', '1.0'])).toEqual(mapped);
    expect(await predicted(write('order.json', '{"dog": 0, "zebra": 1, "cat": 2}'), ['0', '2', '1'])).toEqual(mapped);
  });

  test("of Keras' two orders, the one that labels are written in", async () => {
    const file = write('keras.json', '{"0": ["n1", "dog"], "1": ["n2", "cat"]}');
    expect((await predicted(file, ['1', '0', '0'])).names).toEqual(['cat', 'dog', 'dog']);
  });

  test('names stay names', async () => {
    expect((await predicted(['dog', 'cat'], ['cat', 'dog', 'dog'])).names).toEqual(['cat', 'dog', 'dog']);
  });

  test('are refused where the order is not whole, an index is beyond it, or names stand among them', async () => {
    await expect(predicted(['zebra'], ['0', '1', '2'])).rejects.toThrow(
      /numbers from 0 to 2.*evalSet: \{classes: \["cat", "dog", "zebra"\]\}/s,
    );
    await expect(predicted(['dog', 'cat'], ['0', '1', '2'])).rejects.toThrow(/no label has the predicted class/);
    await expect(predicted(['dog', 'cat'], ['cat', '1', '0'])).rejects.toThrow(/no label has the predicted class/);
  });
});
