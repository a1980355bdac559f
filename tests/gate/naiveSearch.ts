import { sign } from '../../src/gate/discordance.ts';
import type { Condition, Region } from '../../src/records/analysis.ts';
import type { Columns } from '../../src/records/features.ts';

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
 * two neighbouring values of the group, both sides, all images counted anew each time. `signs` are by row.
 */
export function naiveSearch(
  columns: Columns,
  signs: Int8Array,
  baselines: number,
  options: NaiveOptions,
): NaiveRegion | null {
  const regionOf = (rule: Region) => regionBy(columns, signs, baselines, rule);
  const everyone = regionOf([]);
  let best: NaiveRegion | null = null;
  const consider = (region: NaiveRegion) => {
    const net = region.newlyFailed - region.newlyFixed;
    const material = net >= options.minNewFailures && net / region.rows.length >= options.minErrorRateIncrease;
    if (material && region.score > (best?.score ?? 0) + 1e-12) best = region;
  };
  consider(everyone);
  let parents = [everyone];
  for (let level = 1; level <= options.conditions; level++) {
    const offered: NaiveRegion[] = [];
    for (const parent of parents) {
      for (let feature = columns.from; feature < columns.to; feature++) {
        for (const op of ['<=', '>'] as const) {
          const regions = thresholds(columns, feature).map((threshold) =>
            regionOf([...parent.rule, { feature, op, threshold }]),
          );
          // The tightest threshold first, so that of equal scores it is the one kept.
          if (op === '>') regions.reverse();
          for (const region of regions) consider(region);
          const greatest = regions.reduce((most, { score }) => Math.max(most, score), 0);
          const top = regions.find(({ score }) => score > greatest - 1e-12);
          const bounded = parent.rule.some((other) => other.feature === feature && other.op === op);
          if (top !== undefined && greatest > 0 && !bounded) offered.push(top);
        }
      }
    }
    offered.sort((a, b) => (Math.abs(a.score - b.score) < 1e-12 ? 0 : b.score - a.score));
    const different = offered.filter(
      (region, at) =>
        !offered
          .slice(0, at)
          .some((other) => Math.abs(other.score - region.score) < 1e-12 && key(other) === key(region)),
    );
    parents = different.slice(0, 5);
  }
  return best;
}

function regionBy(columns: Columns, signs: Int8Array, baselines: number, rule: Region): NaiveRegion {
  const rows = [...signs.keys()].filter((row) => rule.every((condition) => satisfies(columns, row, condition)));
  const count = (wanted: number) => rows.filter((row) => signs[row] === wanted).length;
  const [failed, others] = [count(sign.newlyFailed), count(sign.other)];
  const newlyFixed = baselines === 1 ? others : count(sign.newlyFixed);
  return { rule, rows, newlyFailed: failed, newlyFixed, score: ratio(failed, others, 1 / (baselines + 1)) };
}

/** Log likelihood of the share that newly fails at its best, over that of the share expected. */
function ratio(failed: number, others: number, expected: number): number {
  const share = failed / (failed + others);
  const likelihood = (of: number) => (failed ? failed * Math.log(of) : 0) + (others ? others * Math.log(1 - of) : 0);
  return failed > 0 && share > expected ? likelihood(share) - likelihood(expected) : 0;
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
