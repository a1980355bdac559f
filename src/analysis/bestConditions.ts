import { LANES, LaneCounter } from '../statistics/lanes.ts';
import { CUTS, type Quantised } from './quantised.ts';

/** Conditions kept of an outcome. */
export const CONDITIONS = 12;

/** The best cut of a column. */
export interface BestCut {
  readonly column: number;
  readonly cut: number;
  /** Whether more than their share of the marked rows lie below. */
  readonly isBelow: boolean;
}

/** A condition and Pearson's chi-square, but for a factor that all have. */
interface Differing extends BestCut {
  readonly chiSquare: number;
}

/**
 * For each of up to 32 outcomes the best cut of each of the 12 columns that differ most by Pearson's chi-square, best
 * first; of equal ones that of the smaller column. Rows are counted for all outcomes at once, and a cut is looked at
 * only in those whose count could bring it in: the same as one by one, to the last bit.
 *
 * @param marked per row, counted from 1, in which outcomes it is marked; 0 at 0.
 * @param marks how many rows an outcome marks, the same in each.
 * @param outcomes how many outcomes there are.
 */
export function bestConditions(
  data: Quantised,
  marked: Uint32Array,
  marks: number,
  outcomes: number,
): readonly (readonly BestCut[])[] {
  const { rows, dimensions, members, stride, ends, below, weights, cuts } = data;
  const best = new BestColumns(outcomes);
  const counter = new LaneCounter(marks);
  const bounds = new Bounds(rows, marks);
  const { few, many } = bounds;
  for (let column = 0; column < dimensions; column++) {
    const start = column * stride;
    let from = start;
    counter.clear();
    for (let cut = 0; cut < cuts[column]; cut++) {
      const place = column * CUTS + cut;
      const to = start + ends[place];
      counter.count(marked, members, from, to);
      from = to;
      const size = below[place];
      bounds.set(size, weights[place], best.floor);
      const isFew = few[size] < 0 ? 0 : ~counter.atLeast(few[size] + 1);
      let lanes = (isFew | counter.atLeast(many[size])) & best.lanes;
      for (; lanes !== 0; lanes &= lanes - 1) {
        const lane = 31 - Math.clz32(lanes & -lanes);
        const difference = counter.of(lane) * rows - size * marks;
        best.offer(lane, cut, difference, difference * difference * weights[place]);
      }
    }
    best.take(column);
  }
  return best.lists;
}

/** More than any count. */
const NEVER = 2 ** 31 - 1;

/** By how many rows lie below a cut the counts that could bring it in: up to `few`, and from `many`. */
class Bounds {
  readonly few: Int32Array;
  readonly many: Int32Array;
  private readonly floors: Float64Array;
  private readonly rows: number;
  private readonly marks: number;

  constructor(rows: number, marks: number) {
    this.few = new Int32Array(rows);
    this.many = new Int32Array(rows);
    this.floors = new Float64Array(rows).fill(-1);
    this.rows = rows;
    this.marks = marks;
  }

  /** Of `size` rows, where chi-square must exceed `floor`, which seldom changes. */
  set(size: number, weight: number, floor: number): void {
    if (this.floors[size] === floor) return;
    this.floors[size] = floor;
    const reach = Math.sqrt(floor / weight);
    const fewest = Math.ceil((size * this.marks - reach) / this.rows);
    const most = Math.max(0, Math.floor((size * this.marks + reach) / this.rows));
    // Counts are few, so that many a chi-square is just the floor.
    const exceeds = (count: number) => {
      const difference = count * this.rows - size * this.marks;
      return difference * difference * weight > floor;
    };
    const few = fewest >= 0 && exceeds(fewest) ? fewest : fewest - 1;
    const many = exceeds(most) ? most : most + 1;
    this.few[size] = few < size + this.marks - this.rows ? -1 : few;
    this.many[size] = many > Math.min(size, this.marks) ? NEVER : many;
  }
}

/** The best conditions of each outcome. State: the lists, and what the column that is being looked at offers. */
class BestColumns {
  readonly lists: Differing[][];
  readonly lanes: number;
  /** Chi-square that a condition must exceed to come into any list. */
  floor = 0;
  private readonly least = new Float64Array(LANES);
  private readonly chiSquare = new Float64Array(LANES);
  private readonly cut = new Uint8Array(LANES);
  private readonly isBelow = new Uint8Array(LANES);
  private offered = 0;

  constructor(outcomes: number) {
    this.lists = Array.from({ length: outcomes }, () => []);
    this.lanes = outcomes === LANES ? -1 : (1 << outcomes) - 1;
  }

  /** Keeps the column's best cut of an outcome, the first of equal ones. */
  offer(lane: number, cut: number, difference: number, chiSquare: number): void {
    const bit = 1 << lane;
    if (chiSquare <= ((this.offered & bit) === 0 ? this.least[lane] : this.chiSquare[lane])) return;
    this.offered |= bit;
    this.chiSquare[lane] = chiSquare;
    this.cut[lane] = cut;
    this.isBelow[lane] = Number(difference > 0);
  }

  /** Takes what a column offered into the lists. */
  take(column: number): void {
    if (this.offered === 0) return;
    for (; this.offered !== 0; this.offered &= this.offered - 1) {
      const lane = 31 - Math.clz32(this.offered & -this.offered);
      const chiSquare = this.chiSquare[lane];
      const list = this.lists[lane];
      const place = list.findIndex((each) => each.chiSquare < chiSquare);
      const condition = { column, cut: this.cut[lane], isBelow: this.isBelow[lane] === 1, chiSquare };
      list.splice(place < 0 ? list.length : place, 0, condition);
      if (list.length <= CONDITIONS) continue;
      list.pop();
      this.least[lane] = list[CONDITIONS - 1].chiSquare;
    }
    this.floor = this.lists.reduce((least, _, lane) => Math.min(least, this.least[lane]), Number.POSITIVE_INFINITY);
  }
}
