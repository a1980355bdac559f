import type { AnalysisOptions, GroupAnalysis, Leaf } from '../records/analysis.ts';
import type { BaselineGroup } from '../records/baseline.ts';
import type { Cluster, ClusterMatch, ClusterStatus, PairedGroup } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import { isFailureMode } from '../records/failureMode.ts';
import type { Columns, ReadColumns } from '../records/features.ts';
import type { GateOptions } from '../records/verdict.ts';
import { holmOverTestable } from '../statistics/holm.ts';
import { leastMcnemar, mcnemar } from '../statistics/mcnemar.ts';
import { boundedMap } from './boundedMap.ts';
import { changeIn, type ErrorChange, everyPosition } from './change.ts';
import { matchLeaves } from './matchLeaves.ts';
import { positionsIn } from './region.ts';

export interface KnownClustersInput {
  readonly groups: readonly PairedGroup[];
  readonly candidate: readonly GroupAnalysis[];
  readonly baseline: readonly BaselineGroup[];
  readonly options: Pick<GateOptions, 'significance' | 'minErrorRateIncrease'>;
  readonly failureMode: AnalysisOptions['failureMode'];
  /** Names of images by eval-set row. */
  readonly images: readonly string[];
  readonly readColumns: ReadColumns;
}

/** A failure mode of the baseline on the images compared. */
interface Reevaluated {
  readonly group: PairedGroup;
  readonly leaf: Leaf;
  readonly positions: Uint32Array;
  readonly change: ErrorChange;
  readonly stillFailureMode: boolean;
  readonly match: ClusterMatch | null;
}

const GROUPS_AT_ONCE = 4;

/**
 * Re-evaluates every failure mode of the baseline on the candidate, by the images that its rule selects from the group.
 * McNemar's exact test, Holm over the failure modes that could be significant at all. In order:
 *
 * - `worsened`: significant, and the error rate rose by `minErrorRateIncrease` or more;
 * - `resolved`: the error rate fell, it is no failure mode any more (by `failureMode`), and the fall is significant or
 *   nothing fails there now;
 * - `improved`: significant, and the error rate fell by `minErrorRateIncrease` or more;
 * - `persisting`: all else, a failure mode with no image among those compared included.
 *
 * A failure mode is chosen because its error rate was high in the baseline, and so tends to look better on any other
 * checkpoint: `worsened` errs on the safe side, `improved` does not. Groups that are not compared are left out.
 */
export async function knownClusters(input: KnownClustersInput): Promise<Cluster[]> {
  const [before, now] = [modesById(input.baseline), modesById(input.candidate)];
  const modes = ({ id }: PairedGroup) => ({ before: before.get(id) ?? [], now: now.get(id) ?? [] });
  const found = (
    await boundedMap(input.groups, GROUPS_AT_ONCE, (group) => reevaluate(group, modes(group), input))
  ).flat();
  const pValues = found.map(({ change }) => mcnemar(change.newlyFailed, change.newlyFixed));
  const least = found.map(({ change }) => leastMcnemar(change.newlyFailed + change.newlyFixed));
  const adjusted = holmOverTestable(pValues, least, input.options.significance);
  return found.map((each, index) => {
    const { group, leaf, positions, change, match } = each;
    const [now, before] = [entry(group.outcomes, 0), entry(group.outcomes, 1)];
    const newlyFailing = positions.filter((at) => entry(now, at) > entry(before, at));
    return {
      id: leaf.id,
      group: group.id,
      status: statusOf(each, entry(adjusted, index), input.options),
      rule: leaf.rule,
      neighbourhood: null,
      size: change.size,
      newlyFailed: change.newlyFailed,
      newlyFixed: change.newlyFixed,
      baselineErrorRate: change.baselineErrorRate,
      errorRate: change.errorRate,
      pValue: entry(pValues, index),
      adjustedPValue: entry(adjusted, index),
      specificPValue: null,
      scope: null,
      images: Array.from(newlyFailing, (at) => entry(input.images, entry(group.rows, at))),
      ...{ found: null, precision: null, recall: null, match },
    };
  });
}

function statusOf(
  { change, stillFailureMode }: Reevaluated,
  adjustedPValue: number,
  { significance, minErrorRateIncrease }: KnownClustersInput['options'],
): ClusterStatus {
  const significant = adjustedPValue <= significance;
  // In counts, so that a rise of just the minimum is one, whatever the rounding.
  const rise = (change.newlyFailed - change.newlyFixed) / change.size;
  if (significant && rise >= minErrorRateIncrease) return 'worsened';
  if (rise < 0 && !stillFailureMode && (significant || change.failures === 0)) return 'resolved';
  if (significant && rise <= -minErrorRateIncrease) return 'improved';
  return 'persisting';
}

/** The failure modes of groups by their ids: looked for one by one, tens of thousands of groups would take their square. */
function modesById(
  groups: readonly { readonly id: string; readonly leaves: readonly Leaf[] }[],
): ReadonlyMap<string, readonly Leaf[]> {
  return new Map(groups.map(({ id, leaves }) => [id, leaves.filter((leaf) => leaf.failureMode)]));
}

async function reevaluate(
  group: PairedGroup,
  { before, now }: { readonly before: readonly Leaf[]; readonly now: readonly Leaf[] },
  input: KnownClustersInput,
): Promise<Reevaluated[]> {
  if (before.length === 0) return [];
  const columns = await columnsFor([...before, ...now], group, input.readColumns);
  const positionsOf = (leaf: Leaf) => positionsIn(leaf.rule, columns);
  const pairs = matchLeaves(before.map(positionsOf), now.map(positionsOf));
  const whole = changeIn(group.outcomes, everyPosition(group.rows.length));
  return before.map((leaf, index) => {
    const positions = positionsOf(leaf);
    const change = changeIn(group.outcomes, positions);
    const pair = pairs.find(({ baseline }) => baseline === index);
    return {
      ...{ group, leaf, positions, change },
      stillFailureMode: isFailureMode(
        { errorRate: change.errorRate, errorCoverage: change.failures / whole.failures },
        whole.errorRate,
        input.failureMode,
      ),
      match: pair === undefined ? null : matchOf(leaf, entry(now, pair.candidate), pair.jaccard),
    };
  });
}

function matchOf(before: Leaf, now: Leaf, jaccard: number): ClusterMatch {
  return {
    leaf: now.id,
    jaccard,
    baselineImportanceValue: before.importanceValue,
    importanceValue: now.importanceValue,
  };
}

/** The span of features that some leaves' rules name. */
function columnsFor(leaves: readonly Leaf[], group: PairedGroup, readColumns: ReadColumns): Promise<Columns> {
  const features = leaves.flatMap((leaf) => leaf.rule.map((condition) => condition.feature));
  if (features.length === 0) {
    return Promise.resolve({ rows: group.rows.length, from: 0, to: 0, values: new Float32Array(0) });
  }
  const from = features.reduce((least, feature) => Math.min(least, feature));
  const to = features.reduce((greatest, feature) => Math.max(greatest, feature)) + 1;
  return readColumns(group.rows, from, to);
}
