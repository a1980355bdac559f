import { describe, expect, it } from 'vitest';
import { type EventPart, eventsOf } from '../../src/gate/events.ts';
import { confusionOf } from '../../src/gate/eventWords.ts';
import type { Cluster, EventImage } from '../../src/records/comparison.ts';

const image = (name: string, more: Partial<EventImage> = {}): EventImage => ({
  ...{ name, label: 'car', before: 'car', after: 'truck', confidence: null, confidenceBefore: null, typical: 1 },
  ...more,
});

function part(id: string, names: readonly string[], more: Partial<EventPart> = {}): EventPart {
  const group = id.replace(/#.*/, '');
  const cluster: Cluster = {
    ...{ id, group, status: 'new', rule: [], size: names.length, newlyFailed: names.length, newlyFixed: 0 },
    ...{
      baselineErrorRate: 0,
      errorRate: 1,
      pValue: 0.001,
      adjustedPValue: 0.001,
      specificPValue: 0.1,
      scope: 'specific',
    },
    ...{ images: names, neighbourhood: null, found: null, precision: 1, recall: 1, match: null },
  };
  return { cluster, images: names.map((name) => image(name)), ...more };
}

describe('clusters that are one event', () => {
  it('share half of the newly failed images of the smaller', () => {
    const events = eventsOf(
      [part('a#1', ['1', '2', '3', '4']), part('b#1', ['3', '4', '5', '6']), part('c#1', ['6', '7', '8'])],
      [],
    );
    expect(events.map(({ id, clusters }) => [id, clusters])).toEqual([
      ['a#1', ['a#1', 'b#1']],
      ['c#1', ['c#1']],
    ]);
    expect(events[0].images.map(({ name }) => name)).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('that share nothing are none, not even where one has no images', () => {
    expect(eventsOf([part('a#1', ['1']), part('b#1', []), part('c#1', ['2'])], [])).toHaveLength(3);
  });

  it('are bound together by a later one', () => {
    const parts = [part('a#1', ['1', '2']), part('b#1', ['3', '4']), part('c#1', ['9']), part('d#1', ['2', '3'])];
    expect(eventsOf(parts, []).map(({ clusters }) => clusters)).toEqual([['a#1', 'd#1', 'b#1'], ['c#1']]);
  });

  it('take the id of an event of another checkpoint that shares as much', () => {
    const [found] = eventsOf([part('x#9', ['1', '2', '3'])], []);
    const earlier = {
      ...found,
      title: '',
      traits: [],
      known: null,
      trainingSet: null,
      pool: null,
      counterfactual: null,
      actions: [],
      others: { images: [], leftOut: 0 },
    };
    expect(eventsOf([part('a#1', ['2', '3', '4'])], [earlier])[0].id).toBe('x#9');
    expect(eventsOf([part('a#1', ['3', '4', '5'])], [earlier])[0].id).toBe('a#1');
  });

  it('say in which groups they show', () => {
    const parts = [part('all#1', ['1', '2']), part('label:car#1', ['1', '2']), part('all#2', ['1'])];
    expect(eventsOf(parts, [])[0].groups).toEqual(['all', 'label:car']);
  });

  it('list the most typical image first, of equals by name, and each once', () => {
    const images = [image('c', { typical: 2 }), image('b', { typical: 1 }), image('a', { typical: 2 })];
    const parts = [part('a#1', [], { images }), part('b#1', [], { images: [image('b', { typical: 9 })] })];
    expect(eventsOf(parts, [])[0].images.map(({ name, typical }) => [name, typical])).toEqual([
      ['b', 1],
      ['a', 2],
      ['c', 2],
    ]);
  });

  it('tell the median confidence, of those that have one', () => {
    const images = [0.9, 0.5, 0.7, null].map((confidence, at) => image(String(at), { confidence }));
    expect(eventsOf([part('a#1', [], { images })], [])[0].confidence).toEqual({ after: 0.7, before: null });
    expect(eventsOf([part('a#1', ['1'])], [])[0].confidence).toBeNull();
  });
});

describe('the title of an event', () => {
  const images = (...pairs: readonly (readonly [string, string | null, number])[]) =>
    pairs.flatMap(([label, after, count]) => Array.from({ length: count }, () => ({ label, before: label, after })));

  it.each([
    [images(['car', 'truck', 9], ['car', 'bus', 1]), 'Cars taken for trucks: 9 of 10'],
    [images(['bus', 'box', 5]), 'Buses taken for boxes: 5 of 5'],
    [images(['church', 'dish', 5]), 'Churches taken for dishes: 5 of 5'],
    [images(['butterfly', 'monkey', 5]), 'Butterflies taken for monkeys: 5 of 5'],
    [images(['fire truck', 'n01440764', 5]), 'Fire trucks taken for "n01440764": 5 of 5'],
    [images(['car', 'truck', 3], ['dog', 'truck', 3]), 'Images of many classes taken for trucks: 6 of 6'],
    [
      images(['car', 'truck', 3], ['car', 'bus', 2], ['car', 'dog', 2]),
      'Cars taken for other classes, most often trucks: 3 of 7',
    ],
    // Exactly 60 % is most of them.
    [images(['car', 'truck', 3], ['dog', 'truck', 2]), 'Cars taken for trucks: 3 of 5'],
    [images(['car', null, 4]), 'Cars: 4 images newly fail'],
    // Of as many the first by name.
    [
      images(['dog', 'b', 2], ['cat', 'a', 2]),
      'Images of many classes taken for other classes, most often "a": 2 of 4',
    ],
  ])('%#: %s', (of, title) => {
    expect(confusionOf(of, 'after').text).toBe(title);
  });

  it('of what was mended says what is no longer so', () => {
    const mended = images(['car', 'car', 5]).map((each) => ({ ...each, before: 'truck' }));
    expect(confusionOf(mended, 'before').text).toBe('Cars no longer taken for trucks: 5 of 5');
  });

  it.each([
    ['deer', 'Deer'],
    ['person', 'People'],
    ['Hund', '"Hund"'],
    ['rouge-gorge', 'Rouge-gorges'],
    ['a\nb', '"a\u240ab"'],
    ['\u202egnp', '"\ufffdgnp"'],
    ['שלום', '"\u2068שלום\u2069"'],
    ['猫', '"猫"'],
    ['x'.repeat(200), `"${'x'.repeat(26)}…${'x'.repeat(13)}"`],
  ])('a class called %j is %j', (label, shown) => {
    expect(confusionOf(images([label, null, 2]), 'after').text).toBe(`${shown}: 2 images newly fail`);
  });

  it('is as data too', () => {
    expect(confusionOf(images(['car', 'truck', 3], ['dog', 'truck', 2]), 'after')).toMatchObject({
      ...{ kind: 'confusion', label: 'car', prediction: 'truck', images: 3, of: 5 },
    });
    expect(confusionOf(images(['car', 'truck', 1], ['dog', 'bus', 1]), 'after').label).toBeNull();
  });
});
