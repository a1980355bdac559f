import { expect, it } from 'vitest';
import { isJsonObject, jsonOrNull } from '../../src/records/json.ts';

it('an object of JSON is neither a list, nor a text, nor nothing', () => {
  expect([{}, { a: 1 }, [], 'a', 1, null, undefined].map(isJsonObject)).toEqual([
    ...[true, true],
    ...[false, false, false, false, false],
  ]);
});

it('a text that is no JSON has no value', () => {
  expect(['{"a": [1]}', '7', '', '{', 'undefined'].map(jsonOrNull)).toEqual([{ a: [1] }, 7, null, null, null]);
});
