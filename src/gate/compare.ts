import type { AnalysisOptions, GroupAnalysis } from '../records/analysis.ts';
import type { BaselineRecord } from '../records/baseline.ts';
import type { Cluster, Comparison, PairedGroup } from '../records/comparison.ts';
import type { ReadColumns } from '../records/features.ts';
import { regionId } from '../records/regionId.ts';
import type { OnProgress, RunTask } from '../records/threads.ts';
import type { GateOptions } from '../records/verdict.ts';
import { changeIn } from './change.ts';
import { compareGroups } from './compareGroups.ts';
import { knownClusters } from './knownClusters.ts';
import { type NewCluster, newClusters } from './newClusters.ts';

export interface CompareInput {
  /** The candidate's groups. */
  readonly candidate: readonly GroupAnalysis[];
  /** The newest accepted baseline. */
  readonly baseline: Pick<BaselineRecord, 'commit' | 'checkpoint' | 'groups'>;
  /** The group `all`, on the images that candidate and baselines have in common. */
  readonly wholeSet: PairedGroup;
  /** The groups to compare, on those same images: every group of the run, whether or not it grew a tree. */
  readonly groups: readonly PairedGroup[];
  /** Names of images, by the rows that `PairedGroup.rows` hold. */
  readonly images: readonly string[];
  /** Features an image. */
  readonly dimensions: number;
  readonly options: Pick<GateOptions, 'significance' | 'conditions' | 'minErrorRateIncrease' | 'minNewFailures'>;
  readonly failureMode: AnalysisOptions['failureMode'];
  /** Reads by the rows that `PairedGroup.rows` hold. */
  readonly readColumns: ReadColumns;
  readonly run: RunTask;
  readonly onProgress: OnProgress;
}

/**
 * Compares a candidate with the last accepted baseline, or with a window of them (`PairedGroup.outcomes`), on the same
 * images: new clusters, the baseline's failure modes, groups and the whole set. A window counts for new clusters only;
 * all else is against the newest baseline.
 */
export async function compare(input: CompareInput): Promise<Comparison> {
  const { baseline, candidate, wholeSet, groups } = input;
  const found = await newClusters(input);
  const known = await knownClusters({ ...input, baseline: baseline.groups });
  const rows = compareGroups(wholeSet, groups, candidate, baseline.groups);
  return {
    baseline: {
      commit: baseline.commit,
      checkpoint: baseline.checkpoint,
      baseErrorRate: rows[0].baselineErrorRate,
    },
    images: wholeSet.rows.length,
    clusters: [...found.map((cluster) => newClusterRow(cluster, input.images)), ...known],
    groups: rows,
  };
}

/** An image newly fails where the candidate fails and every baseline of the window is right; and the other way round. */
function newClusterRow({ group, rule, positions, ...cluster }: NewCluster, images: readonly string[]): Cluster {
  const [candidate, ...baselines] = group.outcomes;
  const newlyFailing = positions.filter((at) => candidate[at] === 1 && baselines.every((each) => each[at] === 0));
  const newlyRight = positions.filter((at) => candidate[at] === 0 && baselines.every((each) => each[at] === 1));
  const { size, baselineErrorRate, errorRate } = changeIn(group.outcomes, positions);
  return {
    id: regionId(group.id, rule),
    group: group.id,
    status: 'new',
    rule,
    size,
    newlyFailed: newlyFailing.length,
    newlyFixed: newlyRight.length,
    baselineErrorRate,
    errorRate,
    pValue: cluster.pValue,
    adjustedPValue: cluster.adjustedPValue,
    specificPValue: cluster.specificPValue,
    scope: cluster.scope,
    images: Array.from(newlyFailing, (at) => images[group.rows[at]]),
    match: null,
  };
}
