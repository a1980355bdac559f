import { describe, expect, it } from 'vitest';
import { eventRows } from '../../src/pipeline/alike.ts';
import type { Features } from '../../src/pipeline/read.ts';
import { sampleEvent } from '../report/sampleResult.ts';

/** Images with a label and one feature: what is alike lies close on a line, whatever its scale. */
function setOf(images: readonly (readonly [name: string, label: string, value: number, failed: boolean])[]) {
  const classes = [...new Set(images.map(([, label]) => label))];
  const values = images.map(([, , value]) => value);
  const features: Features = {
    evalSet: {
      ...{ images: images.map(([name]) => name), folder: null, classes, columns: new Map(), fingerprint: '' },
      labels: Int32Array.from(images, ([, label]) => classes.indexOf(label)),
    },
    file: {
      ...{ path: '', offset: 0, dimensions: 1, rowOf: Uint32Array.from(images.keys()) },
      ...{ contents: '', model: { fingerprint: '', dimensions: 1, engine: 'file' } },
    },
    read: async (rows, from, to) => ({
      rows: rows.length,
      from,
      to,
      values: Float32Array.from(rows, (row) => values[row]),
    }),
    ...{ hashes: null, skipped: [], rows: Uint32Array.from(images.keys()), properties: [] },
  };
  const checkpoint = {
    name: 'new',
    predictions: null,
    confidence: null,
    failed: Uint8Array.from(images, ([, , , failed]) => Number(failed)),
  };
  const [image] = sampleEvent().images;
  const event = (...names: readonly string[]) => sampleEvent({ images: names.map((name) => ({ ...image, name })) });
  return { features, checkpoint, event };
}

describe('images that show an event', () => {
  // Row by row: cats that fail at 10 and 11, right cats at 1, 4, 9 and 13, a dog that fails at 30, right dogs at 12, 29 and 40, a right bird.
  const { features, checkpoint, event } = setOf([
    ['c10', 'cat', 10, true],
    ['c11', 'cat', 11, true],
    ['c1', 'cat', 1, false],
    ['c4', 'cat', 4, false],
    ['c9', 'cat', 9, false],
    ['c13', 'cat', 13, false],
    ['d30', 'dog', 30, true],
    ['d12', 'dog', 12, false],
    ['d29', 'dog', 29, false],
    ['d40', 'dog', 40, false],
    ['b10', 'bird', 10, false],
    ['b11', 'bird', 11, true],
  ]);

  it('are its own, in its order, and right ones of its classes that lie nearest to their mean', async () => {
    // The mean is 10.5: cats at 9 and 13, then at 4.
    const { failing, right } = await eventRows(event('c11', 'c10'), features, checkpoint, 3);
    expect(failing).toEqual([1, 0]);
    expect(right).toEqual([4, 5, 3]);
  });

  it('have as neighbours the nearest right images of their own class, three of them', async () => {
    const { neighbours } = await eventRows(event('c11', 'c10', 'd30'), features, checkpoint, 1);
    expect(Object.fromEntries(neighbours)).toEqual({ 0: [4, 5, 3], 1: [4, 5, 3], 6: [8, 9, 7] });
  });

  it('show beside them only classes that make up a fifth of the event', async () => {
    const many = setOf([
      ...Array.from({ length: 9 }, (_, at) => [`f${at}`, 'cat', at, true] as const),
      ['fd', 'dog', 4, true],
      ['c', 'cat', 100, false],
      ['d', 'dog', 4, false],
    ]);
    const names = [...Array(9).keys()].map((at) => `f${at}`);
    const { right, neighbours } = await eventRows(many.event(...names, 'fd'), many.features, many.checkpoint, 6);
    expect(right).toEqual([10]);
    expect(neighbours.get(9)).toEqual([11]);
  });

  it('stand alone where nothing of their class is right', async () => {
    const allWrong = { ...checkpoint, failed: checkpoint.failed.map(() => 1) };
    const rows = { failing: [11], right: [], neighbours: new Map([[11, []]]) };
    expect(await eventRows(event('b11'), features, allWrong, 6)).toEqual(rows);
  });

  it('are images of the eval set: another is a mistake', async () => {
    await expect(eventRows(event('gone'), features, checkpoint, 6)).rejects.toThrow('no value for gone');
  });
});
