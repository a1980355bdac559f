import type { Region } from '../records/analysis.ts';
import type { Columns } from '../records/features.ts';
import type { WorkerModule } from '../records/threads.ts';
import { positionsIn } from './region.ts';
import { tighten } from './tighten.ts';
import { type Trait, traitsOf } from './traits.ts';
import { typicality } from './typicality.ts';

export interface DescribeTask {
  /** Of the group; must hold the features of the rule. */
  readonly columns: Columns;
  /** First feature that is an image property. */
  readonly properties: number;
  /** Of the region found, and positions of the newly failed images that it brings. */
  readonly rule: Region;
  readonly newlyFailed: Uint32Array;
  /** Positions of all newly failed images that no earlier cluster has. */
  readonly unclaimed: Uint32Array;
}

/** A region found, in better words. */
export interface Described {
  readonly rule: Region;
  /** Positions of all images that the rule holds. */
  readonly positions: Uint32Array;
  /** Positions of its newly failed images that no earlier cluster has, and how typical they are (`typicality`). */
  readonly newlyFailed: Uint32Array;
  readonly typical: Float64Array;
  readonly traits: readonly Trait[];
}

/** A rule that holds fewer than this of what was found tells of something else. */
const LEAST_HELD = 0.5;

/** Tells a region that was found as well as a rule can. */
export default function describeCluster(task: DescribeTask): Described {
  const { columns, rule: found, unclaimed } = task;
  const target = new Uint8Array(columns.rows);
  for (const at of unclaimed) target[at] = 1;
  const tightened = tighten(found, columns, target);
  const held = new Set(positionsIn(tightened, columns));
  const kept = task.newlyFailed.filter((at) => held.has(at)).length;
  const rule = kept >= LEAST_HELD * task.newlyFailed.length ? tightened : found;
  const positions = positionsIn(rule, columns);
  const newlyFailed = positions.filter((at) => target[at] === 1);
  return {
    ...{ rule, positions, newlyFailed },
    typical: typicality(columns, newlyFailed),
    traits: traitsOf(columns, task.properties, newlyFailed),
  };
}

/** `describeCluster` as a task for a worker thread. */
export const describeWorker: WorkerModule<DescribeTask, Described> = { url: import.meta.url, run: describeCluster };
