import { resolve } from 'node:path';
import type { CheckpointResult, Result } from '../records/result.ts';
import type { Outcome } from '../records/verdict.ts';
import { mean } from '../statistics/sums.ts';

/** The outputs of action.yml. With several checkpoints counts are sums and rates are the highest; empty where there is none. Paths are absolute: later steps start elsewhere. */
export function stepOutputs({ checkpoints }: Result, outcome: Outcome, out: string): Readonly<Record<string, string>> {
  const alers = checkpoints.flatMap(({ groups }) => mean(groups.map(({ aler }) => aler)) ?? []);
  return {
    outcome,
    passed: String(outcome === 'passed'),
    'new-clusters': String(checkpoints.flatMap(({ events }) => events).length),
    'worsened-clusters': String(worsened(checkpoints)),
    'base-error-rate': String(Math.max(...checkpoints.map(({ baseErrorRate }) => baseErrorRate))),
    aler: alers.length === 0 ? '' : String(Math.max(...alers)),
    result: resolve(out, 'result.json'),
    'report-html': resolve(out, 'report.html'),
    'report-markdown': resolve(out, 'report.md'),
  };
}

function worsened(checkpoints: readonly CheckpointResult[]): number {
  return checkpoints
    .flatMap(({ comparison }) => comparison?.clusters ?? [])
    .filter(({ status }) => status === 'worsened').length;
}
