import type { Condition, Region } from '../records/analysis.ts';
import type { Columns } from '../records/features.ts';
import { sortedRegion } from '../records/regionId.ts';
import { positionsIn } from './region.ts';

/** Most conditions of a rule that is shown. */
const CONDITIONS = 3;
/** What a further condition must add to F1 to be worth its words. */
const LEAST_GAIN = 0.02;
const ROUNDS = 8;

/**
 * The rule that best tells some images of a group from its others, found from a first rule by steps that each raise F1: a
 * condition moves to any threshold or feature, a third joins, one that does not help is dropped. For words only.
 *
 * @param target 1 for each image to tell. @param columns must hold the features of the first rule.
 */
export function tighten(first: Region, columns: Columns, target: Uint8Array): Region {
  const search = new RuleSearch(columns, target);
  let rule = first;
  let score = search.f1(rule);
  for (let round = 0; round < ROUNDS; round++) {
    const before = score;
    for (let at = 0; at < rule.length; at++) {
      const others = rule.toSpliced(at, 1);
      const without = search.f1(others);
      const moved = search.bestAddition(others);
      if (without + LEAST_GAIN > Math.max(moved?.score ?? 0, score)) {
        rule = others;
        score = without;
        break;
      }
      if (moved === null || moved.score <= score + 1e-9) continue;
      rule = [...others, moved.condition];
      score = moved.score;
    }
    if (rule.length < CONDITIONS) {
      const added = search.bestAddition(rule);
      if (added !== null && added.score >= score + LEAST_GAIN) {
        rule = [...rule, added.condition];
        score = added.score;
      }
    }
    if (Math.abs(score - before) <= 1e-9) break;
  }
  return sortedRegion(rule);
}

/** F1 of rules on one group. State: its images in the order of each feature, sorted when first asked for. */
class RuleSearch {
  private readonly columns: Columns;
  private readonly target: Uint8Array;
  private readonly targets: number;
  private readonly orders: (Uint32Array | undefined)[] = [];

  constructor(columns: Columns, target: Uint8Array) {
    this.columns = columns;
    this.target = target;
    this.targets = target.reduce((sum, each) => sum + each, 0);
  }

  f1(rule: Region): number {
    const positions = positionsIn(rule, this.columns);
    const hits = positions.reduce((sum, at) => sum + this.target[at], 0);
    return (2 * hits) / (positions.length + this.targets);
  }

  /** The condition that, added to some, gives the greatest F1; of equals the smallest feature, `<=` first. Never one that a rule has on that side. */
  bestAddition(others: Region): { condition: Condition; score: number } | null {
    const { rows, from, to } = this.columns;
    const inside = new Uint8Array(rows);
    for (const at of positionsIn(others, this.columns)) inside[at] = 1;
    let best: { condition: Condition; score: number } | null = null;
    for (let feature = from; feature < to; feature++) {
      for (const op of ['<=', '>'] as const) {
        if (others.some((each) => each.feature === feature && each.op === op)) continue;
        const cut = this.bestCut(feature, op, inside);
        if (cut === null || cut.score <= (best?.score ?? 0) + 1e-9) continue;
        best = { condition: { feature, op, threshold: cut.threshold }, score: cut.score };
      }
    }
    return best;
  }

  /** The threshold of the greatest F1 inside a set: one halfway between two of its values. */
  private bestCut(feature: number, op: '<=' | '>', inside: Uint8Array): { threshold: number; score: number } | null {
    const { rows, from, values } = this.columns;
    const start = (feature - from) * rows;
    const order = this.orderOf(feature);
    let best: { threshold: number; score: number } | null = null;
    let size = 0;
    let hits = 0;
    let last = -1;
    for (let step = 0; step < rows; step++) {
      const at = order[op === '<=' ? step : rows - 1 - step];
      if (inside[at] === 0) continue;
      const value = values[start + at];
      if (last >= 0 && values[start + last] !== value) {
        const score = (2 * hits) / (size + this.targets);
        if (score > (best?.score ?? 0)) best = { threshold: (values[start + last] + value) / 2, score };
      }
      size++;
      hits += this.target[at];
      last = at;
    }
    return best;
  }

  private orderOf(feature: number): Uint32Array {
    const known = this.orders[feature - this.columns.from];
    if (known !== undefined) return known;
    const { rows, from, values } = this.columns;
    const start = (feature - from) * rows;
    const order = Uint32Array.from({ length: rows }, (_, at) => at);
    order.sort((a, b) => values[start + a] - values[start + b] || a - b);
    this.orders[feature - from] = order;
    return order;
  }
}
