import { describe, expect, it } from 'vitest';
import { expectation, messageWithFigures } from '../../src/records/expectation.ts';
import type { Check } from '../../src/records/verdict.ts';

const check: Check = {
  ...{ id: 'new-cluster', subject: 'all', expected: 0, operator: '<=', actual: 1, passed: false, severity: 'error' },
  message: 'it broke',
};

describe('what a check expects', () => {
  it.each([
    ['<=', 'expected at most 0, found 1'],
    ['<', 'expected less than 0, found 1'],
    ['>=', 'expected at least 0, found 1'],
    ['>', 'expected more than 0, found 1'],
    ['==', 'expected exactly 0, found 1'],
  ] as const)('%s', (operator, words) => {
    expect(expectation({ ...check, operator })).toBe(words);
  });

  it('is said of a value that is missing', () => {
    expect(messageWithFigures({ ...check, actual: null })).toBe('it broke (expected at most 0, found nothing)');
  });

  it('is not said where the config says something in vain', () => {
    expect(messageWithFigures({ ...check, expected: null, actual: null })).toBe('it broke');
  });
});
