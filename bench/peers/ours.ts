import { groupWorker } from '../../src/analysis/groupTask.ts';
import { DRAWS_A_BLOCK, drawBlock } from '../../src/gate/draws.ts';
import { maximaOf } from '../../src/gate/maxima.ts';
import { positionsIn } from '../../src/gate/region.ts';
import { prepareGroups } from '../../src/gate/scan.ts';
import { defaultAnalysisOptions } from '../../src/pipeline/defaults.ts';
import type { RunTask } from '../../src/records/threads.ts';
import { type Bench, scanInput } from '../gateData.ts';
import { tellBest } from '../planted.ts';
import type { Told } from './judged.ts';
import type { Trial } from './trials.ts';

/** The scan's first three clusters of the group: those that fail the run, or its best whether or not they do. */
export async function byScan(bench: Bench, trial: Trial, onlyFailing: boolean, seconds: number | null): Promise<Told> {
  const { home, critical, rows } = trial;
  const told = home === null ? [] : await tellBest(bench, home, onlyFailing ? critical : 0, 3);
  const positionOf = new Map(Array.from(rows, (row, at) => [row, at]));
  return {
    slices: told.map((cluster) => cluster.rows.flatMap((row) => positionOf.get(row) ?? [])),
    scores: told.map(({ score }) => score),
    alarm: told.length > 0,
    seconds,
  };
}

/** Seconds of CPU, all threads, that the scan of a group takes: its family and 999 draws. */
export async function scanSeconds(bench: Bench, { home }: Trial, run: RunTask): Promise<number | null> {
  if (home === null) return null;
  const before = process.cpuUsage();
  const [prepared] = await prepareGroups(scanInput(bench, [home.group], run));
  const names = Array.from(home.open.positions, (at) => bench.evalSet.images[home.group.rows[at]]);
  for (let block = 0; block * DRAWS_A_BLOCK < 999; block++) maximaOf([prepared.scored], drawBlock(names, 1, block), 1);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

export interface TreeSetting {
  readonly depth: number;
  readonly properties: boolean;
}

/** Barlow's tree of what newly failed: its leaves by importance value. It alarms where one is a failure mode. */
export async function byTree(bench: Bench, { rows, newlyFailed }: Trial, setting: TreeSetting): Promise<Told> {
  const columns = await bench.readColumns(rows, 0, setting.properties ? bench.dimensions : bench.model);
  const options = { ...defaultAnalysisOptions, tree: { maxDepth: setting.depth }, shuffles: 0 };
  const group = { id: 'bench', grouping: 'label' as const, value: 'bench', failed: newlyFailed };
  const before = process.threadCpuUsage();
  const outcome = groupWorker.run({ group, options, columns, large: null });
  const { user, system } = process.threadCpuUsage(before);
  if (outcome instanceof Promise || !('analysis' in outcome)) throw new Error('the tree did not grow');
  const { leaves } = outcome.analysis;
  const first = leaves.slice(0, 3);
  return {
    slices: first.map(({ rule }) => Array.from(positionsIn(rule, columns))),
    scores: first.map(({ importanceValue }) => importanceValue),
    alarm: leaves.some(({ failureMode }) => failureMode),
    seconds: (user + system) / 1e6,
  };
}
