import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { isTableFile, readTable } from '../../src/evalset/readTable.ts';
import { csvText, refusal, scratch } from './scratch.ts';

const { folder, write } = scratch();
const data = fileURLToPath(new URL('../data/evalset/', import.meta.url));

async function cells(file: string) {
  return Object.fromEntries((await readTable(file)).columns);
}

async function wheres(file: string) {
  const table = await readTable(file);
  return Array.from({ length: table.rows }, (_, row) => table.where(row).replace(`${folder}/`, ''));
}

describe('CSV', () => {
  test('quotes, commas and line breaks of RFC 4180', async () => {
    const file = write('a.csv', 'image,label\r\n"a, b.png","say ""cat"""\r\n"two\r\nlines.png",dog\r\n');
    expect(await cells(file)).toEqual({ image: ['a, b.png', 'two\r\nlines.png'], label: ['say "cat"', 'dog'] });
  });

  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('line ends by %s, with a byte order mark and with no last line end', async (_name, newline) => {
    const file = write('b.csv', `\uFEFF${['image,label', 'a,1', 'b,2'].join(newline)}`);
    expect(await cells(file)).toEqual({ image: ['a', 'b'], label: ['1', '2'] });
  });

  test('line ends of mixed origin', async () => {
    expect(await cells(write('c.csv', 'image,label\r\na,1\nb,2\r\nc,3'))).toEqual({
      image: ['a', 'b', 'c'],
      label: ['1', '2', '3'],
    });
  });

  test('line numbers stay right behind quoted line breaks and empty lines', async () => {
    const text = '\n\nimage,label\na,1\n\n"b\r\nb\nb\rb",2\nc,"x\n"\n"d",4\n';
    expect(await wheres(write('d.csv', text))).toEqual(['d.csv:4', 'd.csv:6', 'd.csv:10', 'd.csv:12']);
    const crlf = 'image,label\r\n"a\r\na",1\r\nb,2\r\n\r\nc,3\r\n';
    expect(await wheres(write('e.csv', crlf))).toEqual(['e.csv:2', 'e.csv:4', 'e.csv:6']);
  });

  test('a column without a name is left out; spaces are part of a field', async () => {
    expect(await cells(write('f.csv', ',image, label\n0,a , 1\n'))).toEqual({ image: ['a '], ' label': [' 1'] });
    expect(await cells(write('two.csv', ',image,,label\n0,a,x,1\n'))).toEqual({ image: ['a'], label: ['1'] });
  });

  test('columns named like what JavaScript objects have of themselves', async () => {
    const table = await readTable(write('g.csv', 'image,__proto__,constructor\na,1,2\n'));
    expect([...table.columns]).toEqual([
      ['image', ['a']],
      ['__proto__', ['1']],
      ['constructor', ['2']],
    ]);
  });

  test('hostile texts come back as they were written', async () => {
    const field = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('', '"', '""', ',', '\n', '\r', '\r\n', '=1+1', '\uFEFF'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 20 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        async (rows, newline) => {
          const file = write('h.csv', csvText([['image', 'label'], ...rows], newline));
          // UTF-8 has no lone surrogates: writing replaces them.
          const written = rows.map((row) => row.map((text) => text.toWellFormed()));
          expect(await cells(file)).toEqual({ image: written.map(([a]) => a), label: written.map(([, b]) => b) });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('lines are counted as an editor counts them, whatever the fields hold', async () => {
    const field = fc
      .array(fc.constantFrom('a', '\n', '\r\n', '"', ','), { maxLength: 6 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 10 }), async (rows) => {
        const all = [['image', 'label'], ...rows];
        const file = write('i.csv', csvText(all));
        const lineOf = (row: number) => csvText(all.slice(0, row + 1)).split('\n').length;
        expect(await wheres(file)).toEqual(rows.map((_, row) => `i.csv:${lineOf(row)}`));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    [
      'too many fields',
      'image,label\na,1\nb,2,3\n',
      3,
      'the row has 3 fields, the header 2',
      'Put fields that hold a comma in quotes',
    ],
    [
      'too few fields',
      'image,label\n"a\na",1\nb\n',
      4,
      'the row has 1 fields, the header 2',
      'Fill the row up, with empty fields',
    ],
    [
      'a name twice in the header',
      '\nimage,label,image\na,1,b\n',
      2,
      'the header names "image" twice',
      'Rename one of the columns',
    ],
    [
      'a quote that never closes',
      'image,label\na,1\n"b,2\nc,3\n',
      3,
      'a quote that opens in this row is never closed',
      'Put quotes around the whole field, and write a quote inside it twice ("")',
    ],
    [
      'a quote in an open field',
      'image,label\na,1\nb "x",2\n',
      3,
      'a quote stands where none may',
      'Put quotes around the whole field',
    ],
    [
      'text behind a closing quote',
      'image,label\n"a"x,1\n',
      2,
      'a quote stands where none may',
      'Put quotes around the whole field',
    ],
  ])('%s', async (_name, text, line, what, fix) => {
    expect(await refusal(readTable(write('bad.csv', text)), folder)).toEqual({
      what,
      where: `bad.csv:${line}`,
      fix: expect.stringContaining(fix),
    });
  });
});

test('a row that is separated otherwise than the header is told as that', async () => {
  const told = async (row: string) =>
    (await refusal(readTable(write('row.csv', `image,label,note\n${row}\n`)), folder)).fix;
  expect(await told('a.png;cat;x')).toBe('Separate its fields as those of the header are');
  expect(await told('a.png\tcat\tx')).toBe('Separate its fields as those of the header are');
  expect(await told('a.png')).toBe('Fill the row up, with empty fields');
  expect(await told('a.png,cat;x')).toBe('Fill the row up, with empty fields');
  expect(await told('a.png,cat,x,y')).toBe('Put fields that hold a comma in quotes');
});

describe('what separates the fields of a .csv', () => {
  test.each<[string, string, Record<string, readonly string[]>]>([
    ['semicolons, where the header has them alone', 'a;b\n1,5;2\n', { a: ['1,5'], b: ['2'] }],
    ['tabs', 'a\tb\n1;2\t3\n', { a: ['1;2'], b: ['3'] }],
    ['commas, where it has both', 'a;x,b\n1,2\n', { 'a;x': ['1'], b: ['2'] }],
    ['commas, where it has none', 'a\n1\n', { a: ['1'] }],
    ['commas, where others stand in quotes', '"a;x",b\n1,2\n', { 'a;x': ['1'], b: ['2'] }],
    ['semicolons behind empty lines and a byte order mark', '\uFEFF\r\n\na;b\n1;2\n', { a: ['1'], b: ['2'] }],
    ['what sep= says', 'sep=|\na|b\n1|2\n', { a: ['1'], b: ['2'] }],
    ['what sep= says in quotes', '"sep=;"\na,x;b\n1;2\n', { 'a,x': ['1'], b: ['2'] }],
    ['what sep= says, filled up', 'SEP=\t,,,\na\tb\n1\t2\n', { a: ['1'], b: ['2'] }],
    ['what sep= says below an empty line', '\nsep=;\na;b\n1;2\n', { a: ['1'], b: ['2'] }],
    ['commas, where a column is called so', 'sep=;x,b\n1,2\n', { 'sep=;x': ['1'], b: ['2'] }],
    ['commas, where one is called nearly so', 'xsep=,b\n1,2\n', { 'xsep=': ['1'], b: ['2'] }],
  ])('%s', async (_, text, expected) => {
    expect(await cells(write('separated.csv', text))).toEqual(expected);
  });

  test('tabs in a .tsv, whatever else its fields hold', async () => {
    expect(await cells(write('a.tsv', 'a,x\tb\n1,2;3\t4\n'))).toEqual({ 'a,x': ['1,2;3'], b: ['4'] });
    expect(await cells(write('single-column.tsv', 'a\n1,2\n'))).toEqual({ a: ['1,2'] });
  });

  test.each([
    ['.csv', 'a;b\n1;2;3\n', 'Put fields that hold a semicolon in quotes'],
    ['.tsv', 'a\tb\n1\t2\t3\n', 'Put fields that hold a tab in quotes'],
    ['.csv', 'sep=|\na|b\n1|2|3\n', 'Put fields that hold a "|" in quotes'],
    ['.csv', 'a,b\n1,2\n1\n', 'Fill the row up, with empty fields'],
    ['.csv', 'a;b\n1,2\n', 'Separate its fields as those of the header are'],
    ['.csv', 'a,b\n1;2\n', 'Separate its fields as those of the header are'],
    ['.csv', 'a,b,c\n1;2,3\n', 'Fill the row up, with empty fields'],
    ['.csv', 'sep=|\na|b\n1,2\n', 'Separate its fields as those of the header are'],
    [
      '.csv',
      '#a,b\n1\n',
      'Remove the # before the names of the columns (np.savetxt: comments=""), or the lines of comment above them',
    ],
    ['.csv', 'a,b\n# c\n', 'Remove the lines of comment, which begin with #'],
    ['.csv', 'a,b\n1 # c\n', 'Fill the row up, with empty fields'],
  ])('a row of another width in %s %o', async (ending, text, fix) => {
    expect((await refusal(readTable(write(`width${ending}`, text)), folder)).fix).toBe(fix);
  });
});

test('a column without a name is the image where it holds images, as pandas writes an index', async () => {
  expect(await cells(write('index.csv', ',label\na.png,cat\nb.JPG,dog\n'))).toEqual({
    ...{ image: ['a.png', 'b.JPG'], label: ['cat', 'dog'] },
  });
  for (const [text, names] of [
    [',label\na.png,cat\n1,dog\n', ['label']],
    [',image\na.png,b.png\n', ['image']],
    [',label\n', undefined],
  ] as const) {
    if (names) expect(Object.keys(await cells(write('index.csv', text)))).toEqual(names);
    else expect((await refusal(readTable(write('index.csv', text)), folder)).what).toBe('the file has no rows');
  }
});

describe('JSON Lines', () => {
  test('values become text; what a line lacks is missing; empty lines are passed over', async () => {
    const file = write(
      'a.jsonl',
      '\uFEFF{"image":"a","label":1}\r\n\n{"label":1.0,"image":"b","night":true}\n{"image":"c","label":"1","speed":2.5,"night":null}',
    );
    expect(await cells(file)).toEqual({
      image: ['a', 'b', 'c'],
      label: ['1', '1', '1'],
      night: ['', 'true', ''],
      speed: ['', '', '2.5'],
    });
    expect(await wheres(file)).toEqual(['a.jsonl:1', 'a.jsonl:3', 'a.jsonl:4']);
  });

  test('columns of lists and objects are left out', async () => {
    const table = await readTable(
      write('b.ndjson', '{"image":"a","box":[1,2]}\n{"image":"b","box":3,"__proto__":{"x":1}}\n'),
    );
    expect([...table.columns.keys()]).toEqual(['image']);
    expect([...table.nested]).toEqual(['box', '__proto__']);
  });

  test.each(['long.jsonl', 'long.jsonl.gz'])('a file of many blocks, with lines longer than one: %s', async (name) => {
    // Of one to four bytes a character, so that blocks end inside characters too.
    const image = (row: number) => `${row}-${'aü€😀'.repeat(row % 7 === 0 ? 60_000 : row % 900)}`;
    const rows = Array.from({ length: 300 }, (_, row) => ({ image: image(row), boxes: [[row]], label: row % 3 }));
    const text = Buffer.from(`\uFEFF${rows.map((row) => JSON.stringify(row)).join('\n')}`);
    expect(text.length).toBeGreaterThan(20e6);
    const table = await readTable(write(name, name.endsWith('.gz') ? gzipSync(text, { level: 1 }) : text));
    expect([...table.nested]).toEqual(['boxes']);
    expect(table.columns.get('image')).toEqual(rows.map((row) => row.image));
    expect(table.columns.get('label')).toEqual(rows.map(({ label }) => String(label)));
    expect(table.where(299)).toMatch(/:300$/);
  });

  test('what is wrong far into a file is told with its line', async () => {
    const lines = Array.from({ length: 20_000 }, (_, row) =>
      JSON.stringify({ image: `${row}.png`, label: 'a'.repeat(40) }),
    );
    const bad = Buffer.from(`${lines.join('\n')}\n`);
    bad[bad.indexOf('15000.png')] = 0xff;
    expect(await refusal(readTable(write('far.jsonl', bad)), folder)).toMatchObject({
      what: 'the file is not UTF-8 text',
      where: 'far.jsonl:15001',
    });
    const packed = gzipSync(bad.subarray(0, 100_000));
    expect(await refusal(readTable(write('cut.jsonl.gz', packed.subarray(0, -20))), folder)).toMatchObject({
      what: expect.stringMatching(/^the gzip is damaged \(.+\)$/),
      where: 'cut.jsonl.gz',
      fix: 'Write or copy it again',
    });
    expect(await refusal(readTable(write('plain.jsonl.gz', lines.join('\n'))), folder)).toMatchObject({
      what: 'the ending says gzip, and the file is not packed',
      where: 'plain.jsonl.gz',
      fix: 'Give it the ending without .gz, or pack it',
    });
    // Foreign bytes are named, packed or not.
    const page = Buffer.from('<html>');
    for (const [name, bytes, what] of [
      ['page.jsonl', page, 'the file is a web page'],
      ['page.jsonl.gz', page, 'the file is a web page'],
      ['packed.jsonl.gz', gzipSync(page), 'what is packed here is a web page'],
      ['packed.csv.GZ', gzipSync(page), 'what is packed here is a web page'],
      ['gzip.jsonl', gzipSync('{}'), 'the file is a gzip file'],
      ['half.csv.gz', Buffer.of(0x1f, 0x8c, 0), 'the ending says gzip, and the file is not packed'],
    ] as const)
      expect([name, (await refusal(readTable(write(name, bytes)), folder)).what]).toEqual([name, what]);
  });

  test('keys that hardly a line has in common are refused before they take memory', async () => {
    const rows = (keys: (row: number) => string) =>
      Array.from({ length: 3000 }, (_, row) => JSON.stringify({ image: `${row}`, label: 1, [keys(row)]: 1 })).join(
        '\n',
      );
    expect(
      await refusal(
        readTable(
          write(
            'hollow.jsonl',
            rows((row) => `k${row}`),
          ),
        ),
        folder,
      ),
    ).toMatchObject({
      what: expect.stringMatching(/^the lines have \d+ different keys so far, and hardly any in common$/),
    });
    expect(
      (
        await readTable(
          write(
            'few.jsonl',
            rows((row) => `k${row % 900}`),
          ),
        )
      ).columns.size,
    ).toBe(902);
  });

  test('hostile texts come back as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), async (names) => {
        const file = write('c.jsonl', names.map((image) => `${JSON.stringify({ image })}\n`).join(''));
        expect(await cells(file)).toEqual({ image: names });
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['broken JSON', '{"image":"a"}\n{"image":\n', 2, 'the line is not JSON ('],
    ['a list', '\n[1]\n', 2, 'the line holds no JSON object'],
    ['null', 'null\n', 1, 'the line holds no JSON object'],
  ])('%s', async (_name, text, line, what) => {
    expect(await refusal(readTable(write('bad.jsonl', text)), folder)).toEqual({
      what: expect.stringContaining(what),
      where: `bad.jsonl:${line}`,
      fix: 'Write one JSON object a line, such as {"image": "a.png", "label": "cat"}',
    });
  });
});

describe('Parquet', () => {
  test.each(['none', 'snappy', 'gzip', 'brotli', 'zstd'])('as pyarrow writes it: %s', async (codec) => {
    const table = await readTable(join(data, `${codec}.parquet`));
    expect(Object.fromEntries(table.columns)).toEqual({
      image: ['a.png', 'b/ü, "quoted".png', 'c\nnewline.png', 'd.png', 'e.png'],
      label: ['7', '12', '7', '9007199254740993', '12'],
      prediction: ['7', '7', '7', '9007199254740993', '12'],
      confidence: ['0.5', '1', '0', '0.25', '0.75'],
      camera: ['front', '', 'front', 'rear', 'rear'],
      night: ['true', 'false', '', 'true', 'false'],
      speed: ['1', '2.5', '', '', '0'],
      taken: [
        '1970-01-01T00:00:00.000Z',
        '2023-11-14T22:13:20.000Z',
        '',
        '1970-01-01T00:00:00.001Z',
        '1970-01-01T00:00:00.002Z',
      ],
    });
    expect([...table.nested].toSorted()).toEqual(['bytes', 'embedding']);
    expect(table.rows).toBe(5);
    expect(table.where(4)).toBe(join(data, `${codec}.parquet, row 5`));
  });

  test('a codec that Node has not', async () => {
    expect(await refusal(readTable(join(data, 'lz4.parquet')), data.slice(0, -1))).toEqual({
      what: 'column "image" is packed by LZ4_RAW, which is not read',
      where: 'lz4.parquet',
      fix: 'Write the file with one of UNCOMPRESSED, SNAPPY, GZIP, BROTLI, ZSTD',
    });
  });

  test('many row groups and pages', async () => {
    const image = Array.from({ length: 10_000 }, (_, i) => `${i}.png`);
    const label = image.map((_, i) => i % 7);
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: 'image', data: image, type: 'STRING' },
        { name: 'label', data: label, type: 'INT32' },
      ],
      rowGroupSize: 777,
      pageSize: 512,
    });
    expect(await cells(write('many.parquet', new Uint8Array(buffer)))).toEqual({ image, label: label.map(String) });
  });

  test('cut off or changed anywhere, a file is read or refused as damaged', async () => {
    const whole = readFileSync(join(data, 'snappy.parquet'));
    const attempt = async (bytes: Uint8Array) => {
      const thrown: unknown = await readTable(write('damaged.parquet', bytes)).catch((error: unknown) => error);
      if (thrown instanceof Error) expect(thrown).toBeInstanceOf(UserError);
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, value) => {
        await attempt(whole.subarray(0, Math.max(1, at)));
        const changed = Uint8Array.from(whole);
        changed[at] = value;
        await attempt(changed);
      }),
      { numRuns: 300 },
    );
    expect(await refusal(readTable(write('cut.parquet', whole.subarray(0, 1000))), folder)).toEqual({
      what: expect.stringContaining('the file is not Parquet, or is damaged ('),
      where: 'cut.parquet',
      fix: 'Write it again',
    });
  });
});

