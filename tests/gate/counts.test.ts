import { describe, expect, it } from 'vitest';
import { boundedMap } from '../../src/gate/boundedMap.ts';
import { changeIn, everyPosition } from '../../src/gate/change.ts';
import { figuresOf } from '../../src/gate/figures.ts';
import { newlyFailedImages } from '../../src/gate/newlyFailed.ts';
import { openImages } from '../../src/gate/open.ts';
import { newlyFail, whereText } from '../../src/gate/words.ts';
import { sampleEvent, sampleGroup } from '../report/sampleResult.ts';
import { pairedGroup } from './paired.ts';

describe('what changed', () => {
  //                                 0  1  2  3  4  5  6
  const candidate = Uint8Array.from([1, 1, 0, 0, 1, 1, 0]);
  const baseline = Uint8Array.from([1, 0, 1, 0, 0, 1, 1]);

  it('is counted image by image, by the newest baseline', () => {
    expect(changeIn([candidate, baseline, new Uint8Array(7)], everyPosition(7))).toEqual({
      ...{ size: 7, failures: 4, baselineFailures: 4, newlyFailed: 2, newlyFixed: 2 },
      ...{ errorRate: 4 / 7, baselineErrorRate: 4 / 7 },
    });
    expect(changeIn([candidate, baseline], Uint32Array.of(1, 3, 4, 6))).toEqual({
      ...{
        size: 4,
        failures: 2,
        baselineFailures: 1,
        newlyFailed: 2,
        newlyFixed: 1,
        errorRate: 0.5,
        baselineErrorRate: 0.25,
      },
    });
  });

  it('is nothing of no images', () => {
    const none = { size: 0, failures: 0, baselineFailures: 0, newlyFailed: 0, newlyFixed: 0 };
    expect(changeIn([candidate, baseline], everyPosition(0))).toEqual({ ...none, errorRate: 0, baselineErrorRate: 0 });
  });

  it('lists what newly fails, the most confident first, those without a confidence last, each with its event', () => {
    const images = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const confidences = [null, 0.2, null, 0.9, 0.4, null, null, 0.4];
    // Rows 7, 6, ...: the whole set need not be in order.
    const group = pairedGroup(
      'x',
      [7, 6, 4, 3, 1, 0],
      [Uint8Array.of(1, 1, 1, 1, 1, 0), Uint8Array.of(0, 0, 0, 0, 0, 0), new Uint8Array(6).fill(1)],
    );
    const faceOf = (row: number) => ({
      label: 'l',
      before: null,
      after: null,
      confidence: confidences[row],
      confidenceBefore: null,
    });
    const [image] = sampleEvent().images;
    const events = [
      { id: 'one', images: [{ ...image, name: 'd' }] },
      { id: 'two', images: [{ ...image, name: 'g' }] },
    ];
    const found = newlyFailedImages(group, events, { images, faceOf });
    expect(found.map(({ name, confidence, event }) => [name, confidence, event])).toEqual([
      ['d', 0.9, 'one'],
      ['h', 0.4, null],
      ['e', 0.4, null],
      ['b', 0.2, null],
      ['g', null, 'two'],
    ]);
    const mended = { ...group, outcomes: [Uint8Array.of(0, 1, 0, 1, 0, 1), Uint8Array.of(1, 1, 1, 1, 1, 1)] };
    expect(newlyFailedImages(mended, events, { images, faceOf })).toEqual([]);
  });
});

describe('open images', () => {
  it('need an accepted checkpoint beside the candidate', () => {
    expect(() => openImages([Uint8Array.of(1, 0)])).toThrow('a candidate and an accepted checkpoint');
    expect(openImages([Uint8Array.of(1, 0), Uint8Array.of(0, 0)]).accepted).toBe(1);
  });

  it('of three checkpoints are those with one failure; those with one right answer stand beside them', () => {
    const outcomes = [
      Uint8Array.of(0, 1, 0, 0, 1, 1, 0, 1),
      Uint8Array.of(0, 0, 1, 0, 1, 0, 1, 1),
      Uint8Array.of(0, 0, 0, 1, 0, 1, 1, 1),
    ];
    const { positions, lone, rightPositions, loneRight, accepted } = openImages(outcomes);
    expect([[...positions], [...lone]]).toEqual([
      [1, 2, 3],
      [0, 1, 2],
    ]);
    expect([[...rightPositions], [...loneRight]]).toEqual([
      [4, 5, 6],
      [2, 1, 0],
    ]);
    expect(accepted).toBe(2);
  });
});

