import type { Region } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { Columns } from '../records/features.ts';
import type { WorkerModule } from '../records/threads.ts';
import { positionsIn } from './region.ts';
import { tighten } from './tighten.ts';
import { typicality } from './typicality.ts';

export interface DescribeTask {
  /** Of the group; must hold the features of the rule. */
  readonly columns: Columns;
  /** Of the region found, and positions of the newly failed images that it brings. */
  readonly rule: Region;
  /** Positions of all images of the region found, where it is a neighbourhood. */
  readonly neighbours: Uint32Array | null;
  readonly newlyFailed: Uint32Array;
  /** Positions of all newly failed images that no earlier cluster has. */
  readonly unclaimed: Uint32Array;
}

/** A region found, in better words. */
export interface Described {
  readonly rule: Region;
  /** The region is a neighbourhood that no rule tells: it is shown itself, and `rule` is empty. */
  readonly isNeighbourhood: boolean;
  /** Positions of all images that the rule holds, or of the neighbourhood. */
  readonly positions: Uint32Array;
  /** Positions of its newly failed images that no earlier cluster has, and how typical they are (`typicality`). */
  readonly newlyFailed: Uint32Array;
  readonly typical: Float64Array;
}

/** A rule that holds fewer than this of what was found tells of something else. */
const LEAST_HELD = 0.5;

/** A rule tells a neighbourhood where it agrees with it so well (F1). */
const LEAST_AGREEING = 0.8;

/** Tells a region that was found as well as a rule can. */
export default function describeCluster(task: DescribeTask): Described {
  const { columns, rule: found, neighbours, unclaimed } = task;
  const target = flags(unclaimed, columns.rows);
  const fitting = neighbours === null ? null : ruleFor(neighbours, task);
  const rule =
    neighbours === null
      ? (betterRule(task, target) ?? betterRule(task, flags(task.newlyFailed, columns.rows)) ?? found)
      : (fitting ?? []);
  const isNeighbourhood = neighbours !== null && fitting === null;
  const positions = isNeighbourhood ? neighbours.toSorted() : positionsIn(rule, columns);
  const newlyFailed = positions.filter((at) => target[at] === 1);
  return { rule, isNeighbourhood, positions, newlyFailed, typical: typicality(columns, newlyFailed) };
}

/** The region's rule tightened; null where it then tells of something else: of a larger part of the group, or of too few of those found. */
function betterRule({ columns, rule: found, newlyFailed }: DescribeTask, target: Uint8Array): Region | null {
  const rule = tighten(found, columns, target);
  const held = positionsIn(rule, columns);
  const inside = new Set(held);
  const kept = newlyFailed.filter((at) => inside.has(at)).length;
  const isNarrow = held.length <= positionsIn(found, columns).length;
  return isNarrow && kept >= LEAST_HELD * newlyFailed.length ? rule : null;
}

/** The rule that tells a neighbourhood; null where none does, or where it holds too few of those found. */
function ruleFor(neighbours: Uint32Array, { columns, newlyFailed }: DescribeTask): Region | null {
  const target = flags(neighbours, columns.rows);
  const rule = tighten([], columns, target);
  const held = positionsIn(rule, columns);
  const both = held.reduce((sum, at) => sum + entry(target, at), 0);
  const inside = new Set(held);
  const kept = newlyFailed.filter((at) => inside.has(at)).length;
  const isAgreeing = 2 * both >= LEAST_AGREEING * (held.length + neighbours.length);
  return rule.length > 0 && isAgreeing && kept >= LEAST_HELD * newlyFailed.length ? rule : null;
}

function flags(positions: Uint32Array, rows: number): Uint8Array {
  const set = new Uint8Array(rows);
  for (const at of positions) set[at] = 1;
  return set;
}

/** `describeCluster` as a task for a worker thread. */
export const describeWorker: WorkerModule<DescribeTask, Described> = { url: import.meta.url, run: describeCluster };
