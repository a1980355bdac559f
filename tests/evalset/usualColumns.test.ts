import { describe, expect, it } from 'vitest';
import { withUsualColumns } from '../../src/evalset/usualColumns.ts';
import { columns } from './scratch.ts';

const taken = (...names: readonly string[]) => {
  const cells = new Map(names.map((name) => [name, [`of ${name}`]] as const));
  const table = { file: 'a.csv', rows: 1, columns: cells, nested: new Set<string>(), where: () => 'a.csv:2' };
  return withUsualColumns(table, columns, ['image', 'label', 'prediction', 'failed', 'confidence']);
};

describe('a column under a name that means the same', () => {
  it.each([
    ['image', 'images img file filename filenames file_name filepath file_path path'],
    ['image', 'image_path image_name image_file img_path img_name'],
    ['label', 'labels class class_name target true_label y_true ground_truth gt'],
    ['prediction', 'predictions pred preds predicted predicted_label predicted_class y_pred'],
    ['prediction', 'pred_label pred_class pred_name'],
    ['confidence', 'confidences conf'],
  ])('is taken for %s: %s', (role, names) => {
    for (const name of names.split(' ')) {
      for (const given of [name, name.toUpperCase(), name.replaceAll('_', '-'), ` ${name.replaceAll('_', ' ')}`]) {
        const { table, notices } = taken(given, 'other');
        expect([...table.columns.keys()].toSorted(), given).toEqual(['other', role].toSorted());
        expect(table.columns.get(role)).toEqual([`of ${given}`]);
        expect(notices).toEqual([`a.csv: takes the column ${JSON.stringify(given)} as ${role}.`]);
      }
    }
  });

  it('is not looked for where the config calls it otherwise', () => {
    const cells = new Map([['image', ['a']]]);
    const table = { file: 'a.csv', rows: 1, columns: cells, nested: new Set<string>(), where: () => '' };
    const asked = withUsualColumns(table, { ...columns, image: 'picture' }, ['image']);
    expect([[...asked.table.columns.keys()], asked.notices]).toEqual([['image'], []]);
  });

  it('is told by its letters before all, and not where two could be meant', () => {
    expect([...taken('Failed').table.columns.keys()]).toEqual(['failed']);
    expect(taken('Image', 'path').table.columns.get('image')).toEqual(['of Image']);
    expect(taken('Image', 'path').notices).toEqual([]);
    expect(taken('path', 'file').table.columns.has('image')).toBe(false);
    expect(taken('image', 'path').table.columns.get('path')).toEqual(['of path']);
  });
});
