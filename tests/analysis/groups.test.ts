import { describe, expect, it } from 'vitest';
import { groupsOf, pairedGroupsOf } from '../../src/analysis/groups.ts';
import type { Checkpoint, EvalSet } from '../../src/records/evalSet.ts';

const classes = ['ape', 'bee', 'cat'];
// Row:            0  1  2  3  4  5  6  7
const labels = [0, 0, 0, 1, 1, 2, 2, 2];
const candidate = checkpoint('candidate', [0, 1, 2, 1, 0, 2, 2, 1]);
const accepted = checkpoint('accepted', [1, 0, 0, 1, 1, 2, 0, 2]);

function checkpoint(name: string, predictions: number[]): Checkpoint {
  return {
    name,
    predictions: Int32Array.from(predictions),
    failed: Uint8Array.from(predictions, (prediction, row) => Number(prediction !== labels[row])),
    confidence: null,
  };
}

const evalSet: EvalSet = {
  images: labels.map((_, row) => `${row}.png`),
  folder: null,
  classes,
  labels: Int32Array.from(labels),
  columns: new Map([['light', ['day', 'night', 'day', 'dusk', 'day', 'night', 'day', 'day']]]),
  fingerprint: '',
};

function listed(...specs: string[]) {
  return groupsOf(specs, evalSet, candidate).map(({ id, rows, failed }) => `${id} ${rows.join()} ${failed.join('')}`);
}

describe('groupsOf', () => {
  it('groups by label, by prediction and as a whole', () => {
    expect(listed('all')).toEqual(['all 0,1,2,3,4,5,6,7 01101001']);
    expect(listed('label')).toEqual(['label:ape 0,1,2 011', 'label:bee 3,4 01', 'label:cat 5,6,7 001']);
    expect(listed('prediction')).toEqual([
      'prediction:ape 0,4 01',
      'prediction:bee 1,3,7 101',
      'prediction:cat 2,5,6 100',
    ]);
    expect(listed('label:cat', 'prediction:bee')).toEqual(['label:cat 5,6,7 001', 'prediction:bee 1,3,7 101']);
  });

  it('groups by union: exactly one of label and prediction is the class', () => {
    expect(listed('union:bee')).toEqual(['union:bee 1,3,4,7 1011']);
    expect(listed('union')).toHaveLength(3);
  });

  it('groups by the pairs of classes that were confused', () => {
    expect(listed('confusion')).toEqual([
      'confusion:ape~bee 0,1,3,4 0101',
      'confusion:ape~cat 0,2,5,6 0100',
      'confusion:bee~cat 3,5,6,7 0001',
    ]);
  });

  it('groups by a column, values in code unit order', () => {
    expect(listed('column:light')).toEqual(['light:day 0,2,4,6,7 01101', 'light:dusk 3 0', 'light:night 1,5 10']);
  });

  it('keeps the order of the specs and lists no group twice', () => {
    expect(listed('union:cat', 'label', 'all', 'label:ape').map((text) => text.split(' ')[0])).toEqual([
      'union:cat',
      'label:ape',
      'label:bee',
      'label:cat',
      'all',
    ]);
  });

  it.each([
    ['union:dog', /there is no class "dog".*ape, bee, cat/],
    ['column:weather', /no column "weather".*light/],
    ['labels', /no such grouping/],
    ['all:ape', /no such grouping/],
    ['column', /no such grouping/],
  ])('answers %s with what does exist', (spec, message) => {
    expect(() => groupsOf([spec], evalSet, candidate)).toThrow(message);
    expect(() => groupsOf([spec], evalSet, candidate)).toThrow(expect.objectContaining({ name: 'UserError' }));
  });

  it('refuses groupings by prediction where only failures are known', () => {
    const blind = { ...candidate, predictions: null };
    for (const spec of ['prediction', 'confusion', 'union', 'union:bee'])
      expect(() => groupsOf([spec], evalSet, blind)).toThrow(/"candidate" comes with a "failed" column/);
    expect(groupsOf(['all', 'label', 'column:light'], evalSet, blind)).toHaveLength(7);
  });
});

describe('groups that would have one name', () => {
  const checkpointOf = (predictions: number[], own: number[]): Checkpoint => ({
    ...{ name: 'c', predictions: Int32Array.from(predictions), confidence: null },
    failed: Uint8Array.from(predictions, (prediction, row) => Number(prediction !== own[row])),
  });

  it('are refused: confusions of classes with ~ in their names', () => {
    const own = [0, 1, 2, 3];
    const set = {
      ...evalSet,
      classes: ['a', 'a~b', 'b~c', 'c'],
      labels: Int32Array.from(own),
      images: ['0', '1', '2', '3'],
    };
    const confused = checkpointOf([2, 3, 0, 1], own);
    expect(() => groupsOf(['confusion'], set, confused)).toThrow(
      expect.objectContaining({
        ...{ name: 'UserError', what: 'two groups would have the name "confusion:a~b~c"', where: 'groups: confusion' },
        fix: 'Rename the classes or columns that hold ~ or :',
      }),
    );
  });

  it('are refused: columns with : in their names or values; one column twice is one', () => {
    const texts = labels.map(() => 'z');
    const columns = new Map([
      ['x', labels.map((_, row) => (row < 4 ? 'y:z' : 'w'))],
      ['x:y', texts],
    ]);
    const set = { ...evalSet, columns };
    expect(() => groupsOf(['column:x', 'column:x:y'], set, candidate)).toThrow(
      expect.objectContaining({ what: 'two groups would have the name "x:y:z"', where: 'groups: column:x:y' }),
    );
    expect(groupsOf(['column:x', 'column:x'], set, candidate).map(({ id }) => id)).toEqual(['x:w', 'x:y:z']);
    expect(groupsOf(['column:x:y'], set, candidate).map(({ id, grouping, value }) => [id, grouping, value])).toEqual([
      ['x:y:z', 'column', 'z'],
    ]);
  });
});

describe('pairedGroupsOf', () => {
  const paired = (...specs: string[]) =>
    pairedGroupsOf(specs, evalSet, [candidate, accepted]).map(
      ({ id, rows, outcomes }) => `${id} ${rows.join()} ${outcomes.map((outcome) => outcome.join('')).join(' ')}`,
    );

  it('keeps label groups and looks up each checkpoint', () => {
    expect(paired('label:ape', 'all')).toEqual(['label:ape 0,1,2 011 100', 'all 0,1,2,3,4,5,6,7 01101001 10000010']);
  });

  it('takes the images that any checkpoint predicts as the class', () => {
    expect(paired('prediction:ape')).toEqual(['prediction:ape 0,1,2,4,6 00010 00001']);
    expect(paired('union:bee')).toEqual(['union:bee 0,1,3,4,7 01011 10000']);
    expect(paired('confusion')[0]).toBe('confusion:ape~bee 0,1,2,3,4 01001 10000');
  });
});