describe('figures', () => {
  const input = { whole: { images: 0, failures: 0 }, candidate: [], comparison: null, baseline: [] };

  it('are none of nothing', () => {
    expect(figuresOf(input)).toEqual([
      {
        ...{ group: 'all', size: 0, errorRate: null, errorRateChange: null, errorRateIncrease: null, lostImages: null },
        ...{ aler: null, baselineAler: null, importanceValue: null, baselineImportanceValue: null },
        ...{ newlyFailed: null, newlyFixed: null },
      },
    ]);
  });

  it('of a group that grew no tree are told by its counts where all of it fails or none does, and are else none', () => {
    const of = (failures: number, size = 4) => {
      const group = sampleGroup({ id: 'label:a', size, failures, aler: null, leaves: [] });
      const [, { aler, importanceValue, errorRate }] = figuresOf({ ...input, candidate: [group] });
      return [aler, importanceValue, errorRate];
    };
    expect(of(4)).toEqual([1, 1, { part: 4, whole: 4 }]);
    expect(of(0)).toEqual([0, 0, { part: 0, whole: 4 }]);
    expect(of(1)).toEqual([null, null, { part: 1, whole: 4 }]);
    expect(of(0, 0)).toEqual([null, null, null]);
  });

  it('take the worst leaf, wherever it stands', () => {
    const [leaf] = sampleGroup().leaves;
    const leaves = [0.1, 0.4, 0.2].map((importanceValue) => ({ ...leaf, importanceValue }));
    const group = sampleGroup({ leaves });
    const recorded = { ...group, leaves: leaves.slice(0, 1) };
    const [, figures] = figuresOf({ ...input, candidate: [group], baseline: [recorded] });
    expect(figures).toMatchObject({ importanceValue: 0.4, baselineImportanceValue: 0.1, baselineAler: group.aler });
  });
});

describe('tasks of a list', () => {
  it('begin in order, so many at a time, and their outcomes keep the order', async () => {
    const log: string[] = [];
    let under = 0;
    let most = 0;
    const task = async (item: number) => {
      most = Math.max(most, ++under);
      log.push(`${item}`);
      // The first take the longest.
      for (let turn = 0; turn < 20 - 2 * item; turn++) await Promise.resolve();
      under--;
      return item * item;
    };
    expect(await boundedMap([0, 1, 2, 3, 4, 5, 6], 3, task)).toEqual([0, 1, 4, 9, 16, 25, 36]);
    expect(log).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(most).toBe(3);
    expect(await boundedMap([2], 3, task)).toEqual([4]);
    expect(await boundedMap([], 3, task)).toEqual([]);
  });
});

describe('in words', () => {
  it.each([
    [0, '0 images newly fail'],
    [1, '1 image newly fails'],
    [1200, '1,200 images newly fail'],
  ])('%i: %s', (images, text) => {
    expect(newlyFail(images)).toBe(text);
  });

  it('a rule is its conditions, by the names that features have', () => {
    const rule = [
      { feature: 3, op: '<=', threshold: 0.123456 },
      { feature: 12, op: '>', threshold: 5 },
    ] as const;
    const box = { neighbourhood: null, size: 40 };
    const around = { around: 'a.png', shape: 'ball', images: [] } as const;
    expect(whereText({ ...box, rule: [], neighbourhood: around })).toBe('among the 40 images most like a.png');
    expect(whereText({ ...box, rule: [] })).toBe('in the whole group');
    expect(whereText({ ...box, rule })).toBe('where feature 3 <= 0.123 and feature 12 > 5');
    expect(whereText({ ...box, rule }, (feature) => `f${feature}`)).toBe('where f3 <= 0.123 and f12 > 5');
  });
});
