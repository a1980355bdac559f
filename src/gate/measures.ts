import { number, percent } from '../records/words.ts';
import type { Figures } from './figures.ts';
import type { Share } from './share.ts';

/** Something that a rule can ask of a group. */
export interface Measure {
  readonly words: string;
  /** Whether it compares with a baseline. */
  readonly compares: boolean;
  readonly value: (figures: Figures) => number | Share | null;
  /** What the value can be at least and at most. */
  readonly range: readonly [number, number];
  readonly text: (value: number) => string;
  /** "4.5 % -> 25.3 %"; null where it does not compare or a side is missing. */
  readonly detail: (figures: Figures) => string | null;
}

const share: Measure['range'] = [0, 1];
const rise: Measure['range'] = [-1, 1];
const plain = { compares: false, detail: () => null, range: share };
const counted = { compares: true, detail: () => null, text: number, range: [0, Number.POSITIVE_INFINITY] } as const;

/** The measures of groups by the names that rules use. */
export const measures: ReadonlyMap<string, Measure> = new Map<string, Measure>([
  ['errorRate', { ...plain, words: 'error rate', value: (of) => of.errorRate, text: percent }],
  ['aler', { ...plain, words: 'ALER', value: (of) => of.aler, text: number }],
  [
    'importanceValue',
    { ...plain, words: 'importance value of the worst leaf', value: (of) => of.importanceValue, text: number },
  ],
  [
    'errorRateIncrease',
    {
      compares: true,
      words: 'rise of the error rate',
      value: (of) => of.errorRateIncrease,
      text: points,
      range: rise,
      detail: (of) => beforeAndAfter(of.errorRateChange, percent),
    },
  ],
  [
    'alerIncrease',
    {
      compares: true,
      words: 'rise of ALER',
      value: (of) => difference(both(of.baselineAler, of.aler)),
      text: number,
      range: rise,
      detail: (of) => beforeAndAfter(both(of.baselineAler, of.aler), number),
    },
  ],
  [
    'importanceValueIncrease',
    {
      compares: true,
      words: "rise of the worst leaf's importance value",
      value: (of) => difference(both(of.baselineImportanceValue, of.importanceValue)),
      text: number,
      range: rise,
      detail: (of) => beforeAndAfter(both(of.baselineImportanceValue, of.importanceValue), number),
    },
  ],
  [
    'lostImages',
    {
      ...counted,
      words: "the newest baseline's images that are gone, relabelled or rewritten",
      value: (of) => of.lostImages,
      text: percent,
      detail: (of) => of.lostImages && `${of.lostImages.part} of ${of.lostImages.whole}`,
      range: share,
    },
  ],
  ['newlyFailed', { ...counted, words: 'newly failed images', value: (of) => of.newlyFailed }],
  ['newlyFixed', { ...counted, words: 'newly fixed images', value: (of) => of.newlyFixed }],
  [
    'netNewlyFailed',
    {
      ...counted,
      words: 'newly failed less newly fixed images',
      value: (of) => difference(both(of.newlyFixed, of.newlyFailed)),
      range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    },
  ],
]);

/** A difference of shares: 0.05 is "5 points"; no percent of the share before. */
function points(value: number): string {
  const shown = number(100 * value);
  return `${shown} ${shown === '1' || shown === '-1' ? 'point' : 'points'}`;
}

type Sides = readonly [before: number, after: number] | null;

/** Null where a side is missing. */
function both(before: number | null, after: number | null): Sides {
  return before === null || after === null ? null : [before, after];
}

function difference(sides: Sides): number | null {
  return sides && sides[1] - sides[0];
}

function beforeAndAfter(sides: Sides, text: (value: number) => string): string | null {
  return sides && `${text(sides[0])} -> ${text(sides[1])}`;
}
