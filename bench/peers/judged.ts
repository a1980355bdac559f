import { isLocated } from '../planted.ts';

/** What a method told of one group. */
export interface Told {
  /** Its first slices, at most three, the best first: positions in the group. */
  readonly slices: readonly (readonly number[])[];
  /** Its own score of each, by which it ranks them. */
  readonly scores: readonly number[];
  /** Whether it says that there is something at all. */
  readonly alarm: boolean;
  /** Seconds of CPU; null where they were not taken. */
  readonly seconds: number | null;
}

/** How the best of a method's first three slices, by F1, meets a region; all zero where it told of none. */
export interface Met {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Whether one of the three is the region: precision and recall of at least 0.6. */
  readonly located: boolean;
  /** The same of the images that newly fail alone: those of the slice against those of the region. */
  readonly gathered: boolean;
}

/** @param newlyFailed 1 for each position of the group that newly failed. */
export function met({ slices }: Told, planted: readonly number[], newlyFailed: readonly number[]): Met {
  const region = new Set(planted);
  const three = slices.slice(0, 3).filter((slice) => slice.length > 0);
  const each = three.map((slice) => {
    const both = slice.filter((at) => region.has(at)).length;
    const [precision, recall] = [both / slice.length, both / region.size];
    return { precision, recall, f1: both === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
  });
  const best = each.reduce((one, other) => (other.f1 > one.f1 ? other : one), { precision: 0, recall: 0, f1: 0 });
  const failing = (positions: readonly number[]) => positions.filter((at) => newlyFailed[at] === 1);
  const broken = new Set(failing(planted));
  return {
    ...best,
    located: three.some((slice) => isLocated(slice, region)),
    gathered: three.map(failing).some((slice) => slice.length > 0 && isLocated(slice, broken)),
  };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / Math.max(1, values.length);
}
