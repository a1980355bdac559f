import type { Region } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { Columns } from '../records/features.ts';
import type { WorkerModule } from '../records/threads.ts';
import { bestBall } from './bestBall.ts';
import { flagsOf, positionsIn } from './region.ts';
import type { Neighbours } from './regionFamily.ts';
import { tighten } from './tighten.ts';
import { typicality } from './typicality.ts';

export interface DescribeTask {
  /** Of the group; must hold the features of the rule. */
  readonly columns: Columns;
  /** Of the region found, and positions of the newly failed images that it brings. */
  readonly rule: Region;
  /** The first so many features are those that images are alike by; 0: not all of them are at hand. */
  readonly alikeBy: number;
  /** The region found, where it is a neighbourhood. */
  readonly neighbours: Neighbours | null;
  readonly newlyFailed: Uint32Array;
  /** Positions of all newly failed images that no earlier cluster has. */
  readonly unclaimed: Uint32Array;
}

/** A region found, in better words. */
export interface Described {
  readonly rule: Region;
  /** What is shown where no rule tells them as well: the region found, or a ball around one of its images; `rule` is then empty. */
  readonly neighbourhood: Neighbours | null;
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

/** What is shown of a region. */
type Shown = Pick<Described, 'rule' | 'neighbourhood'>;

/** Tells a region that was found as well as a rule can; where the images most like one of them tell it better, by those. */
export default function describeCluster(task: DescribeTask): Described {
  const { columns, neighbours } = task;
  const target = flagsOf(task.unclaimed, columns.rows);
  const shown = neighbours === null ? boxShown(task, target) : neighbourhoodShown(neighbours, task);
  const { rule, neighbourhood } = shown;
  const positions = neighbourhood === null ? positionsIn(rule, columns) : neighbourhood.positions.toSorted();
  const newlyFailed = positions.filter((at) => target[at] === 1);
  return { rule, neighbourhood, positions, newlyFailed, typical: typicality(columns, newlyFailed) };
}

/** A rule is fitted in more ways than a ball: where even so the ball tells better, it lies nearer to what happened. It is held to what the rule is. */
function boxShown(task: DescribeTask, target: Uint8Array): Shown {
  const { columns, rule: found, newlyFailed, alikeBy } = task;
  const own = () => betterRule(task, flagsOf(newlyFailed, columns.rows));
  const rule = betterRule(task, target) ?? own() ?? found;
  // A whole group lies around no image.
  if (found.length === 0) return { rule, neighbourhood: null };
  const inside = positionsIn(rule, columns);
  const hits = inside.reduce((sum, at) => sum + entry(target, at), 0);
  const ball = bestBall({
    ...{ columns, target, features: alikeBy, centres: newlyFailed, held: LEAST_HELD * newlyFailed.length },
    ...{ most: positionsIn(found, columns).length, above: (2 * hits) / (inside.length + task.unclaimed.length) },
  });
  return ball === null ? { rule, neighbourhood: null } : { rule: [], neighbourhood: ball };
}

function neighbourhoodShown(neighbours: Neighbours, task: DescribeTask): Shown {
  const rule = ruleFor(neighbours.positions, task);
  return rule === null ? { rule: [], neighbourhood: neighbours } : { rule, neighbourhood: null };
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
  const target = flagsOf(neighbours, columns.rows);
  const rule = tighten([], columns, target);
  const held = positionsIn(rule, columns);
  const both = held.reduce((sum, at) => sum + entry(target, at), 0);
  const inside = new Set(held);
  const kept = newlyFailed.filter((at) => inside.has(at)).length;
  const isAgreeing = 2 * both >= LEAST_AGREEING * (held.length + neighbours.length);
  return rule.length > 0 && isAgreeing && kept >= LEAST_HELD * newlyFailed.length ? rule : null;
}

/** `describeCluster` as a task for a worker thread. */
export const describeWorker: WorkerModule<DescribeTask, Described> = { url: import.meta.url, run: describeCluster };
