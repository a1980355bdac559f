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
