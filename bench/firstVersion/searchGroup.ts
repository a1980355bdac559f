import { positionsIn } from '../../src/gate/region.ts';
import type { Region } from '../../src/records/analysis.ts';
import type { Columns } from '../../src/records/features.ts';
import { sortedRegion } from '../../src/records/regionId.ts';
import type { WorkerModule } from '../../src/records/threads.ts';
import type { GateOptions } from '../../src/records/verdict.ts';
import { monteCarlo } from '../../src/statistics/monteCarlo.ts';
import { stream } from '../../src/statistics/random.ts';
import { type Discordance, discordance, drawSigns, leastPValue, shuffleSigns, sign } from './discordance.ts';
import { type FoundRegion, RegionSearch } from './regionSearch.ts';
import { type SearchTable, searchTable, thresholdAt } from './searchTable.ts';

export interface SearchTask {
  /** Names the random streams. */
  readonly group: string;
  /** All features of the group's images. */
  readonly columns: Columns;
  /** Groups searched in the run: a p-value far below `significance` / `tests` need not be known better. */
  readonly tests: number;
  /** As `PairedGroup.outcomes`. */
  readonly outcomes: readonly Uint8Array[];
  readonly options: Pick<GateOptions, 'significance' | 'conditions' | 'minErrorRateIncrease' | 'minNewFailures'>;
}

/** A region in which the candidate newly fails. */
export interface SearchedCluster {
  readonly rule: Region;
  /** Positions in the group's rows. */
  readonly positions: Uint32Array;
  /** By sign flips; see `searchGroup`. */
  readonly pValue: number;
  /** By signs shuffled inside the group; null where the cluster is not significant by itself. */
  readonly specificPValue: number | null;
  readonly scope: 'specific' | 'general' | null;
}

const STOP_AFTER = 10;
const FLIPS = 9999;
/** Fewer: whether a cluster is specific is told in the report and decides nothing. */
const SHUFFLES = 999;
/** Clusters sought in one group, each outside those before it. */
const MAX_CLUSTERS = 3;

/**
 * The best material region of a group and its p-value: the share of draws of the signs under the null hypothesis in
 * which the same search finds one at least as good. No material region: no cluster.
 *
 * While the best is significant by itself, its images are set aside and the rest is searched in the same way, so that
 * one cluster does not hide another (Zhang, Assuncao and Kulldorff, "Spatial scan statistics adjusted for multiple
 * clusters", 2010). A later cluster's p-value is of the images left; its positions are all that satisfy its rule.
 */
export default function searchGroup({ group, columns, outcomes, tests, options }: SearchTask): SearchedCluster[] {
  const found: SearchedCluster[] = [];
  let rest = { columns, outcomes };
  let left = Uint32Array.from({ length: columns.rows }, (_, position) => position);
  while (found.length < MAX_CLUSTERS) {
    const best = bestCluster(`${group}/${found.length}`, rest.columns, discordance(rest.outcomes), tests, options);
    if (best === null) break;
    const positions = positionsIn(best.rule, columns);
    found.push({ ...best, positions });
    if (best.pValue > options.significance) break;
    const inside = new Set(positions);
    left = left.filter((position) => !inside.has(position));
    rest = {
      columns: columnsOf(columns, left),
      outcomes: outcomes.map((each) => Uint8Array.from(left, (at) => each[at])),
    };
  }
  return found;
}

/** Some rows of some columns. */
function columnsOf({ rows, from, to, values }: Columns, kept: Uint32Array): Columns {
  const copied = new Float32Array((to - from) * kept.length);
  for (let at = 0; at < copied.length; at++) {
    const feature = Math.floor(at / kept.length);
    copied[at] = values[feature * rows + kept[at % kept.length]];
  }
  return { rows: kept.length, from, to, values: copied };
}

/** `searchGroup` as a task for a worker thread. */
export const searchWorker: WorkerModule<SearchTask, SearchedCluster[]> = { url: import.meta.url, run: searchGroup };

function bestCluster(
  seed: string,
  columns: Columns,
  observed: Discordance,
  tests: number,
  options: SearchTask['options'],
): Omit<SearchedCluster, 'positions'> | null {
  const least = leastPValue(observed, options.minNewFailures);
  if (least === 1) return null;
  const table = searchTable(columns, observed.live);
  const search = new RegionSearch(table, observed.baselines, options);
  const best = search.find(observed.signs);
  if (best === null) return null;
  const drawn = new Int8Array(observed.signs.length);
  const pValueBy = (draw: typeof drawSigns, name: string, draws: number, clearBelow: number) => {
    const random = stream(`${seed}/${name}`);
    const scoreOfDraw = () => {
      draw(observed, random, drawn);
      return search.find(drawn)?.score ?? 0;
    };
    return monteCarlo(best.score, scoreOfDraw, { draws, stopAfter: STOP_AFTER, clearBelow }).pValue;
  };
  const rule = ruleOf(best, table, columns.from);
  const clearBelow = options.significance / (10 * tests);
  const pValue = Math.max(least, pValueBy(drawSigns, 'flips', FLIPS, clearBelow));
  if (pValue > options.significance) return { rule, pValue, specificPValue: null, scope: null };
  const specificPValue = pValueBy(shuffleSigns, 'shuffles', SHUFFLES, 0);
  return { rule, pValue, specificPValue, scope: scopeOf(best, specificPValue, observed, table.rows, options) };
}

/**
 * `specific` where the cluster breaks more than the rest of its group does, beyond chance. Where all scored images newly
 * fail shuffling cannot tell; the cluster is then specific if the rest of the group did not get materially worse.
 */
function scopeOf(
  best: FoundRegion,
  specificPValue: number,
  { signs }: Discordance,
  rows: number,
  { significance, minErrorRateIncrease }: SearchTask['options'],
): 'specific' | 'general' {
  if (best.cuts.length === 0) return 'general';
  if (signs.some((each) => each === sign.other)) return specificPValue <= significance ? 'specific' : 'general';
  const outside = rows - best.size;
  const failing = signs.filter((each) => each === sign.newlyFailed).length;
  return outside > 0 && (failing - best.newlyFailed) / outside >= minErrorRateIncrease ? 'general' : 'specific';
}

function ruleOf({ cuts }: FoundRegion, table: SearchTable, firstFeature: number): Region {
  // A later bound on the same side of a feature lies inside the earlier one.
  const bounding = cuts.filter(
    (cut, at) => !cuts.slice(at + 1).some((later) => later.feature === cut.feature && later.upper === cut.upper),
  );
  return sortedRegion(
    bounding.map(({ feature, upper, value }) => ({
      feature: firstFeature + feature,
      op: upper ? '>' : '<=',
      threshold: thresholdAt(table, feature, upper, value),
    })),
  );
}
