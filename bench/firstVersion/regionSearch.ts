import { discordanceLogLikelihoodRatio } from '../../src/statistics/logLikelihoodRatio.ts';
import { sign } from './discordance.ts';
import type { SearchTable } from './searchTable.ts';

export interface SearchOptions {
  /** Most conditions of a region, 1 to 3. */
  readonly conditions: number;
  readonly minErrorRateIncrease: number;
  readonly minNewFailures: number;
}

/** One bound of a region: rows whose value is >= `value` (upper) or <= `value`. `value` is that of a live image. */
export interface Cut {
  readonly feature: number;
  readonly upper: boolean;
  readonly value: number;
}

export interface FoundRegion {
  readonly cuts: readonly Cut[];
  /** Log likelihood ratio, nats. */
  readonly score: number;
  readonly newlyFailed: number;
  readonly newlyFixed: number;
  readonly size: number;
}

/** A region to refine: its rows and which of the live images it holds. */
interface Parent {
  readonly cuts: readonly Cut[];
  readonly rows: Uint32Array;
  readonly holds: Uint8Array;
}

/** 0: the region below a threshold, `<=`; 1: the region above it, `>`. */
type Side = 0 | 1;

/** Regions of each number of conditions in which a further condition is sought. */
const BEAM = 5;

/**
 * The search for the best material region of a group, called with the observed signs and then with many drawn ones.
 * The regions searched: the whole group; one condition on any feature; one more inside each of the 5 best regions of
 * one condition less (each the best of its feature and side), material or not.
 *
 * A region's score is the log likelihood ratio of its newly failed images among those on which one checkpoint alone
 * fails, against "each checkpoint is as likely to be that one". With one baseline, those others are the newly fixed
 * ones. Material: newly failed less newly fixed images are `minNewFailures` or more and `minErrorRateIncrease` or
 * more of the region.
 *
 * Thresholds lie next to a scored image: of the thresholds between two such images, which all divide them alike, the
 * one that leaves the region smallest. Of equal scores, the region with fewer conditions wins, then that of the better
 * parent, the smaller feature, `<=` before `>`.
 */
export class RegionSearch {
  private readonly table: SearchTable;
  private readonly options: SearchOptions;
  private readonly baselines: number;
  private readonly scoreOf: (failed: number, others: number) => number;
  private readonly everyone: Parent;
  /** Per live image: its sign where the parent at hand holds it, else 0. */
  private readonly masked: Int8Array;
  /** Of the feature at hand: the places of its scored images by rising value, and whether each newly fails. */
  private readonly places: Uint32Array;
  private readonly fails: Uint8Array;
  /** By the others in a region, how many newly failed ones it needs for a score above `floor`. */
  private readonly needed: Uint32Array;
  private floor = -1;
  private parent: Parent;
  private best: FoundRegion | null = null;
  private bestScore = 0;
  /** The best cut of the feature at hand on each side, material or not, and what its score must exceed to be refined. */
  /** How many of the parent's rows lie where, of the parent and feature at hand. */
  private readonly counts: RowCounts;
  private readonly sideScore = [0, 0];
  private readonly sidePlace = [0, 0];
  private toRefine = 0;

  constructor(table: SearchTable, baselines: number, options: SearchOptions) {
    const width = table.live.length;
    this.table = table;
    this.options = options;
    this.baselines = baselines;
    this.scoreOf = discordanceLogLikelihoodRatio(width, 1 / (baselines + 1));
    this.everyone = {
      cuts: [],
      rows: Uint32Array.from({ length: table.rows }, (_, row) => row),
      holds: new Uint8Array(width).fill(1),
    };
    this.parent = this.everyone;
    this.masked = new Int8Array(width);
    this.places = new Uint32Array(width);
    this.fails = new Uint8Array(width);
    this.needed = new Uint32Array(width + 1);
    this.counts = new RowCounts(table);
  }

  /** The best material region under some signs (`sign`, one a live image); null where no region is material. */
  find(signs: Int8Array): FoundRegion | null {
    this.best = null;
    this.bestScore = 0;
    let parents = [this.everyone];
    for (let level = 1; level <= this.options.conditions; level++) {
      const beam = level < this.options.conditions ? new Beam() : null;
      for (const parent of parents) {
        this.parent = parent;
        this.tryCuts(signs, beam);
      }
      if (beam !== null) parents = beam.entries.map((entry) => refine(this.table, entry.parent, entry.cut));
    }
    return this.best;
  }

