import { xLogX } from '../statistics/logLikelihoodRatio.ts';
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

/** Regions of each number of conditions in which a further condition is sought. */
const BEAM = 5;

/**
 * Makes the search for the best material region of a group, to be called with the observed signs and then with many
 * drawn ones. The regions searched: the whole group; one condition on any feature; one more inside each of the 5 best
 * regions of one condition less (each the best of its feature and side), material or not.
 *
 * Thresholds lie next to a live image with a sign: of the thresholds between two such images, which all divide them alike, the
 * one that leaves the region smallest. Of equal scores, the region with fewer conditions wins, then that of the better
 * parent, the smaller feature, `<=` before `>`. Returns null where no region is material.
 */
export function regionSearch(table: SearchTable, options: SearchOptions): (signs: Int8Array) => FoundRegion | null {
  const { rows, features, values, live, order, atMost, below } = table;
  const { minNewFailures, minErrorRateIncrease } = options;
  const width = live.length;
  const inside = Float64Array.from({ length: width + 1 }, (_, count) => xLogX(count));
  const together = Float64Array.from({ length: width + 1 }, (_, count) => count * Math.LN2 - xLogX(count));
  const everyone: Parent = {
    cuts: [],
    rows: Uint32Array.from({ length: rows }, (_, row) => row),
    holds: new Uint8Array(width).fill(1),
  };
  const masked = new Int8Array(width);
  const places = new Uint32Array(width);
  const fails = new Uint8Array(width);

  let best: FoundRegion | null = null;
  let bestScore = 0;
  let parent = everyone;
  // The best cut of the feature at hand on each side, material or not, and what its score must exceed to be refined.
  const sideScore = [0, 0];
  const sidePlace = [0, 0];
  let toRefine = 0;
  // By newly fixed images, how many newly failed ones a region needs for a score above `floor`.
  const needed = new Uint32Array(width + 1);
  let floor = -1;

  function consider(feature: number, side: 0 | 1, place: number, failed: number, fixed: number): void {
    if (failed < needed[fixed]) return;
    const score = scoreOf(failed, fixed);
    if (score > sideScore[side]) {
      sideScore[side] = score;
      sidePlace[side] = place;
    }
    if (score <= bestScore || failed - fixed < minNewFailures) return;
    const size = sizeIfMaterial(feature, side, place, failed, fixed);
    if (size < 0) return;
    best = { cuts: [...parent.cuts, cutAt(feature, side, place)], score, newlyFailed: failed, newlyFixed: fixed, size };
    bestScore = score;
    setFloor();
  }

  function setFloor(): void {
    const next = Math.min(bestScore, toRefine);
    if (next === floor) return;
    floor = next;
    let failed = 1;
    for (let fixed = 0; fixed <= width; fixed++) {
      failed = Math.max(failed, fixed + 1);
      while (failed + fixed <= width && scoreOf(failed, fixed) <= floor) failed++;
      needed[fixed] = failed;
    }
  }

  function scoreOf(failed: number, fixed: number): number {
    return inside[failed] + inside[fixed] + together[failed + fixed];
  }

  /** Images of the parent inside the cut, or -1 where the error rate rises too little there. */
  function sizeIfMaterial(feature: number, side: 0 | 1, place: number, failed: number, fixed: number): number {
    const cutOff = side === 1 ? below[place] : rows - atMost[place];
    const net = failed - fixed;
    const least = Math.max(parent.rows.length - cutOff, failed + fixed);
    if (net / least < minErrorRateIncrease) return -1;
    const size =
      parent === everyone ? rows - cutOff : countInside(feature, side, values[feature * rows + live[order[place]]]);
    return net / size < minErrorRateIncrease ? -1 : size;
  }

  function countInside(feature: number, side: 0 | 1, value: number): number {
    const base = feature * rows;
    let size = 0;
    if (side === 1) for (const row of parent.rows) size += values[base + row] >= value ? 1 : 0;
    else for (const row of parent.rows) size += values[base + row] <= value ? 1 : 0;
    return size;
  }

  function cutAt(feature: number, side: 0 | 1, place: number): Cut {
    return { feature, upper: side === 1, value: values[feature * rows + live[order[place]]] };
  }

  /** Walks one feature over the signed live images of the parent, trying each threshold from both sides. */
  function walk(feature: number, failedAll: number, fixedAll: number): void {
    const end = (feature + 1) * width;
    let signed = 0;
    // No branch on a sign here or below: signs are coin flips, and a mispredicted branch costs more than the rest.
    for (let place = feature * width; place < end; place++) {
      const sign = masked[order[place]];
      places[signed] = place;
      fails[signed] = (sign + 1) >> 1;
      signed += sign & 1;
    }
    // All thresholds from below, then all from above: the order that decides between equal scores.
    let failed = 0;
    for (let at = 1; at < signed; at++) {
      failed += fails[at - 1];
      if (failed < needed[at - failed] || atMost[places[at - 1]] === atMost[places[at]]) continue;
      consider(feature, 0, places[at - 1], failed, at - failed);
    }
    const last = places[signed - 1];
    if (atMost[last] < rows) consider(feature, 0, last, failedAll, fixedAll);
    failed = 0;
    for (let at = signed - 1; at > 0; at--) {
      failed += fails[at];
      const fixed = signed - at - failed;
      if (failed < needed[fixed] || atMost[places[at - 1]] === atMost[places[at]]) continue;
      consider(feature, 1, places[at], failed, fixed);
    }
    if (below[places[0]] > 0) consider(feature, 1, places[0], failedAll, fixedAll);
  }

  /** Tries every cut inside a parent; the best of each feature and side are offered for refining. */
  function tryCuts(signs: Int8Array, beam: Beam | null): void {
    let failed = 0;
    let fixed = 0;
    for (let at = 0; at < width; at++) {
      masked[at] = parent.holds[at] === 1 ? signs[at] : 0;
      if (masked[at] > 0) failed++;
      else if (masked[at] < 0) fixed++;
    }
    if (parent === everyone) considerWhole(failed, fixed);
    for (let feature = 0; feature < features; feature++) {
      sideScore.fill(0);
      toRefine = beam === null ? Number.POSITIVE_INFINITY : beam.least;
      setFloor();
      if (failed < needed[0]) return;
      walk(feature, failed, fixed);
      if (beam === null) continue;
      if (sideScore[0] > beam.least) beam.offer(sideScore[0], parent, cutAt(feature, 0, sidePlace[0]));
      if (sideScore[1] > beam.least) beam.offer(sideScore[1], parent, cutAt(feature, 1, sidePlace[1]));
    }
  }

  return (signs) => {
    best = null;
    bestScore = 0;
    let parents = [everyone];
    for (let level = 1; level <= options.conditions; level++) {
      const beam = level < options.conditions ? new Beam() : null;
      for (parent of parents) tryCuts(signs, beam);
      if (beam !== null) parents = beam.entries.map((entry) => refine(table, entry.parent, entry.cut));
    }
    return best;
  };

  function considerWhole(failed: number, fixed: number): void {
    if (failed - fixed < minNewFailures || (failed - fixed) / rows < minErrorRateIncrease) return;
    bestScore = scoreOf(failed, fixed);
    best = { cuts: [], score: bestScore, newlyFailed: failed, newlyFixed: fixed, size: rows };
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

function refine(table: SearchTable, parent: Parent, cut: Cut): Parent {
  const base = cut.feature * table.rows;
  const { values, live } = table;
  const rows = new Uint32Array(parent.rows.length);
  let kept = 0;
  for (const row of parent.rows) {
    rows[kept] = row;
    kept += contains(cut, values[base + row]) ? 1 : 0;
  }
  const holds = new Uint8Array(live.length);
  for (let at = 0; at < live.length; at++)
    holds[at] = parent.holds[at] & (contains(cut, values[base + live[at]]) ? 1 : 0);
  return { cuts: [...parent.cuts, cut], rows: rows.subarray(0, kept), holds };
}

function contains(cut: Cut, value: number): boolean {
  return cut.upper ? value >= cut.value : value <= cut.value;
}
