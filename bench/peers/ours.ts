import { pairedGroupsOf } from '../../src/analysis/groups.ts';
import { groupWorker } from '../../src/analysis/groupTask.ts';
import { positionsIn } from '../../src/gate/region.ts';
import { type PreparedGroup, prepareGroups } from '../../src/gate/scan.ts';
import { defaultAnalysisOptions } from '../../src/pipeline/defaults.ts';
import type { Columns } from '../../src/records/features.ts';
import type { RunTask } from '../../src/records/threads.ts';
import { type Bench, scanInput } from '../gateData.ts';
import { criticalOf, tellBest } from '../planted.ts';
import type { Told } from './judged.ts';
import { plantedOn, sidesOf, type Trial } from './trials.ts';

const SPECS = ['label', 'prediction', 'all'];

/**
 * The scan's first three clusters of a group: those that fail the run (`failing`), or its best whether or not they do. A run is of all 21
 * groups; for planted clusters its critical value is that of the same trainings before anything is planted.
 */
export function scanOf(bench: Bench, folder: string, run: RunTask) {
  const prepare = async (specs: readonly string[], sides: ReturnType<typeof plantedOn>) =>
    prepareGroups(scanInput(bench, pairedGroupsOf(specs, bench.evalSet, sides), run));
  // The latest run that was judged: groups of one pair of networks follow one another.
  let latest: { of: string; groups: readonly PreparedGroup[]; critical: number } | null = null;
  const judge = async (of: string, sides: ReturnType<typeof plantedOn>) => {
    if (latest?.of !== of) {
      const groups = await prepare(SPECS, sides);
      latest = { of, groups, critical: criticalOf(bench, groups) };
    }
    return latest;
  };
  return async ({ source, rows }: Trial): Promise<{ failing: Told; best: Told }> => {
    const planted = 'kind' in source;
    const { sides, label } = await sidesOf(bench, folder, source);
    const whole = planted
      ? await judge('planted', plantedOn(bench, folder))
      : await judge(`${source.candidate} ${source.accepted}`, sides);
    const before = process.cpuUsage();
    const own = planted ? await prepare([`label:${label}`], sides) : whole.groups;
    const home = own.find(({ group }) => group.id === `label:${label}`);
    const positionOf = new Map(rows.map((row, at) => [row, at]));
    const told = async (critical: number, timed: boolean): Promise<Told> => {
      const clusters = home === undefined ? [] : await tellBest(bench, home, critical, 3);
      const { user, system } = process.cpuUsage(before);
      return {
        slices: clusters.map((cluster) => cluster.rows.flatMap((row) => positionOf.get(row) ?? [])),
        scores: clusters.map(({ score }) => score),
        alarm: clusters.length > 0,
        seconds: planted && timed ? (user + system) / 1e6 : null,
      };
    };
    return { failing: await told(whole.critical, true), best: await told(0, false) };
  };
}

/** Barlow's tree of what newly failed: its leaves by importance value. It alarms where one is a failure mode. */
export function tellByTree(columns: Columns, { failed }: Trial, maxDepth: number): Told {
  const options = { ...defaultAnalysisOptions, tree: { maxDepth }, shuffles: 0 };
  const group = { id: 'bench', grouping: 'label' as const, value: 'bench', failed: Uint8Array.from(failed) };
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
