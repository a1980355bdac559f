import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { type ConditionTerms, featuresIn, holdsFor, parseCondition } from '../../src/gate/condition.ts';

const columns = new Map([
  ['camera', ['A', 'B', 'B', 'B', '']],
  ['weather', ['rain', 'rain', 'sun', 'heavy rain', 'rain']],
  ['hour', ['3', '12.0', '12', '23', 'x']],
  ['constructor', ['a', 'b', 'a', 'b', 'a']],
  ['caf\u00e9', ['\u00e9', 'e\u0301', 'e', '', '']],
]);
const terms: ConditionTerms = { columns, dimensions: 40, names: new Map([['redness', 7]]) };
const features = new Map([
  [7, Float32Array.of(0, 1, 2, 3, 4)],
  [32, Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5)],
]);

function rowsOf(text: string): number[] {
  const holds = holdsFor(parseCondition(text, terms, 'slices.x'), 5, columns, features);
  return [...holds.keys()].filter((row) => holds[row] === 1);
}

describe('a condition', () => {
  it.each([
    ['camera = B', [1, 2, 3]],
    ['camera == B', [1, 2, 3]],
    ['camera != B', [0, 4]],
    ['camera = B and weather = rain', [1]],
    ['camera = A or camera = B and weather = sun', [0, 2]],
    ['(camera = A or camera = B) and weather = sun', [2]],
    ['not camera = B and weather = rain', [0, 4]],
    ['NOT (camera = B OR weather = rain)', []],
    ['weather = "heavy rain"', [3]],
    ["camera = ''", [4]],
    ['hour = 12', [1, 2]],
    ['hour >= 12', [1, 2, 3]],
    ['hour < 12', [0]],
    ['feature 32 > 0.3', [2, 3, 4]], // 0.3 as float32 is above 0.3
    ['redness <= 1 and feature 32 > 0.1', [0, 1]],
    ['constructor = b', [1, 3]],
    ['caf\u00e9 = \u00e9', [0, 1]], // composed and decomposed are one
  ])('%s', (text, rows) => {
    expect(rowsOf(text)).toEqual(rows);
  });

  it('says which features it needs', () => {
    expect(featuresIn(parseCondition('feature 32 > 1 or (redness < 2 and not feature 7 = 1)', terms, ''))).toEqual([
      7, 32,
    ]);
  });

  it.each([
    ['camera', 'it ends where an operator should follow'],
    ['camera =', 'it ends where a value should follow'],
    ['camera = = B', '"=" stands where a value should'],
    ['(camera = )', '")" stands where a value should'],
    ['camera = B weather = rain', 'nothing joins "weather"'],
    ['(camera = B', 'it ends where a closing parenthesis'],
    ['camera "=" B', '"=" is none of'],
    ['hour > night', '"night" is no number'],
    ['camra = B', 'no column and no feature called "camra"'],
    ['feature 40 > 1', 'numbered from 0 to 39'],
    ['feature -1 > 1', 'numbered from 0 to 39'],
    ['camera = "B', 'nothing to make of "\\"B"'],
    ['', 'it ends where a column or a feature should follow'],
  ])('refuses %j', (text, why) => {
    const thrown = (() => {
      try {
        return parseCondition(text, terms, 'slices.x');
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(UserError);
    expect(thrown).toMatchObject({ where: 'slices.x' });
    expect(String(thrown)).toContain(why.trim());
  });

  it('offers the nearest name', () => {
    expect(() => parseCondition('camra = B', terms, 'x')).toThrow('Did you mean "camera"?');
  });
});

describe('what a condition is made of', () => {
  const odd: ConditionTerms = {
    columns: new Map([
      ['a', ['and', '=', '(', '+3', '-3.50']],
      ['not', ['x', 'y', 'x', 'y', 'x']],
      ['feature', ['1', '2', '3', '1e1', '.5']],
      ['a b', ['1.', 'x1', '1x', '1e', '']],
    ]),
    dimensions: 40,
    names: new Map([
      ['redness', 7],
      ['a', 32],
    ]),
  };
  const holding = (text: string) => {
    const condition = parseCondition(text, odd, 'here');
    return [...holdsFor(condition, 5, odd.columns, features)].flatMap((each, row) => (each === 1 ? [row] : []));
  };

  it.each([
    // What is quoted is a value, or a name, and nothing else.
    ['a = "and"', [0]],
    ["a = '='", [1]],
    ['a = "("', [2]],
    ['"not" = y', [1, 3]],
    ['not "not" = y', [0, 2, 4]],
    ['"feature" = 2', [1]],
    ['a = and', [0]],
    // Numbers are compared as numbers, however they are written, and everything else letter by letter.
    ['a = 3', [3]],
    ['a = -3.5', [4]],
    ['a < 0', [4]],
    ['a >= 3', [3]],
    ['feature > 2', [2, 3]],
    ['feature = 10', [3]],
    ['feature = 0.5', [4]],
    ['feature = 5e-1', [4]],
    ['feature = 1e+1', [3]],
    ['feature < 1e10', [0, 1, 2, 3, 4]],
    ['feature <= 1', [0, 4]],
    ['feature != 1', [1, 2, 3, 4]],
    ['feature = 1E0', [0]],
    ['"a b" = 1', [0]],
    ['"a b" = x1', [1]],
    ['"a b" > 0', [0]],
    ['"a b" = ""', [4]],
    ['"a b" != 1', [1, 2, 3, 4]],
    // A column goes before a feature of its name.
    ['a = +3', [3]],
    // Features by number and by name.
    ['redness >= 3', [3, 4]],
    ['redness < 1', [0]],
    ['redness = 2', [2]],
    ['redness != 2', [0, 1, 3, 4]],
    ['redness > 1 and redness <= 3', [2, 3]],
    ['redness<1 or redness>=4', [0, 4]],
    ['((redness < 1)) or (redness >= 4)', [0, 4]],
    ['not not redness < 1', [0]],
    ['redness < 1 or redness > 2 and redness < 4', [0, 3]],
    ['  redness   <\t1  ', [0]],
  ])('%s', (text, rows) => {
    expect(holding(text)).toEqual(rows);
  });

  const refused = (text: string, from: ConditionTerms = terms) => {
    try {
      parseCondition(text, from, 'slices.x');
    } catch (error) {
      if (error instanceof UserError) return error;
    }
    throw new Error('it was read');
  };

  it('says what is wrong, where, and how conditions are written', () => {
    const fix =
      'Write conditions such as `camera = B and (time = night or feature 32 > 0.5)`; quote what has spaces or signs';
    const whys: readonly (readonly [string, string])[] = [
      ['camera', 'it ends where an operator should follow'],
      ['feature', 'it ends where the number of a feature should follow'],
      ['not', 'it ends where a column or a feature should follow'],
      ['(camera = B', 'it ends where a closing parenthesis should follow'],
      ['(camera = B camera', 'a parenthesis is not closed'],
      ['camera is B', '"is" is none of = != < <= > >= =='],
      ['camera = (', '"(" stands where a value should'],
      ['camera = <=', '"<=" stands where a value should'],
      ['hour > 1x', '"1x" is no number'],
      ['hour < e1', '"e1" is no number'],
      ['redness = red', '"red" is no number'],
      ['redness != 1.2.3', '"1.2.3" is no number'],
      ['camera = B )', 'nothing joins ")" to what stands before it'],
      ['camera = B "', 'there is nothing to make of "\\""'],
      ['camera ! B', 'there is nothing to make of "! B"'],
    ];
    for (const [text, why] of whys) {
      expect(refused(text)).toMatchObject({
        what: `the condition ${JSON.stringify(text)} cannot be read: ${why}`,
        where: 'slices.x',
        fix,
      });
    }
  });

  it('names what there is in place of a column or feature that is not there', () => {
    expect(refused('camra = B')).toMatchObject({
      ...{ what: 'there is no column and no feature called "camra"', where: 'slices.x' },
      fix: 'Did you mean "camera"?',
    });
    expect(refused('rednes > 1').fix).toBe('Did you mean "redness"?');
    expect(refused('zzzzzz = 1').fix).toBe('Name a column of the manifest, or a feature as `feature 32`');
    expect(refused('"feature" = 1').what).toBe('there is no column and no feature called "feature"');
    for (const digits of ['40', '-1', '1.5', '1234567890', 'x']) {
      expect(refused(`feature ${digits} > 1`)).toMatchObject({
        what: `there is no feature "${digits}": the features are numbered from 0 to 39`,
        ...{ where: 'slices.x', fix: 'Take a number from a rule in the report' },
      });
    }
    expect(featuresIn(parseCondition('FEATURE 39 > 1 and feature 0 < 1 and feature 39 = 1', terms, ''))).toEqual([
      0, 39,
    ]);
    expect(featuresIn(parseCondition('camera = B', terms, ''))).toEqual([]);
  });

  it('cannot be judged without what it speaks of', () => {
    const by = (text: string) => parseCondition(text, terms, '');
    expect(() => holdsFor(by('feature 3 > 1'), 5, columns, features)).toThrow(
      'a feature of the condition was not read',
    );
    expect(() => holdsFor(by('camera = B'), 5, new Map(), features)).toThrow('a column of the condition is not there');
  });
});