  /** Tries every cut inside the parent; the best of each feature and side are offered for refining. */
  private tryCuts(signs: Int8Array, beam: Beam | null): void {
    const { parent, masked, sideScore, needed } = this;
    let failed = 0;
    let others = 0;
    for (let at = 0; at < masked.length; at++) {
      masked[at] = parent.holds[at] === 1 ? signs[at] : sign.neither;
      if (masked[at] === sign.newlyFailed) failed++;
      else if (masked[at] === sign.other) others++;
    }
    if (parent === this.everyone) this.considerWhole(failed, others);
    for (let feature = 0; feature < this.table.features; feature++) {
      sideScore.fill(0);
      this.toRefine = beam === null ? Number.POSITIVE_INFINITY : beam.least;
      this.setFloor();
      if (failed < needed[0]) return;
      this.walk(feature, failed, others);
      if (beam === null) continue;
      if (sideScore[0] > beam.least) beam.offer(sideScore[0], parent, this.cutAt(feature, 0, this.sidePlace[0]));
      if (sideScore[1] > beam.least) beam.offer(sideScore[1], parent, this.cutAt(feature, 1, this.sidePlace[1]));
    }
  }

  /** Walks one feature over the parent's scored images, trying each threshold from both sides. */
  private walk(feature: number, failedAll: number, othersAll: number): void {
    const { places, fails, needed } = this;
    const { rows, atMost, below } = this.table;
    const scored = this.collect(feature);
    // All thresholds from below, then all from above: the order that decides between equal scores.
    let failed = 0;
    for (let at = 1; at < scored; at++) {
      failed += fails[at - 1];
      if (failed < needed[at - failed] || atMost[places[at - 1]] === atMost[places[at]]) continue;
      this.consider(feature, 0, places[at - 1], failed, at - failed);
    }
    const last = places[scored - 1];
    if (atMost[last] < rows) this.consider(feature, 0, last, failedAll, othersAll);
    failed = 0;
    for (let at = scored - 1; at > 0; at--) {
      failed += fails[at];
      const others = scored - at - failed;
      if (failed < needed[others] || atMost[places[at - 1]] === atMost[places[at]]) continue;
      this.consider(feature, 1, places[at], failed, others);
    }
    if (below[places[0]] > 0) this.consider(feature, 1, places[0], failedAll, othersAll);
  }

  /** Lists the scored images of the parent by rising value of a feature; returns how many. */
  private collect(feature: number): number {
    const { places, fails, masked } = this;
    const { order } = this.table;
    const end = (feature + 1) * masked.length;
    let scored = 0;
    // No branch on a sign: signs are coin flips, and a mispredicted branch costs more than all else here.
    for (let place = feature * masked.length; place < end; place++) {
      const signed = masked[order[place]];
      places[scored] = place;
      fails[scored] = (signed + 1) >> 1;
      scored += signed & 1;
    }
    return scored;
  }

  private consider(feature: number, side: Side, place: number, failed: number, others: number): void {
    if (failed < this.needed[others]) return;
    const score = this.scoreOf(failed, others);
    if (score > this.sideScore[side]) {
      this.sideScore[side] = score;
      this.sidePlace[side] = place;
    }
    if (score <= this.bestScore) return;
    const cut = this.cutAt(feature, side, place);
    const newlyFixed = this.baselines === 1 ? others : this.countFixed(cut);
    const size = this.sizeIfMaterial(cut, place, failed + others, failed - newlyFixed);
    if (size < 0) return;
    this.best = { cuts: [...this.parent.cuts, cut], score, newlyFailed: failed, newlyFixed, size };
    this.bestScore = score;
    this.setFloor();
  }

  private considerWhole(failed: number, others: number): void {
    const { rows } = this.table;
    const { minNewFailures, minErrorRateIncrease } = this.options;
    const newlyFixed = this.baselines === 1 ? others : this.masked.filter((each) => each === sign.newlyFixed).length;
    const net = failed - newlyFixed;
    const score = this.scoreOf(failed, others);
    if (score === 0 || net < minNewFailures || net / rows < minErrorRateIncrease) return;
    this.bestScore = score;
    this.best = { cuts: [], score, newlyFailed: failed, newlyFixed, size: rows };
  }

  private setFloor(): void {
    const next = Math.min(this.bestScore, this.toRefine);
    if (next === this.floor) return;
    const { needed, scoreOf } = this;
    this.floor = next;
    const width = this.masked.length;
    let failed = 1;
    for (let others = 0; others <= width; others++) {
      while (failed + others <= width && scoreOf(failed, others) <= next) failed++;
      needed[others] = failed;
    }
  }

  /** Images of the parent inside the cut, or -1 where the error rate rises too little there. */
  private sizeIfMaterial(cut: Cut, place: number, scored: number, net: number): number {
    const { minNewFailures, minErrorRateIncrease } = this.options;
    if (net < minNewFailures) return -1;
    const { rows, atMost, below } = this.table;
    const cutOff = cut.upper ? below[place] : rows - atMost[place];
    const least = Math.max(this.parent.rows.length - cutOff, scored);
    if (net / least < minErrorRateIncrease) return -1;
    const size = this.parent === this.everyone ? rows - cutOff : this.counts.inside(this.parent, cut);
    return net / size < minErrorRateIncrease ? -1 : size;
  }

