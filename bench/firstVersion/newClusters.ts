import { boundedMap } from '../../src/gate/boundedMap.ts';
import type { PairedGroup } from '../../src/records/comparison.ts';
import type { ReadColumns } from '../../src/records/features.ts';
import type { OnProgress, RunTask } from '../../src/records/threads.ts';
import type { GateOptions } from '../../src/records/verdict.ts';
import { holmOverTestable, testable } from '../../src/statistics/holm.ts';
import { discordance, leastPValue } from './discordance.ts';
import { type SearchedCluster, searchWorker } from './searchGroup.ts';

export interface NewClustersInput {
  readonly groups: readonly PairedGroup[];
  /** Features an image. */
  readonly dimensions: number;
  readonly options: SearchOptions;
  readonly readColumns: ReadColumns;
  readonly run: RunTask;
  readonly onProgress: OnProgress;
}

export type SearchOptions = Pick<
  GateOptions,
  'significance' | 'conditions' | 'minErrorRateIncrease' | 'minNewFailures'
>;

export interface NewCluster extends SearchedCluster {
  readonly group: PairedGroup;
  readonly adjustedPValue: number;
}

/** Groups whose features are held in memory at once. */
const GROUPS_AT_ONCE = 4;

/**
 * Searches each group for the regions in which the candidate newly fails; returns those significant over the run, the least
 * adjusted p-value first. Groups with too few discordant images ever to become significant are neither searched nor counted
 * (Tarone). The best clusters of the groups are adjusted by Holm. A later cluster of a group is adjusted by the number of
 * groups and never below the one before it: it is sought only once the run has failed, so the chance of a red run by
 * chance alone stays at `significance`.
 */
export async function newClusters(input: NewClustersInput): Promise<NewCluster[]> {
  const { groups, dimensions, options, readColumns, run, onProgress } = input;
  const least = groups.map((group) => leastPValue(discordance(group.outcomes), options.minNewFailures));
  const counted = testable(least, options.significance);
  const searched = groups.filter((_, index) => counted[index]);
  let done = 0;
  const found = await boundedMap(searched, GROUPS_AT_ONCE, async (group) => {
    const columns = await readColumns(group.rows, 0, dimensions);
    const clusters = await run(searchWorker, {
      group: group.id,
      columns,
      outcomes: group.outcomes,
      tests: searched.length,
      options: searchOptions(options),
    });
    onProgress('new clusters', ++done, searched.length);
    return clusters;
  });
  const clustersOf = new Map(searched.map((group, index) => [group, found[index]]));
  const pValues = groups.map((group) => clustersOf.get(group)?.[0]?.pValue ?? 1);
  const adjusted = holmOverTestable(pValues, least, options.significance);
  return groups
    .flatMap((group, index) => adjustedClusters(group, clustersOf.get(group) ?? [], adjusted[index], searched.length))
    .filter((cluster) => cluster.adjustedPValue <= options.significance)
    .sort((a, b) => a.adjustedPValue - b.adjustedPValue || a.pValue - b.pValue);
}

function adjustedClusters(
  group: PairedGroup,
  clusters: readonly SearchedCluster[],
  first: number,
  tests: number,
): NewCluster[] {
  let adjustedPValue = first;
  return clusters.map((cluster, rank) => {
    if (rank > 0) adjustedPValue = Math.max(adjustedPValue, Math.min(1, tests * cluster.pValue));
    return { ...cluster, group, adjustedPValue };
  });
}

/** Just the search's own options: a task is copied to its thread. */
function searchOptions({
  significance,
  conditions,
  minErrorRateIncrease,
  minNewFailures,
}: SearchOptions): SearchOptions {
  return { significance, conditions, minErrorRateIncrease, minNewFailures };
}
