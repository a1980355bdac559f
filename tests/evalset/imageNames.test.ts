import { describe, expect, it } from 'vitest';
import { listed, rowsByName } from '../../src/evalset/imageNames.ts';
import { namesAsKnown } from '../../src/evalset/namesAsKnown.ts';

const table = {
  file: 'a.csv',
  rows: 0,
  columns: new Map(),
  nested: new Set<string>(),
  where: (row: number) => `row ${row}`,
};
const rowsOf = (...names: readonly string[]) => rowsByName(table, names);

describe('names of images', () => {
  it('that look odd and are plain', () => {
    const names = [
      'a..b',
      '...',
      '.hidden',
      'a/.b/c',
      'a/..b',
      'a/b..',
      'ab:c',
      'a/c:/b',
      ' ',
      'a.png',
      'http:',
      '~',
      '..a/b',
    ];
    expect([...rowsOf(...names)]).toEqual(names.map((name, row) => [name, row]));
  });

  const below = 'Write its path below the folder of the images (`evalSet.images`)';
  it.each([
    ['', 'the image has no name', 'Give its path below the folder of the images'],
    ['a\0', 'image "a\\u0000" has a NUL in its name', 'Write the name without it'],
    ['\0../a', 'image "\\u0000../a" has a NUL in its name', 'Write the name without it'],
    ['/a', 'image "/a" has an absolute path', below],
    ['c:a', 'image "c:a" has an absolute path', below],
    ['Z:\\a', 'image "Z:\\\\a" has an absolute path', below],
    ['a\\b', 'image "a\\\\b" has a backslash in its name', 'Separate folders by /'],
    ['s3://x/a', 'image "s3://x/a" is an address', `${below}, as it is called there`],
    ['Git+SSH://x', 'image "Git+SSH://x" is an address', `${below}, as it is called there`],
    ['a/x://b', 'image "a/x://b" is not in plain form', 'Write "a/x:/b"'],
    ['3s://x', 'image "3s://x" is not in plain form', 'Write "3s:/x"'],
    [
      '../a',
      'image "../a" leads out of its folder by ..',
      'Make `evalSet.images` the folder that holds all images, and write paths below it',
    ],
    [
      'a/..',
      'image "a/.." leads out of its folder by ..',
      'Make `evalSet.images` the folder that holds all images, and write paths below it',
    ],
    ['.', 'image "." is not in plain form', 'Write ""'],
    ['./a', 'image "./a" is not in plain form', 'Write "a"'],
    ['a/./b', 'image "a/./b" is not in plain form', 'Write "a/b"'],
    ['a//b', 'image "a//b" is not in plain form', 'Write "a/b"'],
    ['a/', 'image "a/" is not in plain form', 'Write "a"'],
  ])('%o is refused', (name, what, fix) => {
    expect(() => rowsOf('x', name)).toThrow(expect.objectContaining({ what, where: 'row 1', fix }));
  });

  it('stand once', () => {
    expect(() => rowsOf('x', 'a', 'b', 'a')).toThrow(
      expect.objectContaining({
        ...{ what: 'image "a" stands twice, first at row 1', where: 'row 3', fix: 'Remove one of the two rows' },
      }),
    );
  });

  it('are listed, three at most', () => {
    expect(listed([])).toBe('');
    expect(listed(['a', 'b"', 'c'])).toBe('"a", "b\\"", "c"');
    expect(listed(['a', 'b', 'c', 'd'])).toBe('"a", "b", "c" and 1 more');
  });
});

describe('names as the eval set has them', () => {
  const images = ['cat/1.png', 'cat/deep/2.png', 'dog/3.tar.png', '4'];
  const known = (given: readonly string[], folder: string | null = '/data/val', of = images) =>
    namesAsKnown(given, { images: of, folder });
  const below = 'below their folder';
  const alone = 'by file name alone';
  const bare = 'without their endings';

  it.each<[string | null, readonly string[], readonly string[]]>([
    [null, images, images],
    [null, [], []],
    [below, ['val/cat/1.png', 'val/4'], ['cat/1.png', '4']],
    [below, ['/home/me/val/cat/1.png', '/home/me/val/cat/deep/2.png'], ['cat/1.png', 'cat/deep/2.png']],
    [below, ['.\\val\\cat\\1.png', '././val/4'], ['cat/1.png', '4']],
    // One that is known already stays.
    [below, ['4', 'val/cat/1.png'], ['4', 'cat/1.png']],
    [below, ['cat\\deep\\2.png'], ['cat/deep/2.png']],
    [alone, ['1.png', '2.png', '3.tar.png'], ['cat/1.png', 'cat/deep/2.png', 'dog/3.tar.png']],
    [alone, ['deep/2.png', '1.png'], ['cat/deep/2.png', 'cat/1.png']],
    [bare, ['cat/1', 'cat/deep/2'], ['cat/1.png', 'cat/deep/2.png']],
    [bare, ['1', '3.tar'], ['cat/1.png', 'dog/3.tar.png']],
  ])('%s: %o', (told, given, names) => {
    expect(known(given)).toEqual({ names, told });
  });

  it.each<[string, readonly string[]]>([
    ['another folder', ['train/cat/1.png']],
    ['several folders before them', ['val/cat/1.png', 'test/4']],
    ['an image that is none', ['val/cat/1.png', 'val/cat/9.png']],
    ['the end of a name', ['at/1.png']],
    ['another ending', ['cat/1.jpg']],
    ['the end of a file name', ['.png']],
    ['no name', ['']],
  ])('as they are given, for they have %s', (_, given) => {
    expect(known(given)).toEqual({ names: given, told: null });
  });

  it('as they are given, for several could be meant', () => {
    const twice = ['cat/1.png', 'dog/1.png', 'dog/2.png', 'dog/2.jpg'];
    for (const given of [['1.png'], ['dog/2'], ['2']])
      expect(known(given, null, twice)).toEqual({ names: given, told: null });
    expect(known(['2.png'], null, twice)).toEqual({ names: ['dog/2.png'], told: alone });
  });

  it('without a folder of the images only where nothing stands before them', () => {
    expect(known(['val/cat/deep/2.png'], null)).toEqual({ names: ['val/cat/deep/2.png'], told: null });
    expect(known(['./cat/1.png'], null)).toEqual({ names: ['cat/1.png'], told: below });
    expect(known(['x/val/4', 'val/cat/1.png'])).toEqual({ names: ['x/val/4', 'val/cat/1.png'], told: null });
  });
});
