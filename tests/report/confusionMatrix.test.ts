import { expect, it } from 'vitest';
import { confusionCells, confusionView } from '../../src/report/confusionMatrix.ts';

const labels = ['cat', 'cat', 'cat', 'dog', 'dog', 'owl'];
const before = ['cat', 'cat', 'dog', 'dog', 'dog', null];
const after = ['cat', 'dog', 'dog', 'dog', 'cat', 'cat'];

it('counts what is taken for what on the images that both have, by hand', () => {
  const cells = confusionCells(labels, before, after);
  expect(cells).toEqual([
    { label: 'cat', prediction: 'cat', before: 2, after: 1 },
    { label: 'cat', prediction: 'dog', before: 1, after: 2 },
    { label: 'dog', prediction: 'dog', before: 2, after: 1 },
    { label: 'dog', prediction: 'cat', before: 0, after: 1 },
  ]);
  const view = confusionView(cells);
  expect(view?.classes).toEqual(['cat', 'dog']);
  const texts = view?.tables.map(({ title, rows }) => [title, rows.map((row) => row.cells.map(({ text }) => text))]);
  expect(texts).toEqual([
    [
      'Difference',
      [
        ['-1', '+1'],
        ['+1', '-1'],
      ],
    ],
    [
      'Accepted checkpoint',
      [
        ['2', '1'],
        ['', '2'],
      ],
    ],
    [
      'This checkpoint',
      [
        ['1', '2'],
        ['1', '1'],
      ],
    ],
  ]);
  expect(view?.tables[0]?.rows[0]?.cells.map(({ kind }) => kind)).toEqual(['worse', 'worse']);
  expect(view?.pairs).toEqual(['cat taken for dog: 1 → 2 (+1)', 'dog taken for cat: 0 → 1 (+1)']);
});

it('lists pairs, what changed most first, beyond 30 classes, and is nothing where nothing is known', () => {
  const names = Array.from({ length: 31 }, (_, i) => `class ${i}`);
  const cells = names.map((label, i) => ({ label, prediction: names[(i + 1) % 31], before: 40, after: 40 - i }));
  const view = confusionView(cells);
  expect(view?.classes).toBeNull();
  expect(view?.pairs.slice(0, 1)).toEqual(['class 30 taken for class 0: 40 → 10 (-30)']);
  expect(view?.pairs).toHaveLength(30);
  expect(confusionView([])).toBeNull();
  expect(confusionView(undefined)).toBeNull();
});
