import { resolve } from 'node:path';
import type { ClusterStatus } from '../records/comparison.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import type { Outcome } from '../records/verdict.ts';
import { mean } from '../statistics/sums.ts';

/** The outputs of action.yml. With several checkpoints counts are sums and rates are the highest; empty where there is none. Paths are absolute: later steps start elsewhere. */
export function stepOutputs({ checkpoints }: Result, outcome: Outcome, out: string): Readonly<Record<string, string>> {
  const alers = checkpoints.flatMap(({ groups }) => mean(groups.map(({ aler }) => aler)) ?? []);
  return {
    outcome,
    passed: String(outcome === 'passed'),
    'new-clusters': String(countOf(checkpoints, 'new')),
    'worsened-clusters': String(countOf(checkpoints, 'worsened')),
    'base-error-rate': String(Math.max(...checkpoints.map(({ baseErrorRate }) => baseErrorRate))),
    aler: alers.length === 0 ? '' : String(Math.max(...alers)),
    result: resolve(out, 'result.json'),
    'report-html': resolve(out, 'report.html'),
    'report-markdown': resolve(out, 'report.md'),
  };
}

function countOf(checkpoints: readonly CheckpointResult[], status: ClusterStatus): number {
  return checkpoints.flatMap(({ comparison }) => comparison?.clusters ?? []).filter((each) => each.status === status)
    .length;
}