describe('any table', () => {
  test('is told by its ending, in any case', async () => {
    const told = ['a.csv', 'a.CSV', 'a.tsv', 'a.csv.gz', 'a.JSONL.GZ', 'b.c.jsonl', 'a.ndjson', 'a.json', 'a.parquet'];
    for (const name of told) expect([name, await isTableFile(name)]).toEqual([name, true]);
    const not = ['a.onnx', 'model.json', 'csv', 'a.gz', 'a.parquet.gz', ''];
    for (const name of not) expect([name, await isTableFile(name)]).toEqual([name, false]);
    expect(await refusal(readTable(write('a.xlsx', 'x')), folder)).toEqual({
      what: 'the ending says none of CSV (.csv), TSV (.tsv), JSON (.json), JSON Lines (.jsonl, .ndjson), these packed by gzip (.csv.gz), or Parquet (.parquet)',
      where: 'a.xlsx',
      fix: 'Convert the file, or give it the ending that fits',
    });
  });

  test('a pipe or a device is not waited on', async () => {
    symlinkSync('/dev/null', join(folder, 'device.csv'));
    symlinkSync('/dev/null', join(folder, 'device.xyz'));
    for (const name of ['device.csv', 'device.xyz']) {
      expect(await refusal(readTable(join(folder, name)), folder)).toEqual({
        what: 'this is a pipe or a device, not a file',
        ...{ where: name, fix: 'Write it to a file first' },
      });
    }
  });

  test('of another ending that is known is named, and what may have been meant is said', async () => {
    expect(await refusal(readTable(write('array.xyz', Buffer.from('\x93NUMPY', 'latin1'))), folder)).toEqual({
      ...{ what: 'the table is a NumPy array (.npy)', where: 'array.xyz', fix: 'Give it the ending .npy' },
    });
    expect(await refusal(readTable(write('page.parquet', '<html>')), folder)).toEqual({
      ...{ what: 'the file is a web page', where: 'page.parquet' },
      fix: 'Fetch the file again: its download failed, or needs a login',
    });
    expect((await refusal(readTable(write('page.xyz', '<html>')), folder)).what).toBe('the table is a web page');
    write('meant/predictions.csv', 'image,label\na,1\n');
    expect((await refusal(readTable(join(folder, 'meant/predictoins.csv')), folder)).fix).toBe(
      'Did you mean "predictions.csv"? Check the path; in a config it is relative to the config file',
    );
    expect(await refusal(readTable(join(folder, 'none.xyz')), folder)).toMatchObject({
      what: 'the file cannot be opened (there is none of that name)',
    });
  });

  test('that is JSON may be a model, by its first bytes, or by its name alone', async () => {
    const is = (name: string, text: string) => isTableFile(write(name, text));
    expect(await is('a.json', '[]')).toBe(true);
    for (const text of [
      '{"modelTopology"',
      '{"x":1,"weightsManifest"',
      '{"format" : "layers-model"',
      '{"format":"graph-model"',
    ])
      expect(await is('a.json', text)).toBe(false);
    for (const text of [
      '{"format": "x-model"}',
      '{"modelTopologyX"',
      '{"format": "layers-models"',
      '{"formats": "layers-model"',
    ])
      expect([text, await is('A.JSON', text)]).toEqual([text, true]);
    expect(await is('late.json', `"${' '.repeat(64 * 1024)}"{"modelTopology"`)).toBe(true);
    expect(await is('packed.json.gz', '{"modelTopology"')).toBe(true);
    mkdirSync(join(folder, 'folder.json'));
    expect(await isTableFile(join(folder, 'folder.json'))).toBe(true);
    for (const name of ['none/model.json', 'none/MODEL.JSON'])
      expect(await isTableFile(join(folder, name))).toBe(false);
  });

  test('missing, a folder, empty, without rows', async () => {
    expect(await refusal(readTable(join(folder, 'none.csv')), folder)).toEqual({
      what: expect.stringContaining('the file cannot be opened (there is none of that name'),
      where: 'none.csv',
      fix: 'Check the path; in a config it is relative to the config file',
    });
    mkdirSync(join(folder, 'dir.csv'));
    expect(await refusal(readTable(join(folder, 'dir.csv')), folder)).toEqual({
      what: 'this is not a file',
      where: 'dir.csv',
      fix: 'Name a file: CSV (.csv), TSV (.tsv), JSON (.json), JSON Lines (.jsonl, .ndjson), these packed by gzip (.csv.gz), or Parquet (.parquet)',
    });
    for (const name of ['empty.csv', 'empty.jsonl', 'empty.parquet']) {
      expect(await refusal(readTable(write(name, '')), folder)).toEqual({
        what: 'the file is empty',
        where: name,
        fix: 'Give a header and one row per image',
      });
    }
    for (const [name, text] of [
      ['blank.csv', '\n\r\n'],
      ['bom.csv', '\uFEFF'],
      ['header.csv', 'image,label\n'],
      ['blank.jsonl', '\n \n'],
    ] as const) {
      expect(await refusal(readTable(write(name, text)), folder)).toEqual({
        what: 'the file has no rows',
        where: name,
        fix: 'Give one row per image',
      });
    }
  });

  test('not UTF-8, with the line', async () => {
    const latin1 = Buffer.from('image,label\na,1\nb,käse\nc,3\n', 'latin1');
    expect(await refusal(readTable(write('latin1.csv', latin1)), folder)).toEqual({
      what: 'the file is not UTF-8 text',
      where: 'latin1.csv:3',
      fix: 'Save it as UTF-8',
    });
    const utf16 = Buffer.from('\uFEFF{"image":"a"}\n', 'utf16le');
    expect(await refusal(readTable(write('utf16.jsonl', utf16)), folder)).toMatchObject({
      what: 'the file is UTF-16 text',
      where: 'utf16.jsonl',
    });
  });
});
