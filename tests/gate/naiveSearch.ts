import type { Columns, Condition, Region } from '../../src/records.ts';
import { discordanceLogLikelihoodRatio } from '../../src/statistics/logLikelihoodRatio.ts';

export interface NaiveRegion {
  readonly rule: Region;
  readonly rows: readonly number[];
  readonly newlyFailed: number;
  readonly newlyFixed: number;
  readonly score: number;
}

export interface NaiveOptions {
  readonly conditions: number;
  readonly minErrorRateIncrease: number;
  readonly minNewFailures: number;
}

/**
 * The search for the best material region, written from its definition with no thought of speed: every threshold halfway between
 * two neighbouring values of the group, both sides, all images counted anew each time. `signs` are +1, -1 or 0 by row.
 */
export function naiveSearch(columns: Columns, signs: Int8Array, options: NaiveOptions): NaiveRegion | null {
  const everyone = regionOf(columns, signs, []);
  let best: NaiveRegion | null = null;
  const consider = (region: NaiveRegion) => {
    const net = region.newlyFailed - region.newlyFixed;
    const material = net >= options.minNewFailures && net / region.rows.length >= options.minErrorRateIncrease;
    if (material && region.score > (best?.score ?? 0)) best = region;
  };
  consider(everyone);
  let parents = [everyone];
  for (let level = 1; level <= options.conditions; level++) {
    const offered: NaiveRegion[] = [];
    for (const parent of parents) {
      for (let feature = columns.from; feature < columns.to; feature++) {
        for (const op of ['<=', '>'] as const) {
          const regions = thresholds(columns, feature).map((threshold) =>
            regionOf(columns, signs, [...parent.rule, { feature, op, threshold }]),
          );
          // The tightest threshold first, so that of equal scores it is the one kept.
          if (op === '>') regions.reverse();
          for (const region of regions) consider(region);
          const greatest = regions.reduce((most, { score }) => Math.max(most, score), 0);
          const top = regions.find(({ score }) => score === greatest);
          const bounded = parent.rule.some((other) => other.feature === feature && other.op === op);
          if (top !== undefined && greatest > 0 && !bounded) offered.push(top);
        }
      }
    }
    offered.sort((a, b) => b.score - a.score);
    const different = offered.filter(
      (region, at) => !offered.slice(0, at).some((other) => other.score === region.score && key(other) === key(region)),
    );
    parents = different.slice(0, 5);
  }
  return best;
}

function regionOf(columns: Columns, signs: Int8Array, rule: Region): NaiveRegion {
  const rows = [...signs.keys()].filter((row) => rule.every((condition) => satisfies(columns, row, condition)));
  const newlyFailed = rows.filter((row) => signs[row] > 0).length;
  const newlyFixed = rows.filter((row) => signs[row] < 0).length;
  return { rule, rows, newlyFailed, newlyFixed, score: discordanceLogLikelihoodRatio(newlyFailed, newlyFixed) };
}

function satisfies({ rows, from, values }: Columns, row: number, { feature, op, threshold }: Condition): boolean {
  const value = values[(feature - from) * rows + row];
  return op === '<=' ? value <= threshold : value > threshold;
}

function thresholds({ rows, from, values }: Columns, feature: number): number[] {
  const start = (feature - from) * rows;
  const sorted = [...new Set(values.subarray(start, start + rows))].sort((a, b) => a - b);
  return sorted.slice(1).map((value, at) => (sorted[at] + value) / 2);
}

/** A set of conditions as text. */
export function key({ rule }: Pick<NaiveRegion, 'rule'>): string {
  return rule
    .map(({ feature, op, threshold }) => `${feature} ${op} ${threshold}`)
    .sort()
    .join(' & ');
}
