import { describe, expect, it } from 'vitest';
import { withScoreColumns } from '../../src/evalset/scoreColumns.ts';
import { columns } from './scratch.ts';

const classes = ['cat', 'dog'];

/** A table of one image a column of cells. */
function table(cells: Readonly<Record<string, readonly string[]>>) {
  const all = new Map(Object.entries(cells));
  const rows = Math.max(...[...all.values()].map(({ length }) => length));
  return { file: 'a.csv', rows, columns: all, nested: new Set<string>(), where: (row: number) => `a.csv:${row + 2}` };
}

function taken(
  cells: Readonly<Record<string, readonly string[]>>,
  order: readonly string[] | null = null,
  of = classes,
) {
  const { columns: all, ofScores } = withScoreColumns(table(cells), of, columns, order);
  return { prediction: all.get('prediction'), confidence: all.get('confidence'), ofScores };
}

const none = { prediction: undefined, confidence: undefined, ofScores: undefined };

describe('a column of scores a class', () => {
  // Worked by hand: probabilities stand, of others the softmax counts.
  const [scores, said] = [
    { cat: ['0.25', '0.875'], dog: ['0.75', '0.125'] },
    { prediction: ['dog', 'cat'], confidence: ['0.75', '0.875'], ofScores: true },
  ];
  const called = (nameOf: (name: string) => string) =>
    Object.fromEntries(Object.entries(scores).map(([name, cells]) => [nameOf(name), cells]));

  it.each(['%', 'prob_%', '%_score', 'p(%)', '% %%', 'cat_%'])('called %s', (pattern) => {
    const cells = called((name) => pattern.replace('%', name));
    expect(taken({ image: ['a', 'b'], ...cells })).toEqual(said);
  });

  it.each(['label_%', 'is_true_%', '%_gt', 'target.%'])(
    'is none where it is called %s, as what is right',
    (pattern) => {
      expect(taken(called((name) => pattern.replace('%', name)))).toEqual(none);
    },
  );

  it('is none where a class lacks its own, there is one class, or two sets of them', () => {
    expect(taken({ cat: ['1'], dogs: ['0'] })).toEqual(none);
    expect(taken({ cat: ['1'] }, null, ['cat'])).toEqual(none);
    expect(taken({ cat: ['1'] }, null, [])).toEqual(none);
    expect(taken({ p_cat: ['1'], p_dog: ['0'], q_cat: ['1'], q_dog: ['0'] })).toEqual(none);
  });

  it('by index means the order that is known, and nothing without one', () => {
    const cells = { 'score.0': ['0.25'], 'score.1': ['0.75'] };
    expect(taken(cells)).toEqual(none);
    expect(taken(cells, ['dog', 'cat'])).toEqual({ prediction: ['cat'], confidence: ['0.75'], ofScores: true });
    // By name comes first.
    expect(taken({ ...cells, cat: ['1'], dog: ['0'] }, ['dog', 'cat']).prediction).toEqual(['cat']);
  });

  it('has decimal commas and logits too', () => {
    expect(taken({ cat: ['0,5'], dog: ['0,5'] })).toMatchObject({ prediction: ['cat'], confidence: ['0.5'] });
    expect(taken({ cat: ['3'], dog: ['3'] })).toMatchObject({ prediction: ['cat'], confidence: ['0.5'] });
  });

  it('keeps what else the table has', () => {
    const {
      columns: all,
      file,
      rows,
    } = withScoreColumns(table({ note: ['x'], cat: ['1'], dog: ['0'] }), classes, columns, null);
    expect([file, rows, [...all.keys()]]).toEqual(['a.csv', 1, ['note', 'cat', 'dog', 'prediction', 'confidence']]);
  });

  it('that holds no number is said', () => {
    expect(() => taken({ cat: ['1', '1'], dog: ['0', 'x'] })).toThrow(
      expect.objectContaining({
        what: 'the score "x" of "dog" is not a number',
        ...{ where: 'a.csv:3', fix: 'Give one score per class, or a column of predictions' },
      }),
    );
  });
});

describe('scores of classes that are not known', () => {
  const fix =
    'Add what may be predicted to `evalSet.classes` in the config (barlow compare: one class per line in a file, named by --classes); rename a column that holds something else';
  const refused = (cells: Readonly<Record<string, readonly string[]>>, what: string, column: string) =>
    expect(() => taken(cells)).toThrow(
      expect.objectContaining({ what, where: `a.csv: column ${JSON.stringify(column)}`, fix }),
    );

  it('are told by what stands before and behind the names', () => {
    const own = { 'p_cat.x': ['1'], 'p_dog.x': ['0'] };
    refused({ ...own, 'p_fox.x': ['0'] }, 'there are scores of 1 class that no label has: "fox"', 'p_fox.x');
    refused(
      { image: ['a'], ...own, 'p_b.x': ['0'], 'p_c.x': ['0'] },
      'there are scores of 2 classes that no label has: "b", "c"',
      'p_b.x',
    );
    // Without either, and where nothing stands between them, it is another column.
    for (const other of ['p_fox', 'fox.x', 'p_.x', 'xp_fox.x', 'p_fox.xx'])
      expect(taken({ ...own, [other]: ['0'] })).toMatchObject({ prediction: ['cat'] });
  });

  it('are those without which the scores are no probabilities, and with which they are', () => {
    const bare = { image: ['a.png'], label: ['cat'], cat: ['0.5'], dog: ['0.25'] };
    refused({ ...bare, fox: ['0.25'] }, 'there are scores of 1 class that no label has: "fox"', 'fox');
    refused(
      { ...bare, fox: ['0.25'], owl: ['0'] },
      'there are scores of 2 classes that no label has: "fox", "owl"',
      'fox',
    );
    for (const cell of ['1.25', '-0.25', '0.5', 'x', ''])
      expect(taken({ ...bare, fox: [cell] })).toMatchObject({ prediction: ['cat'] });
    // They are probabilities without it.
    expect(taken({ cat: ['0.75'], dog: ['0.25'], share: ['0'] })).toMatchObject({ confidence: ['0.75'] });
    // The columns of the image, its label and a confidence are no scores.
    expect(taken({ ...bare, confidence: ['0.25'] })).toMatchObject({ prediction: ['cat'] });
    expect(taken({ ...bare, label: ['0.25'] })).toMatchObject({ prediction: ['cat'] });
  });
});
