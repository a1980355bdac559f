import type { ClusterStatus } from '../records/comparison.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { mean } from '../statistics/sums.ts';

/**
 * metrics.json: one flat object of numbers, as DVC reads from a metrics file and `mlflow.log_metrics` takes. With several
 * checkpoints every key starts with the checkpoint's name and a slash; characters that MLflow refuses in names become `_`.
 * ALER and its distance from the error rate are means over the groups of a grouping that grew a tree.
 */
export function metricsJson(result: Result): string {
  const several = result.checkpoints.length > 1;
  const entries = result.checkpoints.flatMap((checkpoint) =>
    checkpointMetrics(checkpoint).map(([key, value]) => [
      several ? `${metricName(checkpoint.name)}/${key}` : key,
      value,
    ]),
  );
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

function checkpointMetrics(checkpoint: CheckpointResult): [string, number][] {
  const { comparison, verdict } = checkpoint;
  return [
    ['images', checkpoint.images],
    ['failures', checkpoint.failures],
    ['baseErrorRate', checkpoint.baseErrorRate],
    ['failureModes', checkpoint.groups.flatMap((group) => group.leaves).filter((leaf) => leaf.failureMode).length],
    ...groupingMetrics(checkpoint),
    ...(comparison === null
      ? []
      : [['baselineBaseErrorRate', comparison.baseline.baseErrorRate] satisfies [string, number]]),
    ...(comparison === null ? [] : STATUSES.map((status) => clusterCount(comparison.clusters, status))),
    ...(verdict === null ? [] : verdictMetrics(verdict)),
  ];
}

const STATUSES = ['new', 'worsened', 'persisting', 'improved', 'resolved'] as const;

function clusterCount(clusters: readonly { status: ClusterStatus }[], status: ClusterStatus): [string, number] {
  return [`${status}Clusters`, clusters.filter((cluster) => cluster.status === status).length];
}

function verdictMetrics({ outcome, checks }: NonNullable<CheckpointResult['verdict']>): [string, number][] {
  const failed = checks.filter((check) => !check.passed);
  return [
    ['passed', outcome === 'passed' ? 1 : 0],
    ['failed', outcome === 'failed' ? 1 : 0],
    ['compared', outcome === 'not compared' ? 0 : 1],
    ['failedChecks', failed.filter((check) => check.severity === 'error').length],
    ['warnings', failed.filter((check) => check.severity === 'warning').length],
  ];
}

function groupingMetrics({ groups }: CheckpointResult): [string, number][] {
  const groupings = [...new Set(groups.map((group) => group.grouping))].sort();
  return groupings.flatMap((grouping) => {
    const grown = groups.flatMap((group) =>
      group.grouping === grouping && group.aler !== null
        ? [{ aler: group.aler, above: group.aler - group.baseErrorRate }]
        : [],
    );
    const [aler, above] = [mean(grown.map((group) => group.aler)), mean(grown.map((group) => group.above))];
    if (aler === null || above === null) return [];
    return [
      [`${grouping}/groups`, grown.length],
      [`${grouping}/aler`, aler],
      [`${grouping}/alerMinusBaseErrorRate`, above],
    ] satisfies [string, number][];
  });
}

function metricName(name: string): string {
  return name.replace(/[^\w. -]/g, '_');
}