  private countFixed(cut: Cut): number {
    const { rows, values, live } = this.table;
    const base = cut.feature * rows;
    let fixed = 0;
    for (let at = 0; at < live.length; at++) {
      if (this.masked[at] === sign.newlyFixed && contains(cut, values[base + live[at]])) fixed++;
    }
    return fixed;
  }

  private cutAt(feature: number, side: Side, place: number): Cut {
    const { rows, values, live, order } = this.table;
    return { feature, upper: side === 1, value: values[feature * rows + live[order[place]]] };
  }
}

/** Counts the rows of a parent inside a cut, off a table of the parent and feature asked for last: they come in runs. */
class RowCounts {
  private readonly table: SearchTable;
  /** By feature, of every row: twice the live values below it, and one more where it equals a live value. */
  private readonly steps: (Uint32Array | null)[];
  private readonly cumulative: Uint32Array;
  private parent: Parent | null = null;
  private feature = -1;

  constructor(table: SearchTable) {
    this.table = table;
    this.steps = Array.from({ length: table.features }, () => null);
    this.cumulative = new Uint32Array(2 * table.live.length + 2);
  }

  inside(parent: Parent, { feature, upper, value }: Cut): number {
    if (parent !== this.parent || feature !== this.feature) {
      this.parent = parent;
      this.feature = feature;
      this.countAll(parent, feature);
    }
    const step = 2 * this.liveBelow(feature, value);
    return upper ? parent.rows.length - this.cumulative[step] : this.cumulative[step + 1];
  }

  /** `cumulative[step]`: rows of the parent on that step or below. */
  private countAll({ rows }: Parent, feature: number): void {
    const { cumulative } = this;
    const steps = this.stepsOf(feature);
    cumulative.fill(0);
    for (const row of rows) cumulative[steps[row]]++;
    for (let step = 1; step < cumulative.length; step++) cumulative[step] += cumulative[step - 1];
  }

  private stepsOf(feature: number): Uint32Array {
    const known = this.steps[feature];
    if (known !== null) return known;
    const { rows, values, live, order } = this.table;
    const base = feature * rows;
    const steps = Uint32Array.from({ length: rows }, (_, row) => {
      const value = values[base + row];
      const below = this.liveBelow(feature, value);
      const equals = below < live.length && values[base + live[order[feature * live.length + below]]] === value;
      return 2 * below + (equals ? 1 : 0);
    });
    this.steps[feature] = steps;
    return steps;
  }

  /** How many live images have a smaller value, by bisection. */
  private liveBelow(feature: number, value: number): number {
    const { rows, values, live, order } = this.table;
    const [base, first] = [feature * rows, feature * live.length];
    let [low, high] = [0, live.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[base + live[order[first + middle]]] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The best few cuts so far; of equal scores the earlier. */
class Beam {
  readonly entries: { readonly score: number; readonly parent: Parent; readonly cut: Cut }[] = [];
  /** What a score must exceed to enter. */
  least = 0;

  offer(score: number, parent: Parent, cut: Cut): void {
    const cuts = [...parent.cuts, cut];
    // A tighter bound on a side that the parent bounds already is a region of one condition less.
    if (parent.cuts.some((each) => each.feature === cut.feature && each.upper === cut.upper)) return;
    if (this.entries.some((entry) => entry.score === score && sameCuts([...entry.parent.cuts, entry.cut], cuts)))
      return;
    const at = this.entries.findIndex((entry) => entry.score < score);
    this.entries.splice(at < 0 ? this.entries.length : at, 0, { score, parent, cut });
    if (this.entries.length > BEAM) this.entries.pop();
    if (this.entries.length === BEAM) this.least = this.entries[BEAM - 1].score;
  }
}

/** Whether two regions have the same cuts, in whatever order they were found. */
function sameCuts(some: readonly Cut[], others: readonly Cut[]): boolean {
  return others.every((other) =>
    some.some((each) => each.feature === other.feature && each.upper === other.upper && each.value === other.value),
  );
}

function refine({ rows: all, values, live }: SearchTable, parent: Parent, cut: Cut): Parent {
  const base = cut.feature * all;
  const rows = new Uint32Array(parent.rows.length);
  let kept = 0;
  for (const row of parent.rows) {
    rows[kept] = row;
    kept += contains(cut, values[base + row]) ? 1 : 0;
  }
  const holds = new Uint8Array(live.length);
  for (let at = 0; at < live.length; at++) {
    holds[at] = parent.holds[at] & (contains(cut, values[base + live[at]]) ? 1 : 0);
  }
  return { cuts: [...parent.cuts, cut], rows: rows.subarray(0, kept), holds };
}

function contains({ upper, value }: Cut, other: number): boolean {
  return upper ? other >= value : other <= value;
}
